#include "cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>

namespace spanlight::cli {

void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDONLY));  // the lowest free number
}

int all_written(int status, const char* program) {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int reason = errno;
  if ((flushed && std::ferror(stdout) == 0) || reason == EPIPE) return status;
  std::fprintf(stderr, "%s: standard output: %s\n", program,
               reason == 0 ? "it could not be written" : std::strerror(reason));
  return status == 0 ? 1 : status;
}

}  // namespace spanlight::cli
