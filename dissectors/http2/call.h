#pragma once
// One call: the two halves of a stream (RFC 9113, section 5) while it lasts, and the table of those that are
// open on a connection. A call lives in one block of Workshop::state.

#include <cstdint>

#include "core/grpc/grpc.h"
#include "core/preview.h"
#include "core/ws/track.h"
#include "http2/fields.h"

namespace spanlight::http2 {

// What one side says on a stream.
struct Half {
  Fields fields;
  Preview preview;
  grpc::MessageWalk messages;
  grpc::Base64 base64;  // of gRPC-Web as text
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // header blocks as they were compressed, and DATA without padding
  std::uint64_t body_size = 0;
  bool begun = false;
  bool headed = false;    // its final headers were seen
  bool ended = false;     // END_STREAM
  bool doubtful = false;  // frames are missing: it may have ended, or gone on, unseen

  void release(Workshop& workshop) {
    fields.release(workshop);
    preview.release(workshop);
  }
};

constexpr std::size_t kInterimMax = 8;  // interim responses listed per call; more are read, not listed

// The WebSocket that an extended CONNECT became (RFC 8441). Lives in one block of Workshop::state.
struct Socket {
  ws::Terms terms;
  ws::Track tracks[2];
  bool lost[2] = {};  // by who sends: where its frames begin is not known any more
};
static_assert(sizeof(Socket) <= 1'024, "one of the slabs' smaller blocks");

struct Call {
  enum class Cut : std::uint8_t { none, client, server, goaway };

  Call* same_bucket = nullptr;
  Call* older = nullptr;
  Call* newer = nullptr;
  std::uint32_t stream = 0;
  std::uint32_t flags = 0;
  std::uint32_t flags_if_cut = 0;  // it may have been reset unseen
  Half request;
  Half response;
  SlabBuffer web_trailers;       // of gRPC-Web, as they come
  TimeNs doubtful_since = 0;     // when frames of its response went missing
  std::uint32_t error_code = 0;  // of RST_STREAM or GOAWAY
  Cut cut = Cut::none;
  Reason fate = Reason::none;  // why its request is missing
  grpc::Kind grpc_kind = grpc::Kind::none;
  bool pushed = false;
  bool is_socket = false;    // an extended CONNECT to a WebSocket: what it carries is told message by message
  Socket* socket = nullptr;  // while it is read
  bool upgraded = false;     // the answer to the HTTP/1 request that asked for HTTP/2
  std::uint8_t interim_count = 0;
  std::uint16_t interim[kInterimMax] = {};

  explicit Call(std::uint32_t id) : stream(id) {}
  Half& half(Direction from) { return from == Direction::c2s ? request : response; }
  bool is_grpc() const { return grpc_kind != grpc::Kind::none; }
};
static_assert(sizeof(Call) <= 704, "one of the slabs' smaller blocks");

// Open calls by stream, and in the order in which they began. Owns its buckets, not the calls.
class CallTable {
 public:
  explicit CallTable(std::uint64_t secret) : secret_(secret | 1) {}
  Call* find(std::uint32_t stream) const;
  void add(Workshop& workshop, Call& call);
  void remove(Call& call);
  Call* oldest() const { return oldest_; }
  std::uint32_t size() const { return size_; }
  void release(Workshop& workshop);

 private:
  static constexpr std::size_t kBucketsAtFirst = 8;

  Call** bucket(std::uint32_t stream) const { return buckets_ + bucket_of(stream, bucket_count_); }
  // Who opens streams chooses their ids, and must not choose which of them share a bucket.
  std::size_t bucket_of(std::uint32_t stream, std::uint32_t count) const {
    return static_cast<std::size_t>(stream * secret_ >> 32) & (count - 1);
  }
  void grow(Workshop& workshop);

  std::uint64_t secret_;
  Call* at_first_[kBucketsAtFirst]{};
  Call** buckets_ = at_first_;
  std::uint32_t bucket_count_ = kBucketsAtFirst;
  std::uint32_t size_ = 0;
  MutableBytes block_;
  Call* oldest_ = nullptr;
  Call* newest_ = nullptr;
};

}  // namespace spanlight::http2
