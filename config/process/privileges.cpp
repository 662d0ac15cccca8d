#include "process/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <vector>

namespace spanlight {
namespace {

std::string fault(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// Of the calling thread; threads made later inherit.
bool set_capabilities(bool keep_net_admin) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (keep_net_admin) data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, data) == 0;
}

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

std::string find_user(const std::string& name, User& user) {
  std::vector<char> buffer(16'384);
  passwd entry{};
  passwd* found = nullptr;
  const int result = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return "there is no user " + name + (result == 0 ? "" : std::string(" (") + std::strerror(result) + ")") +
           ": name one that exists in the settings (runAs), or leave it empty to stay root";
  }
  user = {entry.pw_uid, entry.pw_gid};
  return {};
}

// glibc carries set*id() to every thread of the process.
std::string become(const std::string& name, bool keep_net_admin) {
  User user;
  if (std::string sentence = find_user(name, user); !sentence.empty()) return sentence;
  if (user.uid == 0) return {};  // root by wish
  if (keep_net_admin && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fault("cannot keep CAP_NET_ADMIN");
  if (initgroups(name.c_str(), user.gid) != 0) return fault("cannot take the groups of user " + name);
  if (setresgid(user.gid, user.gid, user.gid) != 0) return fault("cannot take the group of user " + name);
  if (setresuid(user.uid, user.uid, user.uid) != 0) return fault("cannot become user " + name);
  if (!set_capabilities(keep_net_admin)) return fault("cannot drop capabilities as user " + name);
  if (setresuid(0, 0, 0) == 0) return "user " + name + " can become root again: privileges are not dropped";
  return {};
}

}  // namespace

std::string drop_privileges(const std::string& user, bool keep_net_admin) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fault("cannot forbid new privileges");
  if (geteuid() != 0) {
    // Perhaps started with capabilities of its file: they were for set-up.
    return set_capabilities(false) ? std::string() : fault("cannot drop capabilities");
  }
  return user.empty() ? std::string() : become(user, keep_net_admin);
}

std::string drop_thread_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fault("cannot forbid new privileges");
  // Root by wish stays root; a user's capabilities were for set-up.
  if (geteuid() == 0 || set_capabilities(false)) return {};
  return fault("cannot drop capabilities");
}

}  // namespace spanlight
