#include "port/pcapng_reader.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

#include "port/pcapng_writer_for_tests.h"

namespace spanlight {
namespace {

using test::PcapngText;

struct Packet {
  TimeNs time;
  std::uint32_t wire_bytes;
  std::uint16_t link_type;
  std::string bytes;
  bool operator==(const Packet&) const = default;
};

struct Read {
  std::vector<Packet> packets;
  std::string fault;
};

Read read(const std::string& content) {
  std::FILE* file = fmemopen(const_cast<char*>(content.data()), content.size(), "rb");
  PcapngReader reader(file);
  Read read;
  PcapngPacket packet;
  if (reader.open())
    while (reader.next(packet))
      read.packets.push_back(
          {packet.time, packet.wire_bytes, packet.link_type, std::string(as_text(packet.bytes))});
  read.fault = reader.fault();
  std::fclose(file);
  return read;
}

TEST(PcapngReader, InterfacesOfDifferentKindsInEitherByteOrder) {
  for (const bool swapped : {false, true}) {
    PcapngText file;
    file.section(swapped);
    file.interface(1, 262'144).interface(113, 65'535, 9).interface(101, 0, 0x80 | 10, 1'000);
    file.other(0x0bad, "skipped").packet(1, 1'500'000'007, "cooked!", 1'000).packet(0, 1'500'000, "ether");
    file.other(5, std::string(100'000, 's')).packet(2, 512, "ip").old_packet(0, 2'000'000, "obsolete");
    const Read got = read(file.content());
    EXPECT_EQ(got.fault, "");
    EXPECT_EQ(got.packets, (std::vector<Packet>{
                               {1'500'000'007, 1'000, 113, "cooked!"},
                               {1'500'000'000, 5, 1, "ether"},
                               {1'000 * kSecondNs + kSecondNs / 2, 2, 101, "ip"},
                               {2'000'000'000, 8, 1, "obsolete"},
                           }))
        << swapped;
  }
}

TEST(PcapngReader, EachSectionHasItsOrderAndItsInterfaces) {
  PcapngText file;
  file.section(false).interface(1, 262'144).interface(113, 0).packet(1, 1, "a");
  file.section(true).interface(101, 96, 9).packet(0, 7, "b");
  file.section(false).interface(1, 65'535).packet(0, 2, "c");
  const Read got = read(file.content());
  EXPECT_EQ(got.fault, "");
  EXPECT_EQ(got.packets, (std::vector<Packet>{{1'000, 1, 113, "a"}, {7, 1, 101, "b"}, {2'000, 1, 1, "c"}}));
  const Read undescribed = read(file.packet(1, 3, "d").content());
  EXPECT_EQ(undescribed.packets.size(), 3u);
  EXPECT_EQ(undescribed.fault, "a packet is of an interface that its section does not describe");
}

TEST(PcapngReader, SimplePacketsAreAsLongAsTheFirstInterfaceLetsThem) {
  PcapngText file;
  file.section(false).interface(1, 4).simple_packet(10, "abcd").simple_packet(3, "abc");
  file.section(false).interface(1, 0).simple_packet(5, "abcde");
  const Read got = read(file.content());
  EXPECT_EQ(got.fault, "");
  EXPECT_EQ(got.packets, (std::vector<Packet>{{0, 10, 1, "abcd"}, {0, 3, 1, "abc"}, {0, 5, 1, "abcde"}}));
  EXPECT_EQ(read(PcapngText().section(false).interface(1, 0).simple_packet(9, "abcd").content()).fault,
            "a block ends before what it must hold");
}

TEST(PcapngBlock, Clocks) {
  const struct {
    std::uint8_t resolution;
    std::int64_t offset_s;
    std::uint64_t ticks;
    TimeNs time;
  } cases[] = {
      {6, 0, 1'700'000'000'123'456, 1'700'000'000'123'456'000},
      {9, 0, 1'700'000'000'123'456'789, 1'700'000'000'123'456'789},
      {0, 0, 1'700'000'000, 1'700'000'000'000'000'000},
      {12, 0, 5'999, 5},
      {9, -1, 1'500'000'000, 500'000'000},
      {0x80 | 32, 0, (7ULL << 32) + (1ULL << 31), 7'500'000'000},
      {0x80, 0, 3, 3'000'000'000},
      {0x80 | 63, 0, 1ULL << 63, kSecondNs},
      {0x7f, 0, ~0ULL, 0},
      {0xff, 0, ~0ULL, 0},
      {28, 0, ~0ULL, 1},
      {29, 0, ~0ULL, 0},
  };
  for (const auto& c : cases) {
    const pcapng::Interface interface = {.resolution = c.resolution, .offset_s = c.offset_s};
    EXPECT_EQ(pcapng::time_of(interface, c.ticks), c.time) << int{c.resolution};
  }
}

TEST(PcapngReader, WhatIsNoneAndWhatIsDamaged) {
  const auto described = [] { return PcapngText().section(false).interface(1, 0); };
  const std::string long_length = described().block_of_length(6, 1 << 25, std::string(40, 'x')).content();
  const struct {
    const char* name;
    std::string content, fault;
  } cases[] = {
      {"letter", "\nthis is a letter and no capture", "unknown file format"},
      {"packet first", PcapngText().packet(0, 1, "a").content(), "unknown file format"},
      {"magic", PcapngText().section(false).content().replace(8, 1, "x"), "unknown file format"},
      {"later magic", described().content() + PcapngText().section(false).content().replace(8, 1, "x"),
       "a section does not tell its byte order"},
      {"version", PcapngText().section(false).content().replace(12, 1, "\2"),
       "a section has version 2, which is not known"},
      {"no interface", PcapngText().section(true).content(), "it describes no interface"},
      {"packet before its interface", PcapngText().section(false).packet(0, 1, "a").content(),
       "a packet is of an interface that its section does not describe"},
      {"length 0", described().block_of_length(6, 0, "").content(),
       "a block has a length of 0 bytes, which cannot be"},
      {"odd length", described().block_of_length(5, 13, "x").content(),
       "a block has a length of 13 bytes, which cannot be"},
      {"section's length", PcapngText().section(false).content().replace(4, 1, "\x0c"),
       "a block has a length of 12 bytes, which cannot be"},
      {"large packet block", long_length, "a block has a length of 33554432 bytes, more than 16777216"},
      {"large other block", described().block_of_length(5, 0xfffffffc, std::string(40, 'x')).content(),
       "truncated dump file; tried to read 65536 bytes, only got 44"},
      {"lengths differ", described().block_of_length(5, 16, "xxxx", 20).content(),
       "a block's two lengths differ: 16 and 20"},
      {"short packet", described().other(6, "12345678").content(), "a block ends before what it must hold"},
      {"short interface", PcapngText().section(false).other(1, "1234").content(),
       "a block ends before what it must hold"},
      {"packet longer than its block", described().packet(0, 1, "abcd", 4, 5).content(),
       "a block ends before what it must hold"},
      {"packet longer than any", described().packet(0, 1, "abcd", 4, 262'145).content(),
       "a packet has more than 262144 bytes"},
      {"option's length",
       PcapngText().section(false).other(1, std::string("\1\0\0\0\0\0\0\0\2\0\5\0abcd", 16)).content(),
       "an option of an interface has a length that cannot be"},
      {"resolution's length",
       PcapngText().section(false).other(1, std::string("\1\0\0\0\0\0\0\0\x09\0\2\0ab\0\0", 16)).content(),
       "an option of an interface has a length that cannot be"},
  };
  for (const auto& c : cases) EXPECT_EQ(read(c.content).fault, c.fault) << c.name;
}

TEST(PcapngReader, ACutFileIsReadAsFarAsItGoes) {
  PcapngText file;
  file.section(true).interface(1, 0).packet(0, 1, "first");
  const std::size_t first = file.content().size();
  const std::string whole = file.packet(0, 2, "second").content();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Read got = read(whole.substr(0, size));
    const bool between = size == 28 || size == 28 + 20 || size == first;  // two blocks
    EXPECT_EQ(got.packets.size(), size < first ? 0u : 1u) << size;
    EXPECT_EQ(got.fault.starts_with("truncated"), !between) << size << got.fault;
  }
}

TEST(PcapngReader, TooManyInterfaces) {
  PcapngText file;
  file.section(false);
  for (std::size_t i = 0; i < PcapngReader::kInterfacesMax; ++i) file.interface(1, 0);
  EXPECT_EQ(read(file.content()).fault, "");
  EXPECT_EQ(read(file.interface(1, 0).content()).fault, "a section has more than 65536 interfaces");
}

// Where libpcap can read a file, it reads the same.
TEST(PcapngReader, IsReadAsLibpcapReadsIt) {
  std::mt19937 random(11);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 300; ++round) {
    PcapngText file;
    const auto resolution = static_cast<std::uint8_t>(
        below(2) == 0 ? 6 + below(4) : 0x80 | below(34));  // finer ones overflow there
    file.section(below(2) == 0);
    for (std::uint32_t i = 1 + below(3); i > 0; --i) file.interface(1, 262'144, resolution);
    for (std::uint32_t i = below(20); i > 0; --i) {
      const std::string bytes(below(2'000), static_cast<char>(below(256)));
      if (below(4) == 0) file.other(5 + below(2) * 100, bytes);
      if (below(4) == 0) file.simple_packet(static_cast<std::uint32_t>(bytes.size()), bytes);
      file.packet(0, (std::uint64_t{below(1u << 20)} << 32) + random(), bytes,
                  static_cast<std::uint32_t>(bytes.size()) + below(100));
    }
    const std::string content = file.content();
    const Read ours = read(content);
    std::FILE* memory = fmemopen(const_cast<char*>(content.data()), content.size(), "rb");
    char said[PCAP_ERRBUF_SIZE];
    pcap_t* libpcap = pcap_fopen_offline_with_tstamp_precision(memory, PCAP_TSTAMP_PRECISION_NANO, said);
    ASSERT_NE(libpcap, nullptr) << said;
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    std::size_t i = 0;
    for (; pcap_next_ex(libpcap, &header, &bytes) == 1; ++i) {
      ASSERT_LT(i, ours.packets.size());
      const TimeNs seconds = static_cast<TimeNs>(header->ts.tv_sec) * kSecondNs;
      const TimeNs theirs = seconds + static_cast<TimeNs>(header->ts.tv_usec), time = ours.packets[i].time;
      ASSERT_LE(std::max(time, theirs) - std::min(time, theirs), 1u) << int{resolution};  // they round
      ASSERT_EQ(ours.packets[i].wire_bytes, header->len);
      ASSERT_EQ(ours.packets[i].bytes, std::string(reinterpret_cast<const char*>(bytes), header->caplen));
    }
    ASSERT_EQ(i, ours.packets.size()) << round;
    ASSERT_EQ(ours.fault, "");
    pcap_close(libpcap);
  }
}

}  // namespace
}  // namespace spanlight
