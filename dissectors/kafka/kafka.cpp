#include "kafka/kafka.h"

#include <new>

#include "kafka/connection.h"
#include "kafka/recognise.h"

namespace spanlight::kafka {
namespace {

constexpr std::uint16_t kPorts[] = {9092, 9093, 9094, 29092};

constexpr FieldSpec kFields[] = {
    {"api_key", FieldType::integer, true, false, "Number of the request's kind, such as 0 for Produce"},
    {"api_name", FieldType::text, true, false, "Its name, such as Produce"},
    {"api_key_name", FieldType::text, true, false, "The same as api_name"},
    {"api_version", FieldType::integer, true, false, "Version of the request"},
    {"correlation_id", FieldType::integer, true, true, "What pairs a request with its answer"},
    {"client_id", FieldType::text, true, false, "What the client calls itself"},
    {"size", FieldType::integer, true, true, "Bytes of the frame, with its length"},
    {"topics", FieldType::list, true, true, "Topics that are named"},
    {"partitions", FieldType::integer, true, true, "How many partitions are named"},
    {"records", FieldType::integer, true, true, "Records, as the heads of their batches count them"},
    {"record_bytes", FieldType::integer, true, true, "Bytes of the batches, as they are compressed"},
    {"compression", FieldType::text, true, true, "Of the first batch: none, gzip, snappy, lz4 or zstd"},
    {"key", FieldType::text, true, true,
     "Key of the first record, where it is not compressed; what a coordinator is looked for; a resource"},
    {"auth", FieldType::text, true, true, "That SASL's bytes were sent"},
    {"group", FieldType::text, true, true, "Consumer group"},
    {"member", FieldType::text, true, false, "Member of the group"},
    {"transactional_id", FieldType::text, true, false, "Transactional id of the producer"},
    {"mechanism", FieldType::text, true, true,
     "SASL mechanism; of an answer: the first one that the broker has"},
    {"software", FieldType::text, true, false, "Name of the client's library"},
    {"offset", FieldType::integer, true, true, "First offset that is asked for, or told"},
    {"acks", FieldType::integer, true, false, "Acknowledgements asked for: 0 none, 1 the leader's, -1 all"},
    {"throttle_ms", FieldType::integer, false, true, "Milliseconds that the broker holds the client back"},
    {"error_codes", FieldType::list, false, true, "All error codes, in their order; 0 is none"},
    {"error", FieldType::text, false, true, "Name of the first error"},
    {"errors", FieldType::list, false, true, "The errors, each with its topic and partition"},
    {"error_message", FieldType::text, false, true, "What the broker says of an error"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "kafka",
    .title = "Kafka",
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

}  // namespace spanlight::kafka
