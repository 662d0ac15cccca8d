#pragma once
// One conversation on one worker: who talks, how far each direction has been read, what is being made of it.
// Lives in the FlowTable's array from its first packet until it ends; addressed by index, and by generation
// where a reference may outlive it.

#include <cstdint>

#include "core/memo.h"
#include "decode/packet.h"
#include "flow/timer_wheel.h"
#include "stream/stream.h"

namespace spanlight {

struct Inspection;  // inspect/session.h: in a slab, while there is something to keep of the payload

// Where the offsets of a connection begin that was joined midstream, so that 0 always means: not known.
constexpr std::uint64_t kJoinedOffset = std::uint64_t{1} << 32;

// What a packet always reads stands first.
struct Flow {
  static constexpr std::uint8_t kNoProtocol = 0xff;

  FlowKey key;
  std::uint32_t generation = 0;
  Conversation conversation;
  TimeNs last_seen = 0;
  Timer timer;
  std::uint32_t packets[2]{};  // by sender; they stop at their maximum
  std::uint64_t bytes[2]{};    // payload bytes on the wire
  Inspection* inspection = nullptr;
  std::uint32_t tunnel_id = 0;
  Tunnel tunnel = Tunnel::none;
  std::uint8_t parked = kNoProtocol;  // index of the protocol whose dissector rests in `memo`
  std::uint8_t vlan_count : 3 = 0;
  std::uint8_t handovers : 3 = 0;  // of a parked dissector's flow; else the Inspection counts them
  bool restless : 1 = false;       // it was asked to rest since its last packet, and has something open
  std::uint8_t client : 1 = 0;     // which end of the key is the client
  bool client_known : 1 = false;   // from a SYN or from what the protocol said
  bool opaque : 1 = false;         // nothing more to be learnt from its payload
  bool encrypted : 1 = false;
  bool midstream : 1 = false;     // no SYN seen
  bool closed : 1 = false;        // both ends ended, or reset
  bool shed : 1 = false;          // opaque for as long as the worker sheds protocols like this one
  bool packets_kept : 1 = false;  // some of them lie in the worker's packet ring
  bool lost_by_us : 1 = false;    // joined midstream because the sensor left out what came before

  // Seldom read.
  Memo memo{};
  TimeNs first_seen = 0;
  std::uint64_t conn_id = 0;
  std::uint16_t vlans[kVlansMax]{};

  // Somebody is looking at its payload, or rests. Not: before its first byte, and when it is opaque.
  bool has_session() const { return inspection != nullptr || parked != kNoProtocol; }

  // Offset behind the last byte of a direction that was delivered or declared missing.
  std::uint64_t delivered(unsigned sender) const {
    return conversation.stream[sender].offset + (midstream ? kJoinedOffset : 0);
  }
};
static_assert(sizeof(Flow) == 240, "with its share of the index: 253 bytes");

}  // namespace spanlight
