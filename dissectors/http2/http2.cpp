#include "http2/http2.h"

#include <new>

#include "core/ws/message.h"
#include "http2/connection.h"
#include "http2/recognise.h"

namespace spanlight::http2 {
namespace {

constexpr std::string_view kPatterns[] = {
    "^PRI \\* HTTP/2\\.0\\r\\n",
    "^\\x00\\x00.\\x04\\x00\\x00\\x00\\x00\\x00",
};

constexpr FieldSpec kFields[] = {
    {"http_version", FieldType::text, true, false, "Version of the request: 1.0, 1.1 or 2"},
    {"stream_id", FieldType::integer, true, true, "The stream of HTTP/2 that the call was on"},
    {"authority", FieldType::text, true, false, "The :authority of HTTP/2, host and port"},
    {"scheme", FieldType::text, true, false, "The :scheme of HTTP/2"},
    {"host", FieldType::text, true, false, "The Host header, or the :authority of HTTP/2"},
    {"user_agent", FieldType::text, true, false, "The User-Agent header"},
    {"protocol", FieldType::text, true, false, "The :protocol of an extended CONNECT"},
    {"pushed", FieldType::boolean, true, false, "The server pushed it: the request is the server's promise"},
    {"reset", FieldType::text, true, true, "Error code of RST_STREAM or GOAWAY that ended the stream"},
    {"upgraded", FieldType::boolean, false, true,
     "The answer to the HTTP/1 request that asked for HTTP/2 and was answered with 101"},
    {"interim", FieldType::list, false, true, "Interim (1xx) responses before the final one"},
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "http2",
    .told_as = "http",
    .title = "HTTP",
    .transport = Transport::tcp,
    .patterns = kPatterns,
    .head_bytes_max = kPreface.size() + 1,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

const Descriptor kWebSocket{
    .name = "ws_http2",
    .told_as = ws::kProtocol,
    .title = "WebSocket",
    .transport = Transport::tcp,
    .fields = ws::kMessageFields,
};

}  // namespace spanlight::http2
