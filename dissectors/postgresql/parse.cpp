#include "postgresql/parse.h"

namespace spanlight::postgresql {
namespace {

struct LengthRange {
  std::uint32_t min = 1, max = 0;  // none: no such type
};

LengthRange asked_range(std::uint8_t type) {
  switch (type) {
    case asked::kQuery:
      return {1, kMessageBytesMax};
    case asked::kParse:
      return {4, kMessageBytesMax};
    case asked::kBind:
      return {8, kMessageBytesMax};
    case asked::kDescribe:
    case asked::kClose:
      return {2, kShortBytesMax};
    case asked::kExecute:
      return {5, kShortBytesMax};
    case asked::kFlush:
    case asked::kSync:
    case asked::kCopyDone:
    case asked::kTerminate:
      return {0, 0};
    case asked::kFunctionCall:
      return {10, kMessageBytesMax};
    case asked::kCopyData:
      return {0, kMessageBytesMax};
    case asked::kCopyFail:
      return {1, kShortBytesMax};
    case asked::kPassword:
      return {0, 65'535};  // a Kerberos ticket may be long
    default:
      return {};
  }
}

LengthRange answered_range(std::uint8_t type) {
  switch (type) {
    case answered::kAuthentication:
      return {4, 65'535};
    case answered::kBackendKey:
      return {8, 260};
    case answered::kParameterStatus:
      return {2, kShortBytesMax};
    case answered::kReady:
      return {1, 1};
    case answered::kNegotiate:
      return {8, kShortBytesMax};
    case answered::kParseComplete:
    case answered::kBindComplete:
    case answered::kCloseComplete:
    case answered::kNoData:
    case answered::kEmptyQuery:
    case answered::kSuspended:
    case answered::kCopyDone:
      return {0, 0};
    case answered::kParameters:
      return {2, 2 + 4 * 65'535};
    case answered::kRowDescription:
    case answered::kDataRow:
    case answered::kNotice:
    case answered::kError:
      return {2, kMessageBytesMax};
    case answered::kCommandComplete:
      return {1, 1'024};
    case answered::kNotification:
      return {6, kShortBytesMax};
    case answered::kCopyIn:
    case answered::kCopyOut:
    case answered::kCopyBoth:
      return {3, 3 + 2 * 65'535};
    case answered::kCopyData:
      return {0, kMessageBytesMax};
    case answered::kFunctionResult:
      return {4, kMessageBytesMax};
    default:
      return {};
  }
}

}  // namespace

Header parse_header(Direction from, Bytes in) {
  Header out;
  Reader r{in};
  out.type = r.u8();
  const LengthRange range = from == Direction::c2s ? asked_range(out.type) : answered_range(out.type);
  if (!in.empty() && range.max < range.min) r.fail(Fault::bad_magic);
  const auto length = r.be<std::uint32_t>();
  out.fault = r.fault();
  if (out.fault != Fault::none) return out;
  out.body_bytes = length - static_cast<std::uint32_t>(kLengthBytes);
  if (length < kLengthBytes || out.body_bytes < range.min || out.body_bytes > range.max)
    out.fault = Fault::bad_length;
  return out;
}

Opening parse_opening(Bytes in) {
  constexpr std::uint32_t kBare = 8, kWithKeyMin = 16, kWithKeyMax = 12 + 256;
  Opening out;
  Reader r{in};
  out.size = r.be<std::uint32_t>();
  out.code = r.be<std::uint32_t>();
  if (r.ok()) {
    if (out.code == opening::kSsl || out.code == opening::kGssEncryption)
      r.require(out.size == kBare, Fault::bad_length);
    else if (out.code == opening::kCancel)
      r.require(out.size >= kWithKeyMin && out.size <= kWithKeyMax, Fault::bad_length);
    else
      r.require(out.is_startup(), Fault::bad_magic);
    r.require(out.size > kBare || !out.is_startup(), Fault::bad_length);
    r.require(out.size <= kOpeningBytesMax, Fault::bad_length);
  }
  out.fault = r.fault();
  return out;
}

std::string_view take_text(Reader& r, bool whole) {
  Reader ahead = r;
  const std::string_view rest = as_text(ahead.rest());
  const std::size_t end = rest.find('\0');
  if (end != std::string_view::npos) {
    r.skip(end + 1);
    return rest.substr(0, end);
  }
  if (!r.ok()) return {};
  r.fail(whole ? Fault::bad_value : Fault::short_input);
  return rest;
}

Startup parse_startup(Bytes parameters) {
  Startup out;
  Reader r{parameters};
  while (r.ok() && r.left() > 1) {
    const std::string_view name = take_text(r, true);
    const std::string_view value = take_text(r, true);
    r.require(!name.empty(), Fault::bad_value);
    if (name == "user") out.user = value;
    if (name == "database") out.database = value;
    if (name == "application_name") out.application_name = value;
    if (name == "replication") out.replication = value;
  }
  r.require(r.u8() == 0, Fault::bad_value);
  if (out.database.empty()) out.database = out.user;
  out.fault = r.fault();
  return out;
}

Parse parse_parse(Bytes body, bool whole) {
  Parse out;
  Reader r{body};
  out.statement = take_text(r, whole);
  out.text = take_text(r, whole);
  const auto types = r.be<std::uint16_t>();
  if (r.ok()) out.size = r.at() + std::size_t{4} * types;
  if (r.ok() && whole) r.require(body.size() == out.size, Fault::bad_length);
  out.fault = r.fault();
  return out;
}

bool Bind::is_binary(std::uint16_t parameter) const {
  const std::size_t count = formats.size() / 2;
  if (count == 0) return false;
  const std::size_t at = count == 1 ? 0 : 2 * std::size_t{parameter};
  return at + 1 < formats.size() && formats[at + 1] != 0;
}

Bind parse_bind(Bytes body, bool whole) {
  Bind out;
  Reader r{body};
  out.portal = take_text(r, whole);
  out.statement = take_text(r, whole);
  const auto formats = r.be<std::uint16_t>();
  out.formats = r.take(std::size_t{2} * formats);
  out.parameters = r.be<std::uint16_t>();
  r.require(formats <= 1 || formats == out.parameters, Fault::bad_length);
  if (!r.ok()) {
    out.fault = r.fault();
    return out;
  }
  Reader ahead = r;
  out.values = ahead.rest();
  for (std::uint16_t i = 0; i < out.parameters && r.ok(); ++i) {
    const auto size = r.be<std::uint32_t>();
    if (size != 0xffffffff) r.skip(size);  // NULL
  }
  const auto results = r.be<std::uint16_t>();
  if (r.ok() && whole) r.require(r.left() == std::size_t{2} * results, Fault::bad_length);
  out.fault = r.fault();
  return out;
}

Named parse_named(Bytes body) {
  Named out;
  Reader r{body};
  out.kind = r.u8();
  r.require(out.kind == 'S' || out.kind == 'P', Fault::bad_value);
  out.name = take_text(r, true);
  r.require(r.left() == 0, Fault::bad_length);
  out.fault = r.fault();
  return out;
}

Report parse_report(Bytes body, bool whole) {
  Report out;
  Reader r{body};
  while (r.ok() && r.left() > 0) {
    const std::uint8_t field = r.u8();
    if (field == 0) {
      r.require(r.left() == 0, Fault::bad_length);
      out.fault = r.fault();
      return out;
    }
    r.require((field >= 'A' && field <= 'Z') || (field >= 'a' && field <= 'z'), Fault::bad_value);
    if (!r.ok()) break;
    const std::string_view text = take_text(r, whole);
    if (field == 'S' && out.severity.empty()) out.severity = text;
    if (field == 'V') out.severity = text;  // not translated
    if (field == 'C') out.code = text;
    if (field == 'M') out.message = text;
    if (field == 'D') out.detail = text;
    if (field == 'H') out.hint = text;
  }
  if (r.ok()) r.fail(whole ? Fault::bad_length : Fault::short_input);
  out.fault = r.fault();
  return out;
}

}  // namespace spanlight::postgresql
