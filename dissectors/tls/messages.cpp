// What becomes of handshake messages and alerts, and how the call is told.

#include "core/listed.h"
#include "core/tls/hello.h"
#include "core/tls/names.h"
#include "tls/certificate.h"
#include "tls/connection.h"
#include "tls/tls.h"

namespace spanlight::tls {
namespace {

constexpr std::size_t kNamesShown = 128;          // of a certificate
constexpr std::size_t kCertificateText = 16'384;  // of its fields
constexpr std::size_t kAlertText = 64;            // of an alert's name

}  // namespace

// The message under way is whole.
void Connection::on_message(Direction from, Way& way, TimeNs time, Sink& sink) {
  const std::uint8_t type = way.message.bytes()[0];
  if (from == Direction::c2s)
    on_client_message(way, type, time, sink);
  else
    on_server_message(way, type, time, sink);
  way.message.release(workshop_.state);
  way.seen = 0;
  way.began = 0;
}

// What began before the client's hello does not answer it.
bool Connection::was_asked_by(TimeNs answer_began) const {
  return hello_[0].held() && hello_[0].first_byte <= answer_began;
}

// Of a second one, behind a HelloRetryRequest, the server's answer tells what matters. One behind the
// server's hello is not what that answers.
void Connection::on_client_message(Way& way, std::uint8_t type, TimeNs time, Sink& sink) {
  if (type != handshake::client_hello && !way.old_form) return;
  drop_retry();
  if (client().held() || server().held()) return;
  client() = {.message = way.message,
              .first_byte = way.began,
              .last_byte = time,
              .bytes = way.seen,
              .old_form = way.old_form};
  way.message = {};
  if (ways_[1].lost) settle(lost_reason_, sink);
}

void Connection::on_server_message(Way& way, std::uint8_t type, TimeNs time, Sink& sink) {
  if (flight_over_) return;
  if (type == handshake::server_hello && !server().held()) on_server_hello(way, time);
  if (!server().held()) return;
  if (type != handshake::server_hello) {
    server().bytes += way.seen;
    server().last_byte = time;
  }
  switch (type) {
    case handshake::server_hello:
      if (parse_server_hello(server().message.bytes().subspan(kHandshakeHeadBytes)).selected_version > kTls12)
        end_flight(sink);
      break;
    case handshake::certificate:
      if (certificate_.size() > 0) break;
      certificate_ = way.message;
      way.message = {};
      break;
    case handshake::server_key_exchange: {
      // u8 3: a named curve | u16 group
      const Bytes body = way.message.bytes().subspan(kHandshakeHeadBytes);
      if (body.size() >= 3 && body[0] == 3) group_ = static_cast<std::uint16_t>(body[1] << 8 | body[2]);
      break;
    }
    case handshake::certificate_request:
      asks_certificate_ = true;
      break;
    case handshake::server_hello_done:
      end_flight(sink);
      break;
    default:
      break;
  }
}

void Connection::on_server_hello(Way& way, TimeNs time) {
  const ServerHello hello = parse_server_hello(way.message.bytes().subspan(kHandshakeHeadBytes));
  if (hello.is_retry) {
    retried_ = true;
    retry_group_ = hello.group;
  }
  drop_retry();
  if (client().held() && !was_asked_by(way.began)) {
    client().message.release(workshop_.state);
    client() = {};
  }
  server() = {.message = way.message,
              .first_byte = way.began,
              .last_byte = time,
              .bytes = way.seen,
              .retry = hello.is_retry};
  way.message = {};
}

// The client went on, or the server said more.
void Connection::drop_retry() {
  if (!server().retry) return;
  server().message.release(workshop_.state);
  server() = {};
}

// Told once the client goes on: it may complain. Nobody waits for a client that was never seen.
void Connection::end_flight(Sink& sink) {
  flight_over_ = true;
  if (!client().held() || ways_[0].lost) settle(lost_reason_, sink);
}

// A warning stands in the record; only the end of the connection is an error.
void Connection::on_alert(Direction from, std::uint8_t level, std::uint8_t description, Span when,
                          Sink& sink) {
  constexpr std::uint8_t kWarning = 1, kCloseNotify = 0, kCanceled = 90;
  const bool fatal = level != kWarning || description == kCloseNotify || description == kCanceled;
  complaint_[index_of(from)] = {.description = description, .made = true, .fatal = fatal};
  if (!fatal || !is_open()) return;
  if (from == Direction::s2c && !server().held() && was_asked_by(when.first_byte)) {
    // The alert is the answer.
    drop_retry();
    server() = {.first_byte = when.first_byte, .last_byte = when.last_byte, .bytes = sizeof(Way::alert)};
    return tell(State::complete, Reason::none, sink);
  }
  settle(Reason::closed, sink);
}

// Nothing of this side is understood any more.
void Connection::lose(Direction from, Reason reason, std::uint32_t flag, Sink& sink) {
  Way& way = ways_[index_of(from)];
  way.message.release(workshop_.state);
  way = {.lost = true};
  flags_ |= flag;
  lost_reason_ = reason;
  if (from == Direction::s2c) drop_retry();
  if (from == Direction::s2c || flight_over_) settle(reason, sink);
  if (ways_[0].lost && ways_[1].lost) finish();
}

// No more will come of what is open.
void Connection::settle(Reason reason, Sink& sink) {
  if (done_) return;
  if (!is_open()) return;
  if (client().held() && (server().held() || server().retry))
    return tell(State::complete, Reason::none, sink);
  const bool missed = ways_[1].unsure && !ways_[1].any;
  if (client().held()) return tell(State::no_response, missed ? lost_reason_ : reason, sink);
  tell(State::no_request, lost_reason_, sink);
}

void Connection::finish() {
  for (Way& way : ways_) {
    way.message.release(workshop_.state);
    way = {};
  }
  for (Hello& hello : hello_) {
    hello.message.release(workshop_.state);
    hello = {};
  }
  certificate_.release(workshop_.state);
  done_ = true;
}

// ---- the record ---------------------------------------------------------------------------------

namespace {

// What the server showed behind its hello, as fields; texts live as long as this.
class ServerFields {
 public:
  using Fields = Listed<Field, kMoreFieldsMax>;

  void add_certificate(Bytes message) {
    const Certificate certificate = parse_certificate(first_certificate(message));
    if (!certificate.readable) return;
    add("certificate_subject", [&] { write_visible(room_, certificate.subject); });
    add("certificate_issuer", [&] { write_visible(room_, certificate.issuer); });
    add("certificate_not_before", [&] { write_time(room_, certificate.not_before); });
    add("certificate_not_after", [&] { write_time(room_, certificate.not_after); });
    each_name(certificate.names, [&](NameKind kind, Bytes name) {
      if (names_.all().size() == kNamesShown) return;
      names_.add(text([&] {
        if (kind == NameKind::text)
          write_visible(room_, name);
        else
          write_address(room_, name);
      }));
    });
    if (!names_.all().empty())
      fields_.add({.name = "certificate_names", .kind = Field::Kind::list, .list = names_.all()});
  }
  template <typename Write>
  void add(std::string_view name, const Write& write) {
    const std::string_view value = text(write);
    if (!value.empty()) fields_.add({.name = name, .text = value});
  }
  void add_true(std::string_view name) {
    fields_.add({.name = name, .kind = Field::Kind::boolean, .integer = 1});
  }
  TextRoom& room() { return room_; }
  std::span<const Field> all() const { return fields_.all(); }

 private:
  template <typename Write>
  std::string_view text(const Write& write) {
    const std::size_t start = room_.mark();
    write();
    if (room_.full()) room_.back_to(start);
    return room_.since(start);
  }

  Fields fields_;
  Listed<std::string_view, kNamesShown> names_;
  std::array<char, kCertificateText> bytes_;
  TextRoom room_{bytes_};
};

void write_alert(TextRoom& room, std::uint8_t description) {
  write_name_or_number(room, alert_name(description), description);
}

}  // namespace

void Connection::tell(State state, Reason reason, Sink& sink) {
  const auto half_of = [](const Hello& hello) {
    const Bytes message = hello.message.bytes();
    const std::size_t head = hello.old_form || message.empty() ? 0 : kHandshakeHeadBytes;
    return Half{.hello = message.subspan(head),
                .old_form = hello.old_form,
                .first_byte = hello.first_byte,
                .last_byte = hello.last_byte,
                .size = hello.bytes};
  };
  const Half client_half = half_of(client()), server_half = half_of(server());
  ServerFields server_fields;
  if (certificate_.size() > kHandshakeHeadBytes)
    server_fields.add_certificate(certificate_.bytes().subspan(kHandshakeHeadBytes));
  if (group_ != 0)
    server_fields.add("group",
                      [&] { write_name_or_number(server_fields.room(), group_name(group_), group_); });
  if (asks_certificate_) server_fields.add_true("client_certificate_requested");
  std::array<char, kAlertText> alert_bytes, error_bytes;
  TextRoom alert(alert_bytes), error(error_bytes);
  Listed<Field, 1> client_fields;
  const Complaint &by_client = complaint_[0], &by_server = complaint_[1];
  if (by_server.made)
    server_fields.add("alert", [&] { write_alert(server_fields.room(), by_server.description); });
  if (by_client.made) {
    write_alert(alert, by_client.description);
    client_fields.add({.name = "alert", .text = alert.since(0)});
  }
  if (by_client.fatal || by_server.fatal) {
    error.put("alert: ");
    write_alert(error, by_server.fatal ? by_server.description : by_client.description);
  }
  emit_handshake({.protocol = &kDescriptor,
                  .carrier = Carrier::tcp,
                  .state = state,
                  .reason = reason,
                  .flags = flags_,
                  .client = client().held() ? &client_half : nullptr,
                  .server = state == State::no_response ? nullptr : &server_half,
                  .retried = retried_,
                  .retry_group = retry_group_,
                  .error = error.since(0),
                  .more_request = client_fields.all(),
                  .more_response = server_fields.all()},
                 sink);
  finish();
}

}  // namespace spanlight::tls
