#include "nats/nats.h"

#include <new>

#include "nats/connection.h"
#include "nats/recognise.h"

namespace spanlight::nats {
namespace {

constexpr std::uint16_t kPorts[] = {4222};

constexpr FieldSpec kFields[] = {
    {"op", FieldType::text, true, true,
     "Operation: INFO CONNECT PUB HPUB SUB UNSUB MSG HMSG PING PONG +OK -ERR"},
    {"subject", FieldType::text, true, true, "Subject of a message or subscription"},
    {"sid", FieldType::text, true, true, "Subscription that a message is for, or that is made or ended"},
    {"reply", FieldType::text, true, true, "Subject that an answer is wanted on"},
    {"queue", FieldType::text, true, true, "Queue group of a subscription"},
    {"max_messages", FieldType::text, true, true, "UNSUB: after how many messages the subscription ends"},
    {"size", FieldType::integer, true, true, "Bytes of the message, without its headers"},
    {"status", FieldType::text, true, true,
     "Status in a message's headers, such as 503: nobody answers there"},
    {"direction", FieldType::text, true, false, "Who said it: c2s or s2c"},
    {"error", FieldType::text, true, true, "-ERR: its text"},
    {"name", FieldType::text, true, true, "CONNECT: the client's name"},
    {"lang", FieldType::text, true, true, "CONNECT: the client library's language"},
    {"version", FieldType::text, true, true, "Version of the server or of the client library"},
    {"user", FieldType::text, true, true, "CONNECT: who logs in"},
    {"server_name", FieldType::text, true, true, "INFO: the server's name"},
    {"server_id", FieldType::text, true, true, "INFO: the server's id"},
    {"client_ip", FieldType::text, true, true, "INFO: the client's address, as the server sees it"},
    {"verbose", FieldType::boolean, true, true, "CONNECT: each operation is confirmed by +OK"},
    {"tls_required", FieldType::boolean, true, true, "TLS follows"},
    {"auth_required", FieldType::boolean, true, true, "INFO: the client has to log in"},
    {"jetstream", FieldType::boolean, true, true, "INFO: the server has JetStream"},
    {"headers", FieldType::boolean, true, true, "Headers are understood"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "nats",
    .title = "NATS",
    .transport = Transport::tcp,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes + 1,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::nats
