#include "publish/endpoint.h"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "publish/socket.h"

namespace spanlight {

namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kSocketUmask = 0117;  // 0777 without these = 0660
constexpr int kHandshakeMs = 5'000;
constexpr int kKeepaliveIdleS = 60;
constexpr int kPeerGoneMs = 60'000;  // data unacknowledged for so long: the peer is gone, its queue is freed

std::string reason(int error) {
  return std::strerror(error);
}

// ---- tcp

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6);
  }
  // A name is resolved by ZeroMQ, and to what is not known here; `lo` is the interface.
  return host == "lo";
}

std::string parse_tcp(std::string_view rest, Endpoint& out) {
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size())
    return "write it as tcp://ADDRESS:PORT";
  std::string_view host = rest.substr(0, colon);
  out.port = rest.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return "write an IPv6 address as tcp://[ADDRESS]:PORT";
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos || host.find(';') != std::string_view::npos) {
    return "write an IPv6 address as tcp://[ADDRESS]:PORT";
  }
  if (out.port != "*") {
    unsigned port = 0;
    for (const char c : out.port) {
      if (c < '0' || c > '9' || port > 65'535)
        return "the port must be a number from 1 to 65535, or * for any";
      port = port * 10 + static_cast<unsigned>(c - '0');
    }
    if (port == 0 || port > 65'535) return "the port must be a number from 1 to 65535, or * for any";
  }
  // `localhost` can be more than one address, and ZeroMQ would ask the resolver: it means 127.0.0.1 here.
  out.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  out.loopback = is_loopback(out.host);
  return {};
}

void set_tcp_options(void* socket, const Endpoint& endpoint) {
  set_int(socket, ZMQ_IPV6, endpoint.host.find(':') != std::string::npos ? 1 : 0);
  set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
  set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, kKeepaliveIdleS);
  set_int(socket, ZMQ_TCP_MAXRT, kPeerGoneMs);
}

std::string set_curve(void* socket, const Settings& settings) {
  if (zmq_has("curve") == 0)
    return "this ZeroMQ was built without CURVE: use ipc:// or a loopback address without keys";
  std::array<char, kZ85KeyChars + 1> derived{};
  std::array<std::uint8_t, 32> raw{};
  if (settings.curve_secret_key.size() != kZ85KeyChars ||
      zmq_z85_decode(raw.data(), settings.curve_secret_key.c_str()) == nullptr)
    return "the CURVE secret key is not a key: it has 40 characters of Z85, as zmq_curve_keypair makes them";
  if (zmq_curve_public(derived.data(), settings.curve_secret_key.c_str()) != 0 ||
      settings.curve_public_key != derived.data())
    return "the CURVE public key does not belong to the secret key: set both of one pair";
  set_int(socket, ZMQ_CURVE_SERVER, 1);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, settings.curve_secret_key.c_str(), kZ85KeyChars + 1);
  // CURVE asks the gate (curve_gate.h) wherever one is bound; the publisher binds it before any socket.
  zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, kZapDomain, std::strlen(kZapDomain));
  return {};
}

std::string prepare_tcp(void* socket, const Settings& settings, const Endpoint& endpoint) {
  set_tcp_options(socket, endpoint);
  if (!settings.curve_public_key.empty() || !settings.curve_secret_key.empty())
    return set_curve(socket, settings);
  if (!settings.curve_clients.empty())
    return "CURVE clients are named, but this sensor has no CURVE keys: set its public and its secret key";
  if (!endpoint.loopback)
    return "this reaches beyond the machine and needs CURVE keys: set the public and the secret key, or use "
           "ipc:// or "
           "tcp://127.0.0.1";
  return {};
}

// ---- ipc

std::string make_directories(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string directory = path.substr(0, at);
    if (mkdir(directory.c_str(), kDirectoryMode) == 0) {
      if (chmod(directory.c_str(), kDirectoryMode) != 0)  // whatever the umask is
        return "cannot set the mode of " + directory + " (" + reason(errno) + ")";
    } else if (errno != EEXIST) {
      return "cannot make the directory " + directory + " (" + reason(errno) +
             "): start as root, or choose another path";
    }
  }
  return {};
}

enum class Listener { none, dead, alive, hidden };

// Whether anybody listens on the socket file. ZeroMQ itself would remove the file of a living sensor.
Listener probe_listener(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Listener::hidden;
  const int rc = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  close(fd);
  if (rc == 0 || error == EAGAIN || error == EINPROGRESS) return Listener::alive;
  if (error == ECONNREFUSED) return Listener::dead;
  return error == ENOENT ? Listener::none : Listener::hidden;
}

std::string prepare_ipc(const std::string& path) {
  if (std::string sentence = make_directories(path); !sentence.empty()) return sentence;
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0)
    return errno == ENOENT ? std::string{} : "cannot look at the file (" + reason(errno) + ")";
  if (!S_ISSOCK(info.st_mode))
    return "there is a file of that name which is not a socket: choose another path";
  switch (probe_listener(path)) {
    case Listener::none:
      return {};
    case Listener::alive:
      return "in use by another sensor: stop it, or choose another path";
    case Listener::hidden:
      return "belongs to another user, whose sensor may be using it: choose another path";
    case Listener::dead:
      break;
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT)
    return "cannot remove the file that a dead sensor left (" + reason(errno) + "): remove it";
  return {};
}

// The group that may subscribe. Empty settings on an unprivileged sensor: its own group, as the file already
// has.
std::string set_group(const std::string& path, const Settings& settings) {
  std::vector<char> space(64 << 10);
  gid_t gid = 0;
  if (!settings.ipc_group.empty()) {
    group entry{};
    group* found = nullptr;
    getgrnam_r(settings.ipc_group.c_str(), &entry, space.data(), space.size(), &found);
    if (found == nullptr) return "there is no group '" + settings.ipc_group + "': create it, or name another";
    gid = found->gr_gid;
  } else {
    if (geteuid() != 0 || settings.run_as.empty()) return {};
    passwd entry{};
    passwd* found = nullptr;
    getpwnam_r(settings.run_as.c_str(), &entry, space.data(), space.size(), &found);
    if (found == nullptr) return "there is no user '" + settings.run_as + "' to take the socket's group from";
    gid = found->pw_gid;
  }
  if (chown(path.c_str(), static_cast<uid_t>(-1), gid) != 0)
    return "cannot give the socket to group " + std::to_string(gid) + " (" + reason(errno) +
           "): start as root, or join that group";
  return {};
}

std::string bind_sentence(int error) {
  switch (error) {
    case EADDRINUSE:
      return "another program listens there: stop it, or choose another";
    case EADDRNOTAVAIL:
    case ENODEV:
      return "this machine has no such address: choose one of its own";
    case EACCES:
      return "not permitted: start as root, or choose another";
    default:
      return std::string("cannot listen there (") + zmq_strerror(error) + ")";
  }
}

}  // namespace

std::string parse_endpoint(std::string_view text, Endpoint& out) {
  out = {};
  if (text.starts_with("ipc://")) {
    out.kind = Endpoint::Kind::ipc;
    out.path = text.substr(6);
    if (out.path.empty() || out.path == "*" || out.path.front() == '@')
      return "name a file, as in ipc:///run/spanlight/records.sock: only a file has an owner and a mode";
    if (out.path.size() >= sizeof(sockaddr_un::sun_path))
      return "the path is longer than the 107 bytes a socket may have";
    if (out.path.find('\0') != std::string::npos || out.path.back() == '/') return "this is no file name";
    return {};
  }
  if (text.starts_with("tcp://")) {
    out.kind = Endpoint::Kind::tcp;
    return parse_tcp(text.substr(6), out);
  }
  if (text.starts_with("inproc://") && text.size() > 9) return {};
  return "write ipc://PATH or tcp://ADDRESS:PORT";
}

std::string bind_endpoint(void* socket, const Settings& settings, std::string_view what,
                          const std::string& text, std::string& bound) {
  const std::string prefix = std::string(what) + " " + text + ": ";
  Endpoint endpoint;
  std::string sentence = parse_endpoint(text, endpoint);
  set_int(socket, ZMQ_HANDSHAKE_IVL, kHandshakeMs);
  std::string address = text;
  if (sentence.empty() && endpoint.kind == Endpoint::Kind::tcp) {
    sentence = prepare_tcp(socket, settings, endpoint);
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    address = "tcp://" + (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + endpoint.port;
  }
  if (sentence.empty() && endpoint.kind == Endpoint::Kind::ipc) sentence = prepare_ipc(endpoint.path);
  if (!sentence.empty()) return prefix + sentence;

  const mode_t old_mask = endpoint.kind == Endpoint::Kind::ipc ? umask(kSocketUmask) : 0;
  const int rc = zmq_bind(socket, address.c_str());
  const int error = zmq_errno();
  if (endpoint.kind == Endpoint::Kind::ipc) umask(old_mask);
  if (rc != 0) return prefix + bind_sentence(error);
  if (endpoint.kind == Endpoint::Kind::ipc) sentence = set_group(endpoint.path, settings);
  if (!sentence.empty()) return prefix + sentence;

  std::array<char, 512> last{};
  std::size_t last_bytes = last.size();
  bound = zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, last.data(), &last_bytes) == 0 ? last.data() : text;
  return {};
}

}  // namespace spanlight
