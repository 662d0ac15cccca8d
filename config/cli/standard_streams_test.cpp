#include "cli/standard_streams.h"

#include <cerrno>
#include <cstdio>
#include <initializer_list>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace spanlight::cli {
namespace {

// In a child process; the number answered is the first check that failed.
int with_closed(const std::initializer_list<int> streams) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int stream : streams) close(stream);
    fill_standard_streams();
    char byte = 'x';
    const int next = dup(STDIN_FILENO);
    if (next <= STDERR_FILENO) _exit(1);
    for (const int stream : streams) {
      if (read(stream, &byte, 1) != 0) _exit(2);
      if (write(stream, &byte, 1) != -1 || errno != EBADF) _exit(3);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// In a child process whose standard output is `path`.
int status_of_writing_to(const char* path, int status) {
  const pid_t child = fork();
  if (child == 0) {
    const int out = open(path, O_WRONLY);
    dup2(out, STDOUT_FILENO);
    std::printf("what is told");
    _exit(all_written(status, "spanlight test"));
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

TEST(StandardStreams, what_could_not_be_written_is_a_failure) {
  EXPECT_EQ(status_of_writing_to("/dev/null", 0), 0);
  EXPECT_EQ(status_of_writing_to("/dev/null", 3), 3);
  EXPECT_EQ(status_of_writing_to("/dev/full", 0), 1);
  EXPECT_EQ(status_of_writing_to("/dev/full", 3), 3);
}

TEST(StandardStreams, what_was_closed_is_empty_and_cannot_be_written) {
  EXPECT_EQ(with_closed({0}), 0);
  EXPECT_EQ(with_closed({1}), 0);
  EXPECT_EQ(with_closed({2}), 0);
  EXPECT_EQ(with_closed({0, 2}), 0);
  EXPECT_EQ(with_closed({0, 1, 2}), 0);
}

TEST(StandardStreams, what_is_open_stays_what_it_is) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int kept = dup(STDIN_FILENO);
  dup2(ends[0], STDIN_FILENO);
  fill_standard_streams();
  char byte = 0;
  EXPECT_EQ(write(ends[1], "y", 1), 1);
  EXPECT_EQ(read(STDIN_FILENO, &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  dup2(kept, STDIN_FILENO);
  for (const int descriptor : {kept, ends[0], ends[1]}) close(descriptor);
}

}  // namespace
}  // namespace spanlight::cli
