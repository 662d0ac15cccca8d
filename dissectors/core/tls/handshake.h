#pragma once
// From two hellos, or one of them, to the record's transaction: what TLS and QUIC tell alike. What one of
// them adds comes as fields that are made already.

#include <array>
#include <span>
#include <string_view>

#include "core/descriptor.h"
#include "core/tls/fingerprint.h"

namespace spanlight::tls {

// What one side said.
struct Half {
  Bytes hello;            // the message behind its head; empty: it said something else
  bool old_form = false;  // a ClientHello of SSL 2
  TimeNs first_byte = 0;
  TimeNs last_byte = 0;
  std::uint64_t size = 0;  // of its messages on the wire
};

struct Handshake {
  const Descriptor* protocol = nullptr;
  Carrier carrier = Carrier::tcp;
  State state = State::complete;
  Reason reason = Reason::none;
  std::uint32_t flags = 0;
  const Half* client = nullptr;
  const Half* server = nullptr;
  bool retried = false;           // the server asked for another key share before it answered
  std::uint16_t retry_group = 0;  // for this one
  std::string_view version = {};  // of the record; empty: of TLS
  std::string_view error = {};    // what a side complained of; empty: what the reason makes of it
  std::span<const Field> more_request = {};
  std::span<const Field> more_response = {};
};

constexpr std::size_t kMoreFieldsMax = 16;  // of each half

// Builds the transaction and hands it to the sink.
void emit_handshake(const Handshake& handshake, Sink& sink);

// The fields that stand in the catalog of each protocol that tells hellos.
inline constexpr std::array kHelloFields = {
    FieldSpec{"sni", FieldType::text, true, false, "Name of the server that the client asks for"},
    FieldSpec{"alpn", FieldType::list, true, true,
              "Application protocols: those that the client offers, the one that the server takes"},
    FieldSpec{"version", FieldType::text, true, true,
              "TLS version: the highest that the client offers, the one that the server takes"},
    FieldSpec{"versions", FieldType::list, true, false, "All versions that the client offers"},
    FieldSpec{"legacy_version", FieldType::integer, true, false, "The version field of the ClientHello"},
    FieldSpec{"cipher_count", FieldType::integer, true, false, "How many cipher suites the client offers"},
    FieldSpec{"ciphers", FieldType::list, true, false, "Cipher suites that the client offers"},
    FieldSpec{"groups", FieldType::list, true, false, "Groups for the key exchange that the client takes"},
    FieldSpec{"key_shares", FieldType::list, true, false, "Groups that the client sends a key for"},
    FieldSpec{"signature_algorithms", FieldType::list, true, false, "Signatures that the client takes"},
    FieldSpec{"offers_resumption", FieldType::boolean, true, false,
              "The client shows a ticket or key of an earlier session"},
    FieldSpec{"early_data", FieldType::boolean, true, false, "The client announces data before the answer"},
    FieldSpec{"ech", FieldType::boolean, true, false,
              "Encrypted ClientHello is there: the name may be a cover, or the extension a decoy"},
    FieldSpec{"ja3", FieldType::text, true, false, "Fingerprint of the ClientHello (JA3)"},
    FieldSpec{"ja4", FieldType::text, true, false, "Fingerprint of the ClientHello (JA4)"},
    FieldSpec{"cipher", FieldType::integer, false, true, "Cipher suite that the server takes, by number"},
    FieldSpec{"cipher_suite", FieldType::text, false, true, "Cipher suite that the server takes, by name"},
    FieldSpec{"group", FieldType::text, false, true, "Group of the key exchange"},
    FieldSpec{"resumed", FieldType::boolean, false, true, "An earlier session is carried on"},
    FieldSpec{"hello_retry", FieldType::boolean, false, true,
              "The server asked for a second ClientHello (HelloRetryRequest)"},
    FieldSpec{"retry_group", FieldType::text, false, true, "With a key for this group"},
    FieldSpec{"ja3s", FieldType::text, false, true, "Fingerprint of the ServerHello (JA3S)"},
    FieldSpec{"alert", FieldType::text, true, true, "Alert that this side sent in the clear"},
};

// A catalog of those and more.
template <std::size_t kMore>
constexpr auto with_hello_fields(const FieldSpec (&more)[kMore]) {
  std::array<FieldSpec, kHelloFields.size() + kMore> all{};
  std::size_t n = 0;
  for (const FieldSpec& field : kHelloFields) all[n++] = field;
  for (const FieldSpec& field : more) all[n++] = field;
  return all;
}

}  // namespace spanlight::tls
