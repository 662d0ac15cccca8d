// From a call to the record's transaction. Views point into what is kept of the messages, or to constants.

#include <algorithm>
#include <array>
#include <string_view>

#include "core/fieldset.h"
#include "core/secret.h"
#include "core/shown_text.h"
#include "redis/connection.h"
#include "redis/redis.h"

namespace spanlight::redis {
namespace {

constexpr std::size_t kKeyShownMax = 1'024;
constexpr std::size_t kTextShownMax = 2'000;  // of one argument or value
constexpr std::size_t kValuesShown = 64;      // of an aggregate
constexpr std::size_t kSummaryWords = 6, kSummaryWordMax = 64;
constexpr std::size_t kRoomBytes = 1'024;

// Everything that one record's views point to.
class Record {
 public:
  Record(const ToldCall& call, const Limits& limits) : call_(call), limits_(limits) {}
  void emit(Sink& sink);

 private:
  using Fields = Listed<Field, 8>;
  using Texts = Listed<std::string_view, kValuesShown>;

  void set_request(const KeptMessage& message);
  void set_push(const KeptMessage& message);
  void set_response(const KeptMessage& message);
  void set_error(std::string_view text);
  void set_values(Values& values, const Value& first);
  void set_body(Message& out, const KeptMessage& message, Preview::Room& room);
  void set_raw_body(Message& out, const KeptMessage& message);
  void set_summary();
  std::string_view shown(std::string_view text, std::uint64_t bytes, std::size_t bytes_max);
  std::string_view argument(std::size_t i);
  std::string_view upper_name(std::string_view name);

  const ToldCall& call_;
  const Limits& limits_;
  Transaction out_;
  Words words_;
  std::size_t key_ = 0;
  bool asks_secrets_ = false;
  bool guarded_ = false;  // some word may be secret
  Fields request_fields_, response_fields_;
  Texts args_, values_;
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

// `bytes`: what it has on the wire. Contents are shown as far as previews are.
std::string_view Record::shown(std::string_view text, std::uint64_t bytes, std::size_t bytes_max) {
  const std::string_view out = whole_characters(text, bytes_max);
  if (out.size() < bytes) out_.flags |= kFlagTruncatedBody;
  return out;
}

std::string_view Record::argument(std::size_t i) {
  const Value& word = words_.list.all()[i];
  if (guarded_ && is_secret(words_, i)) {
    out_.flags |= kFlagRedacted;
    return kRedacted;
  }
  if (i == key_) return shown(word.text, word.bytes, kKeyShownMax);
  if (may_hold_keys(word.text)) return kJsonShown;
  return shown(word.text, word.bytes, std::min<std::size_t>(kTextShownMax, limits_.body_preview_bytes));
}

std::string_view Record::upper_name(std::string_view name) {
  const std::size_t mark = room_.mark();
  for (const char c : name.substr(0, kNameBytesMax))
    room_.put(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
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

// Of an aggregate: as it is on the wire.
void Record::set_raw_body(Message& out, const KeptMessage& message) {
  const Bytes head = message.head.bytes();
  out.body_size = message.size;
  out.body = head.first(std::min<std::size_t>(head.size(), limits_.body_preview_bytes));
  if (out.body_size > out.body.size()) out_.flags |= kFlagTruncatedBody;
}

void Record::set_request(const KeptMessage& message) {
  set_times(out_.request, message);
  read_words(message.text(), words_);
  const Command command = find_command(words_.at(0));
  key_ = key_position(command, words_);
  guarded_ = !limits_.credentials_shown && command.may_hold_secret;
  out_.method = upper_name(words_.at(0));
  for (std::size_t i = 1; i < words_.list.all().size(); ++i) args_.add(argument(i));
  if (words_.list.all().size() < words_.count) out_.flags |= kFlagTruncatedBody;
  add_text(request_fields_, "command", out_.method);
  request_fields_.add({.name = "args", .kind = Field::Kind::list, .list = args_.all()});
  if (key_ != 0 && key_ < words_.list.all().size()) add_text(request_fields_, "key", args_.all()[key_ - 1]);
  const bool publishes = same_name(words_.at(0), "PUBLISH") || same_name(words_.at(0), "SPUBLISH");
  if ((publishes || command.subscribes) && !args_.all().empty())
    add_text(request_fields_, "channel", args_.all()[0]);
  if (words_.is_inline) add_true(request_fields_, "inline");
  if (call_.pipelined) add_true(request_fields_, "pipelined");
  if (call_.state == State::one_way) add_text(request_fields_, "direction", "c2s");
  set_body(out_.request, message, request_body_);
  asks_secrets_ = guarded_ && answers_secrets(words_);
  set_summary();
}

// Said by the server on its own: a message of a channel, an invalidation, another client's command.
void Record::set_push(const KeptMessage& message) {
  set_times(out_.request, message);
  Values values(message.text());
  Value first, word;
  add_text(request_fields_, "direction", "s2c");
  if (!values.next(first)) return;
  add_text(request_fields_, "type", type_name(first.type));
  if (first.type == Type::status) {
    const bool hidden = shows_secret(first.text) && !limits_.credentials_shown;
    if (hidden) out_.flags |= kFlagRedacted;
    args_.add(hidden ? kRedacted
                     : shown(first.text, first.bytes,
                             std::min<std::size_t>(kTextShownMax, limits_.body_preview_bytes)));
    out_.method = "MONITOR";
  } else {
    bool named = false;
    while (args_.all().size() < kValuesShown && values.next(word)) {
      if (word.type >= Type::array && word.count > 0) continue;  // its elements follow
      if (!named) out_.method = shown(word.text, word.bytes, kNameBytesMax);
      // Its kind, where it comes from, and at last what it is.
      else if (args_.all().size() + 2 < first.count)
        args_.add(shown(word.text, word.bytes, kKeyShownMax));
      else
        args_.add(may_hold_keys(word.text)
                      ? kJsonShown
                      : shown(word.text, word.bytes,
                              std::min<std::size_t>(kTextShownMax, limits_.body_preview_bytes)));
      named = true;
    }
    const bool is_message = out_.method.ends_with("message");
    if (is_message && word.type == Type::bulk) {
      const auto head = as_bytes(word.text);
      out_.request.body_size = word.bytes;
      out_.request.body = head.first(std::min<std::size_t>(head.size(), limits_.body_preview_bytes));
      if (out_.request.body_size > out_.request.body.size()) out_.flags |= kFlagTruncatedBody;
      if (is_json(word.text)) out_.request.content_type = "application/json";
      if (args_.all().size() > 1) add_text(request_fields_, "channel", args_.all()[args_.all().size() - 2]);
    }
  }
  add_text(request_fields_, "command", out_.method);
  request_fields_.add({.name = "args", .kind = Field::Kind::list, .list = args_.all()});
  const std::size_t mark = room_.mark();
  room_.put(out_.method);
  for (std::size_t i = 0; i < args_.all().size() && i < kSummaryWords; ++i) {
    room_.put(' ');
    put_word(room_, args_.all()[i], kSummaryWordMax);
  }
  out_.summary = room_.since(mark);
}

// "SET user:42 hello"
void Record::set_summary() {
  const std::size_t mark = room_.mark();
  room_.put(out_.method);
  const std::span<const std::string_view> args = args_.all();
  for (std::size_t i = 0; i < args.size() && i < kSummaryWords; ++i) {
    if (args[i].empty()) continue;
    room_.put(' ');
    put_word(room_, args[i], kSummaryWordMax);
  }
  if (words_.count > kSummaryWords + 1) room_.put(std::string_view(" …"));
  out_.summary = room_.since(mark);
}

void Record::set_error(std::string_view text) {
  out_.is_error = true;
  const std::string_view code = text.substr(0, text.find(' '));
  // "ERR Error in ACL SETUSER modifier '>password'"
  const bool quotes = guarded_ && same_name(words_.at(0), "ACL") && has_secret(words_);
  if (quotes) out_.flags |= kFlagRedacted;
  out_.error = whole_characters(quotes ? code : text, kTextShownMax);
  add_text(response_fields_, "error_code", whole_characters(code, kNameBytesMax));
  // MOVED 3999 127.0.0.1:6381: not here, but there.
  if (code != "MOVED" && code != "ASK") return;
  const std::size_t last = text.rfind(' ');
  if (last != std::string_view::npos)
    add_text(response_fields_, "redirect", text.substr(last + 1, kKeyShownMax));
}

// A flat aggregate, element by element; of a nested one the first elements that are flat.
void Record::set_values(Values& values, const Value& first) {
  const bool pairs = first.type == Type::map;
  add_number(response_fields_, "length", pairs ? first.count / 2 : first.count);
  Value value;
  bool hides_next = false;  // name, value, name, value: of CONFIG GET
  std::uint64_t left = first.count;
  while (left > 0 && values_.all().size() < kValuesShown && values.next(value)) {
    if (value.type >= Type::array && value.count > 0) break;
    const bool secret = hides_next || is_user_rule(value.text);
    hides_next = !limits_.credentials_shown && names_secret(value.text);
    if (secret && !limits_.credentials_shown) {
      out_.flags |= kFlagRedacted;
      values_.add(kRedacted);
      --left;
      continue;
    }
    values_.add(may_hold_keys(value.text) && value.type == Type::bulk
                    ? kJsonShown
                    : shown(value.type == Type::nil ? std::string_view{} : value.text, value.bytes,
                            std::min<std::size_t>(kTextShownMax, limits_.body_preview_bytes)));
    --left;
  }
  if (!values_.all().empty())
    response_fields_.add({.name = "values", .kind = Field::Kind::list, .list = values_.all()});
}

void Record::set_response(const KeptMessage& message) {
  set_times(out_.response, message);
  Values values(message.text());
  Value value;
  if (values.next(value)) {
    // What stands beside the value is not shown; `|` is followed by it.
    while (value.type == Type::attribute) {
      for (std::uint64_t left = value.count; left > 0; --left)
        if (!values.next(value)) break;
      if (!values.next(value)) break;
    }
    add_text(response_fields_, "type", type_name(value.type));
    const bool is_error = value.type == Type::error || value.type == Type::bulk_error;
    if (is_error) {
      set_error(value.text);
      add_text(response_fields_, "value", out_.error);
    } else if (asks_secrets_ && value.type != Type::nil) {
      out_.flags |= kFlagRedacted;
      add_text(response_fields_, "value", kRedacted);
    } else if (value.type >= Type::array) {
      set_values(values, value);
      if (limits_.credentials_shown || !mentions_secret(message.text()))
        set_raw_body(out_.response, message);
      else
        out_.flags |= kFlagRedacted;
    } else if (value.type != Type::nil) {
      std::string_view text = value.text;
      if (value.type == Type::boolean) text = text == "t" ? "true" : "false";
      if (value.type == Type::verbatim) text = text.substr(std::min<std::size_t>(4, text.size()));
      const bool contents = value.type == Type::bulk || value.type == Type::verbatim;
      const std::uint64_t bytes = value.type == Type::verbatim && value.bytes >= 4 ? value.bytes - 4
                                  : contents                                       ? value.bytes
                                                                                   : 0;
      if (contents && may_hold_keys(text))
        text = kJsonShown;
      else
        text = shown(
            text, bytes,
            contents ? std::min<std::size_t>(kTextShownMax, limits_.body_preview_bytes) : kTextShownMax);
      add_text(response_fields_, "value", text);
      if (contents) set_body(out_.response, message, response_body_);
    }
  }
  out_.response.fields = response_fields_.all();
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.state = call_.state;
  out_.reason = call_.reason;
  out_.flags = call_.flags;
  for (const KeptMessage* m : {call_.request, call_.response})
    if (m != nullptr) out_.flags |= m->flags;
  if (call_.request != nullptr) {
    if (call_.state == State::one_way && call_.said_by == Direction::s2c)
      set_push(*call_.request);
    else
      set_request(*call_.request);
    out_.request.fields = request_fields_.all();
  }
  if (call_.response != nullptr) {
    set_response(*call_.response);
  } else if (call_.state == State::no_response) {
    out_.error = no_response_text(call_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_call(const ToldCall& call, const Limits& limits, Sink& sink) {
  Record record(call, limits);
  record.emit(sink);
}

}  // namespace spanlight::redis
