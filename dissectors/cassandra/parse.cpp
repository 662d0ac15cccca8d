#include "cassandra/parse.h"

#include <algorithm>
#include <array>

namespace spanlight::cassandra {
namespace {

constexpr std::uint16_t kListMax = 1'024;  // entries of a list that are walked

std::string_view string(Reader& r) {
  return as_text(r.take(r.be<std::uint16_t>()));
}

// [bytes]: i32 length, negative: null.
void skip_bytes(Reader& r) {
  const auto n = static_cast<std::int32_t>(r.be<std::uint32_t>());
  if (n > 0) r.skip(static_cast<std::size_t>(n));
}

// A statement, as much of it as is there.
std::string_view long_string(Reader& r, std::uint64_t& bytes) {
  const std::uint32_t n = r.be<std::uint32_t>();
  r.require(n <= kBodyBytesMax, Fault::bad_length);
  if (!r.ok()) return {};
  bytes = n;
  const std::size_t there = std::min<std::size_t>(n, r.left());
  const std::string_view out = as_text(r.take(there));
  if (there < n) r.fail(Fault::short_input);
  return out;
}

void skip_strings(Reader& r) {
  const std::uint16_t n = r.be<std::uint16_t>();
  r.require(n <= kListMax, Fault::too_many);
  for (std::uint16_t i = 0; i < n && r.ok(); ++i) string(r);
}

void skip_payload(Reader& r) {
  const std::uint16_t n = r.be<std::uint16_t>();
  r.require(n <= kListMax, Fault::too_many);
  for (std::uint16_t i = 0; i < n && r.ok(); ++i) {
    string(r);
    skip_bytes(r);
  }
}

// A type, with those it is made of. No recursion: what is open lies in an array.
void skip_type(Reader& r) {
  constexpr std::uint16_t kCustom = 0, kList = 0x20, kMap = 0x21, kSet = 0x22, kUserType = 0x30,
                          kTuple = 0x31;
  constexpr std::size_t kDepthMax = 16;
  struct Open {
    std::uint16_t left = 0;
    bool named = false;
  };
  std::array<Open, kDepthMax> open{};
  std::size_t depth = 1;
  open[0].left = 1;
  while (depth > 0 && r.ok()) {
    Open& top = open[depth - 1];
    if (top.left == 0) {
      --depth;
      continue;
    }
    --top.left;
    if (top.named) string(r);
    const std::uint16_t type = r.be<std::uint16_t>();
    Open inner;
    if (type == kCustom) string(r);
    if (type == kList || type == kSet) inner.left = 1;
    if (type == kMap) inner.left = 2;
    if (type == kUserType) {
      string(r);
      string(r);
      inner = {.left = r.be<std::uint16_t>(), .named = true};
    }
    if (type == kTuple) inner.left = r.be<std::uint16_t>();
    if (inner.left == 0) continue;
    r.require(depth < kDepthMax, Fault::too_deep);
    if (r.ok()) open[depth++] = inner;
  }
}

// i32 flags | i32 columns | paging state | id | table | columns
void parse_metadata(Reader& r, Told& out) {
  constexpr std::uint32_t kGlobalTable = 1, kMorePages = 2, kNoMetadata = 4, kChanged = 8;
  constexpr std::uint32_t kColumnsMax = 65'535;
  const std::uint32_t flags = r.be<std::uint32_t>();
  out.columns = r.be<std::uint32_t>();
  r.require(out.columns <= kColumnsMax, Fault::too_many);
  if ((flags & kMorePages) != 0) {
    out.more_pages = true;
    skip_bytes(r);
  }
  if ((flags & kChanged) != 0) string(r);
  if ((flags & kNoMetadata) != 0) return;
  const bool global = (flags & kGlobalTable) != 0;
  if (global) {
    out.keyspace = string(r);
    out.table = string(r);
  }
  for (std::uint32_t i = 0; i < out.columns && r.ok(); ++i) {
    if (!global) {
      const std::string_view keyspace = string(r), table = string(r);
      if (i == 0) {
        out.keyspace = keyspace;
        out.table = table;
      }
    }
    string(r);
    skip_type(r);
  }
}

void parse_result(Reader& r, Told& out) {
  out.kind = r.be<std::uint32_t>();
  r.require(!kind_name(out.kind).empty() || !r.ok(), Fault::bad_value);
  switch (out.kind) {
    case kRows:
      parse_metadata(r, out);
      out.rows = r.be<std::uint32_t>();
      out.has_rows = r.ok();
      return;
    case kSetKeyspace:
      out.keyspace = string(r);
      return;
    case kPrepared:
      out.id = r.take(r.be<std::uint16_t>());
      return;
    case kSchemaChange:
      out.change = string(r);
      string(r);  // what was changed: a table, a type
      out.keyspace = string(r);
      if (r.ok() && r.left() > 0) out.table = string(r);
      return;
    default:
      return;
  }
}

// u8 type | u16 count | ( u8 kind | statement or id | u16 count | values )* | u16 consistency
void parse_batch(Reader& r, Asked& out) {
  r.skip(1);
  out.statements = r.be<std::uint16_t>();
  for (std::uint32_t i = 0; i < out.statements && r.ok(); ++i) {
    const std::uint8_t prepared = r.u8();
    r.require(prepared <= 1, Fault::bad_value);
    if (prepared == 0) {
      std::uint64_t bytes = 0;
      const std::string_view statement = long_string(r, bytes);
      if (out.statement.empty()) {
        out.statement = statement;
        out.statement_bytes = bytes;
      }
    } else {
      const Bytes id = r.take(r.be<std::uint16_t>());
      if (out.id.empty()) out.id = id;
    }
    const std::uint16_t values = r.be<std::uint16_t>();
    for (std::uint16_t v = 0; v < values && r.ok(); ++v) skip_bytes(r);
  }
  out.consistency = r.be<std::uint16_t>();
  out.has_consistency = r.ok();
}

void parse_startup(Reader& r, Asked& out) {
  const std::uint16_t n = r.be<std::uint16_t>();
  r.require(n <= kListMax, Fault::too_many);
  for (std::uint16_t i = 0; i < n && r.ok(); ++i) {
    const std::string_view name = string(r), value = string(r);
    if (name == "COMPRESSION") out.compression = value;
    if (name == "DRIVER_NAME") out.driver = value;
  }
}

}  // namespace

Header header_of(Bytes in) {
  Reader r(in);
  Header out;
  const std::uint8_t version = r.u8();
  out.version = version & 0x7f;
  out.answer = (version & kAnswerBit) != 0;
  out.flags = r.u8();
  out.stream = static_cast<std::int16_t>(r.be<std::uint16_t>());
  out.opcode = r.u8();
  out.length = r.be<std::uint32_t>();
  return out;
}

bool Header::understood(bool from_server) const {
  if (version < kVersionMin || version > kVersionMax || answer != from_server) return false;
  if ((flags & ~flag::kAll) != 0 || length > kBodyBytesMax || opcode_name(opcode).empty()) return false;
  switch (opcode) {
    case kError:
    case kReady:
    case kAuthenticate:
    case kSupported:
    case kResult:
    case kEvent:
    case kAuthChallenge:
    case kAuthSuccess:
      return answer;
    default:
      return !answer;
  }
}

Asked parse_request(const Header& header, Bytes body) {
  Asked out;
  Reader r(body);
  if ((header.flags & flag::kPayload) != 0) skip_payload(r);
  switch (header.opcode) {
    case kQuery:
      out.statement = long_string(r, out.statement_bytes);
      out.consistency = r.be<std::uint16_t>();
      out.has_consistency = r.ok();
      break;
    case kPrepare:
      out.statement = long_string(r, out.statement_bytes);
      break;
    case kExecute:
      out.id = r.take(r.be<std::uint16_t>());
      if (header.version >= 5) r.skip(r.be<std::uint16_t>());
      out.consistency = r.be<std::uint16_t>();
      out.has_consistency = r.ok();
      break;
    case kBatch:
      parse_batch(r, out);
      break;
    case kStartup:
      parse_startup(r, out);
      break;
    case kRegister: {
      if (r.be<std::uint16_t>() > 0) out.events = string(r);
      break;
    }
    default:
      break;  // OPTIONS has no body, AUTH_RESPONSE's is secret
  }
  out.fault = r.fault();
  return out;
}

Told parse_answer(const Header& header, Bytes body) {
  constexpr std::size_t kTracingBytes = 16;
  Told out;
  Reader r(body);
  if ((header.flags & flag::kTracing) != 0) r.skip(kTracingBytes);
  if ((header.flags & flag::kWarning) != 0) {
    Reader count(body.subspan(r.ok() ? r.at() : 0));
    out.warnings = count.be<std::uint16_t>();
    skip_strings(r);
  }
  if ((header.flags & flag::kPayload) != 0) skip_payload(r);
  switch (header.opcode) {
    case kError:
      out.code = static_cast<std::int32_t>(r.be<std::uint32_t>());
      out.message = string(r);
      break;
    case kResult:
      parse_result(r, out);
      break;
    case kAuthenticate:
      out.authenticator = string(r);
      break;
    case kEvent:
      out.event = string(r);
      out.change = string(r);
      break;
    default:
      break;
  }
  out.fault = r.fault();
  return out;
}

}  // namespace spanlight::cassandra
