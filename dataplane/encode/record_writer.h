#pragma once
// Transaction + connection → FlatBuffers record in the batch under way. The only room that knows the record's layout on
// the way out. One for each worker; no allocation: the builder writes into the batch's own buffer.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "decode/flow_key.h"
#include "publish/batch_pool.h"

namespace spanlight {

// The connection a call belongs to, as the record shows it.
struct ConnectionInfo {
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
  std::uint8_t protocol = 0;  // IP protocol number
  Tunnel tunnel = Tunnel::none;
  std::uint32_t tunnel_id = 0;
  std::uint8_t vlan_count = 0;
  std::uint16_t vlans[4]{};
  std::uint64_t conn_id = 0;
};

struct EncodeCounters {
  std::uint64_t records = 0;
  std::uint64_t record_bytes = 0;
  std::uint64_t batches = 0;
  std::uint64_t dropped_no_buffer = 0;   // records lost because every batch buffer was in flight
  std::uint64_t dropped_too_large = 0;   // records that no buffer could hold
};

}  // namespace spanlight
