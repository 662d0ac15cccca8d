#include "targets/choice_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace spanlight {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = std::size_t{4} << 20;
constexpr int kVersion = 1;

Json json_of(const TapSettings& tap) {
  return {{"namespaces", tap.namespaces}, {"excludedNamespaces", tap.excluded_namespaces},
          {"regex", tap.regex},           {"labels", tap.labels},
          {"services", tap.services},     {"bpfOverride", tap.bpf_override}};
}

// Throws Json::exception where it is not as json_of() makes it.
TapSettings tap_of(const Json& json) {
  TapSettings tap;
  json.at("namespaces").get_to(tap.namespaces);
  json.at("excludedNamespaces").get_to(tap.excluded_namespaces);
  json.at("regex").get_to(tap.regex);
  json.at("labels").get_to(tap.labels);
  json.at("services").get_to(tap.services);
  json.at("bpfOverride").get_to(tap.bpf_override);
  return tap;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }
  bool write_all(const std::string& text) const {
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }

 private:
  const int fd_;
};

// The file, and then its name, are on the disk before the old one is gone.
bool replace(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  {
    const Descriptor file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.fd() < 0 || fchmod(file.fd(), 0600) != 0 || !file.write_all(text) || fsync(file.fd()) != 0)
      return false;
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return false;
  const fs::path parent = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  const Descriptor folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.fd() >= 0 && fsync(folder.fd()) == 0;
}

}  // namespace

std::optional<KeptChoice> ChoiceFile::read(std::string& fault) const {
  std::error_code error;
  if (!fs::exists(path_, error)) return std::nullopt;
  std::ifstream in(path_, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  try {
    if (text.empty() || text.size() > kFileBytesMax)
      throw std::runtime_error("it cannot be read, or is too large");
    const Json json = Json::parse(text);
    if (json.at("version") != kVersion) throw std::runtime_error("it is of another version");
    return KeptChoice{tap_of(json.at("chosen")), tap_of(json.at("settings")),
                      json.at("made_ns").get<std::uint64_t>()};
  } catch (const std::exception& wrong) {
    fault = path_ + " does not hold targets that were chosen (" + wrong.what() + ")";
    return std::nullopt;
  }
}

std::string ChoiceFile::write(const KeptChoice& choice) const {
  const Json json = {{"version", kVersion},
                     {"chosen", json_of(choice.chosen)},
                     {"settings", json_of(choice.settings)},
                     {"made_ns", choice.made_ns}};
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(),
                         error);  // the store makes it too, whoever comes first
  if (replace(path_, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n")) return {};
  return path_ + " cannot be written (" + std::strerror(errno) + ")";
}

std::string ChoiceFile::remove() const {
  if (unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return path_ + " cannot be removed (" + std::strerror(errno) + ")";
}

}  // namespace spanlight
