#include "proxy/header.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace spanlight::proxy {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kLine = "PROXY "sv;
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::string_view kLineEnd = "\r\n"sv;

bool may_begin_with(std::string_view head, std::string_view constant) {
  const std::size_t common = std::min(head.size(), constant.size());
  return head.substr(0, common) == constant.substr(0, common);
}

// "TCP4 from to port port": what the addresses are is the server's business.
bool is_about_tcp(std::string_view line) {
  if (!line.starts_with("TCP4 ") && !line.starts_with("TCP6 ")) return false;
  const std::string_view ends = line.substr(5);
  return std::ranges::count(ends, ' ') == 3 &&
         ends.find_first_not_of("0123456789abcdefABCDEF:. ") == ends.npos;
}

HeaderLength line_length(std::string_view head) {
  const std::size_t end = head.substr(0, kLineBytesMax).find(kLineEnd);
  if (end == head.npos)
    return {.fault = head.size() < kLineBytesMax ? Fault::short_input : Fault::bad_length};
  const std::string_view line = head.substr(kLine.size(), end - kLine.size());
  if (!is_about_tcp(line) && line != "UNKNOWN" && !line.starts_with("UNKNOWN "))
    return {.fault = Fault::bad_value};
  return {.bytes = end + kLineEnd.size()};
}

HeaderLength binary_length(Bytes head) {
  constexpr unsigned kVersion = 2, kProxied = 1, kDatagram = 2;
  constexpr std::array<std::size_t, 4> kAddressBytes = {0, 12, 36,
                                                        216};  // unspecified, IPv4, IPv6, a local socket
  Reader in(head);
  in.take(kSignature.size());
  const unsigned what = in.u8(), ends = in.u8();
  const std::size_t left = in.be<std::uint16_t>();
  if (!in.ok()) return {.fault = in.fault()};
  const unsigned command = what & 0xf, family = ends >> 4, transport = ends & 0xf;
  if (what >> 4 != kVersion || command > kProxied || family >= kAddressBytes.size() || transport > kDatagram)
    return {.fault = Fault::bad_value};
  if (command == kProxied && left < kAddressBytes[family]) return {.fault = Fault::bad_length};
  if (kFixedBytes + left > kBytesMax) return {.fault = Fault::bad_length};
  return {.bytes = kFixedBytes + left};
}

}  // namespace

HeaderLength header_length(Bytes head) {
  const std::string_view text = as_text(head);
  if (!head.empty() && may_begin_with(text, kSignature)) return binary_length(head);
  if (!may_begin_with(text, kLine)) return {.fault = Fault::bad_magic};
  return text.size() < kLine.size() ? HeaderLength{.fault = Fault::short_input} : line_length(text);
}

}  // namespace spanlight::proxy
