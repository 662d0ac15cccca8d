#include "mysql/mysql.h"

#include <new>

#include "mysql/connection.h"
#include "mysql/recognise.h"

namespace spanlight::mysql {
namespace {

constexpr std::uint16_t kPorts[] = {3306};

constexpr FieldSpec kFields[] = {
    {"command", FieldType::text, true, false,
     "Command in short: query, stmt_execute, ping; login is one too"},
    {"command_code", FieldType::integer, true, false, "Number of the command; a login has none"},
    {"sql", FieldType::text, true, false,
     "The statement, also of an execution of a prepared one; passwords in it are left out"},
    {"query", FieldType::text, true, false, "The statement, as `sql`"},
    {"schema", FieldType::text, true, false, "Database that the command names"},
    {"table", FieldType::text, true, false, "COM_FIELD_LIST: table that the command names"},
    {"database", FieldType::text, true, false,
     "Database that was in use, as far as it was seen; of a login or a change: the one that is asked for"},
    {"user", FieldType::text, true, false, "Who logged in"},
    {"auth_plugin", FieldType::text, true, false, "Login: how the client proves who it is"},
    {"program", FieldType::text, true, false, "Login: what the client calls itself"},
    {"statement_id", FieldType::integer, true, false, "Prepared statement that is executed, closed or reset"},
    {"stmt_id", FieldType::integer, true, true, "The same; in a response: the statement that was prepared"},
    {"direction", FieldType::text, true, false, "c2s: a command that has no answer"},
    {"pipelined", FieldType::boolean, true, false,
     "The command was sent before the answer to the previous one had ended"},
    {"result", FieldType::text, false, true, "ok, resultset, error, text or unknown"},
    {"success", FieldType::boolean, false, true, "The command succeeded"},
    {"affected_rows", FieldType::integer, false, true, "Rows changed, over all results"},
    {"insert_id", FieldType::integer, false, true, "Key that was made for a new row"},
    {"columns", FieldType::integer, false, true, "Columns of the result"},
    {"rows", FieldType::integer, false, true, "Rows that were sent, over all results"},
    {"params", FieldType::integer, false, true, "Parameters of the prepared statement"},
    {"results", FieldType::integer, false, true, "Results of one command, where there are several"},
    {"warnings", FieldType::integer, false, true, "Warnings of the last result"},
    {"error_code", FieldType::integer, false, true, "Number of the error, such as 1064"},
    {"sqlstate", FieldType::text, false, true, "The error's SQLSTATE, such as 42000"},
    {"error_message", FieldType::text, false, true, "The error's text"},
    {"file", FieldType::text, false, true, "LOCAL INFILE: the client's file that the server asks for"},
    {"file_bytes", FieldType::integer, false, true, "LOCAL INFILE: bytes that the client sent of it"},
    {"server_version", FieldType::text, false, true, "Login: the server's version"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "mysql",
    .title = "MySQL",
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

}  // namespace spanlight::mysql
