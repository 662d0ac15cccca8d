#include "core/ws/track.h"

#include <algorithm>
#include <cstring>

namespace spanlight::ws {
namespace {

// Small enough that a preview copies it: what is put together on the stack cannot be lent.
constexpr std::size_t kPieceBytes = 480;
static_assert(kPieceBytes < Preview::kLentBytesMin);

}  // namespace

bool Track::read(const Around& around, Bytes& bytes, TimeNs time) {
  while (!bytes.empty()) {
    if (in_frame_) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      take_payload(around, bytes.first(n));
      bytes = bytes.subspan(n);
      left_ -= n;
      if (left_ == 0) end_frame(around, time);
      continue;
    }
    if (head_bytes_ == 0) head_time_ = time;
    head_[head_bytes_++] = bytes.front();
    frame_ = parse_frame_head(Bytes(head_).first(head_bytes_));
    bytes = bytes.subspan(1);
    if (frame_.fault == Fault::short_input) continue;
    if (frame_.fault != Fault::none || !begin_frame(around, time)) {
      ++around.workshop.counters.malformed;
      lose(around, kFlagMalformed);
      return false;
    }
  }
  return true;
}

// The frame's head is whole. False: it may not stand here.
bool Track::begin_frame(const Around& around, TimeNs time) {
  if (frame_.masked != (around.from == Direction::c2s)) return false;  // RFC 6455, 5.1
  if (frame_.compressed && around.terms.known && !around.terms.deflates) return false;
  if (!frame_.is_control()) {
    // RFC 6455, 5.4: a message is not begun within another, nor continued when none is under way. Where it
    // began unseen it is known by its rest.
    const bool continues = frame_.opcode == Opcode::continuation;
    if (continues != message_.begun && !(continues && holed_)) return false;
  }
  head_bytes_ = 0;
  in_frame_ = true;
  left_ = frame_.length;
  if (frame_.is_control()) {
    control_first_ = head_time_;
    control_holed_ = false;
  } else {
    if (!message_.begun) {
      message_ = Message{.opcode = frame_.opcode, .from = around.from, .first_byte = head_time_};
      message_.begun = true;
      message_.deflated = frame_.compressed;
      if (frame_.opcode == Opcode::continuation) message_.flags |= lost_flag_;
      if (message_.deflated) {
        message_.inflated = inflater_.begin(around.workshop);
        if (!message_.inflated) lose_window(around.workshop, kFlagTruncatedBody);
      } else {
        preview_.expect(around.workshop, frame_.fin ? frame_.length : 0);
      }
    }
    ++message_.fragments;
    // A frame that was begun is sent: its bytes count at once, whoever sees them.
    message_.size += frame_.bytes + frame_.length;
    message_.payload_length += frame_.length;
    if (!message_.deflated) message_.length += frame_.length;
    message_.last_byte = time;
  }
  if (left_ == 0) end_frame(around, time);
  return true;
}

void Track::take_payload(const Around& around, Bytes piece) {
  std::uint64_t at = frame_.length - left_;
  if (frame_.is_control()) {
    if (frame_.masked)
      unmask(piece, frame_.key, at, control_.data() + at);
    else
      std::memcpy(control_.data() + at, piece.data(), piece.size());
    return;
  }
  if (!frame_.masked && !message_.deflated) return preview_.append(around.workshop, piece);
  std::array<std::uint8_t, kPieceBytes> room;
  while (!piece.empty()) {
    if (!message_.deflated && preview_.full(around.workshop.limits)) return preview_.close();
    const Bytes part = piece.first(std::min(piece.size(), room.size()));
    piece = piece.subspan(part.size());
    Bytes plain = part;
    if (frame_.masked) {
      unmask(part, frame_.key, at, room.data());
      plain = Bytes(room).first(part.size());
      at += part.size();
    }
    if (message_.deflated)
      inflate(around, plain);
    else
      preview_.append(around.workshop, plain);
  }
}

void Track::inflate(const Around& around, Bytes piece) {
  std::array<std::uint8_t, kPieceBytes> room;
  while (message_.inflated) {
    const Bytes out = inflater_.read(piece, room);
    preview_.append(around.workshop, out);
    message_.length += out.size();
    if (inflater_.failed()) {
      const bool too_long = inflater_.inflated() > Inflater::kInflatedBytesMax;
      if (!too_long && lost_flag_ == 0) ++around.workshop.counters.malformed;
      message_.inflated = false;
      if (!too_long) message_.flags |= lost_flag_ != 0 ? lost_flag_ : std::uint32_t{kFlagMalformed};
      lose_window(around.workshop, too_long ? kFlagTruncatedBody : kFlagMalformed);
    } else if (out.size() < room.size() && piece.empty()) {
      return;
    }
  }
}

void Track::end_frame(const Around& around, TimeNs time) {
  in_frame_ = false;
  if (frame_.is_control()) {
    Message control{
        .opcode = frame_.opcode, .from = around.from, .first_byte = control_first_, .last_byte = time};
    control.fragments = 1;
    control.size = frame_.bytes + frame_.length;
    control.payload_length = control.length = frame_.length;
    control.fin = control.begun = true;
    control.stream_id = around.stream_id;
    if (control_holed_) control.flags = kFlagGap | kFlagTruncatedBody;
    if (!control_holed_)
      control.payload = Pieces(Bytes(control_).first(static_cast<std::size_t>(frame_.length)));
    return emit_message(control, around.terms, around.protocol, around.workshop.limits.credentials_shown,
                        around.sink);
  }
  message_.last_byte = time;
  if (!frame_.fin) return;
  message_.fin = true;
  if (message_.deflated) {
    constexpr std::array<std::uint8_t, 4> kTail = {0, 0, 0xff, 0xff};  // RFC 7692, 7.2.2
    inflate(around, kTail);
    inflater_.end(around.workshop, around.terms.deflate[index_of(around.from)]);
  }
  tell(around);
}

void Track::tell(const Around& around) {
  Preview::Room room;
  message_.payload = preview_.bytes(room);
  message_.shed = preview_.shed();
  message_.stream_id = around.stream_id;
  emit_message(message_, around.terms, around.protocol, around.workshop.limits.credentials_shown,
               around.sink);
  preview_.release(around.workshop);
  preview_ = Preview{};
  message_ = Message{};
}

std::uint64_t Track::unread(const Limits& limits) {
  if (!in_frame_ || frame_.is_control() || left_ <= 1) return 0;
  const bool read = message_.deflated ? message_.inflated : !preview_.full(limits);
  return read ? 0 : left_ - 1;
}

void Track::pass(Workshop& workshop, std::uint64_t bytes, bool holed, TimeNs time) {
  left_ -= std::min(bytes, left_);
  if (frame_.is_control()) {
    control_holed_ = true;
    return;
  }
  if (time != 0) message_.last_byte = time;
  preview_.close();
  if (!holed) return;
  message_.flags |= kFlagGap;
  if (!message_.deflated) return;
  message_.inflated = false;
  lose_window(workshop, kFlagGap);
}

// The first cause stands: what cannot be read later cannot be because of it.
void Track::lose_window(Workshop& workshop, std::uint32_t flag) {
  if (lost_flag_ == 0) lost_flag_ = flag;
  inflater_.lose(workshop);
}

std::uint64_t Track::gap(const Around& around, std::uint64_t missing, TimeNs time) {
  if (!in_frame_) return missing;
  const std::uint64_t inside = std::min(left_, missing);
  pass(around.workshop, inside, true, time);
  if (left_ == 0) end_frame(around, time);
  return missing - inside;
}

void Track::lose(const Around& around, std::uint32_t flag) {
  holed_ = true;
  end(around, flag);
  lose_window(around.workshop, flag);
}

void Track::end(const Around& around, std::uint32_t flags) {
  head_bytes_ = 0;
  in_frame_ = false;
  left_ = 0;
  if (!message_.begun) return;
  message_.flags |= flags;
  if (message_.deflated) message_.inflated = false;
  inflater_.end(around.workshop, around.terms.deflate[index_of(around.from)]);
  tell(around);
}

void Track::release(Workshop& workshop) {
  preview_.release(workshop);
  inflater_.lose(workshop);
}

}  // namespace spanlight::ws
