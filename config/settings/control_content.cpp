// What the control process's texts must be, save those of Kubernetes (kubernetes_content.cpp).

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>

#include "settings/content.h"
#include "settings/control.h"
#include "text/text.h"

namespace spanlight {

namespace {

constexpr std::size_t kNameCharsMax = 128;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
constexpr std::string_view kDigits = "0123456789";

bool consists_of(std::string_view text, std::string_view one, std::string_view other) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return one.find(c) != std::string_view::npos || other.find(c) != std::string_view::npos;
  });
}

// An IPv6 address stands in brackets, and nothing else does.
bool right_brackets(std::string_view value, std::string_view host) {
  return value.starts_with('[') == (host.find(':') != std::string_view::npos);
}

std::string check_listen(std::string_view value) {
  std::string host;
  if (split_address(value, host, 0) && is_ip(host) && right_brackets(value, host)) return {};
  return quoted(value) + " is not an IP address with a port; give one such as 127.0.0.1:8899";
}

// The bytes of an address in network order, four or sixteen; none: it is no address.
std::string address_bytes(const std::string& text) {
  char room[sizeof(in6_addr)];
  if (inet_pton(AF_INET, text.c_str(), room) == 1) return {room, sizeof(in_addr)};
  if (inet_pton(AF_INET6, text.c_str(), room) == 1) return {room, sizeof(in6_addr)};
  return {};
}

// `bytes` with all bits behind the first `bits` cleared, as text.
std::string network_of(std::string bytes, std::uint64_t bits) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint64_t before = i * 8;
    const std::uint64_t kept = bits <= before ? 0 : std::min<std::uint64_t>(bits - before, 8);
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) & (0xff00u >> kept));
  }
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::string check_cidr(std::string_view value) {
  const std::size_t slash = value.find('/');
  const std::string bytes = address_bytes(std::string(value.substr(0, slash)));
  const std::uint64_t bits_max = bytes.size() * 8;
  if (bytes.empty()) return quoted(value) + " is not a network; give one such as 10.0.0.0/8 or fd00::/8";
  if (slash == std::string_view::npos)
    return quoted(value) + " has no number of bits; give " + std::string(value) + "/" +
           std::to_string(bits_max) + " for this one address";
  std::uint64_t bits = 0;
  if (!text::parse_number(value.substr(slash + 1), bits) || bits > bits_max)
    return quoted(value) + " has no number of bits from 0 to " + std::to_string(bits_max) +
           " behind the slash; give one such as 10.0.0.0/8 or fd00::/8";
  const std::string network = network_of(bytes, bits);
  if (address_bytes(network) == bytes) return {};
  return quoted(value) + " has bits set behind the first " + std::to_string(bits) + "; give " + network +
         "/" + std::to_string(bits) + " for the network, or /" + std::to_string(bits_max) +
         " for the address";
}

std::string check_url(std::string_view value) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  if (value.empty()) return {};
  // What may hold a password is not repeated.
  if (value.find('@') != std::string_view::npos)
    return "holds a user or a password; give them in store.user and store.passwordFile";
  std::string mend = quoted(value) + " is not the URL of a server; give one such as http://HOST:8123";
  if (!value.starts_with(kHttp) && !value.starts_with(kHttps)) return mend;
  std::string_view rest = value.substr(value.starts_with(kHttp) ? kHttp.size() : kHttps.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool has_port = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
  std::string host;
  if (!split_address(has_port ? std::string(rest) : std::string(rest) + ":80", host)) return mend;
  const bool named = host.size() < 256 && consists_of(host, kLetters, "0123456789.-");
  return right_brackets(rest, host) && (named || is_ip(host)) ? std::string() : mend;
}

std::string check_optional_header(std::string_view value) {
  return value.empty() ? std::string() : Content::header_name.check(value, {});
}

std::string check_re2(std::string_view value) {
  if (value.size() > kTapRegexBytesMax)
    return "has " + std::to_string(value.size()) + " bytes; " + std::to_string(kTapRegexBytesMax) +
           " are possible";
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kTapRegexMemoryMax);
  const RE2 pattern(re2::StringPiece(value.data(), value.size()), options);
  if (pattern.ok()) return {};
  return quoted(value) + " is not a usable pattern (" + pattern.error() +
         "); RE2 has no back references and no look-around";
}

// Written into SQL without quotes.
std::string check_sql_name(std::string_view value) {
  const bool right = !value.empty() && value.size() <= kNameCharsMax &&
                     kDigits.find(value[0]) == std::string_view::npos &&
                     consists_of(value, kLetters, kDigits);
  if (right) return {};
  return quoted(value) + " is not a name of letters, digits and _; give one such as spanlight";
}

std::string check_cluster(std::string_view value) {
  if (value.size() <= kNameCharsMax && consists_of(value, kLetters, "0123456789.-")) return {};
  return quoted(value) + " is not the name of a cluster; give letters, digits, _ . and -, or \"\" for none";
}

}  // namespace

constinit const Content Content::listen{"an ADDRESS:PORT", check_text<check_listen>};
constinit const Content Content::cidr{"a network such as 10.0.0.0/8", check_text<check_cidr>};
constinit const Content Content::url{"a URL such as http://HOST:8123, or \"\" for none",
                                     check_text<check_url>};
constinit const Content Content::optional_header{"a header's name, or \"\" for none",
                                                 check_text<check_optional_header>};
constinit const Content Content::re2_regex{"a pattern, or \"\" for none", check_text<check_re2>};
constinit const Content Content::sql_name{"a name of letters, digits and _", check_text<check_sql_name>};
constinit const Content Content::cluster{"the name of a cluster, or \"\" for none",
                                         check_text<check_cluster>};

}  // namespace spanlight
