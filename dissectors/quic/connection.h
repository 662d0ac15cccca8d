#pragma once
// The beginning of one QUIC connection: its Initial packets are opened until both hellos are there, or one
// side gave up. Then the call is told, and the dissector rests until a client's Initial packet comes on the
// flow that is not the told one's. Lives in its flow's slot; what
// the hellos are put together in lies in the worker's slabs and goes back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/tls/handshake.h"
#include "quic/crypto_stream.h"
#include "quic/frame.h"
#include "quic/keys.h"

namespace spanlight::quic {

class Connection final : public Dissector {
 public:
  static constexpr unsigned kPacketsMax = 16;  // of one datagram
  static constexpr unsigned kFramesMax = 512;  // of one packet

  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  // Datagrams have no skips, no holes and no ends of their own.
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}
  Answer on_gap(Direction, std::uint64_t, GapCause, TimeNs, Sink&) override { return {}; }
  void on_end(Direction, End, TimeNs, Sink&) override {}
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  struct Id {
    std::uint8_t bytes[kConnectionIdBytesMax]{};
    std::uint8_t size = 0;
    Bytes view() const { return {bytes, size}; }
  };
  struct Side {
    CryptoStream stream;
    std::uint32_t hello_at = 0, hello_bytes = 0;  // in the stream, with its head; 0: it is not whole
    TimeNs first_byte = 0, last_byte = 0;
  };
  struct Closing {
    std::uint64_t code = 0;
    Bytes reason;
  };

  void take_packet(Direction from, const Head& head, Bytes packet, TimeNs time, Sink& sink);
  Bytes open(Direction from, const Head& head, Bytes packet, std::array<std::uint8_t, kInitialBytesMax>& room,
             Sink& sink);
  void begin(const Head& head, const Keys& keys, Sink& sink);
  void take_frames(Direction from, Bytes payload, TimeNs time, Sink& sink);
  void take_crypto(Direction from, const Frame& frame, TimeNs time, Sink& sink);
  void on_closing(Direction from, const Closing& closing, TimeNs time, Sink& sink);
  void on_version_negotiation(const Head& head, TimeNs time, Sink& sink);
  bool find_hello(Direction from);
  void settle(Reason reason, Sink& sink);
  void tell(State state, Reason reason, const Closing* closing, Bytes versions, Sink& sink);
  void forget();
  static std::uint64_t digest_of(Bytes id);

  Side& side(Direction d) { return sides_[index_of(d)]; }
  bool has_client() const { return sides_[0].hello_bytes > 0; }

  Workshop& workshop_;
  const Version* version_ = nullptr;        // of the keys; none: nothing was opened
  const Version* first_version_ = nullptr;  // that the client began with
  Keys keys_{};
  Id id_;        // that the keys were made of
  Id first_id_;  // that the client began with
  Side sides_[2];
  std::uint16_t retry_group_ = 0;
  Direction closed_by_ = Direction::s2c;
  std::uint64_t told_ = 0;  // digest of the id of the latest call that was told
  bool hello_retried_ : 1 = false;
  bool retried_ : 1 = false;  // a Retry packet: the client had to come again with a token
};

}  // namespace spanlight::quic
