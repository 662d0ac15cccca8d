#include "mongodb/mongodb.h"

#include <new>

#include "mongodb/connection.h"
#include "mongodb/recognise.h"

namespace spanlight::mongodb {
namespace {

constexpr std::uint16_t kPorts[] = {27017, 27018, 27019};

constexpr FieldSpec kFields[] = {
    {"request_id", FieldType::integer, true, true, "Number of the message, chosen by its sender"},
    {"opcode", FieldType::integer, true, true,
     "2013 OP_MSG, 2004 OP_QUERY, 1 OP_REPLY; of what was compressed"},
    {"op", FieldType::text, true, true, "The opcode by name: msg, query, reply, insert"},
    {"command", FieldType::text, true, false, "What is asked for, such as find; older messages' own name"},
    {"db", FieldType::text, true, false, "Database"},
    {"database", FieldType::text, true, false, "Database, as `db`"},
    {"collection", FieldType::text, true, false, "Collection"},
    {"documents", FieldType::integer, true, true,
     "Documents that were sent beside the command; in an answer: of the batch"},
    {"cursor", FieldType::integer, true, true, "Cursor that is read on, or that there is more to read from"},
    {"compressor", FieldType::text, true, true, "How the message was compressed: snappy, zlib, zstd, noop"},
    {"unread", FieldType::boolean, true, true, "It was compressed and too large to be looked at"},
    {"more_to_come", FieldType::boolean, true, true, "No answer is wanted; in an answer: others follow"},
    {"exhaust", FieldType::boolean, true, false, "The client takes several answers"},
    {"direction", FieldType::text, true, false, "c2s: no answer is due; s2c: an answer behind the first"},
    {"response_to", FieldType::integer, true, true, "Number of the request that is answered"},
    {"ok", FieldType::integer, false, true, "1: the command was done"},
    {"success", FieldType::boolean, false, true, "It was done, and all that was to be written was"},
    {"code", FieldType::integer, false, true, "Number of the error"},
    {"error_code", FieldType::integer, false, true, "Number of the error, as `code`"},
    {"code_name", FieldType::text, false, true, "Name of the error, such as NamespaceNotFound"},
    {"errmsg", FieldType::text, false, true, "The error's text"},
    {"write_errors", FieldType::integer, false, true, "Documents that could not be written"},
    {"number_returned", FieldType::integer, false, true, "Documents of an OP_REPLY"},
    {"n", FieldType::integer, false, true, "Documents that were written or counted"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "mongodb",
    .title = "MongoDB",
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

}  // namespace spanlight::mongodb
