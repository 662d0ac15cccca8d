#include "core/tls/handshake.h"

#include <algorithm>

#include "core/listed.h"
#include "core/tls/names.h"

namespace spanlight::tls {
namespace {

constexpr std::size_t kTextBytes = 16'384;  // of one record
constexpr std::size_t kShownMax = 128;      // of each list; cipher_count and the fingerprints know of all
constexpr std::size_t kFieldsMax = kHelloFields.size() + kMoreFieldsMax;

// Everything that one record's views point to.
class Record {
 public:
  explicit Record(const Handshake& handshake) : handshake_(handshake) {}
  void emit(Sink& sink);

 private:
  using Fields = Listed<Field, kFieldsMax>;
  using Texts = Listed<std::string_view, kShownMax>;

  template <typename Write>
  std::string_view text(const Write& write) {
    const std::size_t start = room_.mark();
    write();
    if (room_.full()) room_.back_to(start);
    return room_.since(start);
  }
  std::string_view name(std::string_view known, std::uint16_t number) {
    return !known.empty() ? known : text([&] { write_name_or_number(room_, known, number); });
  }
  static void add_text(Fields& fields, std::string_view name, std::string_view value) {
    if (!value.empty()) fields.add({.name = name, .text = value});
  }
  static void add_number(Fields& fields, std::string_view name, std::uint64_t value) {
    fields.add({.name = name, .kind = Field::Kind::integer, .integer = static_cast<std::int64_t>(value)});
  }
  static void add_true(Fields& fields, std::string_view name, bool value) {
    if (value) fields.add({.name = name, .kind = Field::Kind::boolean, .integer = 1});
  }
  static void add_list(Fields& fields, std::string_view name, const Texts& texts) {
    if (!texts.all().empty()) fields.add({.name = name, .kind = Field::Kind::list, .list = texts.all()});
  }
  static void add_more(Fields& fields, std::span<const Field> more) {
    for (const Field& field : more.first(std::min(more.size(), kMoreFieldsMax))) fields.add(field);
  }

  template <typename NameOf>
  void show(Texts& texts, std::uint16_t number, NameOf name_of) {
    if (texts.all().size() < kShownMax && !is_grease(number)) texts.add(name(name_of(number), number));
  }
  void set_client(const Half& half);
  void add_client_lists();
  void set_server(const Half& half);
  bool is_resumed() const;
  void set_summary();
  void set_error();
  static void set_times(Message& out, const Half& half);

  const Handshake& handshake_;
  Transaction out_;
  ClientHello client_;
  ServerHello server_;
  bool has_client_ = false, has_server_ = false;
  Fields client_fields_, server_fields_;
  Texts offered_, versions_, ciphers_, groups_, key_shares_, signatures_, chosen_;
  std::string_view version_, sni_;
  std::array<char, kTextBytes> bytes_;
  TextRoom room_{bytes_};
};

void Record::set_times(Message& out, const Half& half) {
  out.present = true;
  out.first_byte = half.first_byte;
  out.last_byte = half.last_byte;
  out.size = half.size;
}

void Record::set_client(const Half& half) {
  Fields& fields = client_fields_;
  set_times(out_.request, half);
  sni_ = text([&] { write_visible(room_, client_.server_name); });
  add_text(fields, "sni", sni_);
  add_client_lists();
  add_list(fields, "alpn", offered_);
  const std::uint16_t highest = highest_version(client_);
  version_ = name(version_name(highest), highest);
  add_text(fields, "version", version_);
  add_list(fields, "versions", versions_);
  add_number(fields, "legacy_version", client_.version);
  std::size_t ciphers = 0;
  each_cipher(client_, [&](std::uint16_t) { ++ciphers; });
  add_number(fields, "cipher_count", ciphers);
  add_list(fields, "ciphers", ciphers_);
  add_list(fields, "groups", groups_);
  add_list(fields, "key_shares", key_shares_);
  add_list(fields, "signature_algorithms", signatures_);
  add_true(fields, "offers_resumption", client_.offers_psk || client_.has_ticket);
  add_true(fields, "early_data", client_.early_data);
  add_true(fields, "ech", client_.encrypted_hello);
  add_text(fields, "ja3", text([&] { write_ja3(room_, client_); }));
  add_text(fields, "ja4", text([&] { write_ja4(room_, client_, handshake_.carrier); }));
}

void Record::add_client_lists() {
  each_protocol(client_.protocols, [&](Bytes protocol) {
    if (offered_.all().size() < kShownMax) offered_.add(text([&] { write_visible(room_, protocol); }));
  });
  each_u16(client_.versions, [&](std::uint16_t v) { show(versions_, v, version_name); });
  each_cipher(client_, [&](std::uint16_t v) { show(ciphers_, v, cipher_name); });
  each_u16(client_.groups, [&](std::uint16_t v) { show(groups_, v, group_name); });
  each_key_share(client_.key_shares, [&](std::uint16_t v) { show(key_shares_, v, group_name); });
  each_u16(client_.signature_algorithms, [&](std::uint16_t v) { show(signatures_, v, signature_name); });
}

// Of TLS 1.2 and older the server says so by repeating the session's id.
bool Record::is_resumed() const {
  if (server_.takes_psk) return true;
  if (server_.selected_version > kTls12 || !has_client_ || client_.old_form) return false;
  const Bytes a = client_.session_id, b = server_.session_id;
  return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void Record::set_server(const Half& half) {
  Fields& fields = server_fields_;
  set_times(out_.response, half);
  if (!has_server_) return;
  const std::uint16_t version = server_.selected_version;
  version_ = name(version_name(version), version);
  add_text(fields, "version", version_);
  add_number(fields, "cipher", server_.cipher);
  add_text(fields, "cipher_suite", name(cipher_name(server_.cipher), server_.cipher));
  if (!server_.protocol.empty()) chosen_.add(text([&] { write_visible(room_, server_.protocol); }));
  add_list(fields, "alpn", chosen_);
  if (server_.group != 0 && !server_.is_retry)
    add_text(fields, "group", name(group_name(server_.group), server_.group));
  add_true(fields, "resumed", is_resumed());
  add_text(fields, "ja3s", text([&] { write_ja3s(room_, server_); }));
}

// "ClientHello example.org, TLSv1.3, h2"
void Record::set_summary() {
  out_.method = has_client_ ? "ClientHello" : has_server_ ? "ServerHello" : std::string_view{};
  const Texts& protocols = has_server_ ? chosen_ : offered_;
  out_.summary = text([&] {
    room_.put(out_.method);
    if (!sni_.empty()) {
      room_.put(' ');
      room_.put(sni_);
    }
    if (!version_.empty()) {
      room_.put(has_client_ && !sni_.empty() ? ", " : " ");
      room_.put(version_);
    }
    if (protocols.all().empty()) return;
    room_.put(", ");
    room_.put(protocols.all().front());
  });
}

// What the sensor missed is not the server's error.
void Record::set_error() {
  out_.error = handshake_.error;
  if (out_.error.empty() && handshake_.state == State::no_response) {
    switch (handshake_.reason) {
      case Reason::unanswered:
        out_.error = "no response: unanswered";
        break;
      case Reason::reset:
        out_.error = "no response: connection reset";
        break;
      case Reason::closed:
        out_.error = "no response: connection closed";
        break;
      case Reason::malformed:
        out_.error = "no response: what came is no TLS";
        break;
      default:
        break;
    }
  }
  out_.is_error = !out_.error.empty();
}

void Record::emit(Sink& sink) {
  const Half* client = handshake_.client;
  const Half* server = handshake_.server;
  out_.protocol = handshake_.protocol;
  out_.state = handshake_.state;
  out_.reason = handshake_.reason;
  out_.flags = handshake_.flags;
  has_client_ = client != nullptr && !client->hello.empty();
  has_server_ = server != nullptr && !server->hello.empty();
  if (has_client_)
    client_ = client->old_form ? parse_old_client_hello(client->hello) : parse_client_hello(client->hello);
  if (has_server_) server_ = parse_server_hello(server->hello);
  if (client_.fault != Fault::none || server_.fault != Fault::none) out_.flags |= kFlagMalformed;
  if (has_client_) set_client(*client);
  if (server != nullptr) set_server(*server);
  if (handshake_.retried && server != nullptr) {
    add_true(server_fields_, "hello_retry", true);
    if (handshake_.retry_group != 0)
      add_text(server_fields_, "retry_group",
               name(group_name(handshake_.retry_group), handshake_.retry_group));
  }
  set_summary();
  set_error();
  out_.version = !handshake_.version.empty()    ? handshake_.version
                 : version_.starts_with("TLSv") ? version_.substr(4)
                                                : version_;
  add_more(client_fields_, handshake_.more_request);
  add_more(server_fields_, handshake_.more_response);
  if (out_.request.present) out_.request.fields = client_fields_.all();
  if (out_.response.present) out_.response.fields = server_fields_.all();
  sink.emit(out_);
}

}  // namespace

void emit_handshake(const Handshake& handshake, Sink& sink) {
  Record record(handshake);
  record.emit(sink);
}

}  // namespace spanlight::tls
