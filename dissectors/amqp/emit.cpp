// From methods and content to the record's transaction.

#include <array>

#include "amqp/amqp.h"
#include "amqp/exchange.h"
#include "amqp/frame.h"
#include "amqp/table.h"
#include "core/fieldset.h"
#include "core/open_questions.h"
#include "core/secret.h"
#include "core/text_room.h"

namespace spanlight::amqp {
namespace {

constexpr std::size_t kTextBytes = 2'048;
constexpr std::size_t kFieldsMax = 24;
constexpr std::uint64_t kErrorCodeMin = 300;  // below: success

using Fields = Listed<Field, kFieldsMax>;

// What of a method's arguments the record is told by.
struct Gist {
  std::string_view exchange, routing_key, queue, tag, text;
  std::string_view reply_text;
  std::uint64_t reply_code = 0;
  bool has_reply = false;
};

class Record {
 public:
  Record(const Limits& limits, DissectorCounters& counters, const Exchange& exchange)
      : limits_(limits), counters_(counters), exchange_(exchange) {}
  void emit(Sink& sink);

 private:
  struct Side {
    Fields fields;
    HeaderRoom headers;
    Preview::Room pieces;
  };

  void set_half(Message& out, Side& side, const Half& half, bool asked);
  void add_arguments(Side& side, const Half& half, bool asked);
  void note(const Argument& argument, const Value& value, bool asked);
  void add_argument(Side& side, const Half& half, const Argument& argument, const Value& value);
  void set_content(Message& out, Side& side, const Content& content);
  void add_secret(Side& side, const Half& half, Bytes value);
  void set_summary();
  void set_error();
  std::string_view joined(std::string_view a, std::string_view between, std::string_view b);

  const Limits& limits_;
  DissectorCounters& counters_;
  const Exchange& exchange_;
  Transaction out_;
  Gist gist_;
  Side request_, response_;
  std::array<char, kTextBytes> letters_;
  TextRoom room_{letters_};
};

std::string_view Record::joined(std::string_view a, std::string_view between, std::string_view b) {
  const std::size_t start = room_.mark();
  room_.put(a);
  room_.put(between);
  room_.put(b);
  return room_.since(start);
}

// SASL's answers hold passwords; the user of PLAIN (RFC 4616) stands between two NULs.
void Record::add_secret(Side& side, const Half& half, Bytes value) {
  const std::string_view text = as_text(value);
  if (half.method->id == method::kStartOk && !text.empty() && text.front() == '\0')
    add_text(side.fields, "user", text.substr(1, text.find('\0', 1) - 1));
  if (value.empty()) return;
  if (limits_.credentials_shown) return add_text(side.fields, "response", text);
  add_text(side.fields, "response", kRedacted);
  out_.flags |= kFlagRedacted;
}

void Record::add_argument(Side& side, const Half& half, const Argument& argument, const Value& value) {
  const std::string_view name = argument.name;
  if (name.empty() || name == "version_major" || name == "version_minor") return;
  switch (argument.kind) {
    case Kind::table: {
      const Fault fault = write_table(side.headers, value.bytes);
      if (fault != Fault::none) out_.flags |= kFlagMalformed;
      return;
    }
    case Kind::bit:
      if (value.number != 0) add_true(side.fields, name);
      return;
    case Kind::short_text:
    case Kind::long_text:
      if (name == "response") return add_secret(side, half, value.bytes);
      return add_text(side.fields, name, as_text(value.bytes));
    default:
      return add_number(side.fields, name, value.number);
  }
}

// The record is told by what was asked, and by the name of a queue that was made for it.
void Record::note(const Argument& argument, const Value& value, bool asked) {
  const std::string_view text = as_text(value.bytes), name = argument.name;
  if (name == "queue" && gist_.queue.empty()) gist_.queue = text;
  if (!asked) return;
  if (name == "exchange" || name == "destination") gist_.exchange = text;
  if (name == "routing_key") gist_.routing_key = text;
  if (name == "consumer_tag") gist_.tag = text;
  if (name == "virtual_host" || name == "reason") gist_.text = text;
  if (name == "reply_text") gist_.reply_text = text;
  if (name != "reply_code") return;
  gist_.reply_code = value.number;
  gist_.has_reply = true;
}

void Record::add_arguments(Side& side, const Half& half, bool asked) {
  const Fault fault =
      each_argument(*half.method, half.arguments, [&](const Argument& argument, const Value& value) {
        add_argument(side, half, argument, value);
        note(argument, value, asked || exchange_.request == nullptr);
      });
  if (fault == Fault::none) return;
  out_.flags |= half.frame.whole() ? kFlagMalformed : kFlagTruncatedBody;
}

void Record::set_content(Message& out, Side& side, const Content& content) {
  out.last_byte = content.last_byte;
  out.body_size = content.body_bytes;
  out.body = content.body.bytes(side.pieces);
  if (content.has_header) add_number(side.fields, "body_size", content.body_bytes);
  if (out.body.size() < content.body_bytes) {
    out_.flags |= kFlagTruncatedBody;
    if (content.body.shed()) out_.flags |= kFlagShedBody;
  }
  if (!content.has_header || content.frames.size() <= content.method_bytes) return;
  const Bytes frame = content.frames.bytes().subspan(content.method_bytes);
  const Bytes payload = frame.subspan(kHeadBytes, frame.size() - kAroundBytes);
  const KnownProperties known = write_properties(read_content_header(payload), &side.headers);
  out.content_type = known.content_type;
  out.content_encoding = known.content_encoding;
  out_.request_id = known.message_id;
  if (known.fault != Fault::none) out_.flags |= kFlagMalformed;
}

void Record::set_half(Message& out, Side& side, const Half& half, bool asked) {
  set_times(out, half.frame);
  out.size = half.bytes;
  add_text(side.fields, "method", half.method != nullptr ? half.method->name : exchange_.method);
  if (half.method != nullptr) add_number(side.fields, "channel", half.channel);
  if (asked) add_text(side.fields, "direction", exchange_.asked_by == Direction::c2s ? "c2s" : "s2c");
  if (half.method != nullptr) add_arguments(side, half, asked);
  if (half.content != nullptr) set_content(out, side, *half.content);
  if (side.headers.truncated()) {
    out_.flags |= kFlagTruncatedHeaders;
    ++counters_.headers_truncated;
  }
  out.headers = side.headers.all();
  out.fields = side.fields.all();
}

void Record::set_summary() {
  if (!gist_.exchange.empty() && !gist_.routing_key.empty())
    out_.path = joined(gist_.exchange, "/", gist_.routing_key);
  else
    for (const std::string_view one :
         {gist_.queue, gist_.exchange, gist_.routing_key, gist_.text, gist_.reply_text, gist_.tag})
      if (out_.path.empty()) out_.path = one;
  out_.summary = out_.path.empty() ? out_.method : joined(out_.method, " ", out_.path);
  if (gist_.reply_text == out_.path) out_.path = {};
}

void Record::set_error() {
  const Half* asked = exchange_.request;
  if (asked != nullptr && gist_.has_reply) {
    out_.has_status = true;
    out_.status_code = static_cast<std::int32_t>(gist_.reply_code);
    out_.is_error = gist_.reply_code >= kErrorCodeMin;
    if (out_.is_error) out_.error = gist_.reply_text;
  }
  if (asked != nullptr && asked->method != nullptr && asked->method->id == method::kNack &&
      exchange_.asked_by == Direction::s2c) {
    out_.is_error = true;
    out_.error = "message not confirmed";
  }
  if (exchange_.is_error) {
    out_.is_error = true;
    out_.error = exchange_.error;
  }
  if (exchange_.closed_by != nullptr) {
    each_argument(*exchange_.closed_by->method, exchange_.closed_by->arguments,
                  [&](const Argument& argument, const Value& value) {
                    if (argument.name == "reply_code") {
                      out_.has_status = true;
                      out_.status_code = static_cast<std::int32_t>(value.number);
                      out_.is_error = value.number >= kErrorCodeMin;
                    } else if (argument.name == "reply_text" && out_.is_error) {
                      out_.error = as_text(value.bytes);
                    }
                  });
  } else if (exchange_.state == State::no_response && !out_.is_error) {
    out_.error = silence_of(exchange_.reason);
    out_.is_error = !out_.error.empty();
  }
}

void Record::emit(Sink& sink) {
  const Half* named = exchange_.request != nullptr ? exchange_.request : exchange_.response;
  out_.method = named != nullptr && named->method != nullptr ? named->method->name : exchange_.method;
  out_.protocol = &kDescriptor;
  out_.version = "0-9-1";
  out_.state = exchange_.state;
  out_.reason = exchange_.reason;
  out_.flags = exchange_.flags;
  if (exchange_.request != nullptr) set_half(out_.request, request_, *exchange_.request, true);
  if (exchange_.response != nullptr) set_half(out_.response, response_, *exchange_.response, false);
  set_summary();
  set_error();
  sink.emit(out_);
}

}  // namespace

Half Half::of(const Arrival& frame, const Content* content) {
  Half out{.frame = frame, .content = content, .bytes = content != nullptr ? content->size : frame.size};
  const FrameHead head = read_head(frame.bytes);
  out.channel = head.channel;
  if (head.fault != Fault::none || head.type != frame_type::kMethod) return out;
  const std::size_t end = frame.whole() ? frame.bytes.size() - 1 : frame.bytes.size();
  if (end < kHeadBytes) return out;
  const Invocation said = read_invocation(frame.bytes.first(end).subspan(kHeadBytes));
  out.method = said.method;
  out.no_wait = said.no_wait;
  out.arguments = said.arguments;
  return out;
}

void emit_exchange(const Limits& limits, DissectorCounters& counters, const Exchange& exchange, Sink& sink) {
  Record record(limits, counters, exchange);
  record.emit(sink);
}

}  // namespace spanlight::amqp
