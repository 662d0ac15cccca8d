#include "memcached/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace spanlight::memcached {
namespace {

struct Named {
  std::string_view word;
  Verb verb;
};

constexpr Named kVerbs[] = {{"get", Verb::get},
                            {"gets", Verb::get},
                            {"set", Verb::store},
                            {"add", Verb::store},
                            {"replace", Verb::store},
                            {"append", Verb::store},
                            {"prepend", Verb::store},
                            {"cas", Verb::store},
                            {"gat", Verb::touch_get},
                            {"gats", Verb::touch_get},
                            {"delete", Verb::key},
                            {"incr", Verb::key},
                            {"decr", Verb::key},
                            {"touch", Verb::key},
                            {"mg", Verb::meta_get},
                            {"ms", Verb::meta_set},
                            {"md", Verb::meta_key},
                            {"ma", Verb::meta_key},
                            {"me", Verb::meta_key},
                            {"mn", Verb::meta_noop},
                            {"stats", Verb::plain},
                            {"version", Verb::plain},
                            {"flush_all", Verb::plain},
                            {"verbosity", Verb::plain},
                            {"quit", Verb::quit},
                            {"slabs", Verb::plain},
                            {"lru", Verb::plain},
                            {"lru_crawler", Verb::plain},
                            {"cache_memlimit", Verb::plain},
                            {"shutdown", Verb::quit},
                            {"refresh_certs", Verb::plain}};

constexpr std::string_view kEndings[] = {
    "STORED",  "NOT_STORED", "EXISTS",       "NOT_FOUND",    "DELETED", "TOUCHED", "OK",
    "RESET",   "ERROR",      "CLIENT_ERROR", "SERVER_ERROR", "VERSION", "BUSY",    "BADCLASS",
    "NOSPARE", "NOTFULL",    "UNSAFE",       "SAME",         "HD",      "EN",      "NF",
    "NS",      "EX",         "MN",           "ME",           "END"};

constexpr std::string_view kOpcodes[] = {"get",        "set",        "add",
                                         "replace",    "delete",     "increment",
                                         "decrement",  "quit",       "flush",
                                         "getq",       "noop",       "version",
                                         "getk",       "getkq",      "append",
                                         "prepend",    "stat",       "setq",
                                         "addq",       "replaceq",   "deleteq",
                                         "incrementq", "decrementq", "quitq",
                                         "flushq",     "appendq",    "prependq",
                                         "verbosity",  "touch",      "gat",
                                         "gatq",       "",           "sasl_list_mechs",
                                         "sasl_auth",  "sasl_step"};

constexpr std::string_view kBlanks = " ";

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= kKeyBytesMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

// A length of a value, which ends with CR LF.
bool to_payload(std::string_view text, std::uint64_t& payload) {
  std::uint64_t n = 0;
  if (!to_number(text, n) || n > kValueBytesMax) return false;
  payload = n + 2;
  return true;
}

// set key flags exptime bytes [noreply] ; cas has a unique number before noreply. An exptime may be negative.
bool read_store(const Words& words, Request& out) {
  const std::size_t least = words.at(0) == "cas" ? 6 : 5;
  std::uint64_t n = 0;
  std::string_view expires = words.at(3);
  if (expires.starts_with('-')) expires.remove_prefix(1);
  if (words.count < least || words.count > least + 1 || !is_key(words.at(1))) return false;
  if (!to_number(words.at(2), n) || !to_number(expires, n)) return false;
  out.quiet = words.count > least && words.at(least) == "noreply";
  return to_payload(words.at(4), out.payload);
}

// Flags of a meta command: q (no answer when it says nothing new), O (an opaque word), k (the key comes
// back).
void read_meta_flags(const Words& words, std::size_t first, Request& out) {
  for (std::size_t i = first; i < words.list.all().size(); ++i) {
    const std::string_view flag = words.at(i);
    if (flag == "q") out.quiet = true;
    if (flag == "k") out.tells_key = true;
    if (flag.size() > 1 && flag[0] == 'O') out.meta_opaque = flag.substr(1);
  }
}

bool read_arguments(const Words& words, Request& out) {
  std::uint64_t n = 0;
  switch (out.verb) {
    case Verb::unknown:
      return false;
    case Verb::store:
      return read_store(words, out);
    case Verb::get:
      return words.count >= 2 && is_key(words.at(1));
    case Verb::touch_get:
      return words.count >= 3 && to_number(words.at(1), n) && is_key(words.at(2));
    case Verb::key: {
      out.quiet = words.count > 2 && words.at(words.count - 1) == "noreply";
      const bool has_number = words.at(0) != "delete";
      if (words.count < (has_number ? 3u : 2u) || words.count > 4 || !is_key(words.at(1))) return false;
      return !has_number || to_number(words.at(2), n) || words.at(2).starts_with('-');
    }
    case Verb::plain:
      out.quiet = words.count > 1 && words.at(words.count - 1) == "noreply";
      return words.count <= 8;
    case Verb::quit:
      return words.count <= 2;
    case Verb::meta_get:
    case Verb::meta_key:
      read_meta_flags(words, 2, out);
      return words.count >= 2 && is_key(words.at(1));
    case Verb::meta_set:
      read_meta_flags(words, 3, out);
      return words.count >= 3 && is_key(words.at(1)) && to_payload(words.at(2), out.payload);
    case Verb::meta_noop:
      return words.count == 1;
  }
  return false;
}

}  // namespace

bool to_number(std::string_view text, std::uint64_t& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && end == text.data() + text.size() && !text.empty();
}

// Up to LF; a CR before it is the end's.
Line read_line(Bytes in) {
  Line line;
  const std::size_t look = std::min(in.size(), kLineBytesMax);
  const void* found = look == 0 ? nullptr : std::memchr(in.data(), '\n', look);
  if (found == nullptr) {
    line.fault = look == kLineBytesMax ? Fault::bad_length : Fault::short_input;
    return line;
  }
  line.bytes = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in.data()) + 1;
  line.text = as_text(in.first(line.bytes - 1));
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

void split(std::string_view line, Words& words) {
  std::size_t at = 0;
  while ((at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    ++words.count;
    if (words.list.all().size() < Line::kWordsMax) words.list.add(line.substr(at, end - at));
    at = end;
  }
}

Verb verb_of(std::string_view word) {
  for (const Named& named : kVerbs)
    if (named.word == word) return named.verb;
  return Verb::unknown;
}

Request read_request(const Words& words) {
  Request out{.verb = verb_of(words.at(0))};
  if (out.verb == Verb::unknown)
    out.fault = Fault::bad_magic;
  else if (!read_arguments(words, out))
    out.fault = Fault::bad_value;
  return out;
}

// VALUE key flags bytes [cas] and its data, STAT name value, ITEM …, the key=… of metadump and the mg … of
// mgdump: more follows, up to END or EN. Anything else is an answer of its own: a word, a number, VA size
// flags* and its data.
Reply read_reply(const Words& words) {
  Reply out;
  const std::string_view word = words.at(0);
  std::uint64_t n = 0;
  if (word == "VALUE") {
    if (words.count < 4 || words.count > 5 || !to_number(words.at(2), n) ||
        !to_payload(words.at(3), out.payload))
      out.fault = Fault::bad_value;
  } else if (word == "STAT" || word == "ITEM" || !dumped_key(words).empty() || word == "mg") {
    if (words.count < 2) out.fault = Fault::bad_value;
  } else if (word == "VA") {
    out.last = true;
    if (words.count < 2 || !to_payload(words.at(1), out.payload)) out.fault = Fault::bad_value;
  } else {
    out.last = true;
    const bool known = std::ranges::find(kEndings, word) != std::end(kEndings) || to_number(word, n);
    if (!known) out.fault = Fault::bad_magic;
  }
  return out;
}

std::string_view dumped_key(const Words& words) {
  if (words.at(0).starts_with("key=")) return words.at(0).substr(4);
  return words.at(0) == "mg" ? words.at(1) : std::string_view{};
}

bool is_error_reply(std::string_view status) {
  return status == "ERROR" || status == "CLIENT_ERROR" || status == "SERVER_ERROR";
}

Header read_header(Bytes in) {
  Header h;
  Reader r(in);
  const std::uint8_t magic = r.u8();
  if (r.ok()) r.require(magic == kRequestMagic || magic == kResponseMagic, Fault::bad_magic);
  h.is_response = magic == kResponseMagic;
  h.op = r.u8();
  if (r.ok()) r.require(!opcode_name(h.op).empty(), Fault::bad_value);
  h.key_bytes = r.be<std::uint16_t>();
  r.require(h.key_bytes <= kKeyBytesMax, Fault::bad_length);
  h.extras_bytes = r.u8();
  const std::uint8_t data_type = r.u8();
  r.require(data_type == 0, Fault::bad_value);
  h.status = r.be<std::uint16_t>();
  h.body_bytes = r.be<std::uint32_t>();
  if (r.ok())
    r.require(h.body_bytes >= std::uint32_t{h.key_bytes} + h.extras_bytes && h.body_bytes <= kValueBytesMax,
              Fault::bad_length);
  h.opaque = r.be<std::uint32_t>();
  h.cas = r.be<std::uint64_t>();
  h.fault = r.fault();
  return h;
}

std::string_view opcode_name(std::uint8_t op) {
  return op < std::size(kOpcodes) ? kOpcodes[op] : std::string_view{};
}

bool is_quiet(std::uint8_t op) {
  return opcode_name(op).ends_with('q') && !opcode_name(op).empty();
}

std::string_view status_name(std::uint16_t status) {
  switch (status) {
    case 0x00:
      return "No error";
    case 0x01:
      return "Key not found";
    case 0x02:
      return "Key exists";
    case 0x03:
      return "Value too large";
    case 0x04:
      return "Invalid arguments";
    case 0x05:
      return "Item not stored";
    case 0x06:
      return "Incr/Decr on non-numeric value";
    case 0x07:
      return "The vbucket belongs to another server";
    case 0x08:
    case 0x20:
      return "Authentication error";
    case 0x09:
    case 0x21:
      return "Authentication continue";
    case 0x81:
      return "Unknown command";
    case 0x82:
      return "Out of memory";
    case 0x83:
      return "Not supported";
    case 0x84:
      return "Internal error";
    case 0x85:
      return "Busy";
    case 0x86:
      return "Temporary failure";
    default:
      return {};
  }
}

}  // namespace spanlight::memcached
