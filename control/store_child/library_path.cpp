#include "store_child/library_path.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace spanlight::store_child {

std::string find_library() {
  namespace fs = std::filesystem;
  if (const char* const named = std::getenv("SPANLIGHT_LIBCHDB"); named != nullptr && *named != 0)
    return named;
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "libchdb.so";
  for (const fs::path& path : {beside, fs::path(SPANLIGHT_LIBCHDB_OF_TREE)})
    if (fs::exists(path, error)) return path.string();
  throw std::runtime_error("libchdb.so is not there: run scripts/setup, or name it in $SPANLIGHT_LIBCHDB");
}

}  // namespace spanlight::store_child
