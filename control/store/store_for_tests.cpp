#include "store/store_for_tests.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "record/reader.h"

namespace spanlight::testing_store {
namespace {

namespace fs = std::filesystem;

#ifdef SPANLIGHT_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Held {
  sample::Bytes bytes;
  std::shared_ptr<const Party> src, dst;
};

}  // namespace

std::string program() {
  if (const char* const named = std::getenv("SPANLIGHT_STORE_PROGRAM"); named != nullptr && *named != 0)
    return named;
  return kSanitized ? SPANLIGHT_SOURCE_ROOT "/build/spanlight-store"
                    : SPANLIGHT_BUILD_ROOT "/spanlight-store";
}

std::string why_not() {
  if (access(program().c_str(), X_OK) != 0) return program() + " is not built";
  const char* const named = std::getenv("SPANLIGHT_LIBCHDB");
  if ((named == nullptr || *named == 0) && access(SPANLIGHT_LIBCHDB_OF_TREE, R_OK) != 0)
    return "libchdb is not installed: scripts/setup does that";
  return {};
}

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "spanlight-store-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
  path_ = name;
}

Folder::~Folder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

ControlSettings settings_in(const Folder& folder) {
  ControlSettings settings;
  settings.store_directory = folder.path();
  settings.store_memory_mb = 1'024;
  settings.store_batch_ms = 20;
  return settings;
}

StoreWriter::Log log_to_stderr() {
  return [](const std::string& line) { std::fprintf(stderr, "    %s\n", line.c_str()); };
}

std::shared_ptr<const StoredBatch> batch_of(const sample::Batch& batch,
                                            const std::shared_ptr<const Party>& src,
                                            const std::shared_ptr<const Party>& dst) {
  const auto held = std::make_shared<Held>(Held{sample::build(batch), src, dst});
  auto stored = std::make_shared<StoredBatch>();
  stored->message_bytes = held->bytes.size();
  stored->batch = wire::GetRecordBatch(held->bytes.data());
  for (const wire::Record* record : elements_of(stored->batch->records()))
    stored->calls.push_back({stored->batch, record, {src.get(), {}}, {dst.get(), {}}});
  stored->message = stored->parties = held;
  return stored;
}

}  // namespace spanlight::testing_store
