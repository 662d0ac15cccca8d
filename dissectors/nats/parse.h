#pragma once
// The NATS client protocol (docs.nats.io, "NATS Protocols"): one line for each operation, and the payload
// that it announces. Pure.

#include <cstdint>

#include "core/framed.h"
#include "core/listed.h"

namespace spanlight::nats {

constexpr std::size_t kLineBytesMax = 32'768;  // INFO and CONNECT carry JSON; the server's own limit is 4,096
constexpr std::uint64_t kPayloadBytesMax = 64u << 20;  // max_payload, as large as the server takes it

enum class Op : std::uint8_t {
  unknown,
  info,
  connect,
  pub,
  hpub,
  sub,
  unsub,
  msg,
  hmsg,
  ping,
  pong,
  ok,
  err
};
std::string_view op_name(Op op);

// PUB subject [reply] size | HPUB subject [reply] header-size size | MSG subject sid [reply] size |
// HMSG subject sid [reply] header-size size | SUB subject [queue] sid | UNSUB sid [max] | INFO {…} | CONNECT
// {…} | PING | PONG | +OK | -ERR 'text'
struct Line {
  Fault fault = Fault::none;
  Op op = Op::unknown;
  std::size_t bytes = 0;  // with its end
  std::string_view subject, reply, sid, queue, max;
  std::string_view rest;           // JSON, or an error's text without its quotes
  std::uint64_t header_bytes = 0;  // of the payload
  std::uint64_t payload = 0;       // without its end
  bool carries() const { return op == Op::pub || op == Op::hpub || op == Op::msg || op == Op::hmsg; }
};
Line read_line(Bytes in);
// The same of what was kept of a message: where its line does not end there, it ends with what was kept.
Line read_kept_line(Bytes in);

// Which operation begins here: by its first word, which may be cut. `more`: cut.
Op read_op(Bytes in, std::size_t& word_bytes, bool& more);

bool is_from_client(Op op);
bool is_from_server(Op op);

// The headers in the payload of HPUB and HMSG: "NATS/1.0[ status[ text]]" and lines "Name: value".
struct HeaderLines {
  std::string_view status, description;
  std::string_view lines;  // behind the first line
};
HeaderLines read_header_lines(std::string_view headers);

}  // namespace spanlight::nats
