#include "amqp/amqp.h"

#include <new>

#include "amqp/connection.h"
#include "amqp/recognise.h"

namespace spanlight::amqp {
namespace {

constexpr std::uint16_t kPorts[] = {5672};

constexpr FieldSpec kFields[] = {
    {"method", FieldType::text, true, true,
     "Class and method, such as basic.publish; heartbeat, protocol-header"},
    {"channel", FieldType::integer, true, true, "Channel of the connection; 0 is the connection itself"},
    {"direction", FieldType::text, true, false, "Who sent it: c2s or s2c"},
    {"exchange", FieldType::text, true, true, "Exchange that is named"},
    {"routing_key", FieldType::text, true, true, "Routing key of a message, or of a binding"},
    {"queue", FieldType::text, true, true, "Queue that is named, or was made"},
    {"body_size", FieldType::integer, true, true, "Bytes of the message's body"},
    {"consumer_tag", FieldType::text, true, true, "Name of the consumer"},
    {"delivery_tag", FieldType::integer, true, true,
     "Number of the delivery, or of the message that is confirmed"},
    {"multiple", FieldType::boolean, true, false, "All up to this delivery tag are meant"},
    {"requeue", FieldType::boolean, true, false, "What is refused goes back to its queue"},
    {"redelivered", FieldType::boolean, true, true, "The message was delivered before"},
    {"reply_code", FieldType::integer, true, false,
     "Why a channel or connection closes, or a message comes back"},
    {"reply_text", FieldType::text, true, false, "The same in words"},
    {"class_id", FieldType::integer, true, false, "Class of the method that failed"},
    {"method_id", FieldType::integer, true, false, "Number of the method that failed"},
    {"message_count", FieldType::integer, false, true, "Messages in the queue"},
    {"consumer_count", FieldType::integer, false, true, "Consumers of the queue"},
    {"exchange_type", FieldType::text, true, false, "direct, fanout, topic, headers, ..."},
    {"source", FieldType::text, true, false, "Exchange that messages come from (exchange.bind)"},
    {"destination", FieldType::text, true, false, "Exchange that messages go to (exchange.bind)"},
    {"virtual_host", FieldType::text, true, false, "Virtual host that is opened"},
    {"mechanisms", FieldType::text, true, false, "SASL mechanisms that the server offers"},
    {"mechanism", FieldType::text, false, true, "SASL mechanism that the client chose"},
    {"user", FieldType::text, false, true, "Who logs in (PLAIN)"},
    {"response", FieldType::text, true, true, "What the client logs in with: redacted"},
    {"locales", FieldType::text, true, false, "Locales that the server offers"},
    {"locale", FieldType::text, false, true, "Locale that the client chose"},
    {"channel_max", FieldType::integer, true, true, "Channels at most"},
    {"frame_max", FieldType::integer, true, true, "Bytes of a frame at most"},
    {"heartbeat", FieldType::integer, true, true, "Seconds between heartbeats"},
    {"reason", FieldType::text, true, false, "Why the connection is blocked, or the secret changes"},
    {"realm", FieldType::text, true, false, "Realm that access is asked for (access.request)"},
    {"prefetch_size", FieldType::integer, true, false, "Bytes that may be unacknowledged"},
    {"prefetch_count", FieldType::integer, true, false, "Messages that may be unacknowledged"},
    {"global", FieldType::boolean, true, false, "The prefetch is that of all consumers of the channel"},
    {"passive", FieldType::boolean, true, false, "Only asks whether it exists"},
    {"durable", FieldType::boolean, true, false, "Outlives the server's restart"},
    {"exclusive", FieldType::boolean, true, false, "For this connection, or this consumer, alone"},
    {"auto_delete", FieldType::boolean, true, false, "Is deleted when nobody uses it"},
    {"internal", FieldType::boolean, true, false, "Only other exchanges publish to it"},
    {"no_wait", FieldType::boolean, true, false, "No answer is wanted"},
    {"no_local", FieldType::boolean, true, false, "Own messages are not wanted"},
    {"no_ack", FieldType::boolean, true, false, "Deliveries are not acknowledged"},
    {"if_unused", FieldType::boolean, true, false, "Delete only what nobody uses"},
    {"if_empty", FieldType::boolean, true, false, "Delete only what is empty"},
    {"mandatory", FieldType::boolean, true, false, "Comes back if no queue takes it"},
    {"immediate", FieldType::boolean, true, false, "Comes back if no consumer takes it"},
    {"active", FieldType::boolean, true, true, "Content flows"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "amqp",
    .title = "AMQP 0-9-1",
    .transport = Transport::tcp,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::amqp
