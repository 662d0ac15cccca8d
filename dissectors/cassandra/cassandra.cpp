#include "cassandra/cassandra.h"

#include <new>

#include "cassandra/connection.h"
#include "cassandra/recognise.h"

namespace spanlight::cassandra {
namespace {

constexpr std::uint16_t kPorts[] = {9042};

constexpr FieldSpec kFields[] = {
    {"opcode", FieldType::text, true, true, "Kind of the frame, such as QUERY or RESULT"},
    {"version", FieldType::integer, true, true, "Version of the protocol: 3, 4 or 5"},
    {"stream_id", FieldType::integer, true, true, "Stream: what pairs an answer with its request"},
    {"cql", FieldType::text, true, false,
     "The statement, also of an execution of a prepared one; a batch's first. Passwords in it are left out"},
    {"query", FieldType::text, true, false, "The statement, as `cql`"},
    {"prepared", FieldType::boolean, true, false, "It executes what was prepared"},
    {"consistency", FieldType::text, true, false, "Consistency that is asked for, such as LOCAL_QUORUM"},
    {"statements", FieldType::integer, true, false, "Statements of a batch"},
    {"compression", FieldType::text, true, false, "STARTUP: lz4 or snappy"},
    {"driver", FieldType::text, true, false, "STARTUP: name of the client's driver"},
    {"events", FieldType::text, true, false, "REGISTER: the first kind of event that is asked for"},
    {"event", FieldType::text, true, false, "EVENT: its kind, such as STATUS_CHANGE"},
    {"change", FieldType::text, true, true, "EVENT, schema change: what happened, such as UP or CREATED"},
    {"direction", FieldType::text, true, false, "s2c: an event, which nobody asked for"},
    {"compressed", FieldType::boolean, true, true, "The body was compressed"},
    {"unread", FieldType::boolean, true, true, "It was compressed and too large to be looked at"},
    {"kind", FieldType::text, false, true, "RESULT: rows, void, prepared, set_keyspace, schema_change"},
    {"rows", FieldType::integer, false, true, "Rows of the result"},
    {"columns", FieldType::integer, false, true, "Columns of the result"},
    {"more_pages", FieldType::boolean, false, true, "There are more rows to ask for"},
    {"keyspace", FieldType::text, false, true, "Keyspace of the result"},
    {"table", FieldType::text, false, true, "Table of the result"},
    {"warnings", FieldType::integer, false, true, "Warnings that came with the answer"},
    {"authenticator", FieldType::text, false, true, "AUTHENTICATE: how the client is to prove who it is"},
    {"success", FieldType::boolean, false, true, "It is no error"},
    {"error_code", FieldType::integer, false, true, "Number of the error, such as 8704"},
    {"error_name", FieldType::text, false, true, "The error by name, such as Invalid"},
    {"error_message", FieldType::text, false, true, "The error's text"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "cassandra",
    .title = "Cassandra (CQL)",
    .transport = Transport::tcp,
    .ports = kPorts,
    .head_bytes_max = kProbeBytes,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .sync = find_again,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::cassandra
