// ICMP between two addresses: requests wait for the answer with their id and number, everything else is said
// once. What is and is not handled: README.md beside this file.

#include "icmp/icmp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

#include "core/address_text.h"
#include "core/listed.h"
#include "icmp/parse.h"

namespace spanlight::icmp {
namespace {

constexpr std::size_t kOpenMax = 48;  // requests of one pair of addresses that wait
constexpr std::size_t kHeadBytes = 8;

constexpr FieldSpec kFields[] = {
    {"type", FieldType::integer, true, true, "Number of the message's type"},
    {"code", FieldType::integer, true, true, "Number within the type"},
    {"id", FieldType::integer, true, true, "Identifier of an echo and the like"},
    {"seq", FieldType::integer, true, true, "Number of an echo and the like"},
    {"mtu", FieldType::integer, true, false, "What the next hop can carry, where a packet was too big"},
    {"quoted_protocol", FieldType::text, true, false, "Transport of the packet that an error is about"},
    {"quoted_src", FieldType::text, true, false, "Who sent the packet that an error is about"},
    {"quoted_src_port", FieldType::integer, true, false, "Its port"},
    {"quoted_dst", FieldType::text, true, false, "Whom the packet that an error is about was for"},
    {"quoted_dst_port", FieldType::integer, true, false, "Its port"},
    {"quoted_conn_id", FieldType::text, true, false,
     "conn_id of that packet's flow, where the sensor's worker knows it"},
};

struct OpenRequest {
  TimeNs time;
  std::uint32_t bytes;
  std::uint16_t id, seq;
  std::uint8_t type, code;
  Direction from;
};

class Number {
 public:
  Number(std::uint64_t value, int base, std::size_t width) {
    const auto made = std::to_chars(text_.data(), text_.data() + text_.size(), value, base);
    size_ = static_cast<std::size_t>(made.ptr - text_.data());
    if (size_ >= width) return;
    std::copy_backward(text_.begin(), text_.begin() + size_, text_.begin() + width);
    std::fill_n(text_.begin(), width - size_, '0');
    size_ = width;
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 24> text_{};
  std::size_t size_ = 0;
};

using Fields = Listed<Field, std::size(kFields)>;

void add(Fields& fields, std::string_view name, std::uint64_t value) {
  fields.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
}

std::string_view protocol_name(std::uint8_t protocol, const Number& number) {
  switch (protocol) {
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 58:
      return "icmpv6";
    case 132:
      return "sctp";
    default:
      return number.view();
  }
}

template <bool kV6>
class Pairing final : public Dissector {
 public:
  explicit Pairing(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink& sink) override {
    const IcmpMessage message = parse(window.bytes, kV6);
    if (message.fault != Fault::none) {
      ++workshop_.counters.malformed;
      return {.consumed = window.bytes.size()};
    }
    switch (message.kind) {
      case Kind::request:
        open(from, message, window, sink);
        break;
      case Kind::answer:
        answer(from, message, window, sink);
        break;
      case Kind::error:
      case Kind::notice:
        say(from, message, window, sink);
        break;
    }
    return {.consumed = window.bytes.size()};
  }

  // Datagrams have no holes, no skips and no ends of their own.
  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}
  Answer on_gap(Direction, std::uint64_t, GapCause, TimeNs, Sink&) override { return {}; }
  void on_end(Direction, End, TimeNs, Sink&) override {}

  void on_close(End end, TimeNs, Sink& sink) override {
    while (open_ > 0) give_up(reason_of(end), sink);
  }

  void on_time(TimeNs now, Sink& sink) override {
    while (open_ > 0 && next_deadline() <= now) give_up(Reason::unanswered, sink);
  }

  TimeNs next_deadline() const override {
    return open_ == 0 ? kNever : requests_[0].time + workshop_.limits.answer_timeout_ns;
  }

  bool park(const Position&, Memo&) const override { return open_ == 0; }

 private:
  static const Descriptor& descriptor() { return kV6 ? kV6Descriptor : kDescriptor; }

  static Message message_of(TimeNs time, std::size_t bytes) {
    Message m;
    m.present = true;
    m.first_byte = m.last_byte = time;
    m.size = bytes;
    m.body_size = bytes < kHeadBytes ? 0 : bytes - kHeadBytes;
    return m;
  }

  static void add_numbers(Fields& fields, const IcmpMessage& message) {
    add(fields, "type", message.type);
    add(fields, "code", message.code);
    if (!message.has_id) return;
    add(fields, "id", message.id);
    add(fields, "seq", message.seq);
  }

  static IcmpMessage message_of(const OpenRequest& request) {
    IcmpMessage message;
    message.kind = Kind::request;
    message.type = request.type;
    message.code = request.code;
    message.has_id = true;
    message.id = request.id;
    message.seq = request.seq;
    return message;
  }

  void open(Direction from, const IcmpMessage& message, const Window& window, Sink& sink) {
    if (open_ == std::min<std::size_t>(kOpenMax, workshop_.limits.open_calls_max)) {
      ++workshop_.counters.open_calls_exceeded;
      give_up(Reason::evicted, sink);
    }
    requests_[open_++] = {.time = window.time,
                          .bytes = static_cast<std::uint32_t>(window.bytes.size()),
                          .id = message.id,
                          .seq = message.seq,
                          .type = message.type,
                          .code = message.code,
                          .from = from};
  }

  void answer(Direction from, const IcmpMessage& message, const Window& window, Sink& sink) {
    const auto end = requests_.begin() + open_;
    const auto asked = std::find_if(requests_.begin(), end, [&](const OpenRequest& r) {
      return r.from == opposite(from) && r.type == message.asked && r.id == message.id &&
             r.seq == message.seq;
    });
    Fields request_fields, response_fields;
    add_numbers(response_fields, message);
    Transaction out;
    out.response = message_of(window.time, window.bytes.size());
    out.response.fields = response_fields.all();
    out.reversed = from == Direction::c2s;
    if (asked == end) {
      out.state = State::no_request;
      out.reason = Reason::unsolicited;
      out.method = name_of(message, kV6);
      out.summary = sentence_of(message, kV6);
    } else {
      set_request(out, *asked, request_fields);
      std::move(asked + 1, end, asked);
      --open_;
    }
    emit(out, sink);
  }

  // The oldest request leaves without its answer.
  void give_up(Reason reason, Sink& sink) {
    const OpenRequest oldest = requests_[0];
    std::move(requests_.begin() + 1, requests_.begin() + open_, requests_.begin());
    --open_;
    Fields fields;
    Transaction out;
    out.state = State::no_response;
    out.reason = reason;
    out.reversed = oldest.from == Direction::s2c;
    set_request(out, oldest, fields);
    if (reason == Reason::unanswered) {
      out.is_error = true;
      out.error = "no response: unanswered";
    }
    emit(out, sink);
  }

  static void set_request(Transaction& out, const OpenRequest& request, Fields& fields) {
    const IcmpMessage message = message_of(request);
    add_numbers(fields, message);
    out.request = message_of(request.time, request.bytes);
    out.request.fields = fields.all();
    out.method = name_of(message, kV6);
    out.summary = sentence_of(message, kV6);
  }

  void say(Direction from, const IcmpMessage& message, const Window& window, Sink& sink) {
    const QuotedPacket& quoted = message.quoted;
    const AddressText src(quoted.src), dst(quoted.dst);
    const Number protocol(quoted.protocol, 10, 0);
    constexpr std::uint8_t kV4Redirect = 5;  // quotes a packet that did arrive
    const bool error = message.kind == Kind::error && (kV6 || message.type != kV4Redirect);
    std::uint64_t conn_id = 0;
    if (message.has_quoted && workshop_.flow_errors != nullptr)
      conn_id = workshop_.flow_errors->on_error(quoted);
    const Number conn_text(conn_id, 16, 16);
    Fields fields;
    add_numbers(fields, message);
    if (message.mtu != 0) add(fields, "mtu", message.mtu);
    if (message.has_quoted) {
      fields.add({.name = "quoted_protocol", .text = protocol_name(quoted.protocol, protocol)});
      fields.add({.name = "quoted_src", .text = src.view()});
      if (quoted.has_ports) add(fields, "quoted_src_port", quoted.src_port);
      fields.add({.name = "quoted_dst", .text = dst.view()});
      if (quoted.has_ports) add(fields, "quoted_dst_port", quoted.dst_port);
      if (conn_id != 0) fields.add({.name = "quoted_conn_id", .text = conn_text.view()});
    }
    Transaction out;
    out.state = State::one_way;
    out.reversed = from == Direction::s2c;
    out.request = message_of(window.time, window.bytes.size());
    out.request.fields = fields.all();
    out.method = name_of(message, kV6);
    out.summary = sentence_of(message, kV6);
    out.is_error = error;
    if (error) out.error = out.summary;
    emit(out, sink);
  }

  static void emit(Transaction& out, Sink& sink) {
    out.protocol = &descriptor();
    sink.emit(out);
  }

  Workshop& workshop_;
  std::size_t open_ = 0;
  std::array<OpenRequest, kOpenMax> requests_;  // the first `open_`, oldest first
};

Verdict probe(Bytes, Bytes) {
  return Verdict::either;
}

template <bool kV6>
Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Pairing<kV6>(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "icmp",
    .title = "ICMP",
    .transport = Transport::icmp,
    .head_bytes_max = 1,
    .probe = probe,
    .slot_bytes = sizeof(Pairing<false>),
    .create = create<false>,
    .fields = kFields,
    .with_connections = true,
};

const Descriptor kV6Descriptor{
    .name = "icmpv6",
    .title = "ICMPv6",
    .transport = Transport::icmpv6,
    .head_bytes_max = 1,
    .probe = probe,
    .slot_bytes = sizeof(Pairing<true>),
    .create = create<true>,
    .fields = kFields,
    .with_connections = true,
};

}  // namespace spanlight::icmp
