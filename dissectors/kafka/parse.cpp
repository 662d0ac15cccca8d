#include "kafka/parse.h"

#include <algorithm>

#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

constexpr std::uint32_t kRequestBytesMin = 8;  // behind the length, without a client id
constexpr std::uint8_t kVersionSlack = 3;      // newer ones than are known here

// A client names itself with what people can read.
bool is_name(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return b < ' ' || b == 0x7f;
  });
}

}  // namespace

Request parse_request(Bytes in) {
  Request out;
  Reader r{in};
  const auto length = r.be<std::uint32_t>();
  if (r.ok()) r.require(length >= kRequestBytesMin && length <= kFrameBytesMax, Fault::bad_length);
  out.size = static_cast<std::uint32_t>(kLengthBytes + length);
  out.key = static_cast<std::int16_t>(r.be<std::uint16_t>());
  if (r.ok()) {
    out.api = find_api(out.key);
    r.require(out.api != nullptr, Fault::bad_magic);
  }
  out.version = static_cast<std::int16_t>(r.be<std::uint16_t>());
  if (r.ok())
    r.require(out.version >= 0 && out.version <= out.api->version_max + kVersionSlack, Fault::bad_value);
  out.id = r.be<std::uint32_t>();
  if (r.ok()) r.require(out.id <= 0x7fffffff, Fault::bad_value);
  constexpr std::int16_t kControlledShutdown = 7;
  const bool bare = out.key == kControlledShutdown && out.version == 0;
  if (r.ok() && !bare) {
    const auto size = static_cast<std::int16_t>(r.be<std::uint16_t>());
    if (r.ok()) {
      const bool fits = size < 0 || static_cast<std::uint32_t>(size) + kRequestBytesMin + 2 <= length;
      r.require(size >= -1 && fits && size <= std::int16_t{kClientIdBytesMax}, Fault::bad_length);
    }
    if (r.ok() && size > 0) {
      Reader ahead = r;
      const Bytes there = ahead.take(std::min<std::size_t>(static_cast<std::size_t>(size), ahead.left()));
      r.require(is_name(as_text(there)), Fault::bad_value);
      out.client_id = as_text(r.take(static_cast<std::size_t>(size)));
    }
  }
  out.flexible = r.ok() && out.api != nullptr && out.version >= out.api->flexible;
  if (out.flexible) skip_tags(r);
  out.body_at = r.at();
  if (r.ok()) r.require(out.body_at <= out.size, Fault::bad_length);
  out.fault = r.fault();
  return out;
}

Response parse_response(Bytes in) {
  Response out;
  Reader r{in};
  const auto length = r.be<std::uint32_t>();
  if (r.ok()) r.require(length >= kIdBytes && length <= kFrameBytesMax, Fault::bad_length);
  out.size = static_cast<std::uint32_t>(kLengthBytes + length);
  out.id = r.be<std::uint32_t>();
  out.fault = r.fault();
  return out;
}

Request read_as(Request request, Bytes body) {
  constexpr std::uint16_t kUnsupportedVersion = 35;
  Reader r{body};
  if (request.key != api::kApiVersions || r.be<std::uint16_t>() != kUnsupportedVersion) return request;
  request.version = 0;
  request.flexible = false;
  return request;
}

// KIP-511: the answer to ApiVersions has the old header always.
std::size_t response_body_at(const Request& request, Bytes frame) {
  Reader r{frame};
  r.skip(kLengthBytes + kIdBytes);
  if (request.flexible && request.key != api::kApiVersions) skip_tags(r);
  return r.ok() ? r.at() : frame.size();
}

}  // namespace spanlight::kafka
