// What a body must be like, type by type: for those who look for messages among other bytes.

#include <algorithm>

#include "postgresql/parse.h"

namespace spanlight::postgresql {
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

// Every column lies within `body_bytes`, which may be more than is there.
Fault check_row(Bytes body, std::uint32_t body_bytes) {
  constexpr std::uint16_t kColumnsMax = 1'664;  // of a server's rows, and of what it selects
  constexpr std::uint32_t kNull = 0xffffffff;
  const bool whole = body.size() >= body_bytes;
  Reader r{body};
  const auto columns = r.be<std::uint16_t>();
  if (r.ok()) r.require(columns <= kColumnsMax, Fault::too_many);
  for (std::uint16_t i = 0; i < columns && r.ok(); ++i) {
    const auto size = r.be<std::uint32_t>();
    if (!r.ok() || size == kNull) continue;
    r.require(size <= body_bytes - r.at(), Fault::bad_length);
    if (r.ok()) r.skip(size);
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

Fault check_copy(Bytes body, std::uint32_t body_bytes) {
  Reader r{body};
  r.require(r.u8() <= 1, Fault::bad_value);
  const auto columns = r.be<std::uint16_t>();
  if (r.ok()) r.require(body_bytes == r.at() + std::size_t{2} * columns, Fault::bad_length);
  r.skip(std::size_t{2} * columns);
  return r.fault() == Fault::short_input && body.size() >= body_bytes ? Fault::bad_length : r.fault();
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
  constexpr std::size_t kCodeBytes = 5, kCodeWithin = 64;
  const Report report = parse_report(body, whole);
  // Severity and code stand in front.
  if (body.size() >= kCodeWithin && (report.severity.empty() || report.code.size() != kCodeBytes))
    return Fault::bad_value;
  if (report.fault != Fault::none) return report.fault;
  if (report.message.empty() || report.severity.empty() || !is_text(report.message)) return Fault::bad_value;
  return report.code.size() == kCodeBytes ? Fault::none : Fault::bad_value;
}

Fault check_asked(std::uint8_t type, Bytes body, std::uint32_t body_bytes) {
  const bool whole = body.size() >= body_bytes;
  switch (type) {
    case asked::kQuery:
    case asked::kCopyFail:
      return check_text(body, whole);
    case asked::kParse: {
      const Parse parse = parse_parse(body, whole);
      if (parse.size != 0 && parse.size != body_bytes) return Fault::bad_length;
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

Fault check_answered(std::uint8_t type, Bytes body, std::uint32_t body_bytes) {
  const bool whole = body.size() >= body_bytes;
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
      return check_row(body, body_bytes);
    case answered::kCommandComplete:
      return check_tag(body, whole);
    case answered::kError:
    case answered::kNotice:
      return check_report(body, whole);
    case answered::kCopyIn:
    case answered::kCopyOut:
    case answered::kCopyBoth:
      return check_copy(body, body_bytes);
    default:
      return whole ? Fault::none : Fault::short_input;
  }
}

}  // namespace

Fault check_body(Direction from, std::uint8_t type, Bytes body, std::uint32_t body_bytes) {
  return from == Direction::c2s ? check_asked(type, body, body_bytes)
                                : check_answered(type, body, body_bytes);
}

bool is_telling(Direction from, std::uint8_t type, std::uint32_t body_bytes, bool whole) {
  constexpr std::uint32_t kEnough = 4;  // bytes whose contents agree with the length before them
  // Parse and Bind are followed by others, but for a statement that is too long to be looked through.
  if (from == Direction::c2s)
    return (type == asked::kQuery && body_bytes > kEnough) || (type == asked::kParse && !whole);
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
