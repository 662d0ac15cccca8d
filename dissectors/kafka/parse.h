#pragma once
// The head of a request, pure and without state. `short_input` alone means that more bytes may cure it.

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/reader.h"
#include "kafka/apis.h"

namespace spanlight::kafka {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kIdBytes = 4;
constexpr std::uint32_t kFrameBytesMax = 0x10000000;  // a broker takes 100 MB, unless it is told otherwise
constexpr std::size_t kClientIdBytesMax = 256;

// i32 length | i16 api key | i16 version | i32 correlation id | client id | tagged fields where flexible
struct Request {
  Fault fault = Fault::none;
  const Api* api = nullptr;
  std::uint32_t size = 0;  // of the frame, with its length
  std::int16_t key = 0;
  std::int16_t version = 0;
  std::uint32_t id = 0;
  std::string_view client_id;
  bool flexible = false;
  std::size_t body_at = 0;

  Bytes body(Bytes frame) const { return frame.subspan(body_at); }
};
Request parse_request(Bytes in);

// i32 length | i32 correlation id
struct Response {
  Fault fault = Fault::none;
  std::uint32_t size = 0;
  std::uint32_t id = 0;
};
Response parse_response(Bytes in);

// As whose answer a body is to be read: a broker that does not know the version of an ApiVersions says so in
// the oldest one (KIP-511).
Request read_as(Request request, Bytes body);

// Where a response's body begins: behind the tagged fields of its header, if it has some.
std::size_t response_body_at(const Request& request, Bytes frame);

}  // namespace spanlight::kafka
