#include "CRocksDB.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/metadata.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

using rocksdb::ColumnFamilyDescriptor;
using rocksdb::ColumnFamilyHandle;
using rocksdb::Slice;
using rocksdb::Status;

struct crocks_db {
  rocksdb::Options options;
  std::shared_ptr<rocksdb::Cache> cache;
  rocksdb::ReadOptions get_options;
  rocksdb::ReadOptions scan_options;
  rocksdb::PinnableSlice pinned;
  std::unique_ptr<rocksdb::DB> db;
};
struct crocks_sst {
  explicit crocks_sst(const rocksdb::Options &options)
      // invalidate_page_cache = false: the file is read again right away, by the ingest and by compaction.
      : writer(rocksdb::EnvOptions(options), options, nullptr, false) {}
  rocksdb::SstFileWriter writer;
};
struct crocks_iterator {
  std::unique_ptr<rocksdb::Iterator> it;
};

namespace {

// No LOG file. RocksDB's own logger writes on after a failed write, which in builds with assertions
// (Debian's) aborts the process: a full disk would be a crash. What matters comes back as a status.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char *, va_list) override {}
};

crocks_status result(const Status &status) {
  crocks_status out{static_cast<int32_t>(status.code()), static_cast<int32_t>(status.subcode()), nullptr};
  // A missing key is an answer: it takes no allocation.
  if (!status.ok() && !status.IsNotFound()) out.message = strdup(status.ToString().c_str());
  return out;
}

Slice slice(const void *data, size_t count) { return Slice(static_cast<const char *>(data), count); }

ColumnFamilyHandle *handle(crocks_family *family) { return reinterpret_cast<ColumnFamilyHandle *>(family); }

std::vector<ColumnFamilyHandle *> handles(crocks_family *const *families, size_t count) {
  std::vector<ColumnFamilyHandle *> out;
  out.reserve(count);
  for (size_t i = 0; i < count; i++) out.push_back(handle(families[i]));
  return out;
}

void configure_table(const crocks_options &in, crocks_db &db) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = db.cache;
  table.block_size = in.data_block_bytes;
  table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(in.filter_bits_per_key));
  table.whole_key_filtering = true;
  // Partitioned: a look-up in a segment of millions of rows loads 4 KiB of filter, not all of it.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = in.metadata_block_bytes;
  table.optimize_filters_for_memory = true;
  // Index and filters count against the cache, so memory has one limit; their top levels are pinned.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_top_level_index_and_filter = true;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  db.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

void configure(const crocks_options &in, crocks_db &db) {
  // Half of the cache is for filters and indexes, which a look-up of a missing key needs and nothing else.
  db.cache = rocksdb::NewLRUCache(in.block_cache_bytes, /*num_shard_bits=*/2, /*strict_capacity_limit=*/false,
                                  /*high_pri_pool_ratio=*/0.5);
  rocksdb::Options &o = db.options;
  o.paranoid_checks = true;
  o.force_consistency_checks = true;
  o.verify_sst_unique_id_in_manifest = true;
  // One thread that merges, and one that would flush.
  o.max_background_jobs = 2;
  o.max_open_files = in.max_open_files;
  o.max_file_opening_threads = 4;
  o.skip_stats_update_on_db_open = true;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.max_manifest_file_size = in.max_manifest_bytes;
  o.manifest_preallocation_size = 64 << 10;
  o.bytes_per_sync = 1 << 20;
  o.info_log = std::make_shared<NoLog>();
  o.info_log_level = rocksdb::FATAL_LEVEL;

  // Nothing is ever written through a memtable: the smallest there is, for two hundred families.
  o.write_buffer_size = 64 << 10;
  o.arena_block_size = 4 << 10;
  o.compression = rocksdb::kZSTD;
  o.compression_opts.level = in.zstd_level;
  // Universal: every ingested file overlaps every other (keys are random), so level compaction would
  // rewrite the whole of level 1 for each handful of small files.
  o.compaction_style = rocksdb::kCompactionStyleUniversal;
  o.compaction_options_universal.max_size_amplification_percent =
      static_cast<unsigned>(in.compaction_size_amplification_percent);
  o.level0_file_num_compaction_trigger = in.compaction_trigger_runs;
  // A sealed segment is dropped whole; it is never rewritten for its age.
  o.ttl = 0;
  o.periodic_compaction_seconds = 0;
  configure_table(in, db);

  db.get_options.verify_checksums = true;
  db.scan_options.verify_checksums = true;
  db.scan_options.fill_cache = false;
}

}  // namespace

extern "C" {

void crocks_free(void *pointer) { free(pointer); }

crocks_status crocks_list_families(const char *path, char ***names, size_t *count) {
  std::vector<std::string> found;
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<NoLog>();
  Status status = rocksdb::DB::ListColumnFamilies(options, path, &found);
  *names = nullptr;
  *count = 0;
  if (!status.ok()) return result(status);
  *names = static_cast<char **>(calloc(found.size(), sizeof(char *)));
  *count = found.size();
  for (size_t i = 0; i < found.size(); i++) (*names)[i] = strdup(found[i].c_str());
  return result(status);
}

crocks_status crocks_open(const char *path, const crocks_options *options, bool create_if_missing,
                          const char *const *names, size_t count, crocks_db **db, crocks_family **families) {
  auto out = std::make_unique<crocks_db>();
  configure(*options, *out);
  out->options.create_if_missing = create_if_missing;
  std::vector<ColumnFamilyDescriptor> descriptors;
  for (size_t i = 0; i < count; i++) descriptors.emplace_back(names[i], out->options);
  std::vector<ColumnFamilyHandle *> opened;
  rocksdb::DB *raw = nullptr;
  Status status = rocksdb::DB::Open(out->options, path, descriptors, &opened, &raw);
  *db = nullptr;
  if (!status.ok()) return result(status);
  out->db.reset(raw);
  for (size_t i = 0; i < count; i++) families[i] = reinterpret_cast<crocks_family *>(opened[i]);
  *db = out.release();
  return result(status);
}

void crocks_close(crocks_db *db, crocks_family *const *families, size_t count) {
  db->pinned.Reset();
  rocksdb::CancelAllBackgroundWork(db->db.get(), /*wait=*/true);
  for (size_t i = 0; i < count; i++) db->db->DestroyColumnFamilyHandle(handle(families[i]));
  delete db;
}

crocks_status crocks_create_families(crocks_db *db, const char *const *names, size_t count,
                                     crocks_family **families, size_t *created) {
  std::vector<std::string> wanted(names, names + count);
  std::vector<ColumnFamilyHandle *> made;
  Status status = db->db->CreateColumnFamilies(db->options, wanted, &made);
  for (size_t i = 0; i < made.size(); i++) families[i] = reinterpret_cast<crocks_family *>(made[i]);
  *created = made.size();
  return result(status);
}

crocks_status crocks_drop_families(crocks_db *db, crocks_family *const *families, size_t count) {
  return result(db->db->DropColumnFamilies(handles(families, count)));
}

void crocks_release_family(crocks_db *db, crocks_family *family) {
  db->pinned.Reset();
  db->db->DestroyColumnFamilyHandle(handle(family));
}

crocks_status crocks_get(crocks_db *db, crocks_family *family, const void *key, size_t key_count,
                         const void **value, size_t *value_count) {
  db->pinned.Reset();
  Status status = db->db->Get(db->get_options, handle(family), slice(key, key_count), &db->pinned);
  *value = db->pinned.data();
  *value_count = db->pinned.size();
  return result(status);
}

void crocks_unpin(crocks_db *db) { db->pinned.Reset(); }

crocks_status crocks_sst_create(crocks_db *db, const char *path, crocks_sst **sst) {
  auto out = std::make_unique<crocks_sst>(db->options);
  Status status = out->writer.Open(path);
  *sst = status.ok() ? out.release() : nullptr;
  return result(status);
}

crocks_status crocks_sst_put(crocks_sst *sst, const void *key, size_t key_count, const void *value, size_t value_count) {
  return result(sst->writer.Put(slice(key, key_count), slice(value, value_count)));
}

crocks_status crocks_sst_delete(crocks_sst *sst, const void *key, size_t key_count) {
  return result(sst->writer.Delete(slice(key, key_count)));
}

crocks_status crocks_sst_finish(crocks_sst *sst, uint64_t *file_bytes) {
  rocksdb::ExternalSstFileInfo info;
  Status status = sst->writer.Finish(&info);
  *file_bytes = info.file_size;
  return result(status);
}

void crocks_sst_destroy(crocks_sst *sst) { delete sst; }

crocks_status crocks_ingest(crocks_db *db, const crocks_ingest_file *files, size_t count) {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  // The sequence number stands in the MANIFEST; the file stays as it was written and synced.
  options.write_global_seqno = false;
  options.verify_checksums_before_ingest = true;
  options.snapshot_consistency = true;
  std::vector<rocksdb::IngestExternalFileArg> args(count);
  for (size_t i = 0; i < count; i++) {
    args[i].column_family = handle(files[i].family);
    args[i].external_files = {files[i].path};
    args[i].options = options;
  }
  // With a snapshot alive, universal compaction takes an ingested file at level 0 without looking at the levels.
  rocksdb::ManagedSnapshot snapshot(db->db.get());
  return result(db->db->IngestExternalFiles(args));
}

crocks_iterator *crocks_iterate(crocks_db *db, crocks_family *family, const void *seek, size_t seek_count) {
  auto *out = new crocks_iterator{std::unique_ptr<rocksdb::Iterator>(
      db->db->NewIterator(db->scan_options, handle(family)))};
  out->it->Seek(slice(seek, seek_count));
  return out;
}

bool crocks_iterator_valid(const crocks_iterator *iterator) { return iterator->it->Valid(); }

void crocks_iterator_next(crocks_iterator *iterator) { iterator->it->Next(); }

void crocks_iterator_entry(const crocks_iterator *iterator, const void **key, size_t *key_count,
                           const void **value, size_t *value_count) {
  Slice k = iterator->it->key();
  Slice v = iterator->it->value();
  *key = k.data();
  *key_count = k.size();
  *value = v.data();
  *value_count = v.size();
}

crocks_status crocks_iterator_status(const crocks_iterator *iterator) { return result(iterator->it->status()); }

void crocks_iterator_destroy(crocks_iterator *iterator) { delete iterator; }

void crocks_family_statistics(crocks_db *db, crocks_family *family, crocks_family_stats *stats) {
  rocksdb::ColumnFamilyMetaData data;
  db->db->GetColumnFamilyMetaData(handle(family), &data);
  *stats = {data.size, data.file_count, 0, 0};
  // Every file of level 0 is a run of its own; every other level is one run.
  for (const auto &level : data.levels)
    stats->sorted_runs += level.level == 0 ? level.files.size() : (level.files.empty() ? 0 : 1);
  db->db->GetIntProperty(handle(family), rocksdb::DB::Properties::kEstimateNumKeys, &stats->estimated_rows);
}

uint64_t crocks_background_errors(crocks_db *db) {
  uint64_t count = 0;
  db->db->GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &count);
  return count;
}

uint64_t crocks_block_cache_usage(crocks_db *db) { return db->cache->GetUsage(); }

crocks_status crocks_resume(crocks_db *db) { return result(db->db->Resume()); }

crocks_status crocks_verify_checksums(crocks_db *db) { return result(db->db->VerifyChecksum(db->scan_options)); }

}  // extern "C"
