// What an API server sends → objects. As a watch: the same events however the bytes are cut, and whatever the
// parser read before; as a list and as a status: an answer. The first byte chooses the kind, the second the
// cuts.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "kubernetes/lines.h"
#include "kubernetes/parse.h"

namespace {

using namespace spanlight;

constexpr std::size_t kLineBytesMax = 4'096;  // small, so that lines become too long too

void require(bool holds) {
  if (!holds) std::abort();
}

void describe(std::string& out, const Object& object) {
  out += static_cast<char>('0' + object.index());
  const Meta* meta = meta_of(object);
  if (meta == nullptr) return;
  out += meta->name_space + "/" + meta->name + "@" + std::to_string(meta->created_ns);
  if (const Pod* pod = std::get_if<Pod>(&object)) {
    out += pod->node + std::to_string(pod->ports.size()) + "," + std::to_string(pod->addresses.size()) + "," +
           std::to_string(pod->first_container_ns) + pod->owner.name;
    for (const Label& label : pod->labels) out += label.name + "=" + label.value;
  }
  if (const Service* service = std::get_if<Service>(&object)) {
    out += service->external_name + std::to_string(service->ports.size());
    require(service->external_name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos);
  }
  if (const EndpointSlice* slice = std::get_if<EndpointSlice>(&object))
    out += slice->service + std::to_string(slice->endpoints.size());
}

std::string watched(ObjectParser& parser, Kind kind, std::string_view bytes, std::size_t most) {
  LineSplitter lines(kLineBytesMax);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(most, bytes.size() - at)) {
    lines.feed(bytes.substr(at, most), [&](std::string_view line) {
      require(!line.empty() && line.size() <= kLineBytesMax);
      const WatchEvent event = parser.event(kind, line);
      const bool has_object = event.type == WatchEvent::Type::added ||
                              event.type == WatchEvent::Type::modified ||
                              event.type == WatchEvent::Type::deleted;
      require(has_object == (meta_of(event.object) != nullptr));
      require(event.type != WatchEvent::Type::malformed || !event.message.empty());
      out += static_cast<char>('a' + static_cast<int>(event.type));
      out += event.resource_version + std::to_string(event.code) + event.message;
      describe(out, event.object);
      return true;
    });
  }
  return out + std::to_string(lines.too_long());
}

// With what may be read behind it, and nothing more: there ASan watches.
class Padded {
 public:
  explicit Padded(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size() + kJsonPaddingBytes)), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), text.size());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  const std::unique_ptr<char[]> bytes_;
  const std::size_t size_;
};

std::string listed(ObjectParser& parser, Kind kind, std::string_view page) {
  std::string out;
  std::size_t taken = 0;
  const ListResult list = parser.list(kind, page, [&](Object&& object) {
    ++taken;
    require(meta_of(object) != nullptr);
    describe(out, object);
  });
  require(list.items == taken);
  require(list.well_formed == list.fault.empty());
  return out + list.resource_version + list.continue_token + std::to_string(list.nameless);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<Kind>(data[0] % kKinds);
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  static ObjectParser used;
  ObjectParser fresh;
  require(watched(used, kind, text, SIZE_MAX) == watched(fresh, kind, text, std::size_t{1} + data[1]));
  const Padded page(text);
  require(listed(used, kind, page.view()) == listed(fresh, kind, page.view()));
  const StatusText status = fresh.status(page.view());
  require(status.message.size() <= 3 * text.size() && status.reason.size() <= 3 * text.size());
  parse_time(text);
  return 0;
}
