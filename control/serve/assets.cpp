#include "serve/assets.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "serve/gzip.h"

namespace spanlight::serve {
namespace {

namespace fs = std::filesystem;

struct Type {
  std::string_view ending, content_type;
  bool packs;
};
constexpr auto kTypes = std::to_array<Type>({{".html", "text/html; charset=utf-8", true},
                                             {".js", "text/javascript; charset=utf-8", true},
                                             {".mjs", "text/javascript; charset=utf-8", true},
                                             {".css", "text/css; charset=utf-8", true},
                                             {".json", "application/json", true},
                                             {".map", "application/json", true},
                                             {".webmanifest", "application/manifest+json", true},
                                             {".svg", "image/svg+xml", true},
                                             {".txt", "text/plain; charset=utf-8", true},
                                             {".wasm", "application/wasm", true},
                                             {".png", "image/png", false},
                                             {".jpg", "image/jpeg", false},
                                             {".webp", "image/webp", false},
                                             {".ico", "image/x-icon", false},
                                             {".woff", "font/woff", false},
                                             {".woff2", "font/woff2", false}});

const Type& type_of(const fs::path& file) {
  static constexpr Type kUnknown{"", "application/octet-stream", false};
  const std::string ending = file.extension().string();
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) { return type.ending == ending; });
  return found == kTypes.end() ? kUnknown : *found;
}

std::string etag_of(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  static constexpr char kHex[] = "0123456789abcdef";
  std::string etag = "\"";
  for (std::size_t i = 0; i < 16; ++i) {
    etag += kHex[digest[i] >> 4];
    etag += kHex[digest[i] & 0x0f];
  }
  return etag + '"';
}

// "index-DkX3a9_2.js", "app.3f9a2b1c.js": what bundlers put before the ending, at least eight letters and
// digits, one of them a digit or a capital, since "dashboard" is no hash.
bool has_hash(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t at = stem.find_last_of(".-");
  if (at == stem.npos || stem.size() - at - 1 < 8) return false;
  const std::string_view hash = std::string_view(stem).substr(at + 1);
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  const auto tells = [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; };
  return std::all_of(hash.begin(), hash.end(), fits) && std::any_of(hash.begin(), hash.end(), tells);
}

Asset read_asset(const fs::path& path, std::size_t bytes_left) {
  Asset asset;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the dashboard's file " + path.string() + " cannot be read");
  const std::uintmax_t size = fs::file_size(path);
  if (size > bytes_left)
    throw std::runtime_error("the dashboard's directory holds more than " +
                             std::to_string(kAssetBytesMax >> 20) + " MiB; is it the right one?");
  asset.bytes.resize(static_cast<std::size_t>(size));
  file.read(asset.bytes.data(), static_cast<std::streamsize>(asset.bytes.size()));
  asset.bytes.resize(static_cast<std::size_t>(file.gcount()));
  const Type& type = type_of(path);
  asset.content_type = type.content_type;
  asset.etag = etag_of(asset.bytes);
  asset.immutable = has_hash(path);
  if (type.packs) asset.gzipped = gzipped(asset.bytes);
  if (asset.gzipped.size() >= asset.bytes.size()) asset.gzipped.clear();
  return asset;
}

}  // namespace

std::shared_ptr<const Assets> Assets::load(const std::string& directory) {
  auto assets = std::make_shared<Assets>();
  if (directory.empty()) return assets;
  std::error_code fault;
  const fs::path root = fs::canonical(directory, fault);
  if (fault || !fs::is_directory(root))
    throw std::runtime_error("the dashboard's directory " + directory + " cannot be read");
  std::size_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const fs::path real = fs::canonical(entry.path());
    if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end()) continue;
    if (assets->files_.size() == kAssetFilesMax)
      throw std::runtime_error("the dashboard's directory holds more than " + std::to_string(kAssetFilesMax) +
                               " files; is it the right one?");
    Asset asset = read_asset(real, kAssetBytesMax - bytes);
    bytes += asset.bytes.size();
    assets->files_.emplace("/" + fs::relative(entry.path(), root).generic_string(), std::move(asset));
  }
  return assets;
}

const Asset* Assets::find(std::string_view path) const {
  const auto exact = files_.find(path);
  if (exact != files_.end()) return &exact->second;
  const std::string_view last = path.substr(path.rfind('/') + 1);
  if (last.find('.') != last.npos) return nullptr;
  const auto index = files_.find("/index.html");
  return index == files_.end() ? nullptr : &index->second;
}

}  // namespace spanlight::serve
