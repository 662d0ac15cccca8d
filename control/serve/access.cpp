#include "serve/access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "body/words.h"
#include "serve/route.h"

namespace spanlight::serve {
namespace {

using body::equals_folded;
using body::trimmed;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
constexpr std::size_t kTokenBytesMax = 4'096;

Digest digest_of(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

struct FileMark {
  std::int64_t time_ns = -1;
  std::int64_t bytes = -1;
  std::uint64_t inode = 0;
  bool operator==(const FileMark&) const = default;
};

FileMark mark_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size, info.st_ino};
}

std::string read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("serve.access: the token file " + path + " cannot be read");
  std::string token(kTokenBytesMax + 1, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(file.gcount()));
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) token.pop_back();
  if (token.size() < kTokenBytesMin || token.size() > kTokenBytesMax)
    throw std::runtime_error("serve.access: the token file " + path + " must hold " +
                             std::to_string(kTokenBytesMin) + " to " + std::to_string(kTokenBytesMax) +
                             " characters, e.g. of `openssl rand -hex 32`");
  if (std::any_of(token.begin(), token.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
    throw std::runtime_error("serve.access: the token in " + path +
                             " holds blanks or characters that are not ASCII");
  return token;
}

// "host", "host:8899", "[::1]:8899" → the name without port and brackets.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == host.npos ? std::string_view{} : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

// Nothing where it is not base64url.
std::string from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::size_t value = kAlphabet.find(c);
    if (value == kAlphabet.npos) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xffu);
  }
  return out;
}

std::string token_of(const RequestHead& head) {
  constexpr std::string_view kScheme = "bearer ";
  if (head.authorization.size() > kScheme.size() &&
      equals_folded(head.authorization.substr(0, kScheme.size()), kScheme))
    return std::string(trimmed(head.authorization.substr(kScheme.size())));
  if (!head.is_socket) return {};
  std::string_view protocols = head.protocols;
  while (!protocols.empty()) {
    const std::size_t comma = protocols.find(',');
    const std::string_view protocol = trimmed(protocols.substr(0, comma));
    protocols = comma == protocols.npos ? std::string_view{} : protocols.substr(comma + 1);
    if (protocol.starts_with(kTokenProtocolPrefix))
      return from_base64url(protocol.substr(kTokenProtocolPrefix.size()));
  }
  return {};
}

}  // namespace

struct Gate::Entry {
  Access access;
  Digest digest{};
  FileMark mark;
};

std::string unsafe_access(const ControlSettings& settings) {
  const std::optional<Listen> listen = parse_listen(settings.listen);
  if (!listen)
    return "serve.listen: \"" + settings.listen + "\" is not ADDRESS:PORT, e.g. 127.0.0.1:8899 or [::]:8899";
  if (settings.tls_certificate.empty() != settings.tls_key.empty())
    return "serve.tls: certificate and key belong together; give both files or neither";
  if (!settings.proxy_user_header.empty() && settings.trusted_proxies.empty())
    return "serve.proxy.userHeader says who asks, but serve.proxy.trusted names nobody who may set it; name "
           "the proxy's "
           "address";
  for (const std::string& cidr : settings.trusted_proxies)
    if (!Network::parse(cidr))
      return "serve.proxy.trusted: \"" + cidr + "\" is not a network, e.g. 10.0.0.0/8";
  const bool has_proxy = !settings.proxy_user_header.empty();
  for (const Access& access : settings.access) {
    if (access.token_file.empty() && !has_proxy)
      return "serve.access: \"" + access.name +
             "\" has no tokenFile, and no serve.proxy.userHeader could say it is them";
  }
  if (has_proxy && settings.access.empty())
    return "serve.proxy.userHeader is set but serve.access is empty: everybody would be an operator; name "
           "who "
           "may come in";
  if (listen->address.is_loopback()) return {};
  if (settings.access.empty())
    return "serve.listen: " + settings.listen +
           " can be reached by others, and serve.access is empty: everybody would be an operator; name who "
           "may come in, "
           "or listen on 127.0.0.1";
  if (settings.tls_certificate.empty() && settings.trusted_proxies.empty())
    return "serve.listen: " + settings.listen +
           " can be reached by others without TLS: tokens and bodies could be read on the way; set "
           "serve.tls, or name "
           "the proxy in front in serve.proxy.trusted";
  return {};
}

Gate::Gate(const ControlSettings& settings)
    : proxy_header_(settings.proxy_user_header), loopback_is_operator_(settings.access.empty()) {
  for (char& c : proxy_header_) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const std::optional<Listen> listen = parse_listen(settings.listen)) listen_host_ = listen->host;
  for (const std::string& cidr : settings.trusted_proxies)
    if (const std::optional<Network> network = Network::parse(cidr)) proxies_.push_back(*network);
  for (const Access& access : settings.access) {
    Entry entry{access, {}, {}};
    if (!access.token_file.empty()) {
      entry.mark = mark_of(access.token_file);
      entry.digest = digest_of(read_token(access.token_file));
    }
    entries_.push_back(std::move(entry));
  }
}

Gate::~Gate() = default;

Gate::Reread Gate::reread() {
  Reread result;
  for (Entry& entry : entries_) {
    if (entry.access.token_file.empty()) continue;
    const FileMark now = mark_of(entry.access.token_file);
    if (now == entry.mark) continue;
    entry.mark = now;  // a fault is told once, not every time
    try {
      const Digest digest = digest_of(read_token(entry.access.token_file));
      result.tokens_changed |= digest != entry.digest;
      entry.digest = digest;
    } catch (const std::runtime_error& fault) {
      result.faults.push_back(std::string(fault.what()) + "; the token that was known stays in force");
    }
  }
  return result;
}

bool Gate::from_proxy(const Ip& ip) const {
  return std::any_of(proxies_.begin(), proxies_.end(),
                     [&](const Network& network) { return network.holds(ip); });
}

// Every entry is compared, wholly, whatever the first ones gave: time says nothing. Digests have one length.
const Gate::Entry* Gate::by_token(std::string_view token) const {
  const Digest digest = digest_of(token);
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    const bool same = CRYPTO_memcmp(digest.data(), entry.digest.data(), digest.size()) == 0;
    if (same && !entry.access.token_file.empty()) found = &entry;
  }
  return found;
}

Principal Gate::principal_of(const Entry& entry, std::string_view how) {
  return {entry.access.name,       std::string(how),      entry.access.role,
          entry.access.namespaces, entry.access.payloads, entry.access.packets};
}

Refusal Gate::check_site(const RequestHead& head) const {
  const std::string_view host = host_name(head.host);
  // A name that somebody made point to 127.0.0.1 brings a browser's page here: only our own names are
  // answered. With tokens a foreign page has nothing to show, and proxies may keep the outer name.
  if (loopback_is_operator_) {
    const bool ours = equals_folded(host, "localhost") || equals_folded(host, listen_host_) ||
                      (Ip::parse(host) && Ip::parse(host)->is_loopback());
    if (!ours)
      return {421, "wrong_host",
              "This server answers to localhost and its own address only; check the Host header."};
  }
  if (!head.changes_state && !head.is_socket) return {};
  const bool site_is_foreign = head.fetch_site == "cross-site" || head.fetch_site == "same-site";
  bool origin_is_foreign = false;
  if (!head.origin.empty()) {
    const std::size_t scheme_end = head.origin.find("://");
    const std::string_view origin_host =
        scheme_end == head.origin.npos ? std::string_view("null") : head.origin.substr(scheme_end + 3);
    const bool as_forwarded = !head.forwarded_host.empty() && from_proxy(head.from) &&
                              equals_folded(origin_host, head.forwarded_host);
    origin_is_foreign = !equals_folded(origin_host, head.host) && !as_forwarded;
  }
  if (site_is_foreign || origin_is_foreign)
    return {403, "foreign_origin", "A page of another site may not do this; open Spanlight itself."};
  return {};
}

std::optional<Principal> Gate::identify(const RequestHead& head, Refusal& refusal) const {
  if (loopback_is_operator_) {
    if (head.from.is_loopback()) return Principal{"loopback", "loopback", Role::operator_, {}, true, true};
    refusal = {403, "loopback_only",
               "Only this machine itself is served; name who may come in at serve.access."};
    return std::nullopt;
  }
  const std::string token = token_of(head);
  if (!token.empty()) {
    if (const Entry* const entry = by_token(token)) return principal_of(*entry, "token");
    refusal = {401, "wrong_token", "The token is not known."};
    return std::nullopt;
  }
  // The header counts from the proxy alone; from elsewhere it is as if it were not there.
  if (!proxy_header_.empty() && !head.proxy_user.empty() && from_proxy(head.from)) {
    for (const Entry& entry : entries_)
      if (entry.access.token_file.empty() && entry.access.name == head.proxy_user)
        return principal_of(entry, "proxy");
    refusal = {403, "unknown_user", "The proxy's user is not named at serve.access."};
    return std::nullopt;
  }
  refusal = {401, "no_token", "Say who you are: Authorization: Bearer TOKEN."};
  return std::nullopt;
}

std::string lacks(const Principal& principal, Needs needs) {
  switch (needs) {
    case Needs::nothing:
    case Needs::viewer:
      return {};
    case Needs::whole_view:
      return principal.sees_all() ? std::string{} : "This shows all namespaces, and you may see some only.";
    case Needs::packets:
      return principal.payloads && principal.packets ? std::string{}
                                                     : "You may not fetch packets: nothing in them is "
                                                       "redacted; serve.access[].packets permits it.";
    case Needs::operator_:
      if (principal.role != Role::operator_) return "Only an operator may do this.";
      return principal.sees_all() ? std::string{}
                                  : "This concerns all namespaces, and you may see some only.";
  }
  return "Not allowed.";
}

}  // namespace spanlight::serve
