#pragma once
// The files of a directory (the dashboard), read into memory once: requests look names up and never touch the
// file system, so no path can lead out of it. Immutable after load(); share it, and load another to renew.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace spanlight::serve {

constexpr std::size_t kAssetFilesMax = 4'096;
constexpr std::size_t kAssetBytesMax = std::size_t{64} << 20;  // all together

struct Asset {
  std::string content_type;
  std::string bytes;
  std::string gzipped;     // empty where it would not be smaller
  std::string etag;        // with its quotation marks; of the content
  bool immutable = false;  // its name has a hash of its content: "app.3f9a2b1c.js"
};

class Assets {
 public:
  // Regular files only: links that lead out of the directory are left out. Throws std::runtime_error with a
  // sentence where the directory cannot be read or holds too much. An empty path: no assets.
  static std::shared_ptr<const Assets> load(const std::string& directory);

  // `path` as decoded from the request. "/" is index.html; so is every path that no file has and that looks
  // like a page of the application (its last segment has no dot). nullptr: nothing of ours.
  const Asset* find(std::string_view path) const;
  std::size_t size() const { return files_.size(); }

 private:
  std::map<std::string, Asset, std::less<>> files_;  // "/index.html" → …
};

}  // namespace spanlight::serve
