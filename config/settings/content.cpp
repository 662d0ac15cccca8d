#include "settings/content.h"

#include <arpa/inet.h>
#include <hs/hs.h>
#include <pcap/pcap.h>
#include <sys/un.h>

#include <algorithm>
#include <memory>

#include "text/text.h"

namespace spanlight {

namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";
constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kZ85KeyChars = 40;
constexpr std::uint64_t kTcpPortMost = 65'535;

std::string quoted(std::string_view value) {
  return '"' + std::string(value) + '"';
}

std::string check_protocol(std::string_view value, const ProtocolNames& protocols) {
  if (protocols.empty() || std::find(protocols.begin(), protocols.end(), value) != protocols.end()) return {};
  const std::string_view guess = text::closest(value, protocols);
  if (!guess.empty())
    return quoted(value) + " is not a known protocol; did you mean " + std::string(guess) + "?";
  return quoted(value) + " is not a known protocol; known are " + text::one_of(protocols, "and");
}

// "ADDRESS:PORT"; an IPv6 address stands in brackets. False: no port, or one out of range.
bool split_address(std::string_view value, std::string& host) {
  const std::size_t colon = value.rfind(':');
  std::uint64_t port = 0;
  if (colon == std::string_view::npos || !text::parse_number(value.substr(colon + 1), port)) return false;
  if (port < 1 || port > kTcpPortMost) return false;
  std::string_view name = value.substr(0, colon);
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (!bracketed && name.find(':') != std::string_view::npos) return false;
  if (bracketed) name = name.substr(1, name.size() - 2);
  host = name;
  return !host.empty();
}

bool is_ip(const std::string& host) {
  in6_addr room{};
  return inet_pton(AF_INET, host.c_str(), &room) == 1 || inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

std::string check_endpoint(std::string_view value) {
  std::string host;
  if (value.starts_with(kTcp) && split_address(value.substr(kTcp.size()), host)) return {};
  if (value.starts_with(kIpc) && value.size() > kIpc.size()) {
    const std::size_t path_bytes = value.size() - kIpc.size();
    if (path_bytes <= kSocketPathMax) return {};
    return "the path of the socket has " + std::to_string(path_bytes) + " bytes; at most " +
           std::to_string(kSocketPathMax) + " are possible";
  }
  return quoted(value) + " is not an endpoint; give ipc://PATH or tcp://ADDRESS:PORT";
}

std::string check_address(std::string_view value) {
  std::string host;
  if (value.empty() || (split_address(value, host) && (host == "localhost" || is_ip(host)))) return {};
  return quoted(value) +
         " is not an IP address with a port; give one such as 127.0.0.1:9464, or \"\" for none";
}

std::string check_z85_key(std::string_view value) {
  constexpr std::string_view kZ85 =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  const bool right = value.size() == kZ85KeyChars && value.find_first_not_of(kZ85) == std::string_view::npos;
  if (value.empty() || right) return {};
  // The key itself is not repeated: it may be the secret one.
  return "is not a CURVE key; give the 40 characters (Z85) that zmq_curve_keypair makes";
}

// Start of match is asked for, as redaction needs it; it is the stricter way to compile.
std::string check_regex(std::string_view value) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const std::string expression(value);
  const hs_error_t result =
      hs_compile(expression.c_str(), HS_FLAG_SOM_LEFTMOST, HS_MODE_BLOCK, nullptr, &database, &error);
  const std::unique_ptr<hs_database_t, decltype(&hs_free_database)> database_owner(database,
                                                                                   hs_free_database);
  const std::unique_ptr<hs_compile_error_t, decltype(&hs_free_compile_error)> error_owner(
      error, hs_free_compile_error);
  if (value.empty()) return "the pattern is empty; write one, or leave the item out";
  if (result == HS_SUCCESS) return {};
  std::string why = error == nullptr || error->message == nullptr ? "it does not compile" : error->message;
  while (!why.empty() && why.back() == '.') why.pop_back();
  return quoted(value) + " is not a usable pattern (" + why +
         "); Hyperscan has no back references and no look-around";
}

std::string check_capture_filter(std::string_view value) {
  constexpr int kSnapshotBytes = 65'535;
  if (value.empty()) return {};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> dead(pcap_open_dead(DLT_EN10MB, kSnapshotBytes),
                                                            pcap_close);
  if (!dead) return "libpcap has no memory to check the filter";
  bpf_program program{};
  const std::string filter(value);
  if (pcap_compile(dead.get(), &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return quoted(value) + " is not a capture filter (" + pcap_geterr(dead.get()) +
           "); give one that tcpdump takes, such as \"tcp port 80\"";
  pcap_freecode(&program);
  return {};
}

// RFC 9110, 5.6.2: a field name is a token. HTTP/2's pseudo-headers and gRPC metadata fit as well.
std::string check_header_name(std::string_view value) {
  const bool token = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"(),/;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
  if (token && value.find(':', 1) == std::string_view::npos) return {};
  return quoted(value) + " is not a header's name; give the name alone, such as authorization";
}

}  // namespace

std::string check_content(Content content, std::string_view value, const ProtocolNames& protocols) {
  switch (content) {
    case Content::any:
      return {};
    case Content::protocol:
      return check_protocol(value, protocols);
    case Content::endpoint:
      return check_endpoint(value);
    case Content::address:
      return check_address(value);
    case Content::z85_key:
      return check_z85_key(value);
    case Content::regex:
      return check_regex(value);
    case Content::capture_filter:
      return check_capture_filter(value);
    case Content::header_name:
      return check_header_name(value);
  }
  return {};
}

bool is_local_endpoint(std::string_view endpoint) {
  if (!endpoint.starts_with(kTcp)) return true;
  std::string host;
  if (!split_address(endpoint.substr(kTcp.size()), host)) return false;
  if (host == "localhost" || host == "lo" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

}  // namespace spanlight
