#include "http/http.h"

#include <new>

#include "http/connection.h"
#include "http/recognise.h"

namespace spanlight::http {
namespace {

constexpr std::uint16_t kPorts[] = {80, 8080, 8000, 8888, 3000, 5000};

constexpr std::string_view kPatterns[] = {
    "^[\\r\\n]{0,16}(GET|HEAD|POST|PUT|DELETE|PATCH|TRACE) /",
    "^[\\r\\n]{0,16}[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} [^\\r\\n]+ HTTP/1\\.[0-9]",
    "^[\\r\\n]{0,16}HTTP/1\\.",
};

constexpr FieldSpec kFields[] = {
    {"http_version", FieldType::text, true, false, "Version of the request: 1.0, 1.1 or 2"},
    {"host", FieldType::text, true, false, "The Host header, or the :authority of HTTP/2"},
    {"user_agent", FieldType::text, true, false, "The User-Agent header"},
    {"pipelined", FieldType::boolean, true, false,
     "The request was sent before the answer to the previous one had ended"},
    {"reason", FieldType::text, false, true, "Reason phrase of the status line"},
    {"interim", FieldType::list, false, true, "Interim (1xx) responses before the final one"},
};

const Classify kClassify = best_classify();

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop, kClassify);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "http",
    .title = "HTTP/1",
    .transport = Transport::tcp,
    .ports = kPorts,
    .patterns = kPatterns,
    .head_bytes_max = kLineBytesMax + kLeadingLineBytesMax + 1,
    .probe = probe,
    .sync = sync,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kFields,
};

}  // namespace spanlight::http
