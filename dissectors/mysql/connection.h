#pragma once
// One MySQL connection: packets of both directions, the queue of open commands, what becomes of each call.
// Lives in its flow's slot; everything it holds beyond that is in the worker's slabs and goes back at the
// latest in on_close(), or when the flow is handed over to TLS.

#include <cstdint>

#include "core/call_queue.h"
#include "core/dissector.h"
#include "mysql/call.h"
#include "mysql/compressed.h"
#include "mysql/parse.h"
#include "mysql/session.h"

namespace spanlight::mysql {

class Connection final : public Dissector {
 public:
  // Of a packet that are looked at in one piece; the rest passes by counter.
  static constexpr std::size_t kStatementBytesMin = 4'096;  // also without previews, for the field `sql`
  static constexpr std::size_t kStatementBytesMax = 32'768;
  static constexpr std::size_t kLoginBytesMax = 4'096;
  static constexpr std::size_t kAnswerBytesMax = 1'024;

  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override;
  void on_skipped(Direction from, std::uint64_t seen, std::uint64_t missing, TimeNs last_byte) override;
  Answer on_gap(Direction from, std::uint64_t missing, GapCause cause, TimeNs time, Sink& sink) override;
  void on_end(Direction from, End end, TimeNs time, Sink& sink) override;
  void on_close(End end, TimeNs time, Sink& sink) override;
  void on_time(TimeNs now, Sink& sink) override;
  TimeNs next_deadline() const override;
  bool park(const Position& position, Memo& memo) const override;
  void resume(const Position& position, const Memo& memo) override;

 private:
  enum class Phase : std::uint8_t { start, login, commands };
  // Where an answer under way stands.
  enum class Stage : std::uint8_t { first, columns, after_columns, rows, fields, described, file, events };
  enum class Next : std::uint8_t { go_on, resync, identify };
  enum class Eof : std::uint8_t { unknown, sent, left_out };  // behind descriptions

  // One direction.
  struct Way {
    std::uint64_t end = 0;    // offset behind the last byte that was delivered, passed or declared missing
    std::uint64_t left = 0;   // of the payload under way
    TimeNs began = 0;         // first byte of the packet under way
    std::uint64_t acked = 0;  // what its sender had then
    std::uint32_t turn = 0;   // its place among the packets of both directions
    Call* call = nullptr;     // that the packet belongs to
    bool continued = false;   // the next packet goes on with this one's payload
    bool last = false;        // of the message
    bool lost = false;        // the next message is being looked for
    bool wraps = false;       // the next packet is numbered 0 and goes on all the same, as a file's do
    bool ended = false;
    Reason end_reason = Reason::none;
  };
  struct Packet {
    Header header;
    Bytes head;               // of the payload, as much as is looked at
    std::uint64_t start = 0;  // offset of its first byte
    TimeNs time = 0;
    TimeNs first_byte = 0;
    std::uint64_t acked = 0;
    std::uint32_t turn = 0;
  };

  Way& way(Direction from) { return ways_[index_of(from)]; }
  // Whose answer asked for a file, and has not gone on yet.
  Call* file_call() { return stage_ == Stage::file ? way(Direction::s2c).call : nullptr; }
  static Call& call_of(OpenRequest& request) { return static_cast<Call&>(request); }

  // Bytes to packets.
  Answer read(Direction from, const Window& window, Sink& sink);
  std::size_t head_bytes(Direction from, Header header, Bytes rest) const;
  std::size_t statement_bytes_max() const;
  Next take(Direction from, const Packet& packet, Sink& sink);
  void pass(Direction from, std::uint64_t n, TimeNs time, Sink& sink);
  void end_packet(Direction from, Sink& sink);
  Answer after_window(Direction from, std::size_t consumed) const;
  Next give_up_order(Direction from, std::uint64_t end, GapCause cause, Sink& sink);

  // What the client says.
  Next take_client(const Packet& packet, Sink& sink);
  Next take_login(const Packet& packet, Sink& sink);
  Next take_command(const Packet& packet, Sink& sink);
  bool acknowledges_event(const Packet& packet);
  void take_more(const Packet& packet);
  Call* begin_request(std::uint8_t command, const Packet& packet, Sink& sink);
  void read_arguments(Call& call, Bytes arguments, std::uint64_t size);
  void keep_statement(Call& call, std::string_view statement, std::uint64_t size);
  void keep_login(Call& call, const Login& login);
  void finish_request(Sink& sink);

  // What the server says.
  Next take_server(const Packet& packet, Sink& sink);
  void take_greeting(const Packet& packet, Sink& sink);
  bool take_interim(const Packet& packet);
  bool begins_answer(const Packet& packet) const;
  bool begin_answer(const Packet& packet, Sink& sink);
  bool take_answer(Call& call, const Packet& packet);
  bool take_first(Call& call, const Packet& packet);
  bool take_rows(Call& call, const Packet& packet, std::uint64_t& counted);
  bool take_description(const Packet& packet);
  bool take_prepared(Call& call, const Packet& packet);
  bool take_error(Call& call, Bytes head);
  bool end_result(Call& call, const Ok& ok);
  void finish_answer(Sink& sink);
  void note_success(const Call& call);

  // What becomes of calls.
  Call* take_call(Sink& sink);
  void emit(Call& call, Reason reason, Sink& sink);
  void release(Call& call);
  void settle(Call& call, Reason reason, std::uint32_t flags, Sink& sink);
  void settle_owed(Call& call, Reason reason, Sink& sink);
  void settle_queued(Reason reason, std::uint32_t flags, Sink& sink);
  void cut(Direction from, std::uint32_t flags, Sink& sink);
  void cut_request(std::uint32_t flags, Sink& sink);
  void cut_answer(std::uint32_t flags, Sink& sink);
  void disturb(Direction from, std::uint64_t end, GapCause cause, Sink& sink);
  void forget(Direction from);
  Reason lost() const;
  std::uint32_t lost_flag() const;

  Workshop& workshop_;
  CallQueue queue_;
  Way ways_[2];
  Memory memory_;
  Compressed compressed_;
  std::uint32_t capabilities_ = 0;  // 0: the login was not seen
  std::uint32_t columns_left_ = 0;
  std::uint32_t params_left_ = 0;
  std::uint32_t turn_ = 0;  // packets that began
  Phase phase_ = Phase::start;
  Stage stage_ = Stage::first;
  Eof eof_ = Eof::unknown;
  // Database and statements went with a hole: calls say so until one is known again.
  bool forgot_ = false;
  bool unknown_user_ = false;  // the login was in a hole
};
static_assert(sizeof(Connection) <= 704, "one of the slabs' smaller blocks");

}  // namespace spanlight::mysql
