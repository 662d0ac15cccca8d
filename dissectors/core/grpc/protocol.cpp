#include "core/grpc/protocol.h"

namespace spanlight::grpc {
namespace {

constexpr FieldSpec kFields[] = {
    {"http_version", FieldType::text, true, false, "Version of HTTP that carries it"},
    {"stream_id", FieldType::integer, true, true, "The stream of HTTP/2 that the call was on"},
    {"authority", FieldType::text, true, false, "The :authority, host and port"},
    {"scheme", FieldType::text, true, false, "The :scheme"},
    {"host", FieldType::text, true, false, "The Host header, or the :authority"},
    {"user_agent", FieldType::text, true, false, "The User-Agent header"},
    {"grpc_service", FieldType::text, true, false, "Package and service, helloworld.Greeter"},
    {"grpc_method", FieldType::text, true, false, "Method of the service"},
    {"grpc_type", FieldType::text, true, false,
     "unary, client_stream, server_stream or bidi_stream, by the messages that were seen"},
    {"grpc_timeout_us", FieldType::integer, true, false, "How long the client waits, in microseconds"},
    {"grpc_messages", FieldType::integer, true, true, "Messages sent"},
    {"grpc_message_bytes", FieldType::integer, true, true, "Their bytes together, without prefixes"},
    {"grpc_compressed", FieldType::boolean, true, true, "At least one message was compressed"},
    {"grpc_messages_lost", FieldType::boolean, true, true,
     "Where messages begin was lost in a hole: there were more than were counted"},
    {"grpc_encoding", FieldType::text, true, true, "How compressed messages are compressed"},
    {"grpc_status", FieldType::integer, false, true, "Status of the call, 0 is OK"},
    {"grpc_status_name", FieldType::text, false, true, "Its name where it is an error, NOT_FOUND"},
    {"grpc_message", FieldType::text, false, true, "What the server says of the status"},
    {"pipelined", FieldType::boolean, true, false,
     "HTTP/1: sent before the answer to the previous request had ended"},
    {"reason", FieldType::text, false, true, "HTTP/1: reason phrase of the status line"},
    {"reset", FieldType::text, true, true, "Error code of RST_STREAM or GOAWAY that ended the stream"},
    {"interim", FieldType::list, false, true, "Interim (1xx) responses before the final one"},
};

}  // namespace

const Descriptor kDescriptor{
    .name = "grpc",
    .title = "gRPC",
    .transport = Transport::tcp,
    .fields = kFields,
};

}  // namespace spanlight::grpc
