#pragma once
// memcached's lines (protocol.txt), with the meta commands, and the header of its binary protocol
// (protocol_binary.h). Pure.

#include <cstdint>

#include "core/framed.h"
#include "core/listed.h"

namespace spanlight::memcached {

constexpr std::size_t kLineBytesMax = 8'192;  // a line of keys; the server's own limit for one is 2,048
constexpr std::size_t kKeyBytesMax = 250;
constexpr std::uint64_t kValueBytesMax = 1u << 30;

// What a client's line asks for.
enum class Verb : std::uint8_t {
  unknown,
  store,      // set add replace append prepend cas: a value follows
  get,        // get gets
  touch_get,  // gat gats: the first argument is no key
  key,        // delete incr decr touch: one key
  plain,      // stats version flush_all verbosity …
  quit,
  meta_get,   // mg
  meta_set,   // ms: a value follows
  meta_key,   // md ma me
  meta_noop,  // mn
};

// A line, split at blanks.
struct Line {
  static constexpr std::size_t kWordsMax = 128;
  Fault fault = Fault::none;
  std::size_t bytes = 0;  // with its end
  std::string_view text;  // without it
};
Line read_line(Bytes in);

struct Words {
  Listed<std::string_view, Line::kWordsMax> list;
  std::uint32_t count = 0;  // all of them
  std::string_view at(std::size_t i) const {
    return i < list.all().size() ? list.all()[i] : std::string_view{};
  }
};
void split(std::string_view line, Words& words);

Verb verb_of(std::string_view word);

// A client's line. Fault: it is no command, or its arguments are not what they must be.
struct Request {
  Fault fault = Fault::none;
  Verb verb = Verb::unknown;
  std::uint64_t payload = 0;     // of the value, with its end
  bool quiet = false;            // noreply, or a meta command's q
  std::string_view meta_opaque;  // O…
  bool tells_key = false;        // k: its answer does
};
Request read_request(const Words& words);

// A server's line.
struct Reply {
  Fault fault = Fault::none;
  bool last = false;          // the answer ends with it, and its value
  std::uint64_t payload = 0;  // of the value, with its end
};
Reply read_reply(const Words& words);

std::string_view dumped_key(const Words& words);  // of a line of lru_crawler's lists; empty: it is none
bool is_error_reply(std::string_view status);

// A number without a sign.
bool to_number(std::string_view text, std::uint64_t& value);

// ---- binary -------------------------------------------------------------------------------------

constexpr std::size_t kHeaderBytes = 24;
constexpr std::uint8_t kRequestMagic = 0x80, kResponseMagic = 0x81;

namespace opcode {
constexpr std::uint8_t kGet = 0x00, kSet = 0x01, kQuit = 0x07, kNoop = 0x0a, kStat = 0x10, kSaslMechs = 0x20,
                       kSaslAuth = 0x21, kSaslStep = 0x22;
}  // namespace opcode

// magic | opcode | key length: u16 | extras length: u8 | data type: u8 | vbucket or status: u16 | body
// length: u32 | opaque: u32 | cas: u64 ; then extras, key, value.
struct Header {
  Fault fault = Fault::none;
  bool is_response = false;
  std::uint8_t op = 0;
  std::uint16_t key_bytes = 0;
  std::uint8_t extras_bytes = 0;
  std::uint16_t status = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t opaque = 0;
  std::uint64_t cas = 0;
  std::uint32_t value_bytes() const { return body_bytes - key_bytes - extras_bytes; }
};
Header read_header(Bytes in);

std::string_view opcode_name(std::uint8_t op);  // empty: unknown
bool is_quiet(std::uint8_t op);
std::string_view status_name(std::uint16_t status);  // empty: unknown

}  // namespace spanlight::memcached
