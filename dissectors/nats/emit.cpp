// From a call to the record's transaction. Views point into what is kept of the messages, or to constants.

#include <algorithm>
#include <array>
#include <charconv>

#include "core/fieldset.h"
#include "core/gql/json.h"
#include "core/shown_text.h"
#include "nats/connection.h"
#include "nats/nats.h"
#include "nats/secrets.h"

namespace spanlight::nats {
namespace {

constexpr std::size_t kHeadersShown = 64;
constexpr std::size_t kTextShownMax = 1'024;
constexpr std::size_t kSubjectInSummaryMax = 256;
constexpr std::size_t kRoomBytes = KeptMessage::kHeadBytesMax + 1'024;

// One half, and what its views point to.
struct Half {
  Listed<Field, 16> fields;
  Listed<HeaderSpan, kHeadersShown> headers;
  Preview::Room body;
};

class Record {
 public:
  Record(const ToldCall& call, const Limits& limits) : call_(call), limits_(limits) {}
  void emit(Sink& sink);

 private:
  void set_half(Message& out, Half& half, const KeptMessage& message, const Line& line);
  void set_headers(Message& out, Half& half, const KeptMessage& message, const Line& line);
  void set_json(Message& out, Half& half, const Line& line);
  void set_error(const Line& line, Half& half);
  void set_summary(const Line& line);

  const ToldCall& call_;
  const Limits& limits_;
  Transaction out_;
  Half request_, response_;
  std::string_view status_text_;
  std::array<char, kRoomBytes> bytes_;
  TextRoom room_{bytes_};
};

// "Name: value" lines; a line without a colon ends them.
void Record::set_headers(Message& out, Half& half, const KeptMessage& message, const Line& line) {
  const Bytes head = message.head.bytes();
  const Bytes payload = head.subspan(std::min(head.size(), line.bytes));
  const std::string_view headers = as_text(
      payload.first(static_cast<std::size_t>(std::min<std::uint64_t>(payload.size(), line.header_bytes))));
  if (headers.size() < line.header_bytes) out_.flags |= kFlagTruncatedHeaders;
  const HeaderLines lines = read_header_lines(headers);
  out.headers.bytes = as_bytes(lines.lines);
  std::size_t at = 0;
  while (at < lines.lines.size()) {
    const std::size_t end = std::min(lines.lines.find("\r\n", at), lines.lines.size());
    const std::size_t colon = lines.lines.find(':', at);
    if (end == at || colon >= end) break;
    if (half.headers.all().size() == kHeadersShown) {
      out_.flags |= kFlagTruncatedHeaders;
      break;
    }
    const std::size_t value = std::min(lines.lines.find_first_not_of(' ', colon + 1), end);
    half.headers.add({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(colon - at),
                      static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(end - value)});
    at = end + 2;
  }
  out.headers.spans = half.headers.all();
  add_text(half.fields, "status", lines.status);
  // Inline status of the server's: 503 no responders, 404 no messages, 408 timeout, 409 …; 100 is a
  // heartbeat.
  int status = 0;
  const auto [stop, fault] =
      std::from_chars(lines.status.data(), lines.status.data() + lines.status.size(), status);
  if (fault != std::errc{} || stop != lines.status.data() + lines.status.size()) return;
  out_.has_status = true;
  out_.status_code = status;
  out_.is_error = status >= 400;
  if (!out_.is_error) return;
  constexpr int kNoResponders = 503;
  const std::string_view known =
      status == kNoResponders ? std::string_view("503 No Responders") : lines.status;
  status_text_ = lines.description.empty() ? known : lines.description;
}

// INFO and CONNECT: who speaks, and how.
void Record::set_json(Message& out, Half& half, const Line& line) {
  constexpr std::string_view kTexts[] = {"name",        "lang",      "version",  "user",
                                         "server_name", "server_id", "client_ip"};
  constexpr std::string_view kTruths[] = {"verbose", "tls_required", "auth_required", "jetstream", "headers"};
  gql::Json at(line.rest);
  std::string_view key, value;
  if (at.enter()) {
    while (at.next_key(key)) {
      const auto* text = std::ranges::find(kTexts, key);
      const auto* truth = std::ranges::find(kTruths, key);
      if (text != std::end(kTexts) && at.kind() == gql::Json::Kind::string) {
        if (!at.text(value)) break;
        add_text(half.fields, *text, whole_characters(value, kTextShownMax));
        continue;
      }
      if (!at.skip()) break;
      const std::size_t behind = static_cast<std::size_t>(key.data() - line.rest.data()) + key.size() + 1;
      const std::string_view rest =
          line.rest.substr(std::min(line.rest.find_first_not_of(" :", behind), line.rest.size()));
      if (truth != std::end(kTruths) && rest.starts_with("true")) add_true(half.fields, *truth);
    }
  }
  std::string_view shown = line.rest;
  if (line.op == Op::connect && !limits_.credentials_shown) {
    const std::size_t mark = room_.mark();
    if (write_redacted(room_, line.rest)) out_.flags |= kFlagRedacted;
    shown = room_.since(mark);
  }
  out.body_size = line.rest.size();
  out.content_type = "application/json";
  out.body = as_bytes(shown.substr(0, limits_.body_preview_bytes));
  if (out.body.size() < shown.size() || !at.ok()) out_.flags |= kFlagTruncatedBody;
}

void Record::set_error(const Line& line, Half& half) {
  out_.is_error = true;
  out_.error = whole_characters(line.rest, kTextShownMax);
  add_text(half.fields, "error", out_.error);
}

void Record::set_half(Message& out, Half& half, const KeptMessage& message, const Line& line) {
  out.present = true;
  out.first_byte = message.first_byte;
  out.last_byte = message.last_byte;
  out.size = message.size;
  out_.flags |= message.flags;
  add_text(half.fields, "op", op_name(line.op));
  add_text(half.fields, "subject", line.subject);
  add_text(half.fields, "sid", line.sid);
  add_text(half.fields, "reply", line.reply);
  add_text(half.fields, "queue", line.queue);
  if (!line.max.empty()) add_text(half.fields, "max_messages", line.max);
  if (line.op == Op::info || line.op == Op::connect) set_json(out, half, line);
  if (line.op == Op::err) set_error(line, half);
  if (!line.carries()) return;
  add_number(half.fields, "size", line.payload - line.header_bytes);
  if (line.header_bytes > 0) set_headers(out, half, message, line);
  out.body_size = line.payload - line.header_bytes;
  out.body = message.body.bytes(half.body);
  if (out.body_size > out.body.size()) {
    out_.flags |= kFlagTruncatedBody;
    if (message.body.shed()) out_.flags |= kFlagShedBody;
  }
  std::array<std::uint8_t, 256> first;
  if (is_json(as_text(out.body.head(first)))) out.content_type = "application/json";
}

// "PUB orders.new (12 bytes)", "SUB orders.* workers"
void Record::set_summary(const Line& line) {
  const std::size_t mark = room_.mark();
  room_.put(op_name(line.op));
  for (const std::string_view word :
       {line.subject, line.queue, line.op == Op::err ? line.rest : std::string_view{}}) {
    if (word.empty()) continue;
    room_.put(' ');
    put_word(room_, word, kSubjectInSummaryMax);
  }
  if (line.op == Op::unsub) {
    room_.put(' ');
    put_word(room_, line.sid, kSubjectInSummaryMax);
  }
  if (line.carries()) {
    room_.put(std::string_view(" ("));
    room_.number(line.payload - line.header_bytes);
    room_.put(std::string_view(" bytes)"));
  }
  out_.summary = room_.since(mark);
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.state = call_.state;
  out_.reason = call_.reason;
  out_.flags = call_.flags;
  const KeptMessage& known = call_.request != nullptr ? *call_.request : *call_.response;
  const Line line = read_kept_line(known.head.bytes());
  out_.method = op_name(line.op);
  out_.path = line.subject;
  // Nobody asked for it, as far as we saw: a message to an inbox is a message.
  if (out_.state == State::no_request && out_.reason == Reason::unsolicited) {
    out_.state = State::one_way;
    out_.reason = Reason::none;
  }
  const bool one_message = call_.response == nullptr || out_.state == State::one_way;
  const bool said_by_server = (call_.said_by == Direction::s2c) == (call_.request != nullptr);
  if (call_.request != nullptr || one_message) {
    set_half(out_.request, request_, known, line);
    add_text(request_.fields, "direction", said_by_server ? "s2c" : "c2s");
    out_.request.fields = request_.fields.all();
  }
  if (call_.response != nullptr && !one_message) {
    const Line answer = call_.request != nullptr ? read_kept_line(call_.response->head.bytes()) : line;
    set_half(out_.response, response_, *call_.response, answer);
    out_.response.fields = response_.fields.all();
  }
  set_summary(line);
  if (!status_text_.empty()) out_.error = whole_characters(status_text_, kTextShownMax);
  if (out_.state == State::no_response) {
    out_.error = no_response_text(out_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_call(const ToldCall& call, const Limits& limits, Sink& sink) {
  Record record(call, limits);
  record.emit(sink);
}

}  // namespace spanlight::nats
