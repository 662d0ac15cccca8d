// From a call to the record's transaction. Views point into what is kept of the packets, or to constants.

#include <algorithm>
#include <array>

#include "core/fieldset.h"
#include "core/secret.h"
#include "core/shown_text.h"
#include "mqtt/connection.h"
#include "mqtt/mqtt.h"

namespace spanlight::mqtt {
namespace {

constexpr std::size_t kTextShownMax = 2'048;
constexpr std::size_t kTopicInSummaryMax = 256, kTopicsInSummary = 3;
constexpr std::size_t kRoomBytes = 8'192;
constexpr std::uint8_t kFirstError = 0x80;

struct Half {
  Listed<Field, 30> fields;
  Listed<std::string_view, Packet::kTopicsMax> codes;
  Listed<std::string_view, Properties::kUserMax> user;
};

class Record {
 public:
  Record(const ToldCall& call, std::uint8_t level, const Limits& limits)
      : call_(call), level_(level), limits_(limits) {}
  void emit(Sink& sink);

 private:
  void set_half(Message& out, Half& half, const KeptMessage& message, const Packet& packet);
  void add_connect(Half& half, const Packet& packet);
  void add_publish(Message& out, Half& half, const KeptMessage& message, const Packet& packet);
  void add_codes(Half& half, const Packet& packet);
  void add_reason(Half& half, const Packet& packet);
  void add_properties(Half& half, const Properties& properties);
  void set_summary(const Packet& packet);
  void set_error(std::string_view name, std::uint8_t code);
  std::string_view number(std::uint64_t value);

  const ToldCall& call_;
  const std::uint8_t level_;
  const Limits& limits_;
  Transaction out_;
  Packet asked_, answered_;
  Half request_, response_;
  Preview::Room body_;
  std::array<char, kRoomBytes> bytes_;
  TextRoom room_{bytes_};
};

std::string_view version_of(std::uint8_t level) {
  switch (level & 0x7f) {
    case kLevel31:
      return "3.1";
    case kLevel311:
      return "3.1.1";
    case kLevel5:
      return "5";
    default:
      return {};
  }
}

void add_truth(Half& half, std::string_view name, bool value) {
  half.fields.add({.name = name, .kind = Field::Kind::boolean, .integer = value ? 1 : 0});
}

std::string_view Record::number(std::uint64_t value) {
  const std::size_t mark = room_.mark();
  room_.number(value);
  return room_.since(mark);
}

void Record::set_error(std::string_view name, std::uint8_t code) {
  out_.is_error = true;
  if (out_.error.empty()) out_.error = name.empty() ? number(code) : name;
}

void Record::add_connect(Half& half, const Packet& p) {
  add_text(half.fields, "client_id", p.client_id);
  add_number(half.fields, "version", p.level & 0x7f);
  add_text(half.fields, "protocol_name", p.protocol_name);
  add_number(half.fields, "keepalive", p.keep_alive);
  add_truth(half, "clean", p.clean);
  add_text(half.fields, "will_topic", p.will_topic);
  add_text(half.fields, "username", p.username);
  if (p.has_password) {
    add_text(half.fields, "password", limits_.credentials_shown ? p.password : kRedacted);
    if (!limits_.credentials_shown) out_.flags |= kFlagRedacted;
  }
}

void Record::add_publish(Message& out, Half& half, const KeptMessage& message, const Packet& p) {
  add_text(half.fields, "topic", whole_characters(p.topic, kTextShownMax));
  add_number(half.fields, "qos", p.fixed.qos());
  add_truth(half, "retain", p.fixed.retain());
  add_truth(half, "dup", p.fixed.dup());
  out_.path = p.topic;
  const PublishHead head = read_publish_head(message.head.bytes(), p.fixed, level_);
  if (head.fault != Fault::none) {  // what stands before the payload is too long to be kept
    out_.flags |= kFlagTruncatedBody;
    return;
  }
  const std::uint64_t bytes = p.fixed.bytes + std::uint64_t{p.fixed.remaining} - head.bytes;
  add_number(half.fields, "payload_len", bytes);
  out.body_size = bytes;
  out.body = message.body.bytes(body_);
  if (out.body_size > out.body.size()) {
    out_.flags |= kFlagTruncatedBody;
    if (message.body.shed()) out_.flags |= kFlagShedBody;
  }
  std::array<std::uint8_t, 256> first;
  out.content_type = p.properties.content_type;
  if (out.content_type.empty() && is_json(as_text(out.body.head(first))))
    out.content_type = "application/json";
}

// SUBACK and UNSUBACK: a code for each topic.
void Record::add_codes(Half& half, const Packet& p) {
  for (const std::uint8_t code : p.codes) {
    if (half.codes.all().size() < Packet::kTopicsMax) half.codes.add(number(code));
    if (code >= kFirstError)
      set_error(level_ == kLevel5 ? reason_name(code) : std::string_view("Failure"), code);
  }
  if (p.codes.size() > Packet::kTopicsMax) out_.flags |= kFlagTruncatedBody;
  if (!half.codes.all().empty())
    half.fields.add({.name = "granted", .kind = Field::Kind::list, .list = half.codes.all()});
}

void Record::add_reason(Half& half, const Packet& p) {
  if (!p.has_reason) return;
  const bool old = p.fixed.type == Type::connack && level_ != kLevel5 && p.reason < kFirstError;
  const std::string_view name = old ? return_code_name(p.reason) : reason_name(p.reason);
  add_number(half.fields, p.fixed.type == Type::connack ? "return_code" : "reason_code", p.reason);
  add_text(half.fields, "reason", name);
  out_.has_status = true;
  out_.status_code = p.reason;
  if (p.reason >= kFirstError || (old && p.reason != 0))
    set_error(p.properties.reason_string.empty()
                  ? name
                  : whole_characters(p.properties.reason_string, kTextShownMax),
              p.reason);
}

void Record::add_properties(Half& half, const Properties& p) {
  add_text(half.fields, "content_type", p.content_type);
  add_text(half.fields, "response_topic", p.response_topic);
  add_text(half.fields, "reason_string", p.reason_string);
  add_text(half.fields, "assigned_client_id", p.assigned_client_id);
  add_text(half.fields, "auth_method", p.auth_method);
  add_text(half.fields, "server_reference", p.server_reference);
  if (p.topic_alias != 0) add_number(half.fields, "topic_alias", p.topic_alias);
  if (p.has_expiry) add_number(half.fields, "message_expiry", p.expiry);
  if (p.has_auth_data && !limits_.credentials_shown)
    out_.flags |= kFlagRedacted;  // it is not shown either way
  for (std::size_t i = 0; i + 1 < p.user.all().size(); i += 2) {
    const std::size_t mark = room_.mark();
    room_.put(p.user.all()[i]);
    room_.put('=');
    room_.put(p.user.all()[i + 1]);
    if (room_.full()) {
      room_.back_to(mark);
      out_.flags |= kFlagTruncatedBody;
      break;
    }
    half.user.add(room_.since(mark));
  }
  if (!half.user.all().empty())
    half.fields.add({.name = "user_properties", .kind = Field::Kind::list, .list = half.user.all()});
}

void Record::set_half(Message& out, Half& half, const KeptMessage& message, const Packet& p) {
  out.present = true;
  out.first_byte = message.first_byte;
  out.last_byte = message.last_byte;
  out.size = message.size;
  out_.flags |= message.flags;
  // A packet without a topic proves little of what it is: text may look like it.
  if (message.behind_hole && p.topic.empty() && p.topics.all().empty()) out_.flags |= kFlagGap;
  // How the rest is to be read is what CONNECT says.
  if (level_ == kUnknown && p.fixed.remaining > 2) out_.flags |= kFlagGap;
  if (p.fault != Fault::none)
    out_.flags |=
        p.fault == Fault::short_input ? std::uint32_t{kFlagTruncatedBody} : std::uint32_t{kFlagMalformed};
  add_text(half.fields, "type", type_name(p.fixed.type));
  if (p.has_id) {
    add_number(half.fields, "msgid", p.id);
    add_number(half.fields, "packet_id", p.id);
  }
  switch (p.fixed.type) {
    case Type::connect:
      add_connect(half, p);
      break;
    case Type::connack:
      add_truth(half, "session_present", p.session_present);
      break;
    case Type::publish:
      add_publish(out, half, message, p);
      break;
    case Type::subscribe:
      add_number(half.fields, "qos", p.qos);
      [[fallthrough]];
    case Type::unsubscribe:
      if (!p.topics.all().empty()) {  // by which they are looked for, as a PUBLISH is
        out_.path = p.topics.all()[0];
        add_text(half.fields, "topic", whole_characters(out_.path, kTextShownMax));
      }
      half.fields.add({.name = "topics", .kind = Field::Kind::list, .list = p.topics.all()});
      if (p.topic_count > p.topics.all().size()) out_.flags |= kFlagTruncatedBody;
      break;
    case Type::suback:
    case Type::unsuback:
      add_codes(half, p);
      break;
    default:
      break;
  }
  add_reason(half, p);
  add_properties(half, p.properties);
}

// "PUBLISH sensors/1/temperature (12 bytes)", "SUBSCRIBE a/# b/+", "CONNECT client-7"
void Record::set_summary(const Packet& p) {
  const std::size_t mark = room_.mark();
  const auto word = [&](std::string_view text) {
    if (text.empty()) return;
    room_.put(' ');
    put_word(room_, text, kTopicInSummaryMax);
  };
  room_.put(type_name(p.fixed.type));
  word(p.topic);
  word(p.client_id);
  for (std::size_t i = 0; i < p.topics.all().size() && i < kTopicsInSummary; ++i) word(p.topics.all()[i]);
  if (p.topic_count > kTopicsInSummary) word("…");
  if (p.fixed.type == Type::publish) {
    room_.put(std::string_view(" ("));
    room_.number(out_.request.body_size);
    room_.put(std::string_view(" bytes)"));
  }
  out_.summary = room_.since(mark);
}

void Record::emit(Sink& sink) {
  out_.protocol = &kDescriptor;
  out_.version = version_of(level_);
  out_.state = call_.state;
  out_.reason = call_.reason;
  out_.flags = call_.flags;
  if (call_.request != nullptr) {
    read_packet(call_.request->head.bytes(), level_, asked_);
    out_.method = type_name(asked_.fixed.type);
    set_half(out_.request, request_, *call_.request, asked_);
    add_text(request_.fields, "direction", call_.said_by == Direction::c2s ? "c2s" : "s2c");
    out_.request.fields = request_.fields.all();
    set_summary(asked_);
  }
  if (call_.response != nullptr) {
    read_packet(call_.response->head.bytes(), level_, answered_);
    set_half(out_.response, response_, *call_.response, answered_);
    out_.response.fields = response_.fields.all();
    if (call_.request == nullptr) {
      out_.method = type_name(answered_.fixed.type);
      set_summary(answered_);
    }
  } else if (call_.state == State::no_response) {
    out_.error = no_response_text(call_.reason);
    out_.is_error = !out_.error.empty();
  }
  sink.emit(out_);
}

}  // namespace

void emit_call(const ToldCall& call, std::uint8_t level, const Limits& limits, Sink& sink) {
  Record record(call, level, limits);
  record.emit(sink);
}

}  // namespace spanlight::mqtt
