#include "http/http.h"
namespace spanlight::http {
const Descriptor kDescriptor{.name = "http", .title = "HTTP/1"};
}
