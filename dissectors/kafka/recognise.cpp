#include "kafka/recognise.h"

#include <algorithm>

#include "kafka/parse.h"
#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

// Nothing but zeros and small numbers is no evidence: a client that has no name is believed where it begins
// as clients do.
bool is_named(const Request& request) {
  return !request.client_id.empty() || request.key == api::kApiVersions || request.key == api::kMetadata;
}

// Does the body agree with its layout, as far as it is there?
bool is_body(const Request& request, Bytes frame, bool whole) {
  Walk walk(request.api->request, static_cast<std::uint8_t>(request.version), request.flexible,
            request.body(frame));
  std::int64_t acks = 0;
  unsigned topics = 0;
  for (Walk::Value value; walk.next(value);) {
    if (value.role == Role::acks) acks = value.number;
    if (value.role == Role::topic || value.role == Role::topic_id) ++topics;
  }
  if (walk.fault() != Fault::none && (walk.fault() != Fault::short_input || whole)) return false;
  if (acks < -1 || acks > 1) return false;
  // Its answer has the same shape, with other numbers in it.
  if (request.key != api::kProduce || !whole) return true;
  const std::size_t behind = request.size - request.body_at - walk.at();
  return topics > 0 && (request.flexible ? behind > 0 : behind == 0);
}

// Depends on the first kProbeBytes alone.
Look look_request(Bytes bytes) {
  bytes = bytes.first(std::min(bytes.size(), kProbeBytes));
  const bool full = bytes.size() == kProbeBytes;
  const Request request = parse_request(bytes);
  if (request.fault == Fault::short_input) return full ? Look::no : Look::more;
  if (request.fault != Fault::none || !is_named(request)) return Look::no;
  const bool whole = bytes.size() >= request.size;
  if (whole) bytes = bytes.first(request.size);
  if (!is_body(request, bytes, whole)) return Look::no;
  return whole || full ? Look::yes : Look::more;
}

// Is the body one that some request is answered with, to its last byte?
bool is_some_answer(Bytes frame) {
  constexpr std::size_t kBodyBytesMin = 16;  // less is too little to prove anything
  const Bytes plain = frame.subspan(kLengthBytes + kIdBytes);
  if (plain.size() < kBodyBytesMin) return false;
  for (std::int16_t key = 0; find_api(key) != nullptr; ++key) {
    Request as{.api = find_api(key), .key = key};
    if (as.api->response.empty()) continue;
    for (; as.version <= as.api->version_max; ++as.version) {
      as.flexible = as.version >= as.api->flexible;
      const Bytes body = frame.subspan(response_body_at(as, frame));
      Walk walk(as.api->response, static_cast<std::uint8_t>(as.version), as.flexible, body);
      for (Walk::Value value; walk.next(value);) {
      }
      if (walk.fault() != Fault::none) continue;
      const Bytes behind = body.subspan(walk.at());
      if (as.flexible ? behind.size() == 1 && behind[0] == 0 : behind.empty()) return true;
    }
  }
  return false;
}

// An answer says nothing of itself but its length and id: two of them, with ids that follow one another, and
// bodies that are answers.
Look look_responses(Bytes bytes) {
  constexpr std::uint32_t kIdsApart = 16;
  bytes = bytes.first(std::min(bytes.size(), kProbeBytes));
  const Look undecided = bytes.size() == kProbeBytes ? Look::no : Look::more;
  const Response first = parse_response(bytes);
  if (first.fault == Fault::short_input) return undecided;
  if (first.fault != Fault::none || first.id > 0x7fffffff || first.size >= kProbeBytes) return Look::no;
  if (bytes.size() < first.size) return undecided;
  const Bytes rest = bytes.subspan(first.size);
  const Response second = parse_response(rest);
  if (second.fault == Fault::short_input) return undecided;
  const bool follows =
      second.fault == Fault::none && second.id > first.id && second.id - first.id <= kIdsApart;
  // Bodies are looked at last: that costs most.
  if (!follows || !is_some_answer(bytes.first(first.size))) return Look::no;
  if (rest.size() < second.size) return undecided;
  return is_some_answer(rest.first(second.size)) ? Look::yes : Look::no;
}

}  // namespace

Verdict probe(Bytes own, Bytes) {
  const Look client = look_request(own);
  if (client == Look::yes) return Verdict::client;
  if (client == Look::more) return Verdict::more;
  switch (look_responses(own)) {
    case Look::yes:
      return Verdict::server;
    case Look::more:
      return Verdict::more;
    case Look::no:
      break;
  }
  return Verdict::no;
}

// Length, key of the API, its version, the id's highest bit; answers are looked for only where they are
// short.
std::span<const Signs> signs(Direction from) {
  static constexpr ByteSet kZero = ByteSet::of(std::string_view("\0", 1)),
                           kPositive = ByteSet::range(0, 0x7f);
  static constexpr Signs kOfClient[] = {
      Signs(ByteSet::range(0, kFrameBytesMax >> 24)).at(4, kZero).at(6, kZero).at(8, kPositive)};
  static constexpr Signs kOfServer[] = {
      Signs(kZero, kZero, ByteSet::range(0, kProbeBytes >> 8)).at(4, kPositive)};
  return from == Direction::c2s ? kOfClient : kOfServer;
}

Look begins(Direction from, Bytes window) {
  return from == Direction::c2s ? look_request(window) : look_responses(window);
}

}  // namespace spanlight::kafka
