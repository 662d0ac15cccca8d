#pragma once
// One conversation on one worker: who talks, how far each direction has been read, what is being made of it.
// Lives in the FlowTable's array from its first packet until it ends; addressed by index, and by generation
// where a reference may outlive it.

#include <cstdint>

#include "decode/packet.h"
#include "flow/timer_wheel.h"
#include "stream/stream.h"

namespace spanlight {

struct Inspection;  // inspect/session.h: in a slab, from the first payload on

struct Flow {
  FlowKey key;
  std::uint64_t hash = 0;
  std::uint64_t conn_id = 0;
  TimeNs first_seen = 0;
  TimeNs last_seen = 0;
  Conversation conversation;
  Inspection* inspection = nullptr;
  Timer timer;
  std::uint32_t generation = 0;
  std::uint32_t packets[2]{};  // by sender; they stop at their maximum
  std::uint64_t bytes[2]{};    // payload bytes on the wire
  std::uint16_t vlans[kVlansMax]{};
  std::uint32_t tunnel_id = 0;
  Tunnel tunnel = Tunnel::none;
  std::uint8_t vlan_count = 0;
  std::uint8_t client = 0;        // which end of the key is the client
  bool client_known : 1 = false;  // from a SYN or from what the protocol said
  bool opaque : 1 = false;        // nothing more to be learnt from its payload
  bool encrypted : 1 = false;
  bool midstream : 1 = false;   // no SYN seen
  bool closed : 1 = false;      // both ends ended, or reset
  bool shed : 1 = false;        // opaque for as long as the worker sheds protocols like this one
  bool lost_by_us : 1 = false;  // joined midstream because the sensor left out what came before
};

}  // namespace spanlight
