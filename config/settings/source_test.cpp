#include "settings/source.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

TEST(SourceOf, tells_the_kinds_apart) {
  struct Case {
    std::string_view text;
    SourceKind kind;
    std::string_view target;
  };
  const Case cases[] = {
      {"0000:3b:00.0", SourceKind::pci, "0000:3b:00.0"},
      {"3b:00.1", SourceKind::pci, "0000:3b:00.1"},
      {"0000:3B:00.7", SourceKind::pci, "0000:3b:00.7"},
      {"0000:3b:00.8", SourceKind::interface, "0000:3b:00.8"},  // a PCI device has eight functions
      {"net_af_packet0,iface=eth1", SourceKind::vdev, "net_af_packet0,iface=eth1"},
      {"net_null0", SourceKind::vdev, "net_null0"},
      {"net_pcap0,rx_pcap=/captures/a.pcap", SourceKind::vdev, "net_pcap0,rx_pcap=/captures/a.pcap"},
      {"eth1", SourceKind::interface, "eth1"},
      {"pcap:eth1", SourceKind::interface, "eth1"},
      {"pcap:net_odd", SourceKind::interface, "net_odd"},
      {"file:capture", SourceKind::file, "capture"},
      {"captures/a", SourceKind::file, "captures/a"},
      {"a.pcap", SourceKind::file, "a.pcap"},
      {"a.pcapng", SourceKind::file, "a.pcapng"},
      {"-", SourceKind::file, "-"},
      {"file:", SourceKind::file, ""},
      {"", SourceKind::interface, ""},
  };
  for (const Case& c : cases) {
    const Source source = source_of(c.text);
    EXPECT_EQ(source.kind, c.kind) << c.text;
    EXPECT_EQ(source.target, c.target) << c.text;
  }
}

}  // namespace
}  // namespace spanlight
