#include "program/assets_folder.h"

#include <cstdlib>
#include <filesystem>

#include "process/log.h"

namespace spanlight {
namespace {

namespace fs = std::filesystem;

std::string find_folder() {
  if (const char* named = std::getenv("SPANLIGHT_WEB"); named != nullptr) return named;
  std::error_code fault;
  const fs::path program = fs::read_symlink("/proc/self/exe", fault).parent_path();
  for (const fs::path& folder : {program / "web", program / "../../share/spanlight/web"})
    if (fs::exists(folder / "index.html", fault)) return folder.string();
  return {};
}

}  // namespace

std::shared_ptr<const serve::Assets> load_assets() {
  const std::string folder = find_folder();
  if (folder.empty()) log(LogLevel::info, "the dashboard is not installed here: the API is served alone");
  return serve::Assets::load(folder);
}

}  // namespace spanlight
