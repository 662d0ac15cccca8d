#pragma once
// What the text of a port's source names. The order of the rules matters: a vdev string may hold a path.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight {

enum class SourceKind : std::uint8_t { pci, vdev, interface, file };

struct Source {
  SourceKind kind;
  std::string target;  // the PCI address, the whole vdev string, the interface's name, or the path ("-":
                       // standard input)
};

Source source_of(std::string_view text);

}  // namespace spanlight
