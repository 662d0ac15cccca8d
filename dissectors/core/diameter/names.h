#pragma once
// Commands, applications and result codes by name: the base protocol and the applications that are met most.

#include <cstdint>
#include <string_view>

namespace spanlight::diameter {

struct Command {
  std::uint32_t code;
  std::string_view letters;  // of its request, without the R: "CC"
  std::string_view name;     // "Credit-Control"
};

const Command* find_command(std::uint32_t code);      // nullptr: not known
std::string_view application_name(std::uint32_t id);  // "Gx"; empty: not known
std::string_view result_name(std::uint32_t code);     // "DIAMETER_TOO_BUSY"
std::string_view experimental_name(std::uint32_t vendor, std::uint32_t code);

}  // namespace spanlight::diameter
