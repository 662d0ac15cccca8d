// SCTP between two end points: a record for each chunk that carries data or opens, closes, breaks an
// association. What is and is not handled: README.md beside this file.

#include "sctp/sctp.h"

#include <algorithm>
#include <array>
#include <new>

#include "core/diameter/over_sctp.h"
#include "core/listed.h"
#include "core/reader.h"
#include "core/sctp/parse.h"

namespace spanlight::sctp {
namespace {

constexpr unsigned kChunksMax = 256;  // of one packet; 64 KiB hold more only where chunks are empty

constexpr FieldSpec kFields[] = {
    {"chunk", FieldType::text, true, true, "Type of the chunk: DATA, INIT, INIT_ACK, ABORT, ..."},
    {"direction", FieldType::text, true, false,
     "c2s: sent by who opened the association, s2c: by the other end"},
    {"tsn", FieldType::integer, true, false, "Transmission sequence number of the data"},
    {"sid", FieldType::integer, true, false, "Stream that the data belongs to"},
    {"ssn", FieldType::integer, true, false, "Number of the message within its stream"},
    {"mid", FieldType::integer, true, false, "Message identifier (I_DATA)"},
    {"ppid", FieldType::integer, true, false, "Payload protocol identifier, as the sender set it"},
    {"length", FieldType::integer, true, false, "Bytes of payload in the chunk"},
    {"begin", FieldType::boolean, true, false, "The chunk begins a message"},
    {"end", FieldType::boolean, true, false, "The chunk ends a message"},
    {"unordered", FieldType::boolean, true, false, "The message may be delivered out of order"},
    {"initiate_tag", FieldType::integer, true, true, "Verification tag that the sender wants to see"},
    {"out_streams", FieldType::integer, true, true, "Streams that the sender wants to open"},
    {"in_streams", FieldType::integer, true, true, "Streams that the sender accepts"},
    {"initial_tsn", FieldType::integer, true, true, "Where its transmission sequence numbers begin"},
    {"cause", FieldType::text, true, false, "Why (ABORT, ERROR)"},
};
using Fields = Listed<Field, std::size(kFields)>;

void add(Fields& fields, std::string_view name, std::uint64_t value) {
  fields.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
}
void add_flag(Fields& fields, std::string_view name, bool value) {
  fields.add({.name = name, .kind = Field::Kind::boolean, .integer = value});
}

// Bookkeeping between the two stacks: acknowledgements and signs of life.
bool is_bookkeeping(std::uint8_t type) {
  return type == chunk_type::sack || type == chunk_type::heartbeat || type == chunk_type::heartbeat_ack ||
         type == chunk_type::ecne || type == chunk_type::cwr;
}

class Association final : public Dissector {
 public:
  explicit Association(Workshop& workshop) : workshop_(workshop), diameter_(diameter::kOverSctp) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override {
    Bytes left = window.bytes;
    for (unsigned n = 0; n < kChunksMax && !left.empty(); ++n) {
      const Chunk chunk = parse_chunk(left);
      if (chunk.fault != Fault::none && !(chunk.fault == Fault::short_input && !chunk.payload.empty())) {
        ++workshop_.counters.malformed;
        break;
      }
      on_chunk(from, chunk, left.size(), window.time, sink);
      diameter::take_chunk(diameter_, workshop_, from, chunk, window.time, sink);
      left = left.subspan(std::min(left.size(), chunk.whole_bytes));
    }
    return {.consumed = window.bytes.size()};
  }

  // Datagrams have no holes, no skips and no ends of their own.
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}
  Answer on_gap(Direction, std::uint64_t, GapCause, TimeNs, Sink&) override { return {}; }
  void on_end(Direction, End, TimeNs, Sink&) override {}

  void on_close(End end, TimeNs, Sink& sink) override {
    for (const Direction from : {Direction::c2s, Direction::s2c}) {
      give_up(from, reason_of(end), sink);
      diameter_.settle_all(workshop_, from, end, sink);
    }
  }

  void on_time(TimeNs now, Sink& sink) override {
    for (const Direction from : {Direction::c2s, Direction::s2c})
      if (deadline(from) <= now) give_up(from, Reason::unanswered, sink);
    diameter_.on_time(workshop_, now, sink);
  }

  TimeNs next_deadline() const override {
    return std::min(
        {deadline(Direction::c2s), deadline(Direction::s2c), diameter_.next_deadline(workshop_.limits)});
  }

  bool park(const Position&, Memo& memo) const override {
    if (next_deadline() != kNever) return false;
    memo = to_memo(diameter_.rest());
    return true;
  }
  void resume(const Position&, const Memo& memo) override {
    diameter_.resume(from_memo<diameter::Calls::Rest>(memo));
  }

 private:
  struct Opening {
    TimeNs time = 0;  // 0: none waits
    std::size_t bytes = 0;
    Chunk chunk;
  };

  TimeNs deadline(Direction from) const {
    const TimeNs time = opening_[index_of(from)].time;
    return time == 0 ? kNever : time + workshop_.limits.answer_timeout_ns;
  }

  void on_chunk(Direction from, const Chunk& chunk, std::size_t left, TimeNs time, Sink& sink) {
    const std::size_t bytes = std::min(left, chunk.whole_bytes);
    if (chunk.type == chunk_type::init) {
      Opening& opening = opening_[index_of(from)];
      if (opening.time != 0 && opening.chunk.initiate_tag == chunk.initiate_tag) return;  // sent again
      give_up(from, Reason::unanswered, sink);
      opening = {time, bytes, chunk};
    } else if (chunk.type == chunk_type::init_ack) {
      accept(from, chunk, bytes, time, sink);
    } else if (!is_bookkeeping(chunk.type)) {
      say(from, chunk, bytes, time, sink);
    }
  }

  static Message message_of(TimeNs time, std::size_t bytes) {
    Message m;
    m.present = true;
    m.first_byte = m.last_byte = time;
    m.size = bytes;
    return m;
  }

  static void add_opening(Fields& fields, const Chunk& chunk) {
    fields.add({.name = "chunk", .text = name_of(chunk.type)});
    add(fields, "initiate_tag", chunk.initiate_tag);
    add(fields, "out_streams", chunk.out_streams);
    add(fields, "in_streams", chunk.in_streams);
    add(fields, "initial_tsn", chunk.initial_tsn);
  }

  static void set_request(Transaction& out, const Opening& opening, Fields& fields) {
    add_opening(fields, opening.chunk);
    out.request = message_of(opening.time, opening.bytes);
    out.request.fields = fields.all();
  }

  void accept(Direction from, const Chunk& chunk, std::size_t bytes, TimeNs time, Sink& sink) {
    Opening& opening = opening_[index_of(opposite(from))];
    Fields request_fields, response_fields;
    Transaction out;
    add_opening(response_fields, chunk);
    out.response = message_of(time, bytes);
    out.response.fields = response_fields.all();
    out.reversed = from == Direction::c2s;
    if (opening.time == 0) {
      out.state = State::no_request;
      out.reason = Reason::unsolicited;
    } else {
      set_request(out, opening, request_fields);
    }
    emit(out, chunk_type::init, sink);
    opening = {};
  }

  void give_up(Direction from, Reason reason, Sink& sink) {
    Opening& opening = opening_[index_of(from)];
    if (opening.time == 0) return;
    Fields fields;
    Transaction out;
    out.state = State::no_response;
    out.reason = reason;
    out.reversed = from == Direction::s2c;
    set_request(out, opening, fields);
    if (reason == Reason::unanswered) {
      out.is_error = true;
      out.error = "no response: unanswered";
    }
    emit(out, chunk_type::init, sink);
    opening = {};
  }

  void say(Direction from, const Chunk& chunk, std::size_t bytes, TimeNs time, Sink& sink) {
    const bool data = chunk.type == chunk_type::data, i_data = chunk.type == chunk_type::i_data;
    Fields fields;
    fields.add({.name = "chunk", .text = name_of(chunk.type)});
    fields.add({.name = "direction", .text = from == Direction::c2s ? "c2s" : "s2c"});
    Transaction out;
    out.state = State::one_way;
    out.reversed = from == Direction::s2c;  // either end says what it likes: who said this is its client
    out.request = message_of(time, bytes);
    if (data || i_data) add_data(out, fields, chunk);
    const bool broken = chunk.type == chunk_type::abort || chunk.type == chunk_type::error;
    if (broken) {
      out.is_error = true;
      out.error = cause_of(chunk.cause);
      if (out.error.empty()) out.error = chunk.type == chunk_type::abort ? "association aborted" : "error";
      if (chunk.cause != 0) fields.add({.name = "cause", .text = out.error});
    }
    out.request.fields = fields.all();
    emit(out, chunk.type, sink);
  }

  void add_data(Transaction& out, Fields& fields, const Chunk& chunk) const {
    add(fields, "tsn", chunk.tsn);
    add(fields, "sid", chunk.stream);
    if (chunk.type == chunk_type::data)
      add(fields, "ssn", chunk.stream_seq);
    else
      add(fields, "mid", chunk.message_id);
    add(fields, "ppid", chunk.ppid);
    add(fields, "length", chunk.length);
    add_flag(fields, "begin", chunk.begins());
    add_flag(fields, "end", chunk.ends());
    if (chunk.unordered()) add_flag(fields, "unordered", true);
    const Limits& limits = workshop_.limits;
    const std::size_t shown = limits.previews_shed ? 0 : limits.body_preview_bytes;
    out.request.body_size = chunk.length;
    out.request.body = chunk.payload.first(std::min(chunk.payload.size(), shown));
    if (out.request.body.size() >= chunk.length) return;
    out.flags |= kFlagTruncatedBody;
    if (limits.previews_shed) out.flags |= kFlagShedBody;
  }

  static void emit(Transaction& out, std::uint8_t type, Sink& sink) {
    out.protocol = &kDescriptor;
    out.method = name_of(type);
    out.summary = name_of(type);
    sink.emit(out);
  }

  Workshop& workshop_;
  diameter::Calls diameter_;        // what the data holds, if it is that
  std::array<Opening, 2> opening_;  // by Direction: an INIT that waits for its INIT ACK
};

// What opens an association says who is the client: servers' ports are often among those that clients are
// given (S1AP's 36412).
Verdict probe(Bytes own, Bytes) {
  switch (Reader{own}.u8()) {
    case chunk_type::init:
    case chunk_type::cookie_echo:
      return Verdict::client;
    case chunk_type::init_ack:
    case chunk_type::cookie_ack:
      return Verdict::server;
    default:
      return Verdict::either;
  }
}

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Association(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "sctp",
    .title = "SCTP",
    .transport = Transport::sctp,
    .head_bytes_max = 1,
    .probe = probe,
    .slot_bytes = sizeof(Association),
    .create = create,
    .fields = kFields,
    .with_connections = true,
};

}  // namespace spanlight::sctp
