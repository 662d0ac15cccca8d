#include "diameter/diameter.h"

#include <new>

#include "core/diameter/exchange.h"
#include "diameter/connection.h"
#include "diameter/recognise.h"

namespace spanlight::diameter {
namespace {

constexpr std::uint16_t kPorts[] = {3868};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "diameter",
    .title = "Diameter",
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

}  // namespace spanlight::diameter
