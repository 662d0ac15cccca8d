// From a request and its answer to the record's transaction.

#include <array>
#include <initializer_list>

#include "core/fieldset.h"
#include "core/open_questions.h"
#include "ldap/exchange.h"
#include "ldap/ldap.h"
#include "ldap/request_fields.h"

namespace spanlight::ldap {
namespace {

constexpr std::size_t kTextBytes = 12'288;
constexpr std::size_t kPartBytesMax = 1'024;  // of each part of the summary and the error
constexpr std::size_t kLineBytes = 4 * kPartBytesMax;
constexpr std::size_t kResponseFieldsMax = 16;
constexpr std::size_t kReferralsMax = 8;

class Record {
 public:
  Record(const Limits& limits, const Exchange& exchange) : limits_(limits), exchange_(exchange) {}
  void emit(Sink& sink);

 private:
  void set_request(const Arrival& arrival);
  void set_changes();
  void set_response(const Arrival& arrival);
  void set_result(const Message& message);
  void add_counted();
  void set_error();
  std::string_view text(std::initializer_list<std::string_view> parts);

  const Limits& limits_;
  const Exchange& exchange_;
  Transaction out_;
  std::array<char, kTextBytes> letters_;
  TextRoom room_{letters_};
  std::array<char, kLineBytes> line_letters_;
  TextRoom line_{line_letters_};
  RequestTold told_{limits_, room_};
  Listed<Field, kResponseFieldsMax> response_;
  Listed<std::string_view, kReferralsMax> referrals_;
};

std::string_view Record::text(std::initializer_list<std::string_view> parts) {
  const std::size_t start = line_.mark();
  for (const std::string_view part : parts) line_.put(part.substr(0, kPartBytesMax));
  return line_.since(start);
}

void Record::set_request(const Arrival& arrival) {
  const Message message = parse_message(arrival.bytes);
  const std::string_view name = message.operation->name;
  set_times(out_.request, arrival);
  out_.method = name;
  add_text(told_.fields, "op", name);
  add_text(told_.fields, "type", name);
  add_number(told_.fields, "message_id", message.id);
  if (exchange_.asked_by == Direction::s2c) add_text(told_.fields, "direction", "s2c");
  told_.read(message);
  if (exchange_.retransmissions > 0) add_number(told_.fields, "retransmissions", exchange_.retransmissions);
  if (exchange_.abandoned) add_true(told_.fields, "abandoned");
  if (told_.redacted) out_.flags |= kFlagRedacted;
  if (told_.malformed) out_.flags |= kFlagMalformed;
  if (message.clipped || told_.cut) out_.flags |= kFlagTruncatedBody;
  out_.path = told_.dn;
  set_changes();
  out_.request.fields = told_.fields.all();
  if (told_.dn.empty() && told_.subject.empty()) {
    out_.summary = name;
  } else {
    const std::string_view between = !told_.dn.empty() && !told_.subject.empty() ? " " : "";
    out_.summary = text({name, " ", told_.dn, between, told_.subject});
  }
}

void Record::set_changes() {
  if (told_.changes.empty()) return;
  const std::size_t shown = limits_.previews_shed ? 0 : limits_.body_preview_bytes;
  out_.request.body_size = told_.changes.size();
  out_.request.body = as_bytes(told_.changes.substr(0, shown));
  if (shown < told_.changes.size()) out_.flags |= kFlagTruncatedBody;
  if (limits_.previews_shed) out_.flags |= kFlagShedBody;
}

void Record::add_counted() {
  const Counted& counted = exchange_.counted;
  if (counted.references > 0) add_number(response_, "references", counted.references);
  if (counted.intermediates > 0) add_number(response_, "intermediates", counted.intermediates);
}

void Record::set_response(const Arrival& arrival) {
  set_times(out_.response, arrival);
  if (exchange_.unfinished) {
    add_text(response_, "op", "searchResEntry");
    add_number(response_, "entries", exchange_.counted.entries);
    add_counted();
    out_.response.fields = response_.all();
    return;
  }
  const Message message = parse_message(arrival.bytes);
  add_text(response_, "op", message.operation->name);
  if (exchange_.request == nullptr) {
    add_number(response_, "message_id", message.id);
    out_.method = out_.summary = message.operation->name;
  }
  set_result(message);
  if (message.operation->tag == op::kSearchDone && exchange_.request != nullptr)
    add_number(response_, "entries", exchange_.counted.entries);
  add_counted();
  out_.response.fields = response_.all();
}

// What stands behind the result: referrals [3], name [10] and value [11] of an extended answer.
void Record::set_result(const Message& message) {
  const Result result = read_result(message.body);
  if (result.code < 0) {
    if (message.operation->tag != op::kIntermediate) out_.flags |= kFlagMalformed;
    return;
  }
  out_.has_status = true;
  out_.status_code = result.code;
  const std::string_view name = result_name(result.code);
  add_number(response_, "result_code", static_cast<std::uint32_t>(result.code));
  add_text(response_, "result", name);
  add_text(response_, "matched_dn", result.matched_dn);
  add_text(response_, "diagnostic", result.diagnostic);
  Reader r{result.rest};
  while (r.ok() && r.left() > 0) {
    const Element element = read_element(r);
    if (element.is(0x8a)) {
      add_text(response_, "oid", element.text());
      add_text(response_, "oid_name", name_of_oid(element.text()));
      break;
    }
    if (!element.is(0xa3)) continue;
    Reader urls{element.content};
    while (urls.ok() && urls.left() > 0 && referrals_.all().size() < kReferralsMax)
      referrals_.add(read_element(urls).text());
  }
  if (!referrals_.all().empty())
    response_.add({.name = "referrals", .kind = Field::Kind::list, .list = referrals_.all()});
  out_.is_error = is_failure(result.code);
  if (!out_.is_error) return;
  const std::string_view known = name.empty() ? "error" : name;
  out_.error = result.diagnostic.empty() ? known : text({known, ": ", result.diagnostic});
}

// What the client abandoned is nobody's failure.
void Record::set_error() {
  if (exchange_.state != State::no_response || exchange_.abandoned) return;
  out_.error = silence_of(exchange_.reason);
  out_.is_error = !out_.error.empty();
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  out_.reversed = exchange_.asked_by == Direction::s2c;
  if (exchange_.request != nullptr) set_request(*exchange_.request);
  if (exchange_.response != nullptr)
    set_response(*exchange_.response);
  else
    set_error();
  sink.emit(out_);
}

}  // namespace

void emit_exchange(const Limits& limits, const Exchange& exchange, Sink& sink) {
  Record record(limits, exchange);
  record.emit(sink);
}

}  // namespace spanlight::ldap
