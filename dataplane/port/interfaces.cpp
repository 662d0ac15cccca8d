#include "port/interfaces.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

namespace spanlight {

std::string interface_names() {
  std::vector<std::string> names;
  struct if_nameindex* all = if_nameindex();
  if (all == nullptr) return {};
  for (const struct if_nameindex* one = all; one->if_index != 0; ++one) names.emplace_back(one->if_name);
  if_freenameindex(all);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool interface_exists(const std::string& name) {
  return if_nametoindex(name.c_str()) != 0;
}

bool interface_is_up(const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof(request.ifr_name)) return false;
  std::memcpy(request.ifr_name, name.data(), name.size());
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;  // not known: no alarm
  const bool asked = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  close(fd);
  constexpr short kUp = IFF_UP | IFF_RUNNING;
  return asked && (request.ifr_flags & kUp) == kUp;
}

std::string no_such_interface(const std::string& name) {
  return "there is no interface " + name + "; there are: " + interface_names();
}

std::string no_permission(const std::string& name) {
  char program[PATH_MAX] = "PROGRAM";
  const ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
  if (n > 0) program[n] = '\0';
  return "no permission to capture on " + name +
         ": run as root, or once: setcap cap_net_raw,cap_net_admin=ep " + program;
}

}  // namespace spanlight
