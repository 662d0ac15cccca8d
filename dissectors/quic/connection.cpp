// The way of the bytes: datagrams to packets to frames to hellos. How the call is told: emit.cpp.

#include "quic/connection.h"

#include <algorithm>
#include <cstring>

#include "core/tls/hello.h"
#include "quic/recognise.h"

namespace spanlight::quic {
Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  // As one that rests would: what begins nothing while nothing is open is passed over.
  if (version_ == nullptr && !begins_connection(window.bytes)) return {.consumed = window.bytes.size()};
  Bytes left = window.bytes;
  for (unsigned n = 0; n < kPacketsMax && has_long_head(left); ++n) {
    const Head head = parse_head(left);
    if (head.fault != Fault::none) {
      ++workshop_.counters.malformed;
      break;
    }
    take_packet(from, head, left.first(head.whole_bytes), window.time, sink);
    left = left.subspan(head.whole_bytes);
  }
  return {.consumed = window.bytes.size()};
}

void Connection::take_packet(Direction from, const Head& head, Bytes packet, TimeNs time, Sink& sink) {
  if (head.type == PacketType::version_negotiation && from == Direction::s2c)
    return on_version_negotiation(head, time, sink);
  // RFC 9000, 17.2.5: the client comes again with a token, and with the id that the server gave itself.
  if (head.type == PacketType::retry && from == Direction::s2c) retried_ = version_ != nullptr;
  if (head.type != PacketType::initial || head.known == nullptr) return;
  std::array<std::uint8_t, kInitialBytesMax> room;
  const Bytes payload = open(from, head, packet, room, sink);
  if (payload.empty()) return;
  // What a server acknowledges is no answer yet: that begins with its hello.
  if (from == Direction::c2s && side(from).first_byte == 0) side(from).first_byte = time;
  take_frames(from, payload, time, sink);
}

// With the keys at hand; a server may answer in another version (RFC 9368), a client may come with another
// id: behind a Retry, or anew.
Bytes Connection::open(Direction from, const Head& head, Bytes packet,
                       std::array<std::uint8_t, kInitialBytesMax>& room, Sink& sink) {
  const auto of_side = [from](const Keys& keys) -> const SideKeys& {
    return from == Direction::c2s ? keys.client : keys.server;
  };
  if (version_ == head.known) {
    const Bytes payload = open_packet(of_side(keys_), packet, head.number_at, room);
    if (!payload.empty()) return payload;
  } else if (version_ != nullptr) {
    const Keys keys = make_keys(*head.known, id_.view());
    const Bytes payload = open_packet(of_side(keys), packet, head.number_at, room);
    if (!payload.empty()) {
      keys_ = keys;
      version_ = head.known;
      return payload;
    }
  }
  if (from == Direction::s2c || digest_of(head.to) == told_) return {};
  const Keys keys = make_keys(*head.known, head.to);
  const Bytes payload = open_packet(keys.client, packet, head.number_at, room);
  if (!payload.empty()) begin(head, keys, sink);
  return payload;
}

void Connection::begin(const Head& head, const Keys& keys, Sink& sink) {
  const bool again = version_ != nullptr && (retried_ || !head.token.empty());
  if (again) {
    retried_ = true;
  } else {
    settle(Reason::unanswered, sink);
    forget();
    first_version_ = head.known;
  }
  version_ = head.known;
  keys_ = keys;
  id_.size = static_cast<std::uint8_t>(head.to.size());
  std::memcpy(id_.bytes, head.to.data(), head.to.size());
  if (!again) first_id_ = id_;
}

void Connection::take_frames(Direction from, Bytes payload, TimeNs time, Sink& sink) {
  for (unsigned n = 0; n < kFramesMax && !payload.empty() && version_ != nullptr; ++n) {
    const Frame frame = parse_frame(payload);
    if (frame.fault != Fault::none) {
      ++workshop_.counters.malformed;
      return;
    }
    if (frame.type == FrameType::crypto) take_crypto(from, frame, time, sink);
    if (frame.type == FrameType::close)
      on_closing(from, {.code = frame.close_code, .reason = frame.close_reason}, time, sink);
    payload = payload.subspan(frame.whole_bytes);
  }
}

void Connection::take_crypto(Direction from, const Frame& frame, TimeNs time, Sink& sink) {
  Side& s = side(from);
  if (from == Direction::c2s && s.hello_bytes > 0) return;  // what follows it is the same again
  if (!s.stream.add(workshop_.state, frame.offset, frame.crypto)) {
    ++workshop_.counters.state_exhausted;
    return;
  }
  const bool whole = find_hello(from);
  if (s.first_byte == 0 && s.stream.end() > s.hello_at) s.first_byte = time;
  if (!whole) return;
  s.last_byte = time;
  if (from == Direction::c2s) return;
  const bool both = has_client();
  tell(both ? State::complete : State::no_request, both ? Reason::none : Reason::lost_in_mirror, nullptr, {},
       sink);
}

// The side's hello, once it is whole; a HelloRetryRequest is passed over.
bool Connection::find_hello(Direction from) {
  Side& s = side(from);
  const std::uint8_t wanted =
      from == Direction::c2s ? tls::handshake::client_hello : tls::handshake::server_hello;
  for (;;) {
    const Bytes rest = s.stream.ready().subspan(std::min<std::size_t>(s.hello_at, s.stream.ready().size()));
    Reader r(rest);
    const std::uint8_t type = r.u8();
    const std::size_t high = r.u8();
    const Bytes body = r.take(high << 16 | r.be<std::uint16_t>());
    if (!r.ok() || type != wanted) return false;
    const auto bytes = static_cast<std::uint32_t>(r.at());
    if (from == Direction::s2c) {
      const tls::ServerHello hello = tls::parse_server_hello(body);
      if (hello.is_retry) {
        hello_retried_ = true;
        retry_group_ = hello.group;
        s.hello_at += bytes;
        s.first_byte = 0;
        continue;
      }
    }
    s.hello_bytes = bytes;
    return true;
  }
}

// RFC 9000, 6.2: it answers the client's packet, whose ids it names.
void Connection::on_version_negotiation(const Head& head, TimeNs time, Sink& sink) {
  const Bytes ours = first_id_.view();
  if (!has_client() || !std::equal(ours.begin(), ours.end(), head.from.begin(), head.from.end())) return;
  side(Direction::s2c).first_byte = side(Direction::s2c).last_byte = time;
  tell(State::complete, Reason::none, nullptr, head.versions, sink);
  told_ = 0;  // the client may come again, in a version that both speak
}

void Connection::on_closing(Direction from, const Closing& closing, TimeNs time, Sink& sink) {
  if (!has_client()) return;
  closed_by_ = from;
  if (from == Direction::c2s) return tell(State::no_response, Reason::closed, &closing, {}, sink);
  side(from).last_byte = time;
  if (side(from).first_byte == 0) side(from).first_byte = time;
  tell(State::complete, Reason::none, &closing, {}, sink);
}

void Connection::on_close(End end, TimeNs, Sink& sink) {
  settle(reason_of(end), sink);
  forget();
}

void Connection::on_time(TimeNs now, Sink& sink) {
  if (next_deadline() > now) return;
  settle(Reason::unanswered, sink);
  forget();
}

TimeNs Connection::next_deadline() const {
  if (version_ == nullptr) return kNever;
  return sides_[0].first_byte + workshop_.limits.answer_timeout_ns;
}

bool Connection::park(const Position&, Memo& memo) const {
  if (version_ != nullptr) return false;
  memo = to_memo(told_);
  return true;
}

void Connection::resume(const Position&, const Memo& memo) {
  told_ = from_memo<std::uint64_t>(memo);
}

// Never 0.
std::uint64_t Connection::digest_of(Bytes id) {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325, kPrime = 0x100000001b3;  // FNV-1a
  std::uint64_t digest = kOffset;
  for (const std::uint8_t byte : id) digest = (digest ^ byte) * kPrime;
  return digest | 1;
}

void Connection::settle(Reason reason, Sink& sink) {
  if (has_client()) tell(State::no_response, reason, nullptr, {}, sink);
}

void Connection::forget() {
  for (Side& s : sides_) {
    s.stream.release(workshop_.state);
    s = {};
  }
  version_ = first_version_ = nullptr;
  retry_group_ = 0;
  hello_retried_ = retried_ = false;
}

}  // namespace spanlight::quic
