// From a call to the record's transaction. Views point into what is kept of the messages, or to constants.

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/secret.h"
#include "core/shown_text.h"
#include "memcached/connection.h"
#include "memcached/memcached.h"

namespace spanlight::memcached {
namespace {

constexpr std::size_t kKeysShown = 128;
constexpr std::size_t kSummaryKeys = 4, kSummaryKeyMax = 128;
constexpr std::size_t kTextShownMax = 1'024;
constexpr std::size_t kRoomBytes = 4'096;
constexpr std::uint16_t kKeyNotFound = 1, kKeyExists = 2, kNotStored = 5, kAuthContinue = 0x21;

class Record {
 public:
  Record(const ToldCall& call, const Limits& limits) : call_(call), limits_(limits) {}
  void emit(Form form, Sink& sink);

 private:
  using Fields = Listed<Field, 12>;
  using Texts = Listed<std::string_view, kKeysShown>;

  void set_text_request(const KeptMessage& message);
  void set_binary_request(const KeptMessage& message);
  void set_text_response(const KeptMessage& message);
  void set_binary_response(const KeptMessage& message);
  void read_answer(Bytes head);
  void add_keys(Fields& fields, const Texts& keys);
  void set_body(Message& out, const KeptMessage& message, Preview::Room& room);
  void set_summary();
  std::string_view number(std::uint64_t value);

  const ToldCall& call_;
  const Limits& limits_;
  Transaction out_;
  Fields request_fields_, response_fields_;
  Texts keys_, found_, lengths_;
  std::uint64_t stats_ = 0;
  std::string_view status_, status_line_;
  Preview::Room request_body_, response_body_;
  std::array<char, kRoomBytes> bytes_;
  TextRoom room_{bytes_};
};

void set_times(Message& out, const KeptMessage& message) {
  out.present = true;
  out.first_byte = message.first_byte;
  out.last_byte = message.last_byte;
  out.size = message.size;
}

std::string_view Record::number(std::uint64_t value) {
  const std::size_t mark = room_.mark();
  room_.number(value);
  return room_.since(mark);
}

void Record::set_body(Message& out, const KeptMessage& message, Preview::Room& room) {
  out.body_size = message.body_size;
  out.body = message.body.bytes(room);
  if (out.body_size > out.body.size()) {
    out_.flags |= kFlagTruncatedBody;
    if (message.body.shed()) out_.flags |= kFlagShedBody;
  }
  std::array<std::uint8_t, 256> head;
  if (is_json(as_text(out.body.head(head)))) out.content_type = "application/json";
}

void Record::add_keys(Fields& fields, const Texts& keys) {
  if (!keys.all().empty()) fields.add({.name = "keys", .kind = Field::Kind::list, .list = keys.all()});
}

// "get user:42 user:43", "set user:42 (5 bytes)"
void Record::set_summary() {
  const std::size_t mark = room_.mark();
  room_.put(out_.method);
  const auto keys = keys_.all();
  for (std::size_t i = 0; i < keys.size() && i < kSummaryKeys; ++i) {
    room_.put(' ');
    put_word(room_, keys[i], kSummaryKeyMax);
  }
  if (keys.size() > kSummaryKeys) {
    room_.put(std::string_view(" and "));
    room_.number(keys.size() - kSummaryKeys);
    room_.put(std::string_view(" more"));
  }
  if (out_.request.body_size > 0) {
    room_.put(std::string_view(" ("));
    room_.number(out_.request.body_size);
    room_.put(std::string_view(" bytes)"));
  }
  out_.summary = room_.since(mark);
}

// ---- lines --------------------------------------------------------------------------------------

void Record::set_text_request(const KeptMessage& message) {
  Words words;
  split(read_line(message.head.bytes()).text, words);
  const Request asked = read_request(words);
  out_.method = whole_characters(words.at(0), kSummaryKeyMax);
  add_text(request_fields_, "protocol", "text");
  add_text(request_fields_, "command", out_.method);
  const bool many = asked.verb == Verb::get || asked.verb == Verb::touch_get;
  const bool keyless = asked.verb == Verb::unknown || asked.verb == Verb::plain || asked.verb == Verb::quit ||
                       asked.verb == Verb::meta_noop;
  const std::size_t first = asked.verb == Verb::touch_get ? 2 : 1;
  for (std::size_t i = first; !keyless && i < words.list.all().size() && (many || i == first); ++i)
    if (keys_.all().size() < kKeysShown) keys_.add(words.at(i));
  if (!keys_.all().empty()) add_text(request_fields_, "key", keys_.all()[0]);
  add_keys(request_fields_, keys_);
  set_body(out_.request, message, request_body_);
  if (asked.payload > 0) add_number(request_fields_, "value_len", asked.payload - 2);
  if (asked.quiet) add_true(request_fields_, "quiet");
}

// Walks the lines of what was kept of an answer, and over the values between them.
void Record::read_answer(Bytes head) {
  while (!head.empty()) {
    const Line line = read_line(head);
    if (line.fault != Fault::none) return;
    Words words;
    split(line.text, words);
    const Reply reply = read_reply(words);
    const std::string_view word = words.at(0);
    if (word == "VALUE" && found_.all().size() < kKeysShown) {
      found_.add(words.at(1));
      lengths_.add(words.at(3));
    }
    const std::string_view dumped = dumped_key(words);
    if (!dumped.empty() && found_.all().size() < kKeysShown) found_.add(dumped);
    if (word == "STAT" || word == "ITEM" || !dumped.empty()) ++stats_;
    if (status_.empty() || is_error_reply(word)) {
      status_ = word.substr(0, word.find('='));
      status_line_ = line.text;
    }
    head = head.subspan(
        static_cast<std::size_t>(std::min<std::uint64_t>(head.size(), line.bytes + reply.payload)));
  }
}

void Record::set_text_response(const KeptMessage& message) {
  read_answer(message.head.bytes());
  const std::size_t code_end = status_line_.find(' ');
  add_text(response_fields_, "status", status_);
  add_keys(response_fields_, found_);
  if (!lengths_.all().empty())
    response_fields_.add({.name = "value_lens", .kind = Field::Kind::list, .list = lengths_.all()});
  if (stats_ > 0) add_number(response_fields_, "count", stats_);
  const bool shows_rest = status_ == "VERSION" || status_ == "HD" || status_ == "VA" || status_ == "ME" ||
                          is_error_reply(status_);
  if (shows_rest && code_end != std::string_view::npos)
    add_text(response_fields_, "message", whole_characters(status_line_.substr(code_end + 1), kTextShownMax));
  out_.is_error = is_error_reply(status_);
  if (out_.is_error) out_.error = whole_characters(status_line_, kTextShownMax);
  set_body(out_.response, message, response_body_);
}

// ---- binary -------------------------------------------------------------------------------------

std::string_view key_of(Bytes head, const Header& h) {
  const std::size_t at = kHeaderBytes + std::size_t{h.extras_bytes};
  return at >= head.size() ? std::string_view{}
                           : as_text(head.subspan(at, std::min<std::size_t>(head.size() - at, h.key_bytes)));
}

void Record::set_binary_request(const KeptMessage& message) {
  const Bytes head = message.head.bytes();
  const Header h = read_header(head);
  out_.method = opcode_name(h.op);
  add_text(request_fields_, "protocol", "binary");
  add_text(request_fields_, "command", out_.method);
  add_number(request_fields_, "opaque", h.opaque);
  if (h.key_bytes > 0) {
    keys_.add(key_of(head, h));
    add_text(request_fields_, "key", keys_.all()[0]);
    add_keys(request_fields_, keys_);
  }
  set_body(out_.request, message, request_body_);
  if (h.value_bytes() > 0) add_number(request_fields_, "value_len", h.value_bytes());
  if (is_quiet(h.op)) add_true(request_fields_, "quiet");
  const bool login = h.op == opcode::kSaslAuth || h.op == opcode::kSaslStep;
  if (!login || h.value_bytes() == 0) return;
  // What logs in is no value: shown only where the settings say so.
  const std::size_t at = kHeaderBytes + std::size_t{h.extras_bytes} + h.key_bytes;
  if (!limits_.credentials_shown) {
    out_.flags |= kFlagRedacted;
    add_text(request_fields_, "credentials", kRedacted);
  } else if (at < head.size()) {
    add_text(request_fields_, "credentials", whole_characters(as_text(head.subspan(at)), kTextShownMax));
  }
}

void Record::set_binary_response(const KeptMessage& message) {
  const Bytes head = message.head.bytes();
  const Header h = read_header(head);
  out_.has_status = true;
  out_.status_code = h.status;
  add_text(response_fields_, "status", number(h.status));
  add_text(response_fields_, "status_name", status_name(h.status));
  if (out_.method.empty()) add_number(response_fields_, "opaque", h.opaque);
  if (h.key_bytes > 0 && h.op != opcode::kStat) {
    found_.add(key_of(head, h));
    add_keys(response_fields_, found_);
  }
  if (h.value_bytes() > 0 && h.op != opcode::kStat)
    add_number(response_fields_, "value_len", h.value_bytes());
  if (h.cas != 0) add_text(response_fields_, "cas", number(h.cas));
  // A miss is an answer, not an error.
  out_.is_error = h.status != 0 && h.status != kKeyNotFound && h.status != kKeyExists &&
                  h.status != kNotStored && h.status != kAuthContinue;
  if (out_.is_error) out_.error = status_name(h.status).empty() ? number(h.status) : status_name(h.status);
  const bool login = h.op == opcode::kSaslAuth || h.op == opcode::kSaslStep;
  if (!login) set_body(out_.response, message, response_body_);
}

void Record::emit(Form form, Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.version = form == Form::text ? "text" : "binary";
  out_.state = call_.state;
  out_.reason = call_.reason;
  out_.flags = call_.flags;
  for (const KeptMessage* m : {call_.request, call_.response})
    if (m != nullptr) out_.flags |= m->flags;
  if (call_.request != nullptr) {
    set_times(out_.request, *call_.request);
    form == Form::text ? set_text_request(*call_.request) : set_binary_request(*call_.request);
    if (call_.state == State::one_way) add_text(request_fields_, "direction", "c2s");
    if (call_.pipelined) add_true(request_fields_, "pipelined");
    out_.request.fields = request_fields_.all();
    set_summary();
  }
  if (call_.response != nullptr) {
    set_times(out_.response, *call_.response);
    form == Form::text ? set_text_response(*call_.response) : set_binary_response(*call_.response);
    out_.response.fields = response_fields_.all();
  } else if (call_.state == State::no_response) {
    out_.error = no_response_text(call_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_call(const ToldCall& call, Form form, const Limits& limits, Sink& sink) {
  Record record(call, limits);
  record.emit(form, sink);
}

}  // namespace spanlight::memcached
