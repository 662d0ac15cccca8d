#include "ws/ws.h"

#include <new>

#include "core/ws/message.h"
#include "ws/connection.h"
#include "ws/recognise.h"

namespace spanlight::ws {
namespace {

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = kProtocol,
    .title = "WebSocket",
    .transport = Transport::tcp,
    .head_bytes_max = 1,
    .probe = probe,
    .begins = begins,
    .signs = signs,
    .slot_bytes = sizeof(Connection),
    .create = create,
    .fields = kMessageFields,
};

}  // namespace spanlight::ws
