// The C door to simdjson: parse bytes, hand out the document's tape and string buffer.
//
// simdjson's API is C++ templates, which Swift cannot call without C++ interoperability
// (and that would spread to every importer), hence these four functions. Swift walks the
// tape itself: one C call per record, none per field.
//
// Tape format: simdjson doc/tape.md. Each word holds a type character in its top 8 bits and
// a payload in the other 56. `{` and `[`: the low 32 bits are the index one past the closing
// word, the next 24 the number of members, saturated at 0xFFFFFF. `"`: the offset in `strings`
// of a 4-byte length and the bytes. `l`, `u`, `d`: the next word is the number. `t`, `f`, `n`.
#ifndef VEDETTE_CSIMDJSON_H
#define VEDETTE_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vedette_json_parser vedette_json_parser;

/// What became of a document. Ours, so that simdjson's own numbering may change under it.
enum vedette_json_status {
    VEDETTE_JSON_OK = 0,
    /// No structural character: empty or white space only.
    VEDETTE_JSON_EMPTY = 1,
    VEDETTE_JSON_MALFORMED = 2,
    VEDETTE_JSON_UTF8 = 3,
    /// Nested deeper than the parser's maximum.
    VEDETTE_JSON_DEPTH = 4,
    /// A number outside JSON's grammar, beyond 64 bits, or beyond the finite doubles.
    VEDETTE_JSON_NUMBER = 5,
    /// Larger than simdjson can take (4 GiB), or memory ran out.
    VEDETTE_JSON_CAPACITY = 6,
};

/// The pointers are valid until the next parse or the parser's end, and null unless OK.
typedef struct vedette_json_document {
    /// One of `enum vedette_json_status`.
    int32_t status;
    const uint64_t *tape;
    const uint8_t *strings;
} vedette_json_document;

/// A parser that accepts at most `max_depth` nested containers; null if memory ran out.
vedette_json_parser *vedette_json_parser_create(size_t max_depth, size_t initial_capacity);

void vedette_json_parser_destroy(vedette_json_parser *parser);

/// Copies `bytes` into the parser's own padded buffer and parses them. One thread at a time.
vedette_json_document vedette_json_parse(vedette_json_parser *parser, const void *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
