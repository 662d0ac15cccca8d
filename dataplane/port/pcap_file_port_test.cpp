#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "port/capture_blocks.h"
#include "port/capture_writer.h"
#include "port/eal_for_tests.h"
#include "port/link_type.h"
#include "port/open_port.h"
#include "port/pcapng_writer_for_tests.h"

namespace spanlight {
namespace {

using test::Frame;
using test::has;
using test::pcap_bytes;
using test::pcapng_bytes;
using test::receive_all;
using test::Received;
using test::TemporaryFile;

constexpr std::uint8_t kIndex = 3;

std::vector<std::uint8_t> pattern(std::size_t n, std::uint8_t first = 0) {
  std::vector<std::uint8_t> bytes(n);
  std::iota(bytes.begin(), bytes.end(), first);
  for (std::size_t i = 0; i < n; i += 251) bytes[i] = static_cast<std::uint8_t>(i / 251);  // no period of 256
  return bytes;
}

std::unique_ptr<Port> open_ok(const std::vector<std::string>& paths, const std::string& bpf = "") {
  Settings settings = test::eal_settings();
  settings.bpf = bpf;
  OpenPort opened = open_capture_files(paths, settings, kIndex, 1);
  if (const std::string* fault = std::get_if<std::string>(&opened)) {
    ADD_FAILURE() << *fault;
    return nullptr;
  }
  return std::move(std::get<std::unique_ptr<Port>>(opened));
}

std::string open_fault(const std::string& path) {
  OpenPort opened = open_capture_files({path}, test::eal_settings(), kIndex, 1);
  const std::string* fault = std::get_if<std::string>(&opened);
  return fault == nullptr ? "opened" : *fault;
}

struct FormatCase {
  const char* name;
  std::string content;
  TimeNs time;
};

TEST(CaptureFile, formats_and_clocks) {
  const std::vector<Frame> micro = {{1'700'000'000, 123'456, pattern(60), 1'500}};
  const std::vector<Frame> nano = {{1'700'000'000, 123'456'789, pattern(60), 1'500}};
  const TimeNs second = 1'700'000'000 * kSecondNs;
  const FormatCase cases[] = {
      {"pcap, microseconds", pcap_bytes(micro, 1, false), second + 123'456'000},
      {"pcap, nanoseconds", pcap_bytes(nano, 1, true), second + 123'456'789},
      {"pcapng, microseconds", pcapng_bytes(micro, 1, 6), second + 123'456'000},
      {"pcapng, nanoseconds", pcapng_bytes(nano, 1, 9), second + 123'456'789},
  };
  for (const FormatCase& c : cases) {
    const TemporaryFile file(c.content);
    const auto port = open_ok({file.path()});
    ASSERT_NE(port, nullptr) << c.name;
    const std::vector<Received> frames = receive_all(port->queue(0));
    ASSERT_EQ(frames.size(), 1u) << c.name;
    EXPECT_EQ(frames[0].bytes, pattern(60)) << c.name;
    EXPECT_EQ(frames[0].info.time, c.time) << c.name;
    EXPECT_EQ(frames[0].info.wire_bytes, 1'500u) << c.name;
    EXPECT_EQ(frames[0].info.port, kIndex) << c.name;
    EXPECT_EQ(frames[0].info.link, LinkType::ethernet) << c.name;
    EXPECT_EQ(port->queue(0).state(), QueueState::ended) << c.name;
    EXPECT_EQ(port->why(), "") << c.name;
    EXPECT_EQ(port->progress(), 1.0) << c.name;
    EXPECT_EQ(port->counters().delivered, 1u) << c.name;
  }
}

TEST(CaptureFile, link_types) {
  const struct {
    const char* name;
    std::uint16_t value;  // LINKTYPE_ of the file formats
    LinkType link;
  } cases[] = {
      {"null", 0, LinkType::null_loopback},
      {"ethernet", 1, LinkType::ethernet},
      {"ppp", 9, LinkType::ppp},
      {"ppp hdlc", 50, LinkType::ppp},
      {"raw", 101, LinkType::raw_ip},
      {"loop", 108, LinkType::null_loopback},
      {"cooked", 113, LinkType::linux_cooked_v1},
      {"ipv4", 228, LinkType::raw_ip},
      {"ipv6", 229, LinkType::raw_ip},
      {"nflog", 239, LinkType::nflog},
      {"cooked v2", 276, LinkType::linux_cooked_v2},
  };
  for (const auto& c : cases) {
    for (const std::string& content :
         {pcap_bytes({{1, 0, pattern(80)}}, c.value), pcapng_bytes({{1, 0, pattern(80)}}, c.value)}) {
      const TemporaryFile file(content);
      const auto port = open_ok({file.path()});
      ASSERT_NE(port, nullptr) << c.name;
      const std::vector<Received> frames = receive_all(port->queue(0));
      ASSERT_EQ(frames.size(), 1u) << c.name;
      EXPECT_EQ(frames[0].info.link, c.link) << c.name;
    }
  }
}

TEST(CaptureFile, sizes_become_chains_with_equal_bytes) {
  for (const std::size_t size :
       {0u, 1u, 2'047u, 2'048u, 2'049u, 4'096u, 9'018u, 65'549u, 200'000u, 262'144u}) {
    const TemporaryFile file(pcap_bytes({{1, 0, pattern(size)}}));
    const auto port = open_ok({file.path()});
    ASSERT_NE(port, nullptr);
    const std::vector<Received> frames = receive_all(port->queue(0));
    ASSERT_EQ(frames.size(), 1u) << size;
    EXPECT_EQ(frames[0].bytes, pattern(size)) << size;
    // In one piece where it was read; beyond what an mbuf can say of its length in pieces, copied.
    EXPECT_EQ(frames[0].segments, size <= 65'535 ? 1 : (size + 2'047) / 2'048) << size;
  }
}

TEST(CaptureFile, an_empty_pool_delays_and_loses_nothing) {
  constexpr unsigned kFrames = 200;  // × 128 mbufs: more than the pool has
  std::vector<Frame> written;
  for (unsigned i = 0; i < kFrames; ++i)
    written.push_back({i, 0, pattern(262'144, static_cast<std::uint8_t>(i))});
  const TemporaryFile file(pcap_bytes(written));
  const auto port = open_ok({file.path()});
  ASSERT_NE(port, nullptr);
  std::vector<rte_mbuf*> held;
  rte_mbuf* burst[kBurstMax];
  std::uint16_t n = 0;
  while ((n = port->queue(0).receive(burst, kBurstMax, 0)) != 0) held.insert(held.end(), burst, burst + n);
  EXPECT_LT(held.size(), kFrames);  // the pool is empty, the file is not
  EXPECT_EQ(port->queue(0).state(), QueueState::live);
  unsigned next = 0;
  const auto check = [&](rte_mbuf* mbuf) {
    EXPECT_EQ(frame_info(mbuf).time, TimeNs{next} * kSecondNs);
    EXPECT_EQ(test::bytes_of(mbuf), written[next].bytes);
    ++next;
    rte_pktmbuf_free(mbuf);
  };
  for (rte_mbuf* mbuf : held) check(mbuf);
  while ((n = port->queue(0).receive(burst, kBurstMax, 0)) != 0) std::for_each(burst, burst + n, check);
  EXPECT_EQ(next, kFrames);
  EXPECT_EQ(port->counters().delivered, kFrames);
}

TEST(CaptureFile, a_cut_file_is_read_as_far_as_it_goes) {
  const std::vector<Frame> written = {{1, 0, pattern(100)}, {2, 0, pattern(100)}, {3, 0, pattern(100)}};
  const std::string whole = pcap_bytes(written);
  const std::size_t record = 16 + 100;
  for (std::size_t cut = 1; cut < record; ++cut) {
    const TemporaryFile file(whole.substr(0, whole.size() - cut));
    const auto port = open_ok({file.path()});
    ASSERT_NE(port, nullptr);
    EXPECT_EQ(receive_all(port->queue(0)).size(), 2u) << cut;
    EXPECT_EQ(port->queue(0).state(), QueueState::ended) << cut;
    EXPECT_TRUE(has(port->why(), file.path() + " is cut: its last packet is not whole")) << port->why();
  }
  const std::string section = pcapng_bytes(written);
  const TemporaryFile file(section.substr(0, section.size() - 7));
  const auto port = open_ok({file.path()});
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(receive_all(port->queue(0)).size(), 2u);
  EXPECT_TRUE(has(port->why(), "is cut")) << port->why();
}

TEST(CaptureFile, a_length_that_cannot_be_is_damage) {
  std::string content = pcap_bytes({{1, 0, pattern(100)}, {2, 0, pattern(100)}});
  const std::size_t second_record = 24 + 16 + 100;
  content.replace(second_record + 8, 4, "\xff\xff\xff\x7f", 4);
  const TemporaryFile file(content);
  const auto port = open_ok({file.path()});
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(receive_all(port->queue(0)).size(), 1u);
  EXPECT_TRUE(has(port->why(), "is damaged")) << port->why();
}

TEST(CaptureFile, faults) {
  const std::string good = pcap_bytes({{1, 0, pattern(60)}});
  const struct {
    const char* name;
    std::string content;
    const char* says;
  } cases[] = {
      {"empty", "", "is empty"},
      {"one byte", "x", "is cut inside its file header"},
      {"cut header", good.substr(0, 20), "is cut inside its file header"},
      {"cut section", pcapng_bytes({}).substr(0, 20), "is cut inside its file header"},
      {"letter", "\nthis is a letter, which begins with an empty line",
       "is not a capture: it is neither pcap nor pcapng"},
      {"no interface", test::PcapngText().section(false).content(),
       "cannot be read as a capture: it describes no interface"},
      {"text", "this is a letter and no capture of anything",
       "is not a capture: it is neither pcap nor pcapng"},
      {"gzip", std::string("\x1f\x8b\x08\x00", 4) + std::string(60, 'x'),
       "is compressed: unpack it with gunzip"},
      {"zstd", std::string("\x28\xb5\x2f\xfd", 4) + std::string(60, 'x'),
       "is compressed: unpack it with unzstd"},
      {"802.11", pcap_bytes({{1, 0, pattern(60)}}, 105),
       "has link type IEEE802_11 (802.11), which is not known"},
      {"unknown link type", pcap_bytes({{1, 0, pattern(60)}}, 60'000),
       "has link type 60000, which is not known"},
  };
  for (const auto& c : cases) {
    const TemporaryFile file(c.content);
    const std::string fault = open_fault(file.path());
    EXPECT_TRUE(has(fault, file.path() + " " + c.says)) << c.name << ": " << fault;
  }
  EXPECT_TRUE(has(open_fault("/nonexistent/x.pcap"), "/nonexistent/x.pcap cannot be opened: No such file"));
  EXPECT_TRUE(has(open_fault("/"), "/ is a directory"));
  if (geteuid() != 0) {
    const TemporaryFile file(good);
    chmod(file.path().c_str(), 0);
    EXPECT_TRUE(has(open_fault(file.path()), "cannot be opened: Permission denied"));
  }
}

TEST(CaptureFile, several_one_after_the_other) {
  const TemporaryFile first(pcap_bytes({{1, 0, pattern(60)}}));
  const TemporaryFile second("garbage, and more garbage than a header has");
  const TemporaryFile third(pcap_bytes({{3, 0, pattern(60)}}, 101));
  const auto port = open_ok({first.path(), second.path(), "/nonexistent/x.pcap", third.path()});
  ASSERT_NE(port, nullptr);
  const std::vector<Received> frames = receive_all(port->queue(0));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].info.link, LinkType::ethernet);
  EXPECT_EQ(frames[1].info.link, LinkType::raw_ip);
  EXPECT_TRUE(has(port->why(), second.path() + " is not a capture")) << port->why();
  EXPECT_TRUE(has(port->why(), "/nonexistent/x.pcap cannot be opened")) << port->why();
  EXPECT_EQ(port->progress(), 1.0);
}

// The same bytes through a pipe, which libpcap reads.
class Pipe {
 public:
  explicit Pipe(std::string content) : directory_("/tmp/spanlight_pipe_XXXXXX") {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/capture";
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    writer_ = std::thread([path = path_, content = std::move(content)] {
      const int fd = open(path.c_str(), O_WRONLY);
      for (std::size_t at = 0; at < content.size();) {
        const ssize_t n = write(fd, content.data() + at, content.size() - at);
        if (n <= 0) break;  // the reader has seen enough
        at += static_cast<std::size_t>(n);
      }
      close(fd);
    });
  }
  ~Pipe() {
    writer_.join();
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string directory_, path_;
  std::thread writer_;
};

// A FIFO that the test writes to and that somebody else could still write to.
class OpenPipe {
 public:
  OpenPipe() : directory_("/tmp/spanlight_pipe_XXXXXX") {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/capture";
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    writer_ = open(path_.c_str(), O_RDWR);  // waits for no reader
  }
  ~OpenPipe() {
    end();
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  OpenPipe(const OpenPipe&) = delete;
  OpenPipe& operator=(const OpenPipe&) = delete;

  void say(std::string_view bytes) const {
    EXPECT_EQ(write(writer_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void end() {
    if (writer_ >= 0) close(writer_);
    writer_ = -1;
  }
  const std::string& path() const { return path_; }

 private:
  std::string directory_, path_;
  int writer_ = -1;
};

struct Read {
  std::string fault;  // the file's name is "FILE"
  std::vector<Received> frames;
  PortCounters counters;
};

std::string without(std::string text, const std::string& path) {
  for (std::size_t at = 0; (at = text.find(path)) != std::string::npos;)
    text.replace(at, path.size(), "FILE");
  return text;
}

Read read_whole(const std::string& path) {
  Read read;
  OpenPort opened = open_capture_files({path}, test::eal_settings(), kIndex, 1);
  if (const std::string* fault = std::get_if<std::string>(&opened)) {
    read.fault = without(*fault, path);
    return read;
  }
  Port& port = *std::get<std::unique_ptr<Port>>(opened);
  read.frames = receive_all(port.queue(0), 1, ~0U);  // a pipe may have nothing for a while
  read.fault = without(port.why(), path);
  read.counters = port.counters();
  return read;
}

// As mergecap writes it, and tools that capture several interfaces at once.
std::string of_several_interfaces() {
  test::PcapngText text;
  text.section(false).interface(1, 262'144).interface(113, 65'535, 9).interface(105, 0);
  text.packet(0, 1, "ethernet").packet(2, 2, "802.11").packet(1, 3, "cooked").packet(2, 4, "802.11");
  text.section(true).interface(101, 96).packet(0, 5, "ip");
  return text.content();
}

void check_several_interfaces(const Read& read) {
  ASSERT_EQ(read.frames.size(), 3u);
  const std::string texts[] = {"ethernet", "cooked", "ip"};
  constexpr LinkType kLinks[] = {LinkType::ethernet, LinkType::linux_cooked_v1, LinkType::raw_ip};
  constexpr TimeNs kTimes[] = {1'000, 3, 5'000};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(as_text(read.frames[i].bytes), texts[i]);
    EXPECT_EQ(read.frames[i].info.link, kLinks[i]) << i;
    EXPECT_EQ(read.frames[i].info.time, kTimes[i]) << i;
  }
  EXPECT_EQ(read.counters.received, 5u);
  EXPECT_EQ(read.counters.unknown_link, 2u);
  EXPECT_EQ(read.counters.delivered, 3u);
}

TEST(CaptureFile, several_interfaces_in_one_file) {
  const std::string left_out =
      " has packets of link type IEEE802_11 (802.11) or another that is not known here; known are " +
      std::string(kKnownLinkTypes) + "; left out: ";
  const std::string content = of_several_interfaces();
  const TemporaryFile file(content);
  const Read plain = read_whole(file.path());
  check_several_interfaces(plain);
  EXPECT_EQ(plain.fault, "FILE" + left_out + "2");
  {
    const Pipe pipe(content);
    const Read piped = read_whole(pipe.path());
    check_several_interfaces(piped);
    EXPECT_EQ(piped.fault, plain.fault);
  }
  const int kept = dup(STDIN_FILENO);
  ASSERT_NE(std::freopen(file.path().c_str(), "rb", stdin), nullptr);
  const Read standard = read_whole("-");
  dup2(kept, STDIN_FILENO);
  close(kept);
  check_several_interfaces(standard);
  EXPECT_EQ(standard.fault, "the standard input" + left_out + "2");

  const TemporaryFile unknown(pcapng_bytes({{1, 0, pattern(60)}}, 105));
  const Read none = read_whole(unknown.path());
  EXPECT_EQ(none.frames.size(), 0u);
  EXPECT_EQ(none.counters.unknown_link, 1u);
  EXPECT_EQ(none.fault, "FILE" + left_out + "1");
}

TEST(CaptureFile, a_filter_is_one_of_each_link_type) {
  test::PcapngText text;
  text.section(false).interface(1, 0).interface(101, 0);
  std::string tcp(60, '\0');  // IPv4 with TCP, which stands at another place of each
  tcp[0] = 0x45, tcp[9] = 6;
  std::string udp = tcp;
  udp[9] = 17;
  const std::string ethernet = std::string(12, '\1') + std::string("\x08\0", 2);
  text.packet(0, 1, ethernet + tcp).packet(1, 2, tcp).packet(0, 3, ethernet + udp).packet(1, 4, udp);
  const TemporaryFile file(text.content());
  const auto port = open_ok({file.path()}, "udp");
  ASSERT_NE(port, nullptr);
  const std::vector<Received> frames = receive_all(port->queue(0));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(as_text(frames[0].bytes), ethernet + udp);
  EXPECT_EQ(as_text(frames[1].bytes), udp);
  EXPECT_EQ(port->counters().filtered, 2u);
  EXPECT_EQ(port->why(), "");

  const auto of_ethernet = open_ok({file.path()}, "ether src 1:1:1:1:1:1");
  ASSERT_NE(of_ethernet, nullptr);
  EXPECT_EQ(receive_all(of_ethernet->queue(0)).size(), 2u);
  EXPECT_EQ(of_ethernet->counters().filtered, 2u);
  EXPECT_TRUE(
      has(of_ethernet->why(), file.path() + ": the capture filter \"ether src 1:1:1:1:1:1\" is wrong: "))
      << of_ethernet->why();
}

// A pcap file as a bad day may write it: either byte order, lengths that cannot be, an end anywhere.
std::string random_pcap(std::mt19937& random) {
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  const bool swapped = below(2) == 0;
  const auto u32 = [&](test::ByteWriter& file, std::uint32_t value) {
    file.u32(swapped ? __builtin_bswap32(value) : value);
  };
  constexpr std::uint32_t kLinks[] = {1, 101, 113, 239};
  constexpr std::uint32_t kSnapshots[] = {0, 40, 1'500, 262'144, 900'000, 0xffffffff};
  test::ByteWriter file;
  u32(file, below(2) == 0 ? 0xa1b2c3d4 : 0xa1b23c4d);
  u32(file, swapped ? 2 << 16 | 4 : 4 << 16 | 2);  // u16 major 2, u16 minor 4
  u32(file, 0), u32(file, 0), u32(file, kSnapshots[below(6)]), u32(file, kLinks[below(4)]);
  for (std::uint32_t frames = below(40); frames > 0; --frames) {
    constexpr std::uint32_t kSizes[] = {1, 60, 200, 2'000, 65'536, 262'145};
    const std::uint32_t size = below(kSizes[below(6)]);
    const std::uint32_t said = below(200) == 0 ? 262'145 + below(1'000'000) : size;
    u32(file, below(1u << 31)), u32(file, below(1u << 31)), u32(file, said);
    u32(file, below(4) == 0 ? below(0xffffffff) : size + below(100));
    const std::vector<std::uint8_t> bytes = pattern(size, static_cast<std::uint8_t>(below(256)));
    file.raw(bytes.data(), bytes.size());
  }
  std::string content = file.take();
  if (below(3) == 0) content.resize(below(static_cast<std::uint32_t>(content.size()) + 1));
  return content;
}

// Opening a file is slow under a sanitizer: the blocks are poisoned.
#ifdef SPANLIGHT_SANITIZED
constexpr int kRounds = 60;
#else
constexpr int kRounds = 300;
#endif

TEST(CaptureFile, is_read_as_libpcap_reads_it) {
  std::signal(SIGPIPE, SIG_IGN);
  std::mt19937 random(7);
  unsigned cut = 0, damaged = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string content = random_pcap(random);
    if (content.empty()) continue;  // told before anything is read
    const TemporaryFile file(content);
    const Pipe pipe(content);
    const Read ours = read_whole(file.path()), libpcap = read_whole(pipe.path());
    ASSERT_EQ(ours.fault, libpcap.fault) << round;
    ASSERT_EQ(ours.frames.size(), libpcap.frames.size()) << round;
    for (std::size_t i = 0; i < ours.frames.size(); ++i) {
      const FrameInfo &a = ours.frames[i].info, &b = libpcap.frames[i].info;
      ASSERT_EQ(ours.frames[i].bytes, libpcap.frames[i].bytes) << round << ' ' << i;
      ASSERT_EQ(a.time, b.time) << round << ' ' << i;
      ASSERT_EQ(a.wire_bytes, b.wire_bytes) << round << ' ' << i;
      ASSERT_EQ(a.link, b.link) << round << ' ' << i;
    }
    EXPECT_EQ(ours.counters.received, libpcap.counters.received) << round;
    EXPECT_EQ(ours.counters.received_bytes, libpcap.counters.received_bytes) << round;
    EXPECT_EQ(ours.counters.delivered, libpcap.counters.delivered) << round;
    cut += has(ours.fault, "is cut");
    damaged += has(ours.fault, "is damaged");
  }
  EXPECT_GT(cut, 3u);
  EXPECT_GT(damaged, 3u);
}

// More than the blocks hold: what comes then is copied.
TEST(CaptureFile, frames_that_are_kept_keep_their_bytes) {
  constexpr unsigned kFrames = 11'000, kBytes = 4'000;
  static_assert(std::size_t{kFrames} * kBytes > kCaptureBlocks * kCaptureBlockBytes);
  std::vector<Frame> written;
  for (unsigned i = 0; i < kFrames; ++i) {
    written.push_back({i, 0, pattern(kBytes, static_cast<std::uint8_t>(i))});
    std::memcpy(written.back().bytes.data(), &i, sizeof(i));
  }
  const TemporaryFile file(pcap_bytes(written));
  const auto port = open_ok({file.path()});
  ASSERT_NE(port, nullptr);
  std::vector<rte_mbuf*> held;
  rte_mbuf* burst[kBurstMax];
  while (const std::uint16_t n = port->queue(0).receive(burst, kBurstMax, 0))
    held.insert(held.end(), burst, burst + n);
  ASSERT_EQ(held.size(), kFrames);
  EXPECT_EQ(held.front()->nb_segs, 1u);
  EXPECT_EQ(held.back()->nb_segs, 2u);  // copied
  for (unsigned i = 0; i < kFrames; ++i) {
    ASSERT_EQ(test::bytes_of(held[i]), written[i].bytes) << i;
    rte_pktmbuf_free(held[i]);
  }
}

TEST(CaptureFile, may_shrink_while_it_is_read) {
  const std::string content = pcap_bytes({{1, 0, pattern(60)}, {2, 0, pattern(60)}, {3, 0, pattern(60)}});
  const TemporaryFile file(content);
  const auto port = open_ok({file.path()});
  ASSERT_NE(port, nullptr);
  ASSERT_EQ(truncate(file.path().c_str(), 24 + 76 + 30), 0);
  EXPECT_EQ(receive_all(port->queue(0)).size(), 1u);
  EXPECT_TRUE(has(port->why(), "is cut: its last packet is not whole")) << port->why();
}

TEST(CaptureFile, standard_input) {
  const TemporaryFile file(pcap_bytes({{1, 0, pattern(60)}, {2, 0, pattern(70)}}));
  const int kept = dup(STDIN_FILENO);
  ASSERT_NE(std::freopen(file.path().c_str(), "rb", stdin), nullptr);
  {
    const auto port = open_ok({"-"});
    ASSERT_NE(port, nullptr);
    EXPECT_EQ(receive_all(port->queue(0)).size(), 2u);
    EXPECT_EQ(port->progress(), -1.0);
  }
  dup2(kept, STDIN_FILENO);
  close(kept);
}

TEST(CaptureFile, filter) {
  std::vector<std::uint8_t> arp = pattern(60), ip = pattern(60);
  arp[12] = 0x08, arp[13] = 0x06, ip[12] = 0x08, ip[13] = 0x00;
  const TemporaryFile file(pcap_bytes({{1, 0, arp}, {2, 0, ip}, {3, 0, arp}}));
  const auto port = open_ok({file.path()}, "arp");
  ASSERT_NE(port, nullptr);
  const std::vector<Received> frames = receive_all(port->queue(0));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].info.time, 3 * kSecondNs);
  EXPECT_EQ(port->counters().received, 3u);
  EXPECT_EQ(port->counters().filtered, 1u);
  EXPECT_EQ(port->counters().delivered, 2u);

  Settings settings = test::eal_settings();
  settings.bpf = "tcp port eighty";
  const OpenPort wrong = open_capture_files({file.path()}, settings, kIndex, 1);
  const std::string* fault = std::get_if<std::string>(&wrong);
  ASSERT_NE(fault, nullptr);
  EXPECT_TRUE(has(*fault, "the capture filter \"tcp port eighty\" is wrong: ")) << *fault;
}

const std::vector<Frame> kThree = {{1, 0, pattern(60)}, {2, 0, pattern(300)}, {3, 0, pattern(80)}};

TEST(CapturePipe, nobody_waits_for_the_next_packet) {
  for (const std::string& content : {pcap_bytes(kThree), pcapng_bytes(kThree)}) {
    OpenPipe pipe;
    pipe.say(content);
    const auto port = open_ok({pipe.path()});
    ASSERT_NE(port, nullptr);
    EXPECT_EQ(receive_all(port->queue(0), 1, 3).size(), 3u);
    EXPECT_EQ(port->queue(0).state(), QueueState::live);
    pipe.end();
    EXPECT_EQ(receive_all(port->queue(0), 1, 3).size(), 0u);
    EXPECT_EQ(port->queue(0).state(), QueueState::ended);
    EXPECT_EQ(port->why(), "");
  }
}

TEST(CapturePipe, nobody_waits_behind_packets_that_the_filter_rejects) {
  OpenPipe pipe;
  pipe.say(pcap_bytes(kThree));
  const auto port = open_ok({pipe.path()}, "greater 200");
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(receive_all(port->queue(0), 1, 3).size(), 1u);
  EXPECT_EQ(port->counters().filtered, 2u);
}

std::string big_endian_pcap(const std::vector<Frame>& frames) {
  std::string content;
  const auto put = [&](std::uint32_t value, int bytes) {
    while (bytes-- > 0) content.push_back(static_cast<char>(value >> 8 * bytes));
  };
  put(0xa1b2c3d4, 4), put(2, 2), put(4, 2), put(0, 4), put(0, 4), put(65'535, 4), put(1, 4);
  for (const Frame& frame : frames) {
    const auto bytes = static_cast<std::uint32_t>(frame.bytes.size());
    put(frame.seconds, 4), put(frame.fraction, 4), put(bytes, 4), put(bytes, 4);
    content.append(frame.bytes.begin(), frame.bytes.end());
  }
  return content;
}

// Byte by byte: each packet is given when it is whole, and what is not is no reason to wait.
TEST(CapturePipe, a_packet_is_given_as_soon_as_it_is_whole) {
  const struct {
    std::string content;
    std::size_t head, around;  // bytes before the first packet, and around each
  } cases[] = {
      {pcap_bytes(kThree), 24, 16}, {pcapng_bytes(kThree), 28 + 32, 32}, {big_endian_pcap(kThree), 24, 16}};
  for (const auto& c : cases) {
    OpenPipe pipe;
    pipe.say(std::string_view(c.content).substr(0, c.head));
    const auto port = open_ok({pipe.path()});
    ASSERT_NE(port, nullptr);
    std::size_t at = c.head, given = 0;
    for (const Frame& frame : kThree) {
      const std::size_t whole = at + c.around + frame.bytes.size();
      for (; at < whole; ++at) {
        EXPECT_EQ(receive_all(port->queue(0), 1, 1).size(), 0u) << at;
        pipe.say(std::string_view(c.content).substr(at, 1));
      }
      const std::vector<Received> frames = receive_all(port->queue(0), 1, 1);
      ASSERT_EQ(frames.size(), 1u) << ++given;
      EXPECT_EQ(frames[0].bytes, frame.bytes);
    }
    EXPECT_EQ(at, c.content.size());
    pipe.end();
    receive_all(port->queue(0), 1, 1);
    EXPECT_EQ(port->queue(0).state(), QueueState::ended);
    EXPECT_EQ(port->why(), "");
  }
}

TEST(CapturePipe, a_writer_that_ends_inside_of_a_packet) {
  OpenPipe pipe;
  const std::string content = pcap_bytes(kThree);
  pipe.say(std::string_view(content).substr(0, content.size() - 10));
  const auto port = open_ok({pipe.path()});
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(receive_all(port->queue(0), 1, 1).size(), 2u);
  pipe.end();
  EXPECT_EQ(receive_all(port->queue(0), 1, 1).size(), 0u);
  EXPECT_EQ(port->queue(0).state(), QueueState::ended);
  EXPECT_TRUE(has(port->why(), "is cut")) << port->why();
}

TEST(CapturePipe, an_interruption_inside_of_a_packet_is_no_fault) {
  OpenPipe pipe;
  const std::string content = pcap_bytes(kThree);
  pipe.say(std::string_view(content).substr(0, content.size() - 10));
  const auto port = open_ok({pipe.path()});
  ASSERT_NE(port, nullptr);
  port->interrupt();
  receive_all(port->queue(0), 1, 1);
  EXPECT_EQ(port->queue(0).state(), QueueState::ended);
  EXPECT_EQ(port->why(), "");
}

// Of one packet; its head is 8 bytes longer than elsewhere, which libpcap alone knows.
std::string kuznetzov_bytes() {
  std::string content = pcap_bytes({kThree[0]});
  content.replace(0, 4, "\x34\xcd\xb2\xa1");
  content.insert(24 + 16, 8, '\0');
  return content;
}

TEST(CapturePipe, what_cannot_be_told_is_waited_for) {
  OpenPipe pipe;
  const std::string content = kuznetzov_bytes();
  pipe.say(std::string_view(content).substr(0, 24 + 20));
  const auto port = open_ok({pipe.path()});
  ASSERT_NE(port, nullptr);
  std::vector<Received> frames;
  std::thread reader([&] { frames = receive_all(port->queue(0), 1, 1); });
  pipe.say(std::string_view(content).substr(24 + 20));
  reader.join();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].bytes, kThree[0].bytes);
}

TEST(CapturePipe, an_interruption_ends_the_wait) {
  OpenPipe pipe;
  pipe.say(kuznetzov_bytes().substr(0, 24 + 20));
  const auto port = open_ok({pipe.path()});
  ASSERT_NE(port, nullptr);
  std::thread reader([&] { receive_all(port->queue(0), 1, 1); });
  port->interrupt();
  reader.join();
  EXPECT_EQ(port->queue(0).state(), QueueState::ended);
  EXPECT_EQ(port->why(), "");
}

}  // namespace
}  // namespace spanlight
