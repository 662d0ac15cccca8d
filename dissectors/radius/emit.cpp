// From a request and its answer to the record's transaction.

#include <array>

#include "core/fieldset.h"
#include "core/header_room.h"
#include "core/open_questions.h"
#include "radius/attributes.h"
#include "radius/exchange.h"
#include "radius/radius.h"

namespace spanlight::radius {
namespace {

constexpr std::size_t kTextBytes = 8'192;  // of both halves: their fields, summary and error
constexpr std::size_t kFieldsMax = 20;
using Fields = Listed<Field, kFieldsMax>;

// Attributes that are fields of their own, too.
struct Shown {
  std::uint8_t type;
  std::string_view field;
};
constexpr Shown kShown[] = {{attribute::kUserName, "user_name"},
                            {attribute::kNasIpAddress, "nas_ip_address"},
                            {attribute::kNasIdentifier, "nas_identifier"},
                            {attribute::kFramedIpAddress, "framed_ip_address"},
                            {attribute::kReplyMessage, "reply_message"},
                            {attribute::kCalledStation, "called_station_id"},
                            {attribute::kCallingStation, "calling_station_id"},
                            {attribute::kStatusType, "acct_status_type"},
                            {attribute::kSessionId, "acct_session_id"},
                            {attribute::kTerminateCause, "acct_terminate_cause"},
                            {attribute::kErrorCause, "error_cause"}};

class Record {
 public:
  Record(const Limits& limits, DissectorCounters& counters, const Exchange& exchange)
      : limits_(limits), counters_(counters), exchange_(exchange) {}
  void emit(Sink& sink);

 private:
  struct Side {
    Fields fields;
    HeaderRoom headers;
    std::string_view user, status, session, reply, cause;
  };

  Packet set_half(Message& out, Side& side, const Arrival& arrival);
  void add_shown(Side& side, const Packet& packet);
  void set_summary(const Packet& packet, const Side& side);
  void set_error(const Packet& answer);

  const Limits& limits_;
  DissectorCounters& counters_;
  const Exchange& exchange_;
  Transaction out_;
  Side request_, response_;
  std::array<char, kTextBytes> letters_;
  TextRoom room_{letters_};
};

// The first of each kind.
void Record::add_shown(Side& side, const Packet& packet) {
  std::uint32_t seen = 0;
  each_attribute(packet.attributes, [&](std::uint8_t type, Bytes value) {
    for (std::size_t i = 0; i < std::size(kShown); ++i) {
      if (kShown[i].type != type || (seen >> i & 1) != 0) continue;
      seen |= 1u << i;
      const std::size_t start = room_.mark();
      write_value(room_, find_attribute(type)->kind, type, value);
      const std::string_view shown = room_.since(start);
      add_text(side.fields, kShown[i].field, shown);
      if (type == attribute::kUserName) side.user = shown;
      if (type == attribute::kStatusType) side.status = shown;
      if (type == attribute::kSessionId) side.session = shown;
      if (type == attribute::kReplyMessage) side.reply = shown;
      if (type == attribute::kErrorCause) side.cause = shown;
    }
  });
}

Packet Record::set_half(Message& out, Side& side, const Arrival& arrival) {
  const Packet packet = parse_packet(arrival.bytes);
  set_times(out, arrival);
  add_number(side.fields, "code", packet.code);
  add_text(side.fields, "code_name", code_name(packet.code));
  add_number(side.fields, "id", packet.id);
  add_shown(side, packet);
  if (write_attributes(side.headers, packet.attributes, limits_.credentials_shown))
    out_.flags |= kFlagRedacted;
  if (side.headers.truncated()) {
    out_.flags |= kFlagTruncatedHeaders;
    ++counters_.headers_truncated;
  }
  out.headers = side.headers.all();
  return packet;
}

// "Access-Request bob", "Accounting-Request Start bob"
void Record::set_summary(const Packet& packet, const Side& side) {
  out_.method = code_name(packet.code);
  out_.path = side.user;
  const std::size_t start = room_.mark();
  room_.put(out_.method);
  for (const std::string_view part : {side.status, side.user.empty() ? side.session : side.user}) {
    if (part.empty()) continue;
    room_.put(' ');
    room_.put(part);
  }
  out_.summary = room_.since(start);
}

void Record::set_error(const Packet& answer) {
  out_.has_status = true;
  out_.status_code = answer.code;
  out_.is_error = is_refusal(answer.code);
  if (!out_.is_error) return;
  const std::string_view why = response_.cause.empty() ? response_.reply : response_.cause;
  const std::size_t start = room_.mark();
  room_.put(code_name(answer.code));
  if (!why.empty()) {
    room_.put(": ");
    room_.put(why);
  }
  out_.error = room_.since(start);
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  out_.reversed = exchange_.asked_by == Direction::s2c;
  if (exchange_.request != nullptr) {
    const Packet packet = set_half(out_.request, request_, *exchange_.request);
    if (exchange_.retransmissions > 0)
      add_number(request_.fields, "retransmissions", exchange_.retransmissions);
    out_.request.fields = request_.fields.all();
    set_summary(packet, request_);
  }
  if (exchange_.response != nullptr) {
    const Packet packet = set_half(out_.response, response_, *exchange_.response);
    out_.response.fields = response_.fields.all();
    if (exchange_.request == nullptr) set_summary(packet, response_);
    set_error(packet);
  } else {
    out_.error = silence_of(exchange_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_exchange(const Limits& limits, DissectorCounters& counters, const Exchange& exchange, Sink& sink) {
  Record record(limits, counters, exchange);
  record.emit(sink);
}

}  // namespace spanlight::radius
