// The C door to RocksDB: the few calls VedetteStore makes, each one a call and nothing more.
//
// RocksDB's own C API has no IngestExternalFiles over several column families (the one call that
// makes a checkpoint atomic), loses the status code of an error, and copies on every get.
// That is why this door exists.
//
// None of these functions may be called from two threads at once with the same `crocks_db`.
#ifndef VEDETTE_CROCKSDB_H
#define VEDETTE_CROCKSDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crocks_db crocks_db;
typedef struct crocks_family crocks_family;
typedef struct crocks_sst crocks_sst;
typedef struct crocks_iterator crocks_iterator;

// rocksdb::Status. `message` is null, or malloc'd and owned by the caller.
typedef struct {
  int32_t code;     // rocksdb::Status::Code, 0 is OK
  int32_t subcode;  // rocksdb::Status::SubCode
  char *message;
} crocks_status;

// rocksdb::Status::Code, as far as VedetteStore tells them apart.
enum { CROCKS_OK = 0, CROCKS_NOT_FOUND = 1, CROCKS_CORRUPTION = 2, CROCKS_IO_ERROR = 5 };
// rocksdb::Status::SubCode, likewise.
enum { CROCKS_SUBCODE_NO_SPACE = 4, CROCKS_SUBCODE_SPACE_LIMIT = 7, CROCKS_SUBCODE_PATH_NOT_FOUND = 9 };

typedef struct {
  size_t block_cache_bytes;
  size_t data_block_bytes;
  size_t metadata_block_bytes;
  double filter_bits_per_key;  // bloom-equivalent bits of a ribbon filter
  int32_t zstd_level;
  int32_t max_open_files;
  int32_t compaction_trigger_runs;  // sorted runs of a family at which compaction starts
  int32_t compaction_size_amplification_percent;
  size_t max_manifest_bytes;
} crocks_options;

typedef struct {
  uint64_t bytes;
  uint64_t files;
  uint64_t sorted_runs;
  uint64_t estimated_rows;
} crocks_family_stats;

typedef struct {
  crocks_family *family;
  const char *path;
} crocks_ingest_file;

void crocks_free(void *pointer);

// Names of the column families of the database in `path`, as a malloc'd array of malloc'd strings.
crocks_status crocks_list_families(const char *path, char ***names, size_t *count);

// Opens the database with exactly the families in `names`, "default" first. `families` has room for `count`.
crocks_status crocks_open(const char *path, const crocks_options *options, bool create_if_missing,
                          const char *const *names, size_t count, crocks_db **db, crocks_family **families);
// Stops background work, releases the families that are still open, closes.
void crocks_close(crocks_db *db, crocks_family *const *families, size_t count);

// On failure `*created` tells how many families were created all the same; their handles are valid.
crocks_status crocks_create_families(crocks_db *db, const char *const *names, size_t count,
                                     crocks_family **families, size_t *created);
crocks_status crocks_drop_families(crocks_db *db, crocks_family *const *families, size_t count);
// Releases a handle. The files of a dropped family go with its last handle.
void crocks_release_family(crocks_db *db, crocks_family *family);

// The value stays valid until crocks_unpin or the next crocks_get. A missing key has code CROCKS_NOT_FOUND and no message.
crocks_status crocks_get(crocks_db *db, crocks_family *family, const void *key, size_t key_count,
                         const void **value, size_t *value_count);
void crocks_unpin(crocks_db *db);

crocks_status crocks_sst_create(crocks_db *db, const char *path, crocks_sst **sst);
crocks_status crocks_sst_put(crocks_sst *sst, const void *key, size_t key_count, const void *value, size_t value_count);
crocks_status crocks_sst_delete(crocks_sst *sst, const void *key, size_t key_count);
// Finishes and syncs the file.
crocks_status crocks_sst_finish(crocks_sst *sst, uint64_t *file_bytes);
void crocks_sst_destroy(crocks_sst *sst);

// DB::IngestExternalFiles: all files or none, also across a crash. At most one file per family.
//
// Every file goes to level 0, above all there is. Left to choose a level, RocksDB 7.8 takes the levels of the newest
// version and searches them in the one that readers see (AssignLevelAndSeqnoForIngestedFile); these differ for a moment
// when a merge's MANIFEST record was written along with another's, the ingest's own reservation of file numbers among
// them: an assertion, or undefined behaviour without assertions. Nothing outside can exclude that moment while merges run.
crocks_status crocks_ingest(crocks_db *db, const crocks_ingest_file *files, size_t count);

crocks_iterator *crocks_iterate(crocks_db *db, crocks_family *family, const void *seek, size_t seek_count);
bool crocks_iterator_valid(const crocks_iterator *iterator);
void crocks_iterator_next(crocks_iterator *iterator);
void crocks_iterator_entry(const crocks_iterator *iterator, const void **key, size_t *key_count,
                           const void **value, size_t *value_count);
crocks_status crocks_iterator_status(const crocks_iterator *iterator);
void crocks_iterator_destroy(crocks_iterator *iterator);

void crocks_family_statistics(crocks_db *db, crocks_family *family, crocks_family_stats *stats);
uint64_t crocks_background_errors(crocks_db *db);
uint64_t crocks_block_cache_usage(crocks_db *db);
// Recovers from a background error if it can be recovered from, else says what it was.
crocks_status crocks_resume(crocks_db *db);
// Reads every live file and checks every checksum.
crocks_status crocks_verify_checksums(crocks_db *db);

#ifdef __cplusplus
}
#endif
#endif
