#include "port/eal_log.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <rte_log.h>
#include <unistd.h>

namespace spanlight {
namespace {

constexpr std::size_t kLineBytesMax = 512;

// One for the process, as DPDK's log is. Writes come from any thread, but only through the stream, whose lock
// orders them; the reader takes that lock too.
struct LastError {
  std::FILE* stream = nullptr;
  bool to_stderr = false;
  char line[kLineBytesMax] = {};
  std::size_t bytes = 0;
};
LastError last_error;

ssize_t take_line(void*, const char* text, std::size_t bytes) {
  if (last_error.to_stderr && write(STDERR_FILENO, text, bytes) < 0) last_error.to_stderr = false;
  const int level = rte_log_cur_msg_loglevel();
  const bool is_error = level > 0 && level <= static_cast<int>(RTE_LOG_ERR);
  if (is_error && bytes > 1) {
    last_error.bytes = std::min(bytes, kLineBytesMax);
    std::memcpy(last_error.line, text, last_error.bytes);
  }
  return static_cast<ssize_t>(bytes);
}

}  // namespace

bool capture_dpdk_log(bool to_stderr) {
  last_error.to_stderr = to_stderr;
  if (last_error.stream != nullptr) return true;
  last_error.stream = fopencookie(nullptr, "w", {nullptr, take_line, nullptr, nullptr});
  if (last_error.stream == nullptr) return false;
  static char buffer[kLineBytesMax];
  if (std::setvbuf(last_error.stream, buffer, _IOLBF, sizeof(buffer)) != 0) return false;
  return rte_openlog_stream(last_error.stream) == 0;
}

std::string take_dpdk_error() {
  if (last_error.stream == nullptr) return {};
  flockfile(last_error.stream);
  std::string text(last_error.line, last_error.bytes);
  last_error.bytes = 0;
  funlockfile(last_error.stream);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

}  // namespace spanlight
