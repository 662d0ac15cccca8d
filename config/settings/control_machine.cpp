// What only this machine can say of the control process's settings: files, folders, users.

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "settings/control_load.h"

namespace spanlight {

namespace {

namespace fs = std::filesystem;

class ControlMachine {
 public:
  ControlMachine(const ControlSettings& settings, const std::string& path) : s_(settings), path_(path) {}

  std::vector<SettingsFault> check() {
    if (s_.use_kubernetes != UseKubernetes::never) file("kubernetes.kubeconfig", s_.kubeconfig);
    file("kubernetes.staticMap", s_.static_map);
    for (std::size_t i = 0; i < s_.descriptor_sets.size(); ++i)
      file("protobuf.descriptorSets[" + std::to_string(i) + "]", s_.descriptor_sets[i]);
    if (s_.store_enabled) store();
    file("serve.tls.certificate", s_.tls_certificate);
    file("serve.tls.key", s_.tls_key);
    for (std::size_t i = 0; i < s_.access.size(); ++i)
      secret_file("serve.access[" + std::to_string(i) + "].tokenFile", s_.access[i].token_file,
                  kTokenBytesMin);
    file_to_write("serve.auditLog", s_.audit_log);
    file_to_write("tap.chosenFile", s_.targets_file);
    if (!s_.run_as.empty() && getpwnam(s_.run_as.c_str()) == nullptr)
      fault("serve.runAs", "there is no user " + s_.run_as + " on this machine; make one, or name another");
    return std::move(faults_);
  }

 private:
  void fault(const std::string& key, std::string text) {
    faults_.push_back({path_, s_.origin.line_of(key), key, std::move(text)});
  }

  static std::string reason() { return std::string(" (") + std::strerror(errno) + ")"; }

  // False: no file is named, or there is a fault about it already.
  bool file(const std::string& key, const std::string& name) {
    if (name.empty()) return false;
    struct stat status {};
    if (stat(name.c_str(), &status) != 0)
      fault(key, name + " cannot be read" + reason() + "; give the path of a file");
    else if (S_ISDIR(status.st_mode))
      fault(key, name + " is a directory; give the path of a file");
    else if (access(name.c_str(), R_OK) != 0)
      fault(key, name + " cannot be read" + reason() + "; make it readable for this user");
    else
      return true;
    return false;
  }

  void secret_file(const std::string& key, const std::string& name, std::uintmax_t bytes_min) {
    if (!file(key, name)) return;
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(name, error);  // fails for what is no regular file: a pipe
    if (error || bytes >= bytes_min) return;
    const std::string least = bytes_min > 1 ? " of at least " + std::to_string(bytes_min) + " bytes" : "";
    fault(key, name + (bytes == 0 ? " is empty" : " is too short") + "; write a secret" + least + " into it");
  }

  void store() {
    if (!s_.store_url.empty()) return secret_file("store.passwordFile", s_.store_password_file, 1);
    const fs::path folder = s_.store_directory;
    std::error_code error;
    if (fs::exists(folder, error)) return writable_folder("store.directory", folder, "be written");
    // The child makes it, with what is missing above it.
    fs::path above = fs::absolute(folder, error);
    while (above.has_relative_path() && !fs::exists(above, error)) above = above.parent_path();
    writable_folder("store.directory", above, "hold " + folder.string());
  }

  // Which may not be there yet.
  void file_to_write(const std::string& key, const fs::path& name) {
    if (name.empty()) return;
    std::error_code error;
    if (fs::is_directory(name, error))
      return fault(key, name.string() + " is a directory; give the path of a file");
    if (fs::exists(name, error)) {
      if (access(name.c_str(), W_OK) != 0)
        fault(key, name.string() + " cannot be written" + reason() + "; make it writable for this user");
      return;
    }
    const fs::path folder = name.has_parent_path() ? name.parent_path() : fs::path(".");
    if (!fs::exists(folder, error))
      return fault(key, "there is no folder " + folder.string() + "; make it, or name another file");
    writable_folder(key, folder, "hold " + name.string());
  }

  void writable_folder(const std::string& key, const fs::path& folder, const std::string& purpose) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
      fault(key, folder.string() + " is not a directory and cannot " + purpose + "; name another");
    else if (access(folder.c_str(), W_OK | X_OK) != 0)
      fault(key, folder.string() + " cannot " + purpose + reason() +
                     "; make it writable for this user, or name another");
  }

  const ControlSettings& s_;
  const std::string& path_;
  std::vector<SettingsFault> faults_;
};

}  // namespace

std::vector<SettingsFault> check_against_machine(const ControlSettings& settings, const std::string& path) {
  return ControlMachine(settings, path).check();
}

}  // namespace spanlight
