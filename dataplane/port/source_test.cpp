#include "port/source.h"
#include "settings/source.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

struct SourceCase {
  const char* name;
  const char* text;
  SourceKind kind;
  const char* address;
};

TEST(ParseSource, names) {
  const SourceCase cases[] = {
      {"PCI address", "0000:3b:00.0", SourceKind::pci, "0000:3b:00.0"},
      {"short PCI address", "3b:00.1", SourceKind::pci, "0000:3b:00.1"},
      {"upper case", "0000:3B:00.F", SourceKind::interface, "0000:3B:00.F"},
      {"upper-case bus", "0000:3B:00.7", SourceKind::pci, "0000:3b:00.7"},
      {"vdev", "net_af_packet0,iface=eth1", SourceKind::vdev, "net_af_packet0,iface=eth1"},
      {"old vdev name", "eth_af_packet0,iface=eth1", SourceKind::vdev, "eth_af_packet0,iface=eth1"},
      {"interface", "eth1", SourceKind::interface, "eth1"},
      {"interface by prefix", "pcap:net_lan", SourceKind::interface, "net_lan"},
      {"path", "a/b", SourceKind::file, "a/b"},
      {"by ending", "b.pcap", SourceKind::file, "b.pcap"},
      {"by long ending", "b.pcapng", SourceKind::file, "b.pcapng"},
      {"file by prefix", "file:eth1", SourceKind::file, "eth1"},
      {"standard input", "-", SourceKind::file, "-"},
      {"nothing", "", SourceKind::interface, ""},
  };
  for (const SourceCase& c : cases) {
    const Source source = source_of(c.text);
    EXPECT_EQ(source.kind, c.kind) << c.name;
    EXPECT_EQ(source.target, c.address) << c.name;
  }
}

TEST(Vdev, parts) {
  const VdevString vdev = parse_vdev("net_af_packet12,iface=eth1,qpairs=2");
  EXPECT_EQ(vdev.name, "net_af_packet12");
  EXPECT_EQ(vdev.driver, "net_af_packet");
  EXPECT_EQ(vdev.value("iface"), "eth1");
  EXPECT_EQ(vdev.value("qpairs"), "2");
  EXPECT_EQ(vdev.value("fac"), std::nullopt);
  EXPECT_EQ(parse_vdev("net_null").arguments, "");
}

TEST(Vdev, af_packet_gets_large_frames_unless_told) {
  const VdevString plain = complete_vdev(parse_vdev("net_af_packet0,iface=eth1"));
  EXPECT_EQ(plain.arguments, "iface=eth1,blocksz=131072,framesz=16384,framecnt=2048");
  EXPECT_EQ(single_segment_bytes(plain), 16'384u);
  const VdevString told = complete_vdev(parse_vdev("net_af_packet0,iface=eth1,framesz=4096,blocksz=4096"));
  EXPECT_EQ(told.arguments, "iface=eth1,framesz=4096,blocksz=4096");
  EXPECT_EQ(single_segment_bytes(told), 4'096u);
  EXPECT_EQ(single_segment_bytes(parse_vdev("net_null0")), 0u);
}

}  // namespace
}  // namespace spanlight
