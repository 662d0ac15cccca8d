#pragma once
// For tests and benchmarks: a store with a real child in a folder of its own, and batches to put into it.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "record/sample.h"
#include "settings/control.h"
#include "store/store.h"

namespace spanlight::testing_store {

// Empty if spanlight-store can run here; else why not. Sanitized programs cannot load libchdb, so that a
// sanitized test wants the child of the release build.
std::string why_not();
std::string program();

// A folder that is removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

ControlSettings settings_in(const Folder& folder);
StoreWriter::Log log_to_stderr();

// A batch of these records; all calls have the two ends given.
std::shared_ptr<const StoredBatch> batch_of(const sample::Batch& batch,
                                            const std::shared_ptr<const Party>& src = {},
                                            const std::shared_ptr<const Party>& dst = {});

}  // namespace spanlight::testing_store
