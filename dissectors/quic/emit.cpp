// From the hellos, or what came instead of the second, to the record.

#include "core/listed.h"
#include "core/tls/hello.h"
#include "core/tls/names.h"
#include "quic/connection.h"
#include "quic/quic.h"

namespace spanlight::quic {
namespace {

constexpr std::size_t kVersionsShown = 16;
constexpr std::size_t kTextBytes = 1'024;
constexpr std::uint64_t kAlerts = 0x100;  // the first of 256 codes that are alerts of TLS (RFC 9001, 4.8)

// RFC 9000, 20.1.
std::string_view code_name(std::uint64_t code) {
  constexpr std::string_view kNames[] = {"NO_ERROR",
                                         "INTERNAL_ERROR",
                                         "CONNECTION_REFUSED",
                                         "FLOW_CONTROL_ERROR",
                                         "STREAM_LIMIT_ERROR",
                                         "STREAM_STATE_ERROR",
                                         "FINAL_SIZE_ERROR",
                                         "FRAME_ENCODING_ERROR",
                                         "TRANSPORT_PARAMETER_ERROR",
                                         "CONNECTION_ID_LIMIT_ERROR",
                                         "PROTOCOL_VIOLATION",
                                         "INVALID_TOKEN",
                                         "APPLICATION_ERROR",
                                         "CRYPTO_BUFFER_EXCEEDED",
                                         "KEY_UPDATE_ERROR",
                                         "AEAD_LIMIT_REACHED",
                                         "NO_VIABLE_PATH"};
  return code < std::size(kNames) ? kNames[code] : "unknown error";
}

class Extra {
 public:
  using Fields = Listed<Field, tls::kMoreFieldsMax>;

  template <typename Write>
  std::string_view text(const Write& write) {
    const std::size_t start = room_.mark();
    write(room_);
    if (room_.full()) room_.back_to(start);
    return room_.since(start);
  }
  std::string_view version(std::uint32_t number) {
    if (const Version* known = find_version(number)) return known->name;
    return text([&](TextRoom& room) {
      room.put("0x");
      room.hex(static_cast<std::uint16_t>(number >> 16));
      room.hex(static_cast<std::uint16_t>(number));
    });
  }

  Fields request, response;
  Listed<std::string_view, kVersionsShown> versions;

 private:
  std::array<char, kTextBytes> bytes_;
  TextRoom room_{bytes_};
};

}  // namespace

// `closing`: a side gave up. `offered`: the server speaks these versions, and not the client's.
void Connection::tell(State state, Reason reason, const Closing* closing, Bytes offered, Sink& sink) {
  const auto half_of = [](const Side& s) {
    const Bytes message = s.stream.ready().subspan(s.hello_at).first(s.hello_bytes);
    return tls::Half{.hello = message.empty() ? message : message.subspan(tls::kHandshakeHeadBytes),
                     .first_byte = s.first_byte,
                     .last_byte = s.last_byte,
                     .size = s.hello_bytes};
  };
  const tls::Half client = half_of(side(Direction::c2s)), server = half_of(side(Direction::s2c));
  Extra extra;
  std::string_view error;
  extra.request.add({.name = "quic_version", .text = first_version_->name});
  extra.request.add(
      {.name = "dcid", .text = extra.text([&](TextRoom& room) { room.hex(first_id_.view()); })});
  if (retried_) extra.response.add({.name = "retry", .kind = Field::Kind::boolean, .integer = 1});
  if (!server.hello.empty()) extra.response.add({.name = "quic_version", .text = version_->name});
  if (closing != nullptr) {
    Extra::Fields& fields = closed_by_ == Direction::c2s ? extra.request : extra.response;
    const bool alert = closing->code >= kAlerts && closing->code < 2 * kAlerts;
    const auto description = static_cast<std::uint8_t>(closing->code);
    const std::string_view name = alert ? extra.text([&](TextRoom& room) {
      tls::write_name_or_number(room, tls::alert_name(description), description);
    })
                                        : code_name(closing->code);
    fields.add({.name = "close_code",
                .kind = Field::Kind::integer,
                .integer = static_cast<std::int64_t>(closing->code)});
    if (alert) fields.add({.name = "alert", .text = name});
    const std::string_view why =
        extra.text([&](TextRoom& room) { tls::write_visible(room, closing->reason); });
    if (!why.empty()) fields.add({.name = "close_reason", .text = why});
    error = extra.text([&](TextRoom& room) {
      room.put(alert ? "alert: " : "closed: ");
      room.put(name);
    });
  }
  if (!offered.empty()) {
    Reader r(offered);
    while (r.left() >= sizeof(std::uint32_t) && extra.versions.all().size() < kVersionsShown)
      extra.versions.add(extra.version(r.be<std::uint32_t>()));
    extra.response.add({.name = "spoken_versions", .kind = Field::Kind::list, .list = extra.versions.all()});
    error = "the server does not speak this version of QUIC";
  }
  tls::emit_handshake({.protocol = &kDescriptor,
                       .carrier = tls::Carrier::quic,
                       .state = state,
                       .reason = reason,
                       .flags = state == State::no_request ? std::uint32_t{kFlagGap} : 0,
                       .client = has_client() ? &client : nullptr,
                       .server = state == State::no_response ? nullptr : &server,
                       .retried = hello_retried_,
                       .retry_group = retry_group_,
                       .version = version_->short_name,
                       .error = error,
                       .more_request = extra.request.all(),
                       .more_response = extra.response.all()},
                      sink);
  told_ = digest_of(id_.view());
  forget();
}

}  // namespace spanlight::quic
