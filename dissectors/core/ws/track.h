#pragma once
// One direction of a WebSocket: bytes to frames to messages, each told when its last byte has come. Keeps the
// frame's head and a control frame's payload itself, so that it does not matter how the bytes are cut or what
// carries them. Plain data but for slabs, which release() gives back.

#include <array>
#include <cstdint>

#include "core/dissector.h"
#include "core/preview.h"
#include "core/ws/frame.h"
#include "core/ws/inflater.h"
#include "core/ws/message.h"

namespace spanlight::ws {

class Track {
 public:
  // Where messages go and what was agreed on.
  struct Around {
    Workshop& workshop;
    const Descriptor& protocol;
    const Terms& terms;
    Direction from;
    Sink& sink;
    std::uint32_t stream_id = 0;  // of HTTP/2; 0: all of the connection
  };

  // Takes bytes off `bytes`. False: with the last one that was taken this is no frame. What was under way is
  // told then, and a frame's start comes next.
  bool read(const Around& around, Bytes& bytes, TimeNs time);

  // Bytes of payload under way that nobody needs to see; all but the frame's last.
  std::uint64_t unread(const Limits& limits);

  // Payload that passes unseen, some of it perhaps through a hole.
  void pass(Workshop& workshop, std::uint64_t bytes, bool holed, TimeNs time);

  // A hole: the payload under way absorbs what it can. What lies beyond is given back.
  std::uint64_t gap(const Around& around, std::uint64_t missing, TimeNs time);

  // A hole that no payload absorbs, or bytes that are no frames: what is under way is told as it is, and a
  // frame's start comes next. `flag`: what marks that.
  void lose(const Around& around, std::uint32_t flag);

  // The direction has ended.
  void end(const Around& around, std::uint32_t flags);

  bool rests() const {
    return head_bytes_ == 0 && !in_frame_ && !message_.begun && !inflater_.holds_window() && lost_flag_ == 0;
  }
  void release(Workshop& workshop);

 private:
  bool begin_frame(const Around& around, TimeNs time);
  void take_payload(const Around& around, Bytes piece);
  void inflate(const Around& around, Bytes piece);
  void end_frame(const Around& around, TimeNs time);
  void tell(const Around& around);
  void lose_window(Workshop& workshop, std::uint32_t flag);

  FrameHead frame_;
  Message message_;
  Preview preview_;
  Inflater inflater_;
  std::uint64_t left_ = 0;
  std::uint32_t lost_flag_ = 0;  // why the window is not known, where it is not
  TimeNs control_first_ = 0;
  TimeNs head_time_ = 0;
  std::array<std::uint8_t, kFrameHeadBytesMax> head_{};
  std::uint8_t head_bytes_ = 0;
  std::array<std::uint8_t, kControlBytesMax> control_{};
  bool in_frame_ = false;
  bool control_holed_ = false;
  bool holed_ = false;  // frames went missing: a message may have begun unseen
};

}  // namespace spanlight::ws
