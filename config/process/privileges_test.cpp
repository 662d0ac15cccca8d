#include "process/privileges.h"

#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace spanlight {
namespace {

// Runs in a child process, since what is dropped does not come back. The number answered is the first check
// that failed.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string status_line(const std::string& key) {
  std::ifstream file("/proc/thread-self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) == 0) return line.substr(line.find_last_of("\t ") + 1);
  }
  return {};
}

TEST(Privileges, root_becomes_the_user_for_good) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              if (!drop_privileges("nobody", false).empty()) return 1;
              if (geteuid() == 0 || getuid() == 0 || getegid() == 0) return 2;
              if (getgroups(0, nullptr) > 1) return 3;
              if (status_line("CapPrm") != "0000000000000000" || status_line("CapEff") != "0000000000000000")
                return 4;
              if (status_line("NoNewPrivs") != "1") return 5;
              if (setuid(0) == 0) return 6;
              if (socket(AF_PACKET, SOCK_RAW, 0) >= 0) return 7;
              return 0;
            }),
            0);
}

TEST(Privileges, net_admin_can_be_kept) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              if (!drop_privileges("nobody", true).empty()) return 1;
              if (geteuid() == 0) return 2;
              return status_line("CapEff") == "0000000000001000" ? 0 : 3;
            }),
            0);
}

TEST(Privileges, unknown_user) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              const std::string fault = drop_privileges("no-such-user", false);
              return fault.find("there is no user no-such-user") == 0 ? 0 : 1;
            }),
            0);
}

TEST(Privileges, without_root_nothing_is_gained) {
  EXPECT_EQ(in_child([] {
              if (geteuid() == 0 && setresuid(65'534, 65'534, 65'534) != 0) return 1;
              if (!drop_privileges("nobody", false).empty()) return 2;
              return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace spanlight
