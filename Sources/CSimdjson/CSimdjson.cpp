#include "CSimdjson.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>
#include <string>

struct vedette_json_parser {
    simdjson::dom::parser parser;
    std::unique_ptr<uint8_t[]> buffer;
    size_t capacity = 0;
    size_t max_depth;

    explicit vedette_json_parser(size_t depth) : max_depth(depth) {}

    // Capacity at least doubles, so a growing record size costs a logarithmic number of
    // allocations. simdjson reads up to SIMDJSON_PADDING bytes past the end.
    bool reserve(size_t length) {
        if (length <= capacity) { return true; }
        const size_t wanted = std::max(length, capacity * 2);
        if (wanted > simdjson::SIMDJSON_MAXSIZE_BYTES) { return false; }
        std::unique_ptr<uint8_t[]> grown(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!grown) { return false; }
        if (parser.allocate(wanted, max_depth) != simdjson::SUCCESS) { return false; }
        if (parser.doc.allocate(wanted) != simdjson::SUCCESS) { return false; }
        buffer = std::move(grown);
        capacity = wanted;
        return true;
    }
};

static int32_t status_of(simdjson::error_code code) {
    switch (code) {
    case simdjson::SUCCESS: return VEDETTE_JSON_OK;
    case simdjson::EMPTY: return VEDETTE_JSON_EMPTY;
    case simdjson::UTF8_ERROR: return VEDETTE_JSON_UTF8;
    case simdjson::DEPTH_ERROR: return VEDETTE_JSON_DEPTH;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE: return VEDETTE_JSON_NUMBER;
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC: return VEDETTE_JSON_CAPACITY;
    default: return VEDETTE_JSON_MALFORMED;
    }
}

extern "C" vedette_json_parser *vedette_json_parser_create(size_t max_depth, size_t initial_capacity) {
    std::unique_ptr<vedette_json_parser> made(new (std::nothrow) vedette_json_parser(max_depth));
    if (!made || !made->reserve(std::max<size_t>(initial_capacity, 64))) { return nullptr; }
    return made.release();
}

extern "C" void vedette_json_parser_destroy(vedette_json_parser *parser) { delete parser; }

extern "C" vedette_json_document vedette_json_parse(vedette_json_parser *parser, const void *bytes, size_t length) {
    if (length == 0) { return {VEDETTE_JSON_EMPTY, nullptr, nullptr}; }
    if (!parser->reserve(length)) { return {VEDETTE_JSON_CAPACITY, nullptr, nullptr}; }
    uint8_t *buffer = parser->buffer.get();
    std::memcpy(buffer, bytes, length);
    // Spaces, not old bytes: what lies past the end must not change the result.
    std::memset(buffer + length, ' ', simdjson::SIMDJSON_PADDING);
    const auto result = parser->parser.parse(buffer, length, false);
    if (result.error() != simdjson::SUCCESS) { return {status_of(result.error()), nullptr, nullptr}; }
    return {VEDETTE_JSON_OK, parser->parser.doc.tape.get(), parser->parser.doc.string_buf.get()};
}
