#include "postgresql/parse.h"

#include <algorithm>

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
  if (r.ok() && whole) r.require(r.left() == std::size_t{4} * types, Fault::bad_length);
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

namespace {

bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return (b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != '\v') || b == 0x7f;
  });
}

// One text and nothing behind it.
Fault check_text(Bytes body, bool whole) {
  Reader r{body};
  const std::string_view text = take_text(r, whole);
  if (r.fault() == Fault::none) r.require(r.left() == 0, Fault::bad_length);
  return is_text(text) ? r.fault() : Fault::bad_value;
}

Fault check_row(Bytes body, bool whole) {
  Reader r{body};
  const auto columns = r.be<std::uint16_t>();
  for (std::uint16_t i = 0; i < columns && r.ok(); ++i) {
    const auto size = r.be<std::uint32_t>();
    r.require(size == 0xffffffff || size <= kMessageBytesMax, Fault::bad_length);
    if (r.ok() && size != 0xffffffff) r.skip(size);
  }
  if (r.ok()) r.require(r.left() == 0, Fault::bad_length);
  return r.fault() == Fault::short_input && whole ? Fault::bad_length : r.fault();
}

Fault check_description(Bytes body, bool whole) {
  constexpr std::size_t kBehindName = 18;
  Reader r{body};
  const auto columns = r.be<std::uint16_t>();
  for (std::uint16_t i = 0; i < columns && r.ok(); ++i) {
    const std::string_view name = take_text(r, whole);
    if (!is_text(name)) return Fault::bad_value;
    r.skip(kBehindName);
  }
  if (r.ok()) r.require(r.left() == 0, Fault::bad_length);
  return r.fault() == Fault::short_input && whole ? Fault::bad_length : r.fault();
}

Fault check_copy(Bytes body, bool whole) {
  Reader r{body};
  r.require(r.u8() <= 1, Fault::bad_value);
  const auto columns = r.be<std::uint16_t>();
  r.skip(std::size_t{2} * columns);
  if (r.ok()) r.require(r.left() == 0, Fault::bad_length);
  return r.fault() == Fault::short_input && whole ? Fault::bad_length : r.fault();
}

Fault check_tag(Bytes body, bool whole) {
  Reader r{body};
  const std::string_view tag = take_text(r, whole);
  if (r.ok()) r.require(r.left() == 0, Fault::bad_length);
  const bool plain = std::all_of(tag.begin(), tag.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
  });
  const bool letter = tag.empty() || (tag[0] >= 'A' && tag[0] <= 'Z');
  return plain && letter && (!tag.empty() || body.empty()) ? r.fault() : Fault::bad_value;
}

Fault check_report(Bytes body, bool whole) {
  constexpr std::size_t kCodeBytes = 5;
  const Report report = parse_report(body, whole);
  if (report.fault != Fault::none) return report.fault;
  if (report.message.empty() || report.severity.empty() || !is_text(report.message)) return Fault::bad_value;
  return report.code.size() == kCodeBytes ? Fault::none : Fault::bad_value;
}

Fault check_asked(std::uint8_t type, Bytes body, bool whole) {
  switch (type) {
    case asked::kQuery:
      return check_text(body, whole);
    case asked::kCopyFail:
      return check_text(body, whole);
    case asked::kParse: {
      const Parse parse = parse_parse(body, whole);
      const Fault fault = parse.fault == Fault::short_input && whole ? Fault::bad_length : parse.fault;
      return is_text(parse.statement) && is_text(parse.text) ? fault : Fault::bad_value;
    }
    case asked::kBind: {
      const Bind bind = parse_bind(body, whole);
      const Fault fault = bind.fault == Fault::short_input && whole ? Fault::bad_length : bind.fault;
      return is_text(bind.portal) && is_text(bind.statement) ? fault : Fault::bad_value;
    }
    case asked::kDescribe:
    case asked::kClose: {
      if (!whole)
        return body.empty() || body[0] == 'S' || body[0] == 'P' ? Fault::short_input : Fault::bad_value;
      const Named named = parse_named(body);
      return is_text(named.name) ? named.fault : Fault::bad_value;
    }
    case asked::kExecute: {
      Reader r{body};
      const std::string_view portal = take_text(r, whole);
      r.skip(4);
      if (r.ok()) r.require(r.left() == 0, Fault::bad_length);
      if (!is_text(portal)) return Fault::bad_value;
      return r.fault() == Fault::short_input && whole ? Fault::bad_length : r.fault();
    }
    default:
      return whole ? Fault::none : Fault::short_input;
  }
}

Fault check_authentication(Bytes body, bool whole) {
  Reader r{body};
  const auto code = r.be<std::uint32_t>();
  if (!r.ok()) return whole ? Fault::bad_length : r.fault();
  switch (code) {
    case authentication::kOk:
    case authentication::kKerberos:
    case authentication::kCleartext:
    case authentication::kGss:
    case authentication::kSspi:
      r.require(r.left() == 0, Fault::bad_length);
      break;
    case authentication::kMd5:
      r.require(!whole || r.left() == 4, Fault::bad_length);
      break;
    case authentication::kGssContinue:
    case authentication::kSasl:
    case authentication::kSaslContinue:
    case authentication::kSaslFinal:
      break;
    default:
      r.fail(Fault::bad_value);
  }
  if (r.ok() && !whole) r.fail(Fault::short_input);
  return r.fault();
}

Fault check_answered(std::uint8_t type, Bytes body, bool whole) {
  switch (type) {
    case answered::kAuthentication:
      return check_authentication(body, whole);
    case answered::kReady:
      if (body.empty()) return Fault::short_input;
      return body[0] == 'I' || body[0] == 'T' || body[0] == 'E' ? Fault::none : Fault::bad_value;
    case answered::kParameterStatus: {
      Reader r{body};
      const std::string_view name = take_text(r, whole);
      const std::string_view value = take_text(r, whole);
      if (r.ok()) r.require(r.left() == 0 && !name.empty(), Fault::bad_length);
      return is_text(name) && is_text(value) ? r.fault() : Fault::bad_value;
    }
    case answered::kRowDescription:
      return check_description(body, whole);
    case answered::kDataRow:
      return check_row(body, whole);
    case answered::kCommandComplete:
      return check_tag(body, whole);
    case answered::kError:
    case answered::kNotice:
      return check_report(body, whole);
    case answered::kCopyIn:
    case answered::kCopyOut:
    case answered::kCopyBoth:
      return check_copy(body, whole);
    default:
      return whole ? Fault::none : Fault::short_input;
  }
}

}  // namespace

Fault check_body(Direction from, std::uint8_t type, Bytes body, bool whole) {
  return from == Direction::c2s ? check_asked(type, body, whole) : check_answered(type, body, whole);
}

bool is_telling(Direction from, std::uint8_t type, std::uint32_t body_bytes) {
  constexpr std::uint32_t kEnough = 4;  // bytes whose contents agree with the length before them
  if (from == Direction::c2s)
    return (type == asked::kQuery && body_bytes > kEnough) || type == asked::kParse || type == asked::kBind;
  switch (type) {
    case answered::kAuthentication:
    case answered::kRowDescription:
    case answered::kError:
    case answered::kReady:
      return true;
    case answered::kDataRow:
    case answered::kCommandComplete:
    case answered::kParameterStatus:
    case answered::kCopyIn:
    case answered::kCopyOut:
    case answered::kCopyBoth:
      return body_bytes > kEnough;
    default:
      return false;
  }
}

}  // namespace spanlight::postgresql
