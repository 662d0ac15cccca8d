// The way of the bytes: windows to records to handshake messages and alerts. What becomes of them:
// messages.cpp.

#include "tls/connection.h"

#include <algorithm>

#include "core/tls/hello.h"

namespace spanlight::tls {

Answer Connection::done_with(std::size_t consumed) const {
  return {.consumed = consumed, .want = done_ ? Answer::Want::stop : Answer::Want::data};
}

Answer Connection::on_data(Direction from, const Window& window, Sink& sink) {
  Way& way = ways_[index_of(from)];
  const Bytes bytes = window.bytes;
  std::size_t at = 0;
  while (at < bytes.size() && !done_) {
    const Bytes rest = bytes.subspan(at);
    if (way.lost) return {.consumed = bytes.size()};
    if (way.began == 0) way.began = window.time;
    if (way.left > 0) {
      const Bytes fragment = rest.first(std::min<std::size_t>(way.left, rest.size()));
      way.left = static_cast<std::uint16_t>(way.left - fragment.size());
      at += fragment.size();
      take_fragment(from, way, fragment, window.time, sink);
      continue;
    }
    if (rest.size() < kRecordHeadBytes)
      return {.consumed = at, .want = Answer::Want::wait, .n = kRecordHeadBytes};
    std::size_t head_bytes = 0;
    if (begin_record(from, way, rest, head_bytes, sink)) at += head_bytes;
  }
  return done_with(done_ ? bytes.size() : at);
}

// False: no record stands here.
bool Connection::begin_record(Direction from, Way& way, Bytes rest, std::size_t& head_bytes, Sink& sink) {
  const bool old_form = from == Direction::c2s && !way.any && begins_old(rest);
  const RecordHead head = old_form ? RecordHead{.type = content::handshake,
                                                .bytes = static_cast<std::uint16_t>(old_record_bytes(rest))}
                                   : parse_record_head(rest);
  if (head.fault != Fault::none) {
    ++workshop_.counters.malformed;
    lose(from, Reason::malformed, kFlagMalformed, sink);
    return false;
  }
  head_bytes = old_form ? kOldHeadBytes : kRecordHeadBytes;
  way.any = true;
  way.old_form = old_form;
  way.type = head.type;
  way.left = head.bytes;
  way.clear_alert = head.bytes == sizeof(way.alert);
  const bool to_be_read = head.type == content::alert || (head.type == content::handshake && !way.sealed);
  if (!to_be_read && way.seen == 0) way.began = 0;
  // In front of the hello a change of ciphers is an empty gesture (RFC 8446, D.4).
  const bool begun = hello_[index_of(from)].held();
  if (head.type == content::application || (head.type == content::change_cipher_spec && begun)) {
    way.sealed = true;
    if (from == Direction::s2c && begun && !flight_over_) end_flight(sink);
  }
  // What the client says to a whole flight is not read, unless it complains.
  if (from == Direction::c2s && flight_over_ && head.type != content::alert)
    tell(State::complete, Reason::none, sink);
  return true;
}

void Connection::take_fragment(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink) {
  if (way.type == content::alert) return take_alert(from, way, fragment, time, sink);
  if (way.type != content::handshake || way.sealed) {
    if (way.seen == 0) way.began = 0;
    return;
  }
  if (!way.old_form) return take_handshake(from, way, fragment, time, sink);
  way.seen += static_cast<std::uint32_t>(fragment.size());
  if (!append(way, fragment)) return give_up(sink);
  if (way.left == 0) on_message(from, way, time, sink);
}

// Handshake messages pay no regard to where records end.
void Connection::take_handshake(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink) {
  while (!fragment.empty() && !done_) {
    if (way.began == 0) way.began = time;
    if (way.seen < kHandshakeHeadBytes) {
      const Bytes head = fragment.first(std::min(kHandshakeHeadBytes - way.seen, fragment.size()));
      if (!append(way, head)) return give_up(sink);
      way.seen += static_cast<std::uint32_t>(head.size());
      fragment = fragment.subspan(head.size());
      if (way.seen < kHandshakeHeadBytes) return;
    }
    const Bytes message = way.message.bytes();
    const std::uint8_t type = message[0];
    const std::size_t whole = kHandshakeHeadBytes + std::size_t{std::size_t{message[1]} << 16} +
                              static_cast<std::size_t>(message[2] << 8 | message[3]);
    const bool hello = type == handshake::client_hello || type == handshake::server_hello;
    if (hello && whole > kHelloBytesMax) {
      ++workshop_.counters.malformed;
      return lose(from, Reason::malformed, kFlagMalformed, sink);
    }
    const std::size_t kept_max = hello                            ? kHelloBytesMax
                                 : type == handshake::certificate ? kCertificateBytesMax
                                                                  : kHandshakeHeadBytes + 3;
    const Bytes more = fragment.first(std::min(whole - way.seen, fragment.size()));
    if (!append(way, more.first(std::min(more.size(), kept_max - std::min(kept_max, message.size())))))
      return give_up(sink);
    way.seen += static_cast<std::uint32_t>(more.size());
    fragment = fragment.subspan(more.size());
    if (way.seen < whole) return;
    on_message(from, way, time, sink);
  }
}

// level | description; longer ones are enciphered.
void Connection::take_alert(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink) {
  const TimeNs began = way.seen == 0 ? way.began : time;
  if (way.clear_alert)
    for (const std::uint8_t byte : fragment) way.alert[way.alert_seen++] = byte;
  if (way.left > 0) return;
  if (way.seen == 0) way.began = 0;
  way.alert_seen = 0;
  if (way.clear_alert) on_alert(from, way.alert[0], way.alert[1], {began, time}, sink);
}

bool Connection::append(Way& way, Bytes bytes) {
  if (way.message.append(workshop_.state, bytes)) return true;
  ++workshop_.counters.state_exhausted;
  return false;
}

// No memory: what is open is told as it is.
void Connection::give_up(Sink& sink) {
  settle(Reason::evicted, sink);
  finish();
}

Answer Connection::on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs, Sink& sink) {
  if (done_) return done_with(0);
  const Reason reason = cause == GapCause::sensor ? Reason::lost_in_sensor : Reason::lost_in_mirror;
  Way& way = ways_[index_of(from)];
  if (missing == 0 && !way.any) {
    way.unsure = true;
    lost_reason_ = reason;
    return {.want = Answer::Want::resync};
  }
  lose(from, reason, kFlagGap, sink);
  return done_with(0);
}

void Connection::on_end(Direction from, End end, TimeNs, Sink& sink) {
  if (from == Direction::s2c || flight_over_ || end == End::reset) settle(reason_of(end), sink);
}

void Connection::on_close(End end, TimeNs, Sink& sink) {
  settle(reason_of(end), sink);
  finish();
}

void Connection::on_time(TimeNs now, Sink& sink) {
  if (next_deadline() <= now) settle(Reason::unanswered, sink);
}

TimeNs Connection::next_deadline() const {
  if (done_ || !is_open()) return kNever;
  const Hello& first = hello_[0].held() ? hello_[0] : hello_[1];
  return first.first_byte + workshop_.limits.answer_timeout_ns;
}

bool Connection::park(const Position&, Memo&) const {
  return done_;
}

void Connection::resume(const Position&, const Memo&) {
  done_ = true;
}

}  // namespace spanlight::tls
