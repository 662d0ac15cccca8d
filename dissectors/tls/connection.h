#pragma once
// The beginning of one TLS connection: the hellos, what the server shows in the clear behind its own, and
// alerts. Then the call is told and the rest of the flow is nobody's. Lives in its flow's slot; messages
// under way lie in the worker's slabs and go back at the latest in on_close().

#include <cstdint>

#include "core/dissector.h"
#include "core/slab_buffer.h"
#include "core/tls/handshake.h"
#include "tls/record_layer.h"

namespace spanlight::tls {

class Connection final : public Dissector {
 public:
  static constexpr std::size_t kHelloBytesMax = 65'536;  // with its head: one slab page
  static constexpr std::size_t kCertificateBytesMax =
      16'384;  // kept of a chain; the server's own stands first

  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}  // never asked for
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  // One direction: the record under way, and the handshake message that its fragments make up.
  struct Way {
    SlabBuffer message;       // what is kept of it
    TimeNs began = 0;         // its first byte; 0: none is under way
    std::uint32_t seen = 0;   // bytes of the message
    std::uint16_t left = 0;   // bytes of the record
    std::uint8_t type = 0;    // of the record
    std::uint8_t alert[2]{};  // level, description
    std::uint8_t alert_seen = 0;
    bool lost : 1 = false;         // a hole, or what is no record: nothing behind it is understood
    bool any : 1 = false;          // a record was seen
    bool clear_alert : 1 = false;  // an alert of this size is not enciphered
    bool old_form : 1 = false;     // the record is a ClientHello of SSL 2
    bool sealed : 1 = false;       // records from now on are enciphered
    bool unsure : 1 = false;       // joined midstream: its hello may have been missed
  };
  // A hello that is whole.
  struct Hello {
    SlabBuffer message;
    TimeNs first_byte = 0, last_byte = 0;
    std::uint32_t bytes = 0;  // of its side's messages
    bool old_form = false;    // of SSL 2
    bool retry = false;  // HelloRetryRequest, and the client did not go on yet: the answer, if it never does
    bool held() const { return bytes != 0 && !retry; }
  };
  struct Complaint {
    std::uint8_t description = 0;
    bool made = false;
    bool fatal = false;
  };

  struct Span {
    TimeNs first_byte, last_byte;
  };

  Answer done_with(std::size_t consumed) const;
  bool begin_record(Direction from, Way& way, Bytes rest, std::size_t& head_bytes, Sink& sink);
  void take_fragment(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink);
  void take_handshake(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink);
  void take_alert(Direction from, Way& way, Bytes fragment, TimeNs time, Sink& sink);
  bool append(Way& way, Bytes bytes);
  void on_message(Direction from, Way& way, TimeNs time, Sink& sink);
  void on_client_message(Way& way, std::uint8_t type, TimeNs time, Sink& sink);
  void on_server_message(Way& way, std::uint8_t type, TimeNs time, Sink& sink);
  void on_server_hello(Way& way, TimeNs time);
  bool was_asked_by(TimeNs answer_began) const;
  void drop_retry();
  void end_flight(Sink& sink);
  void on_alert(Direction from, std::uint8_t level, std::uint8_t description, Span when, Sink& sink);
  void lose(Direction from, Reason reason, std::uint32_t flag, Sink& sink);
  void settle(Reason reason, Sink& sink);
  void tell(State state, Reason reason, Sink& sink);
  void give_up(Sink& sink);
  void finish();

  bool is_open() const { return hello_[0].held() || hello_[1].held(); }
  Hello& client() { return hello_[0]; }
  Hello& server() { return hello_[1]; }

  Workshop& workshop_;
  Way ways_[2];
  Hello hello_[2];
  SlabBuffer certificate_;
  std::uint32_t flags_ = 0;
  std::uint16_t retry_group_ = 0;
  std::uint16_t group_ = 0;  // of ServerKeyExchange
  Complaint complaint_[2];
  Reason lost_reason_ = Reason::lost_in_mirror;
  bool retried_ : 1 = false;
  bool asks_certificate_ : 1 = false;
  bool flight_over_ : 1 = false;  // the server said in the clear what it had to say
  bool done_ : 1 = false;         // the call is told, or given up
};
static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace spanlight::tls
