#include "mqtt/mqtt.h"

#include <new>

#include "mqtt/connection.h"
#include "mqtt/recognise.h"

namespace spanlight::mqtt {
namespace {

constexpr std::uint16_t kPorts[] = {1883};

constexpr FieldSpec kFields[] = {
    {"type", FieldType::text, true, true, "Packet type, such as PUBLISH"},
    {"direction", FieldType::text, true, false, "Who sent it: c2s or s2c"},
    {"topic", FieldType::text, true, false, "PUBLISH: topic; SUBSCRIBE, UNSUBSCRIBE: the first topic filter"},
    {"topics", FieldType::list, true, false, "SUBSCRIBE, UNSUBSCRIBE: topic filters; 64 at most"},
    {"qos", FieldType::integer, true, false, "Quality of service; SUBSCRIBE: the highest that is asked for"},
    {"retain", FieldType::boolean, true, false, "PUBLISH: the broker keeps it, or had kept it"},
    {"dup", FieldType::boolean, true, false, "PUBLISH: sent again"},
    {"msgid", FieldType::integer, true, true, "Packet id"},
    {"packet_id", FieldType::integer, true, true, "Packet id, by the name that filters know"},
    {"payload_len", FieldType::integer, true, false, "PUBLISH: bytes of the message"},
    {"client_id", FieldType::text, true, false, "CONNECT: who connects"},
    {"version", FieldType::integer, true, false, "CONNECT: protocol level: 3 is 3.1, 4 is 3.1.1, 5 is 5"},
    {"protocol_name", FieldType::text, true, false, "CONNECT: MQTT, or MQIsdp before 3.1.1"},
    {"keepalive", FieldType::integer, true, false, "CONNECT: seconds"},
    {"clean", FieldType::boolean, true, false, "CONNECT: no earlier session is wanted"},
    {"will_topic", FieldType::text, true, false, "CONNECT: where the client's last will is published"},
    {"username", FieldType::text, true, false, "CONNECT: who logs in"},
    {"password", FieldType::text, true, false, "CONNECT: there is one; shown where credentials are"},
    {"return_code", FieldType::integer, false, true, "CONNACK: 0 accepted"},
    {"session_present", FieldType::boolean, false, true, "CONNACK: an earlier session goes on"},
    {"granted", FieldType::list, false, true,
     "SUBACK, UNSUBACK: a code for each topic; from 128 on it failed"},
    {"reason_code", FieldType::integer, true, true, "MQTT 5: from 128 on an error"},
    {"reason", FieldType::text, true, true, "Code by name"},
    {"reason_string", FieldType::text, true, true, "MQTT 5: what the sender says of it"},
    {"content_type", FieldType::text, true, true, "MQTT 5: of the message"},
    {"response_topic", FieldType::text, true, true, "MQTT 5: where an answer is wanted"},
    {"assigned_client_id", FieldType::text, true, true, "MQTT 5: the client's name, by the broker"},
    {"auth_method", FieldType::text, true, true, "MQTT 5: how the client logs in"},
    {"server_reference", FieldType::text, true, true, "MQTT 5: another broker to use"},
    {"topic_alias", FieldType::integer, true, true, "MQTT 5: number that stands for the topic"},
    {"message_expiry", FieldType::integer, true, true, "MQTT 5: seconds"},
    {"user_properties", FieldType::list, true, true, "MQTT 5: name=value; 16 at most"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "mqtt",
    .title = "MQTT",
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

}  // namespace spanlight::mqtt
