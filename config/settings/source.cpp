#include "settings/source.h"

#include <algorithm>

namespace spanlight {

namespace {

// "0000:3b:00.0", or without the domain as lspci writes it.
bool is_pci_address(std::string_view text) {
  constexpr std::string_view kShape = "xxxx:xx:xx.o";
  std::string_view shape = kShape;
  if (text.size() == shape.size() - 5) shape.remove_prefix(5);
  if (text.size() != shape.size()) return false;
  return std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) {
    const bool digit = c >= '0' && c <= '9';
    if (s == 'x') return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return s == 'o' ? c >= '0' && c <= '7' : c == s;
  });
}

// DPDK names virtual devices by their driver, net_<driver><n> (older ones eth_), arguments behind a comma.
bool is_vdev(std::string_view text) {
  if (!text.starts_with("net_") && !text.starts_with("eth_")) return false;
  const std::string_view name = text.substr(0, text.find(','));
  return name.size() > 4 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// With its domain, and in lower case as the kernel has it.
std::string full_pci_address(std::string_view text) {
  std::string full(text.size() == 7 ? "0000:" : "");
  for (const char c : text) full += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return full;
}

}  // namespace

Source source_of(std::string_view text) {
  constexpr std::string_view kFile = "file:";
  constexpr std::string_view kPcap = "pcap:";
  if (text.starts_with(kFile)) return {SourceKind::file, std::string(text.substr(kFile.size()))};
  if (text.starts_with(kPcap)) return {SourceKind::interface, std::string(text.substr(kPcap.size()))};
  if (is_pci_address(text)) return {SourceKind::pci, full_pci_address(text)};
  if (is_vdev(text)) return {SourceKind::vdev, std::string(text)};
  const bool path = text == "-" || text.find('/') != std::string_view::npos || text.ends_with(".pcap") ||
                    text.ends_with(".pcapng") || text.ends_with(".cap");
  return {path ? SourceKind::file : SourceKind::interface, std::string(text)};
}

}  // namespace spanlight
