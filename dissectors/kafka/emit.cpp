// From an exchange to the record's transaction: names as in the record's contract. Texts are views of the
// messages; what is put together stands in a room of fixed size.

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/listed.h"
#include "core/secret.h"
#include "core/text_room.h"
#include "kafka/exchange.h"
#include "kafka/kafka.h"
#include "kafka/said.h"
#include "kafka/walk.h"

namespace spanlight::kafka {
namespace {

constexpr std::size_t kSummaryBytesMax = 200;
constexpr std::size_t kKeyBytesMax = 256;
constexpr std::size_t kRoomBytes = 6'144;

std::string_view reason_text(Reason reason) {
  switch (reason) {
    case Reason::unanswered:
      return "no response: unanswered";
    case Reason::reset:
      return "no response: connection reset";
    case Reason::closed:
      return "no response: connection closed";
    default:
      return {};  // the sensor's own blindness is not the broker's error
  }
}

class Record {
 public:
  Record(const Exchange& exchange, const Limits& limits) : exchange_(exchange), limits_(limits) {}
  void emit(Sink& sink);

 private:
  template <typename Write>
  std::string_view write(Write put) {
    const std::size_t mark = room_.mark();
    put();
    if (room_.full()) room_.back_to(mark);
    return room_.since(mark);
  }

  std::string_view secret_text(const Said& said);
  void set_request(const Half& half);
  void set_response(const Half& half);
  template <std::size_t kMax>
  void add_common(Listed<Field, kMax>& fields, const Said& said, const Half& half, Message& to);
  void set_summary();
  void set_body(Message& to, const Said& said);

  const Exchange& exchange_;
  const Limits& limits_;
  Request request_;
  Transaction out_;
  Said asked_, answered_;
  Listed<Field, 28> request_fields_;
  Listed<Field, 24> response_fields_;
  std::array<char, kRoomBytes> bytes_;
  TextRoom room_{bytes_};
};

std::string_view Record::secret_text(const Said& said) {
  if (limits_.credentials_shown) return said.secret;
  out_.flags |= kFlagRedacted;
  return kRedacted;
}

// The value of the first record, where it is not compressed.
void Record::set_body(Message& to, const Said& said) {
  if (!said.has_batches || !said.batches.has_first) return;
  const Bytes value = said.batches.value;
  to.body_size = said.batches.value_bytes;
  to.body = value.first(std::min<std::size_t>(value.size(), limits_.body_preview_bytes));
  if (to.body.size() < to.body_size) out_.flags |= kFlagTruncatedBody;
}

template <std::size_t kMax>
void Record::add_common(Listed<Field, kMax>& fields, const Said& said, const Half& half, Message& to) {
  to.present = true;
  to.first_byte = half.first_byte;
  to.last_byte = half.last_byte;
  to.size = half.size;
  add_number(fields, "size", half.size);
  if (!said.topics.all().empty())
    fields.add({.name = "topics", .kind = Field::Kind::list, .list = said.topics.all()});
  if (half.counts.partitions > 0) add_number(fields, "partitions", half.counts.partitions);
  if (half.counts.has_records) {
    add_number(fields, "records", half.counts.records);
    add_number(fields, "record_bytes", half.counts.record_bytes);
    add_text(fields, "compression", compression_name(half.counts.compression));
  }
  if (said.has_batches && said.batches.has_first && !said.batches.key.empty())
    add_text(fields, "key", as_text(said.batches.key).substr(0, kKeyBytesMax));
  if (said.has_secret) add_text(fields, "auth", secret_text(said));
  if (half.counts.cut || said.cut) out_.flags |= kFlagTruncatedBody;
  set_body(to, said);
}

void Record::set_request(const Half& half) {
  auto& fields = request_fields_;
  if (exchange_.token) {
    asked_.has_secret = true;
    asked_.secret =
        as_text(half.bytes.subspan(std::min(half.bytes.size(), kLengthBytes))).substr(0, kSecretBytesMax);
    out_.method = "SaslToken";
    return add_common(fields, asked_, half, out_.request);
  }
  read_said(request_, request_.api->request, request_.body(half.bytes), room_, asked_);
  out_.method = request_.api->name;
  add_number(fields, "api_key", static_cast<std::uint64_t>(request_.key));
  add_text(fields, "api_name", request_.api->name);
  add_text(fields, "api_key_name", request_.api->name);
  add_number(fields, "api_version", static_cast<std::uint64_t>(request_.version));
  add_number(fields, "correlation_id", request_.id);
  add_text(fields, "client_id", request_.client_id);
  add_common(fields, asked_, half, out_.request);
  add_text(fields, "group", asked_.group);
  add_text(fields, "member", asked_.member);
  add_text(fields, "transactional_id", asked_.transaction);
  if (!asked_.has_batches) add_text(fields, "key", asked_.key);
  add_text(fields, "mechanism", asked_.mechanism);
  add_text(fields, "software", asked_.software);
  if (asked_.offset >= 0) add_number(fields, "offset", static_cast<std::uint64_t>(asked_.offset));
  if (request_.key == api::kProduce)
    fields.add({.name = "acks", .kind = Field::Kind::integer, .integer = half.counts.acks});
}

void Record::set_response(const Half& half) {
  auto& fields = response_fields_;
  if (exchange_.token) {
    answered_.has_secret = true;
    answered_.secret =
        as_text(half.bytes.subspan(std::min(half.bytes.size(), kLengthBytes))).substr(0, kSecretBytesMax);
    return add_common(fields, answered_, half, out_.response);
  }
  const Response response = parse_response(half.bytes);
  add_number(fields, "correlation_id", response.id);
  if (exchange_.request != nullptr) {
    const Bytes body = half.bytes.subspan(response_body_at(request_, half.bytes));
    read_said(read_as(request_, body), request_.api->response, body, room_, answered_);
  }
  add_common(fields, answered_, half, out_.response);
  add_text(fields, "group", exchange_.request == nullptr ? answered_.group : std::string_view{});
  add_text(fields, "mechanism", answered_.mechanism);
  if (answered_.offset >= 0) add_number(fields, "offset", static_cast<std::uint64_t>(answered_.offset));
  if (answered_.throttle_ms > 0)
    add_number(fields, "throttle_ms", static_cast<std::uint64_t>(answered_.throttle_ms));
  if (!answered_.has_code) return;
  fields.add({.name = "error_codes", .kind = Field::Kind::list, .list = answered_.codes.all()});
  out_.has_status = true;
  out_.status_code = answered_.first_error;
  if (answered_.first_error == 0) return;
  const std::string_view name = error_name(answered_.first_error);
  add_text(fields, "error", !name.empty() ? name : answered_.first_error_text);
  if (!answered_.errors.all().empty())
    fields.add({.name = "errors", .kind = Field::Kind::list, .list = answered_.errors.all()});
  add_text(fields, "error_message", answered_.error_text);
  out_.is_error = true;
  out_.error = answered_.first_error_text.empty() ? name : answered_.first_error_text;
}

// "Produce orders", "OffsetCommit billing orders"; of what was not asked for: "answer 42".
void Record::set_summary() {
  out_.summary = write([&] {
    if (exchange_.request == nullptr) {
      room_.put("answer ");
      return room_.number(parse_response(exchange_.response->bytes).id);
    }
    room_.put(out_.method);
    const std::size_t start = room_.mark();
    for (const std::string_view name : {asked_.group, asked_.transaction, asked_.key, asked_.mechanism}) {
      if (name.empty()) continue;
      room_.put(' ');
      room_.put(name.substr(0, kSummaryBytesMax));
    }
    const auto asked = asked_.topics.all();
    const auto topics = asked.empty() && request_.key != api::kMetadata ? answered_.topics.all() : asked;
    bool first = true;
    for (const std::string_view topic : topics) {
      if (room_.mark() - start + topic.size() > kSummaryBytesMax) {
        room_.put(" …");
        break;
      }
      room_.put(first ? " " : ", ");
      room_.put(topic);
      first = false;
    }
  });
  if (out_.summary.empty()) out_.summary = out_.method;
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  if (exchange_.request != nullptr && !exchange_.token) request_ = parse_request(exchange_.request->bytes);
  if (exchange_.request != nullptr) set_request(*exchange_.request);
  if (exchange_.response != nullptr) set_response(*exchange_.response);
  set_summary();
  out_.request.fields = request_fields_.all();
  out_.response.fields = response_fields_.all();
  if (exchange_.state == State::no_response) {
    out_.error = reason_text(exchange_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_exchange(const Exchange& exchange, const Limits& limits, Sink& sink) {
  Record record(exchange, limits);
  record.emit(sink);
}

}  // namespace spanlight::kafka
