// The child's HTTP interface, also towards those who wish it ill.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/store_fixture.h"

namespace spanlight {
namespace {

using ChildTest = StoreTest;

int connect_raw(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

std::string talk(const std::string& path, const std::string& words) {
  const int fd = connect_raw(path);
  if (fd < 0) return "no connection";
  for (std::size_t at = 0; at < words.size();) {
    const ssize_t put = send(fd, words.data() + at, words.size() - at, MSG_NOSIGNAL);
    if (put <= 0) break;
    at += static_cast<std::size_t>(put);
  }
  shutdown(fd, SHUT_WR);
  std::string answer;
  char piece[4'096];
  for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;)
    answer.append(piece, static_cast<std::size_t>(got));
  close(fd);
  return answer;
}

TEST_F(ChildTest, HostileRequestsAreRefusedAndHarmNobody) {
  const auto store = open(settings_in(folder_));
  const std::string& path = store->process()->socket();
  const std::string post = "POST /?query=SELECT%201 HTTP/1.1\r\nHost: x\r\n";
  EXPECT_NE(talk(path, std::string(1 << 16, '\xff')).find("400"), std::string::npos);
  EXPECT_NE(talk(path, "GET /ping HTTP/1.1\r\nA: " + std::string(200'000, 'a')).find("400"),
            std::string::npos);
  EXPECT_NE(talk(path, "GET /?query=SELECT HTTP/1.1\r\nHost: x\r\n\r\n").find("405"), std::string::npos);
  EXPECT_NE(
      talk(path, "POST /?max_threads%27=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").find("400"),
      std::string::npos);
  EXPECT_NE(talk(path, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6000000\r\n\r\n" +
                           std::string(6'000'000, ' '))
                .find("413"),
            std::string::npos);
  EXPECT_EQ(talk(path, post + "Content-Length: 99999999999999999999\r\n\r\n").find("200 OK"),
            std::string::npos);
  EXPECT_EQ(talk(path, post + "Content-Length: 10\r\n\r\nabc"), "");  // never whole: no answer
  EXPECT_EQ(talk(path,
                 "POST /?query=INSERT%20INTO%20calls%20(epoch)%20FORMAT%20Native HTTP/1.1\r\nHost: x\r\n"
                 "Content-Length: 9\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
                .find("200 OK"),
            std::string::npos);
  std::vector<int> idle;
  for (int count = 0; count < 40; ++count) idle.push_back(connect_raw(path));  // and say nothing
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");
  EXPECT_EQ(store->process()->starts(), 1u);
  for (const int fd : idle) close(fd);
}

TEST_F(ChildTest, AnErrorBehindTheFirstDataIsAnError) {
  const auto store = open(settings_in(folder_));
  std::size_t bytes = 0;
  try {
    store->client().stream({.sql = "SELECT throwIf(number = 5000000) FROM numbers(10000000) FORMAT RowBinary",
                            .settings = {{"max_threads", "1"}}},
                           [&](std::string_view piece) {
                             bytes += piece.size();
                             return true;
                           });
    FAIL() << "no error";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::refused);
    EXPECT_EQ(error.code(), 395) << error.what();
  }
  EXPECT_GT(bytes, 0u);
}

TEST_F(ChildTest, SettingsOfOneStatementAreNotThoseOfTheNext) {
  const auto store = open(settings_in(folder_));
  for (int times = 0; times < 8; ++times) {  // all sessions
    EXPECT_EQ(store->client().ask({.sql = "SELECT getSetting('max_block_size') FORMAT TabSeparated",
                                   .settings = {{"max_block_size", "77"}}}),
              "77\n");
    EXPECT_EQ(ask(*store, "SELECT getSetting('max_block_size'), getSetting('max_memory_usage') > 0"),
              "65409\t1\n");
    EXPECT_THROW(store->client().ask({.sql = "SELECT 1", .settings = {{"no_such_setting", "1"}}}),
                 StoreError);
  }
  EXPECT_EQ(
      store->client().ask({.sql = "SELECT {x:String} FORMAT RowBinary", .parameters = {{"x", "a\tb\\'c\n"}}}),
      "\x07"
      "a\tb\\'c\n");
}

}  // namespace
}  // namespace spanlight
