#include "postgresql/postgresql.h"

#include <new>

#include "postgresql/connection.h"
#include "postgresql/recognise.h"

namespace spanlight::postgresql {
namespace {

constexpr std::uint16_t kPorts[] = {5432, 6432, 5433};

constexpr FieldSpec kFields[] = {
    {"kind", FieldType::text, true, false,
     "startup, ssl, cancel, simple, execute, parse, bind, describe, close, function, notification or notice"},
    {"command", FieldType::text, true, false, "First word of the statement, such as SELECT or CREATE TABLE"},
    {"query", FieldType::text, true, false, "Text of the statement, its first 4,096 bytes"},
    {"sql", FieldType::text, true, false, "The same as query"},
    {"statement", FieldType::text, true, false, "Name of the prepared statement; of a notice: its SQLSTATE"},
    {"portal", FieldType::text, true, false, "Name of the portal"},
    {"parameters", FieldType::list, true, false,
     "Values bound to the statement; those in binary form as \\x and hexadecimal digits"},
    {"parameter_count", FieldType::integer, true, false, "How many values were bound"},
    {"user", FieldType::text, true, false, "Who is logged in"},
    {"database", FieldType::text, true, false, "Database of the session"},
    {"application_name", FieldType::text, true, false, "What the client calls itself"},
    {"password", FieldType::text, true, false, "That something secret was sent to log in"},
    {"gss", FieldType::boolean, true, false, "Encryption by GSSAPI was asked for, not by TLS"},
    {"process_id", FieldType::integer, true, true,
     "Process of the server: of this session, to be cancelled, or that notifies"},
    {"function_id", FieldType::integer, true, false, "Object id of the function that is called"},
    {"max_rows", FieldType::integer, true, false, "Rows asked for at most"},
    {"channel", FieldType::text, true, false, "Channel of a notification"},
    {"message", FieldType::text, true, false, "Payload of a notification, text of a notice"},
    {"direction", FieldType::text, true, false, "s2c: said by the server on its own"},
    {"pipelined", FieldType::boolean, true, false, "Sent before the answer to the previous one had ended"},
    {"copy_bytes", FieldType::integer, true, true, "Bytes of data copied in or out"},
    {"copy_messages", FieldType::integer, true, true, "Messages of data copied in or out"},
    {"success", FieldType::boolean, false, true, "Whether the server did what was asked"},
    {"ok", FieldType::boolean, false, true, "The same as success"},
    {"tags", FieldType::list, false, true, "Command tags, such as SELECT 2: one for each statement"},
    {"rows", FieldType::integer, false, true, "Rows that were returned"},
    {"columns", FieldType::integer, false, true, "Columns of the rows"},
    {"column_names", FieldType::list, false, true, "Their names"},
    {"copy", FieldType::text, false, true, "in, out or both: data was copied"},
    {"notice_count", FieldType::integer, false, true, "Notices while it was answered"},
    {"notice", FieldType::text, false, true, "The first of them"},
    {"accepted", FieldType::boolean, false, true, "Whether encryption was accepted"},
    {"auth", FieldType::text, false, true,
     "How the client logged in: trust, password, md5, SCRAM-SHA-256, gss"},
    {"server_version", FieldType::text, false, true, "Version of the server"},
    {"transaction", FieldType::text, false, true, "Afterwards: idle, open or failed"},
    {"error", FieldType::text, false, true, "SQLSTATE of the error"},
    {"error_code", FieldType::text, false, true, "The same as error"},
    {"error_message", FieldType::text, false, true, "Its message"},
    {"severity", FieldType::text, false, true, "ERROR, FATAL or PANIC"},
    {"detail", FieldType::text, false, true, "Its detail"},
    {"hint", FieldType::text, false, true, "Its hint"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

static_assert(sizeof(Connection) <= 256, "a flow's slot is the slabs' smallest block");

}  // namespace

const Descriptor kDescriptor{
    .name = "postgresql",
    .title = "PostgreSQL",
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

}  // namespace spanlight::postgresql
