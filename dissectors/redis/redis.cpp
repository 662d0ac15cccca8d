#include "redis/redis.h"

#include <new>

#include "redis/connection.h"
#include "redis/recognise.h"

namespace spanlight::redis {
namespace {

constexpr std::uint16_t kPorts[] = {6379, 6380, 26379};

constexpr FieldSpec kFields[] = {
    {"command", FieldType::text, true, false, "Command in upper case; of a push: its kind, such as message"},
    {"args", FieldType::list, true, false, "Words behind the command; 64 at most"},
    {"key", FieldType::text, true, false, "First key of the command"},
    {"channel", FieldType::text, true, false,
     "Channel of a published or received message; the first that is subscribed to or left"},
    {"inline", FieldType::boolean, true, false, "Sent as a line of words, not as an array"},
    {"pipelined", FieldType::boolean, true, false,
     "Sent before the answer to the previous command had ended"},
    {"direction", FieldType::text, true, false, "Of what is said one way: c2s or s2c"},
    {"type", FieldType::text, true, true,
     "Type of the answer or push: status, error, integer, bulk, array, nil …"},
    {"value", FieldType::text, false, true, "The answer, where it is no aggregate"},
    {"values", FieldType::list, false, true,
     "Elements of an aggregate that is flat; keys and values of a map"},
    {"length", FieldType::integer, false, true, "Elements of an aggregate; pairs of a map"},
    {"error_code", FieldType::text, false, true, "First word of an error, such as WRONGTYPE or MOVED"},
    {"redirect", FieldType::text, false, true, "Node that MOVED or ASK names"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "redis",
    .title = "Redis",
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

}  // namespace spanlight::redis
