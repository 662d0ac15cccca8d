// The store with its real child: what becomes of calls when the child, the writer or the disk fail, and what
// the child does with those who wish it ill.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "store/store_fixture.h"

namespace spanlight {
namespace {

TEST_F(StoreTest, StoresWhatIsOfferedAndFindsItAgainAfterARestart) {
  {
    const auto store = open(settings_in(folder_));
    EXPECT_TRUE(store->writer().offer(batch_of(batch(0, 100))));
    EXPECT_TRUE(store->writer().flush(kPatience));
    EXPECT_EQ(ask(*store, "SELECT count(), uniqExact(record_id), any(dst_ip) FROM calls"),
              "100\t100\t::ffff:10.244.2.9\n");
    EXPECT_EQ(store->writer().counters().stored, 100u);
  }
  const auto store = open(settings_in(folder_));
  EXPECT_EQ(ask(*store, "SELECT count() FROM calls"), "100\n");
}

TEST_F(StoreTest, NothingIsLostOrDoubledWhenTheChildIsKilled) {
  auto settings = settings_in(folder_);
  settings.store_batch_rows = 500;
  const auto store = open(settings);
  constexpr std::uint64_t kBatches = 120, kCalls = 100;
  for (std::uint64_t at = 0; at < kBatches; ++at) {
    ASSERT_TRUE(store->writer().offer(batch_of(batch(at * kCalls, kCalls))));
    if (at % 40 == 20) {
      // While an insert may be anywhere: sent, done, or done and not answered.
      ASSERT_TRUE(
          comes_true([&] { return store->process()->pid() != 0 && store->writer().counters().inserts > 0; }));
      kill(store->process()->pid(), SIGKILL);
    }
    std::this_thread::sleep_for(2ms);
  }
  ASSERT_TRUE(store->writer().flush(kPatience));
  EXPECT_EQ(ask(*store, "SELECT count(), uniqExact(epoch, record_id) FROM calls"), "12000\t12000\n");
  const WriterCounters counters = store->writer().counters();
  EXPECT_EQ(counters.stored, kBatches * kCalls);
  EXPECT_EQ(counters.offered, counters.stored);
  EXPECT_GE(store->process()->starts(), 2u);
  EXPECT_EQ(counters.trouble, "");
}

// Stands between a client and the store: the first insert is done, and then not answered.
class Relay {
 public:
  // `on_done`: while the client still waits for the answer that it will not get.
  Relay(std::string path, std::string store, std::function<void()> on_done)
      : path_(std::move(path)), store_(std::move(store)), on_done_(std::move(on_done)) {
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un address = address_of(path_);
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Relay() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{.sun_family = AF_UNIX};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }

  void serve() {
    for (int client = 0; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
      const int server = socket(AF_UNIX, SOCK_STREAM, 0);
      const sockaddr_un address = address_of(store_);
      if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        pass(client, server);
      close(server);
    }
  }

  void pass(int client, int server) {
    std::string asked;
    char piece[65'536];
    for (;;) {
      pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      poll(both, 2, -1);
      const bool answers = both[1].revents != 0;
      const ssize_t n = read(answers ? server : client, piece, sizeof piece);
      if (n <= 0) return;
      const auto bytes = static_cast<std::size_t>(n);
      if (!answers) asked.append(piece, std::min(bytes, sizeof piece - std::min(asked.size(), sizeof piece)));
      if (answers && !done_ && asked.find("INSERT") != std::string::npos) {
        done_ = true;
        return on_done_();
      }
      if (write(answers ? client : server, piece, bytes) != n) return;
    }
  }

  const std::string path_, store_;
  const std::function<void()> on_done_;
  int listener_ = -1;
  bool done_ = false;
  std::jthread thread_;
};

// Killed between the two, the store has noted an insert's token and has not its rows.
TEST_F(StoreTest, WhatTheStoreTakesForDoneIsLookedFor) {
  const auto store = open(settings_in(folder_));
  const std::string relay_path = folder_.path() + "/relay";
  unsigned taken_away = 0;
  Relay relay(relay_path, store->process()->socket(), [&] {
    const pid_t child = store->process()->pid();
    std::istringstream parts(ask(
        *store, "SELECT path FROM system.parts WHERE database = 'spanlight' AND table = 'calls' AND active"));
    for (std::string part; std::getline(parts, part); ++taken_away) std::filesystem::remove_all(part);
    kill(child, SIGKILL);
    EXPECT_TRUE(comes_true([&] {
      const pid_t now = store->process()->pid();
      return now != 0 && now != child;
    }));
    EXPECT_TRUE(store->wait_ready(kPatience));
  });
  const ClickHouse client({.socket = relay_path});
  StoreWriter writer(client, {.batch_ms = 20}, log_to_stderr());
  ASSERT_TRUE(writer.offer(batch_of(batch(0, 10))));
  ASSERT_TRUE(writer.flush(kPatience));
  EXPECT_EQ(taken_away, 1u);
  EXPECT_EQ(ask(*store, "SELECT count(), uniqExact(epoch, record_id) FROM calls"), "10\t10\n");
  EXPECT_EQ(writer.counters().stored, 10u);
  EXPECT_EQ(writer.counters().trouble, "");
}

TEST_F(StoreTest, TheSameInsertAgainIsNotStoredAgain) {
  const auto store = open(settings_in(folder_));
  const auto stored = batch_of(batch(0, 10));
  CallBlock block;
  block.begin(1'800'000'000, "live");
  for (const Call& call : stored->calls) block.add(call);
  for (int times = 0; times < 3; ++times)
    store->client().ask({.sql = insert_calls_statement(),
                         .data = block.finish(),
                         .settings = {{"insert_deduplication_token", "once"}}});
  EXPECT_EQ(ask(*store, "SELECT count() FROM calls"), "10\n");
}

// The writer's process, for the test below; not a test of its own.
TEST(KilledWriter, DISABLED_Writes) {
  const char* const directory = std::getenv("SPANLIGHT_TEST_DIRECTORY");
  ASSERT_NE(directory, nullptr);
  ControlSettings settings;
  settings.store_directory = directory;
  settings.store_batch_ms = 5;
  Store store(settings, log_to_stderr(), program());
  ASSERT_TRUE(store.wait_ready(kPatience));
  for (std::uint64_t at = 0;; ++at) {
    store.writer().offer_patiently(batch_of(batch(at * 50, 50)), {});
    // What a question has answered, told to the outside.
    const std::string seen = store.client().ask({.sql = "SELECT count() FROM calls FORMAT TabSeparated"});
    ASSERT_EQ(write(STDOUT_FILENO, seen.data(), seen.size()), static_cast<ssize_t>(seen.size()));
  }
}

TEST_F(StoreTest, WhatWasSeenOnceIsThereAfterTheWriterIsKilled) {
  int words[2];
  ASSERT_EQ(pipe(words), 0);
  setenv("SPANLIGHT_TEST_DIRECTORY", folder_.path().c_str(), 1);
  const pid_t writer = fork();
  if (writer == 0) {
    dup2(words[1], STDOUT_FILENO);
    for (const char* shard : {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"})
      unsetenv(shard);  // whichever this is, it is to run that one case
    execl("/proc/self/exe", "store_test", "--gtest_filter=KilledWriter.DISABLED_Writes",
          "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    _exit(127);
  }
  close(words[1]);
  std::string said;
  std::uint64_t seen = 0;
  char piece[256];
  while (seen < 1'000) {
    const ssize_t got = read(words[0], piece, sizeof piece);
    ASSERT_GT(got, 0) << said;
    said.append(piece, static_cast<std::size_t>(got));
    for (std::size_t end; (end = said.find('\n')) != std::string::npos; said.erase(0, end + 1))
      if (std::isdigit(static_cast<unsigned char>(said[0])) != 0) seen = std::stoull(said);
  }
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  close(words[0]);
  // Its child notices by itself, and lets the directory go.
  const auto store = open(settings_in(folder_));
  const std::uint64_t now = std::stoull(ask(*store, "SELECT count() FROM calls"));
  EXPECT_GE(now, seen);
  EXPECT_EQ(std::stoull(ask(*store, "SELECT uniqExact(record_id) FROM calls")), now);
}

TEST_F(StoreTest, TwoStoresDoNotShareADirectory) {
  const auto store = open(settings_in(folder_));
  std::mutex mutex;
  std::string said;
  ControlSettings settings = settings_in(folder_);
  Store second(
      settings,
      [&](const std::string& line) {
        const std::lock_guard lock(mutex);
        said += line + "\n";
      },
      program());
  EXPECT_TRUE(comes_true([&] {
    const std::lock_guard lock(mutex);
    return said.find("is used by another spanlight-store") != std::string::npos;
  }));
  EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");
}

TEST_F(StoreTest, AFullDiskIsToldAndRecoveredFrom) {
  // A small disk of its own, in a mount namespace of this thread and its children.
  const int before = ::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=160m") != 0)
    GTEST_SKIP() << "mounting a small disk needs root";
  {
    auto settings = settings_in(folder_);
    settings.store_batch_rows = 1'000;
    const auto store = open(settings);
    ASSERT_TRUE(store->writer().offer(batch_of(batch(0, 100))));
    ASSERT_TRUE(store->writer().flush(kPatience));
    const std::string filler = folder_.path() + "/filler";
    {
      std::ofstream file(filler);
      const std::string megabyte(std::size_t{1} << 20, 'x');
      while (file.write(megabyte.data(), static_cast<std::streamsize>(megabyte.size())).flush()) {
      }
    }
    for (std::uint64_t at = 0; at < 20; ++at)
      ASSERT_TRUE(store->writer().offer(batch_of(batch(1'000 + at * 100, 100))));
    EXPECT_TRUE(comes_true([&] { return store->writer().counters().disk_full; }))
        << store->writer().counters().trouble;
    EXPECT_EQ(ask(*store, "SELECT count() FROM calls"), "100\n");  // questions go on
    kill(store->process()->pid(), SIGKILL);  // and it comes back while nothing can be written
    EXPECT_TRUE(comes_true([&] { return store->process()->starts() > 1 && store->process()->healthy(); }));
    EXPECT_EQ(ask(*store, "SELECT count() FROM calls"), "100\n");
    unlink(filler.c_str());
    EXPECT_TRUE(store->writer().flush(kPatience));
    EXPECT_EQ(ask(*store, "SELECT count(), uniqExact(record_id) FROM calls"), "2100\t2100\n");
    EXPECT_FALSE(store->writer().counters().disk_full);
  }
  umount2(folder_.path().c_str(), MNT_DETACH);
  ASSERT_EQ(setns(before, CLONE_NEWNS), 0);
  close(before);
}

TEST_F(StoreTest, WhatTheStoreWillNeverTakeIsDroppedAndCounted) {
  const auto store = open(settings_in(folder_));
  const auto whose = [](std::uint64_t first_id, const std::string& source) {
    auto made = std::make_shared<StoredBatch>(*batch_of(batch(first_id, 10)));
    made->source = source;
    made->dropped = std::make_shared<std::atomic<std::uint64_t>>(0);
    return made;
  };
  store->client().ask({.sql = "ALTER TABLE calls RENAME COLUMN error TO fault"});
  const auto refused = whose(0, "refused");
  ASSERT_TRUE(store->writer().offer(refused));
  ASSERT_TRUE(store->writer().flush(kPatience));
  EXPECT_EQ(store->writer().counters().dropped_refused, 10u);
  EXPECT_EQ(*refused->dropped, 10u);  // whoever offered them is told
  store->client().ask({.sql = "ALTER TABLE calls RENAME COLUMN fault TO error"});
  const auto taken = whose(10, "taken");
  ASSERT_TRUE(store->writer().offer(taken));
  ASSERT_TRUE(store->writer().flush(kPatience));
  EXPECT_EQ(store->writer().counters().stored, 10u);
  EXPECT_EQ(*taken->dropped, 0u);
}

// A queue that is never empty: whoever flushes waits for what is ahead of him, not for what comes behind.
TEST_F(StoreTest, AFlushDoesNotWaitForWhatComesAfterIt) {
  auto settings = settings_in(folder_);
  settings.store_batch_rows = 1'000;
  const auto store = open(settings);
  std::jthread live([&](const std::stop_token& stop) {
    const auto calls = batch_of(batch(1'000, 100, 8));
    while (!stop.stop_requested())
      if (store->writer().counters().waiting < 3'000) store->writer().offer(calls);
  });
  const auto import = [&](std::uint64_t epoch) {
    for (std::uint64_t piece = 0; piece < 3; ++piece) {
      EXPECT_TRUE(store->writer().offer_patiently(batch_of(batch(piece * 10, 10, epoch)), {}));
      EXPECT_TRUE(store->writer().flush(kPatience));
      EXPECT_EQ(ask(*store, "SELECT count() FROM calls WHERE epoch = " + std::to_string(epoch)),
                std::to_string((piece + 1) * 10) + "\n");
    }
  };
  std::jthread another(import, 9);
  import(10);
}

TEST_F(StoreTest, OldestPartsGoFirst) {
  const auto store = open(settings_in(folder_));
  store->client().ask({.sql = "SYSTEM STOP MERGES calls"});
  for (std::uint64_t at = 0; at < 3; ++at) {
    ASSERT_TRUE(store->writer().offer(batch_of(batch(100 - at * 10, 10))));  // later stored, earlier in time
    ASSERT_TRUE(store->writer().flush(kPatience));
  }
  Layout layout;
  const std::string parts = store->client().ask({.sql = parts_question(layout), .in_database = false});
  const std::string oldest = parts.substr(0, parts.find('\t'));
  store->client().ask({.sql = drop_statement(layout, oldest), .in_database = false});
  EXPECT_EQ(ask(*store, "SELECT min(record_id), max(record_id) FROM calls"), "80\t99\n");
}

TEST_F(StoreTest, OldestDaysGoFirstWhateverTheirSource) {
  ControlSettings settings = settings_in(folder_);
  settings.store_keep_hours = 100'000;  // they are not too old
  const auto store = open(settings);
  const std::pair<const char*, const char*> stored[] = {
      {"2026-03-01", "live"}, {"2025-01-01", "import"}, {"2026-02-01", "zz"}, {"2026-02-01", "aa"}};
  for (const auto& [day, source] : stored)
    store->client().ask({.sql = std::string("INSERT INTO calls (stored, source) VALUES ('") + day +
                                " 12:00:00', '" + source + "')"});
  Layout layout;
  std::string order;
  for (int left = 4; left > 0; --left) {
    const std::string parts = store->client().ask({.sql = parts_question(layout), .in_database = false});
    const std::string oldest = parts.substr(0, parts.find('\t'));
    order += ask(*store, "SELECT partition FROM system.parts WHERE active AND name = '" + oldest + "'");
    store->client().ask({.sql = drop_statement(layout, oldest), .in_database = false});
  }
  EXPECT_EQ(order,
            "(20250101,\\'import\\')\n(20260201,\\'zz\\')\n(20260201,\\'aa\\')\n(20260301,\\'live\\')\n");
  layout.cluster = "it's";
  EXPECT_NO_THROW(store->client().ask({.sql = "EXPLAIN AST " + parts_question(layout)}));
}

TEST_F(StoreTest, StatementsForAClusterAreUnderstood) {
  const auto store = open(settings_in(folder_));
  Layout layout;
  layout.cluster = "it's";
  for (const auto& statements : {create_statements(layout), upgrade_statements(layout, 1)})
    for (const std::string& sql : statements)
      EXPECT_NO_THROW(store->client().ask({.sql = "EXPLAIN AST " + sql})) << sql;
  EXPECT_NO_THROW(store->client().ask({.sql = "EXPLAIN AST " + drop_statement(layout, "x")}));
}

TEST_F(StoreTest, NamesAreKept) {
  const auto store = open(settings_in(folder_));
  NamedInterval pod{sample::ipv4(10, 0, 0, 1), 80, 1'795'407'600'000'000'000, 1'795'407'700'000'000'000, {}};
  pod.party = {"a'b", "shop", "a'b", {{"app", "x"}, {"tier", ""}}, "svc", "Deployment", "a", "node-1"};
  NamedInterval other = pod;
  other.address = {0x2001'0db8'0000'0000, 1};
  other.until_ns += 1;
  write_names(store->client(), std::vector{pod, other});
  for (const std::uint64_t until : {pod.until_ns + 100, pod.until_ns - 100}) {  // the same again
    pod.until_ns = until;
    write_names(store->client(), std::vector{pod});
    EXPECT_EQ(read_names(store->client(), 0).at(0).until_ns, until);
    store->client().ask({.sql = "OPTIMIZE TABLE addresses FINAL"});  // as merges do
    EXPECT_EQ(read_names(store->client(), 0).at(0).until_ns, until);
  }
  const auto names = read_names(store->client(), 0);
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].until_ns, pod.until_ns);
  EXPECT_EQ(names[0].port, 80u);
  EXPECT_EQ(names[0].address.low(), pod.address.low());
  EXPECT_EQ(names[0].party.name, "a'b");
  EXPECT_EQ(names[0].party.node, "node-1");
  ASSERT_EQ(names[0].party.labels.size(), 2u);
  EXPECT_EQ(names[0].party.labels[0].value, "x");
  EXPECT_EQ(names[1].address.high(), other.address.high());
  EXPECT_EQ(read_names(store->client(), other.until_ns + 1).size(), 0u);
}

// A server that agrees to everything; while it is `away`, it leaves questions about its parts without an
// answer.
class AgreeingServer {
 public:
  AgreeingServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::jthread([this] {
      for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0; close(fd)) answer(fd);
    });
  }
  ~AgreeingServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  const std::string& url() const { return url_; }
  std::atomic<bool> away = true;

 private:
  static bool whole(const std::string& request) {
    const std::size_t head = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
    return head != std::string::npos && length < head &&
           request.size() - head - 4 >= std::stoul(request.substr(length + 16));
  }
  void answer(int fd) const {
    constexpr std::string_view kYes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    std::string request;
    char piece[4'096];
    for (ssize_t got; !whole(request) && (got = read(fd, piece, sizeof piece)) > 0;)
      request.append(piece, static_cast<std::size_t>(got));
    if (!away || request.find("system.parts") == std::string::npos)
      send(fd, kYes.data(), kYes.size(), MSG_NOSIGNAL);
  }

  int listener_;
  std::string url_;
  std::jthread thread_;
};

TEST(StoreAtAServer, IsReadyAndWithoutTroubleAsSoonAsItIsBack) {
  AgreeingServer server;
  ControlSettings settings;
  settings.store_url = server.url();
  const Store store(settings, log_to_stderr());
  EXPECT_TRUE(comes_true([&] { return !store.status().trouble.empty() && !store.status().ready; }));
  server.away = false;
  EXPECT_TRUE(comes_true([&] { return store.status().ready; }));
  EXPECT_EQ(store.status().trouble, "");
}

TEST(StoreWriterAlone, DropsAndCountsWhatHasNoRoom) {
  ClickHouse::Options options;
  options.socket = "/nonexistent/socket";
  const ClickHouse client(options);
  const auto one = batch_of(batch(0, 10));
  WriterOptions writer_options;
  writer_options.queue_bytes = 3 * one->message_bytes + 20 * sizeof(Call) * 10;
  writer_options.flush_patience = 50ms;
  StoreWriter writer(client, writer_options, {});
  std::uint64_t taken = 0;
  for (int count = 0; count < 10; ++count) taken += writer.offer(one) ? 1 : 0;
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, 10u);
  ASSERT_TRUE(comes_true([&] { return writer.counters().retries > 0; }));
  WriterCounters counters = writer.counters();
  EXPECT_EQ(counters.offered, 100u);
  EXPECT_EQ(counters.dropped_full, 100 - taken * 10);
  EXPECT_EQ(counters.waiting, taken * 10);
  EXPECT_NE(counters.trouble.find("/nonexistent/socket"), std::string::npos);
  writer.stop();
  counters = writer.counters();
  EXPECT_EQ(counters.dropped_end, taken * 10);
  EXPECT_EQ(counters.waiting, 0u);
  EXPECT_EQ(counters.waiting_bytes, 0u);
  EXPECT_FALSE(writer.offer(one));
}

}  // namespace
}  // namespace spanlight
