#include "nats/parse.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/fold.h"

namespace spanlight::nats {
namespace {

struct Named {
  std::string_view lower;
  Op op;
  std::string_view name;
};

constexpr Named kOps[] = {{"info", Op::info, "INFO"}, {"connect", Op::connect, "CONNECT"},
                          {"pub", Op::pub, "PUB"},    {"hpub", Op::hpub, "HPUB"},
                          {"sub", Op::sub, "SUB"},    {"unsub", Op::unsub, "UNSUB"},
                          {"msg", Op::msg, "MSG"},    {"hmsg", Op::hmsg, "HMSG"},
                          {"ping", Op::ping, "PING"}, {"pong", Op::pong, "PONG"},
                          {"+ok", Op::ok, "+OK"},     {"-err", Op::err, "-ERR"}};
constexpr std::size_t kOpBytesMax = 7;
constexpr std::size_t kArgumentsMax = 5;
constexpr std::string_view kBlanks = " \t";

bool to_number(std::string_view text, std::uint64_t& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

struct Arguments {
  std::string_view at[kArgumentsMax];
  std::size_t count = 0;  // more than kArgumentsMax: too many
};

Arguments split(std::string_view text) {
  Arguments out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    if (out.count < kArgumentsMax) out.at[out.count] = text.substr(at, end - at);
    ++out.count;
    at = end;
  }
  return out;
}

// Behind the subject: a sid for what the server says, perhaps a reply subject, perhaps the headers' size, the
// size.
bool read_carrier(const Arguments& a, Line& line) {
  const std::size_t sids = line.op == Op::msg || line.op == Op::hmsg ? 1 : 0;
  const std::size_t sizes = line.op == Op::hpub || line.op == Op::hmsg ? 2 : 1;
  const std::size_t least = 1 + sids + sizes;
  if (a.count < least || a.count > least + 1) return false;
  line.subject = a.at[0];
  if (sids > 0) line.sid = a.at[1];
  if (a.count > least) line.reply = a.at[1 + sids];
  if (sizes == 2 && !to_number(a.at[a.count - 2], line.header_bytes)) return false;
  if (!to_number(a.at[a.count - 1], line.payload)) return false;
  return is_token(line.subject) && line.payload <= kPayloadBytesMax && line.header_bytes <= line.payload;
}

bool read_arguments(std::string_view text, Line& line) {
  const Arguments a = split(text);
  switch (line.op) {
    case Op::pub:
    case Op::hpub:
    case Op::msg:
    case Op::hmsg:
      return read_carrier(a, line);
    case Op::sub:
      if (a.count < 2 || a.count > 3) return false;
      line.subject = a.at[0];
      if (a.count == 3) line.queue = a.at[1];
      line.sid = a.at[a.count - 1];
      return is_token(line.subject);
    case Op::unsub:
      if (a.count < 1 || a.count > 2) return false;
      line.sid = a.at[0];
      if (a.count == 2) line.max = a.at[1];
      return true;
    case Op::info:
    case Op::connect:
      line.rest = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
      return line.rest.starts_with('{');
    case Op::err:
      line.rest = text.substr(std::min(text.find_first_not_of(" '"), text.size()));
      if (line.rest.ends_with('\'')) line.rest.remove_suffix(1);
      return true;
    case Op::ping:
    case Op::pong:
    case Op::ok:
      return a.count == 0;
    case Op::unknown:
      break;
  }
  return false;
}

}  // namespace

std::string_view op_name(Op op) {
  for (const Named& named : kOps)
    if (named.op == op) return named.name;
  return {};
}

bool is_from_client(Op op) {
  return op == Op::connect || op == Op::pub || op == Op::hpub || op == Op::sub || op == Op::unsub ||
         op == Op::ping || op == Op::pong;
}

bool is_from_server(Op op) {
  return op == Op::info || op == Op::msg || op == Op::hmsg || op == Op::ping || op == Op::pong ||
         op == Op::ok || op == Op::err;
}

Op read_op(Bytes in, std::size_t& word_bytes, bool& more) {
  const std::string_view text = as_text(in.first(std::min(in.size(), kOpBytesMax + 1)));
  word_bytes = std::min(text.find_first_of(" \t\r\n"), text.size());
  more = word_bytes == in.size();
  const std::string_view word = text.substr(0, word_bytes);
  for (const Named& named : kOps) {
    if (more ? same_folded(word, named.lower.substr(0, word.size())) : same_folded(word, named.lower))
      return named.op;
  }
  more = false;
  return Op::unknown;
}

Line read_line(Bytes in) {
  Line line;
  std::size_t word = 0;
  bool more = false;
  line.op = read_op(in, word, more);
  if (more) {
    line.fault = Fault::short_input;
    return line;
  }
  if (line.op == Op::unknown) {
    line.fault = Fault::bad_magic;
    return line;
  }
  const std::size_t look = std::min(in.size(), kLineBytesMax);
  const void* found = std::memchr(in.data(), '\n', look);
  if (found == nullptr) {
    line.fault = look == kLineBytesMax ? Fault::bad_length : Fault::short_input;
    return line;
  }
  line.bytes = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in.data()) + 1;
  std::string_view text = as_text(in.first(line.bytes - 1));
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (!read_arguments(text.substr(std::min(word, text.size())), line)) line.fault = Fault::bad_value;
  return line;
}

Line read_kept_line(Bytes in) {
  Line line = read_line(in);
  if (line.fault != Fault::short_input || line.op == Op::unknown) return line;
  std::size_t word = 0;
  bool more = false;
  read_op(in, word, more);
  line.bytes = in.size();
  line.fault = !more && read_arguments(as_text(in).substr(word), line) ? Fault::none : Fault::bad_value;
  return line;
}

HeaderLines read_header_lines(std::string_view headers) {
  HeaderLines out;
  constexpr std::string_view kVersion = "NATS/1.0";
  if (!headers.starts_with(kVersion)) return out;
  const std::size_t end = std::min(headers.find("\r\n"), headers.size());
  std::string_view first = headers.substr(kVersion.size(), end - kVersion.size());
  first.remove_prefix(std::min(first.find_first_not_of(' '), first.size()));
  const std::size_t space = std::min(first.find(' '), first.size());
  out.status = first.substr(0, space);
  out.description = first.substr(std::min(space + 1, first.size()));
  if (end + 2 <= headers.size()) out.lines = headers.substr(end + 2);
  return out;
}

}  // namespace spanlight::nats
