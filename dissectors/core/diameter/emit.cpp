// From a request and its answer to the record's transaction.

#include <array>
#include <initializer_list>

#include "core/diameter/dictionary.h"
#include "core/diameter/exchange.h"
#include "core/diameter/names.h"
#include "core/fieldset.h"
#include "core/header_room.h"
#include "core/open_questions.h"

namespace spanlight::diameter {
namespace {

constexpr std::size_t kTextBytes = 2'048;
constexpr std::size_t kPartBytesMax = 512;  // of each part of the summary and the error
constexpr std::size_t kFieldsMax = 24;
using Fields = Listed<Field, kFieldsMax>;

constexpr FieldSpec kSpecs[] = {
    {"command", FieldType::text, true, true, "Command by name, such as Credit-Control-Request"},
    {"command_code", FieldType::integer, true, true, "Command code"},
    {"application_id", FieldType::integer, true, true, "Application that the command belongs to"},
    {"application", FieldType::text, true, true, "The same by name, such as Gx or S6a"},
    {"hop_by_hop", FieldType::integer, true, true, "Identifier that pairs an answer with its request"},
    {"end_to_end", FieldType::integer, true, true, "Identifier that tells repeated requests"},
    {"session_id", FieldType::text, true, true, "Session-Id"},
    {"origin_host", FieldType::text, true, true, "Origin-Host: who says it"},
    {"origin_realm", FieldType::text, true, true, "Origin-Realm"},
    {"destination_host", FieldType::text, true, false, "Destination-Host: for whom it is"},
    {"destination_realm", FieldType::text, true, false, "Destination-Realm"},
    {"user_name", FieldType::text, true, true, "User-Name: whom it is about"},
    {"cc_request_type", FieldType::integer, true, true,
     "Credit control: 1 initial, 2 update, 3 termination, 4 event"},
    {"cc_request_number", FieldType::integer, true, true,
     "Credit control: number of the request within its session"},
    {"direction", FieldType::text, true, false, "s2c: the request was sent by who accepted the connection"},
    {"repeated", FieldType::boolean, true, false, "The sender says that it may have sent it before (T flag)"},
    {"retransmissions", FieldType::integer, true, false,
     "Times that the request was sent again before its answer"},
    {"result_code", FieldType::integer, false, true, "Result-Code"},
    {"experimental_result_code", FieldType::integer, false, true, "Experimental-Result-Code"},
    {"result", FieldType::text, false, true, "The result by name, such as DIAMETER_SUCCESS"},
    {"error_message", FieldType::text, false, true, "Error-Message: the result in words"},
};

struct Shown {
  std::uint32_t code;
  std::string_view field;
  bool is_number;
};
constexpr Shown kShown[] = {{avp::kSessionId, "session_id", false},
                            {avp::kOriginHost, "origin_host", false},
                            {avp::kOriginRealm, "origin_realm", false},
                            {avp::kDestinationHost, "destination_host", false},
                            {avp::kDestinationRealm, "destination_realm", false},
                            {avp::kUserName, "user_name", false},
                            {avp::kCcRequestType, "cc_request_type", true},
                            {avp::kCcRequestNumber, "cc_request_number", true}};

struct Result {
  std::uint32_t code = 0, experimental = 0, vendor = 0;
  std::string_view message;
};

class Record {
 public:
  Record(Workshop& workshop, const Descriptor& protocol, const Exchange& exchange)
      : workshop_(workshop), exchange_(exchange) {
    out_.protocol = &protocol;
  }
  void emit(Sink& sink);

 private:
  struct Side {
    Fields fields;
    HeaderRoom headers;
    std::string_view session, origin, user;
    Result result;
  };

  Header set_half(Message& out, Side& side, const Arrival& arrival);
  void add_shown(Side& side, Bytes avps);
  void add_result(Side& side);
  void set_summary(const Header& header, const Side& side);
  std::string_view command(const Header& header);
  std::string_view text(std::initializer_list<std::string_view> parts);

  Workshop& workshop_;
  const Exchange& exchange_;
  Transaction out_;
  Side request_, response_;
  std::array<char, kTextBytes> letters_;
  TextRoom room_{letters_};
};

std::string_view Record::text(std::initializer_list<std::string_view> parts) {
  const std::size_t start = room_.mark();
  for (const std::string_view part : parts) room_.put(part.substr(0, kPartBytesMax));
  return room_.since(start);
}

std::string_view Record::command(const Header& header) {
  const Command* known = find_command(header.command);
  const std::string_view kind = header.is_request() ? "-Request" : "-Answer";
  if (known != nullptr) return text({known->name, kind});
  const std::size_t start = room_.mark();
  room_.put("Command-");
  room_.number(header.command);
  room_.put(kind);
  return room_.since(start);
}

// The first of each kind.
void Record::add_shown(Side& side, Bytes avps) {
  std::uint32_t seen = 0;
  Result& result = side.result;
  each_avp(avps, [&](const Avp& avp) {
    if (avp.vendor != 0) return;
    if (avp.code == avp::kResultCode) result.code = unsigned_of(avp.data);
    if (avp.code == avp::kErrorMessage) result.message = as_text(avp.data);
    if (avp.code == avp::kExperimentalResult)
      each_avp(avp.data, [&](const Avp& inner) {
        if (inner.code == avp::kVendorId) result.vendor = unsigned_of(inner.data);
        if (inner.code == avp::kExperimentalCode) result.experimental = unsigned_of(inner.data);
      });
    for (std::size_t i = 0; i < std::size(kShown); ++i) {
      if (kShown[i].code != avp.code || (seen >> i & 1) != 0) continue;
      seen |= 1u << i;
      if (kShown[i].is_number)
        add_number(side.fields, kShown[i].field, unsigned_of(avp.data));
      else
        add_text(side.fields, kShown[i].field, as_text(avp.data));
      if (avp.code == avp::kSessionId) side.session = as_text(avp.data);
      if (avp.code == avp::kOriginHost) side.origin = as_text(avp.data);
      if (avp.code == avp::kUserName) side.user = as_text(avp.data);
    }
  });
}

Header Record::set_half(Message& out, Side& side, const Arrival& arrival) {
  const Header header = read_header(arrival.bytes);
  const Bytes avps = arrival.bytes.subspan(kHeaderBytes);
  set_times(out, arrival);
  add_text(side.fields, "command", command(header));
  add_number(side.fields, "command_code", header.command);
  add_number(side.fields, "application_id", header.application);
  add_text(side.fields, "application", application_name(header.application));
  add_number(side.fields, "hop_by_hop", header.hop_by_hop);
  add_number(side.fields, "end_to_end", header.end_to_end);
  add_shown(side, avps);
  bool secret = false;
  const Fault fault = write_avps(side.headers, avps, workshop_.limits.credentials_shown, secret);
  if (secret) out_.flags |= kFlagRedacted;
  if (!arrival.whole()) {
    out_.flags |= kFlagTruncatedHeaders;
  } else if (fault != Fault::none) {
    out_.flags |= kFlagMalformed;
    ++workshop_.counters.malformed;
  }
  if (side.headers.truncated()) {
    out_.flags |= kFlagTruncatedHeaders;
    ++workshop_.counters.headers_truncated;
  }
  out.headers = side.headers.all();
  return header;
}

// Of 1xxx and 2xxx all is well (RFC 6733, 7.1). Results of others than the IETF follow the same scheme.
void Record::add_result(Side& side) {
  constexpr std::uint32_t kFailureMin = 3'000;
  const Result& result = side.result;
  const std::uint32_t code = result.code != 0 ? result.code : result.experimental;
  const std::string_view name =
      result.code != 0 ? result_name(result.code) : experimental_name(result.vendor, result.experimental);
  if (result.code != 0) add_number(side.fields, "result_code", result.code);
  if (result.experimental != 0) add_number(side.fields, "experimental_result_code", result.experimental);
  add_text(side.fields, "result", name);
  add_text(side.fields, "error_message", result.message);
  if (code == 0) return;
  out_.has_status = true;
  out_.status_code = static_cast<std::int32_t>(code);
  out_.is_error = code >= kFailureMin;
  if (!out_.is_error) return;
  const std::string_view what = name.empty() ? "error" : name;
  out_.error = result.message.empty() ? what : text({what, ": ", result.message});
}

// "CCR Gx session;1;2", of the base protocol "CER host"
void Record::set_summary(const Header& header, const Side& side) {
  const Command* known = find_command(header.command);
  const std::string_view kind = header.is_request() ? "R" : "A";
  out_.method = known != nullptr ? text({known->letters, kind}) : command(header);
  const std::string_view application = header.application != 0 ? application_name(header.application) : "";
  const std::string_view subject = !side.session.empty() ? side.session : side.origin;
  out_.path = subject;
  out_.summary =
      text({out_.method, application.empty() ? "" : " ", application, subject.empty() ? "" : " ", subject});
}

void Record::emit(Sink& sink) {
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  out_.reversed = exchange_.asked_by == Direction::s2c;
  if (exchange_.request != nullptr) {
    const Header header = set_half(out_.request, request_, *exchange_.request);
    if (out_.reversed) add_text(request_.fields, "direction", "s2c");
    if (header.is_repeated()) add_true(request_.fields, "repeated");
    if (exchange_.retransmissions > 0)
      add_number(request_.fields, "retransmissions", exchange_.retransmissions);
    out_.request.fields = request_.fields.all();
    set_summary(header, request_);
  }
  if (exchange_.response != nullptr) {
    const Header header = set_half(out_.response, response_, *exchange_.response);
    add_result(response_);
    out_.response.fields = response_.fields.all();
    if (exchange_.request == nullptr) set_summary(header, response_);
  } else {
    out_.error = silence_of(exchange_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

const std::span<const FieldSpec> kFields{kSpecs};

void emit_exchange(Workshop& workshop, const Descriptor& protocol, const Exchange& exchange, Sink& sink) {
  Record record(workshop, protocol, exchange);
  record.emit(sink);
}

}  // namespace spanlight::diameter
