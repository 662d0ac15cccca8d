#include "settings/content.h"

#include <arpa/inet.h>
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

}  // namespace

std::string quoted(std::string_view value) {
  return '"' + std::string(value) + '"';
}

bool split_address(std::string_view value, std::string& host, std::uint64_t least_port) {
  const std::size_t colon = value.rfind(':');
  std::uint64_t port = 0;
  if (colon == std::string_view::npos || !text::parse_number(value.substr(colon + 1), port)) return false;
  if (port < least_port || port > kTcpPortMost) return false;
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

bool is_local_host(const std::string& host) {
  if (host == "localhost" || host == "lo" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool is_local_endpoint(std::string_view endpoint) {
  if (!endpoint.starts_with(kTcp)) return true;
  std::string host;
  return split_address(endpoint.substr(kTcp.size()), host) && is_local_host(host);
}

namespace {

std::string nothing_wrong(std::string_view, const ProtocolNames&) {
  return {};
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

std::string check_optional_endpoint(std::string_view value) {
  return value.empty() ? std::string() : check_endpoint(value);
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

constinit const Content Content::any{"a text, or \"\" for none", nothing_wrong};
constinit const Content Content::endpoint{"ipc://PATH or tcp://ADDRESS:PORT", check_text<check_endpoint>};
constinit const Content Content::optional_endpoint{"ipc://PATH or tcp://ADDRESS:PORT, or \"\" for none",
                                                   check_text<check_optional_endpoint>};
constinit const Content Content::address{"an ADDRESS:PORT, or \"\" for none", check_text<check_address>};
constinit const Content Content::z85_key{"a key of 40 characters (Z85)", check_text<check_z85_key>};
constinit const Content Content::capture_filter{"a capture filter, or \"\" for none",
                                                check_text<check_capture_filter>};
constinit const Content Content::header_name{"a header's name", check_text<check_header_name>};

}  // namespace spanlight
