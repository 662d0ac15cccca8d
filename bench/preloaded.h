#pragma once
// The frames of one worker's trace in mbufs, and beside them spare ones. A frame that somebody still holds
// when it is due again (the sensor lends received buffers to body previews, until the record is built) is
// never rewritten: a spare takes its place, and the held buffer goes back to the pool when its holder lets
// go.

#include <cstdint>
#include <vector>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "port/mempool.h"
#include "trace.h"

namespace spanlight::bench {

// Made and freed on the main thread; in between its queue's alone.
class Preloaded {
 public:
  struct Frame {
    rte_mbuf* mbuf;
    bool from_client;
    bool has_ack;
  };

  Preloaded() = default;
  ~Preloaded();
  Preloaded(const Preloaded&) = delete;
  Preloaded& operator=(const Preloaded&) = delete;

  // `spares`: at least as many as the sensor may hold. False: not enough memory.
  bool load(const Trace& trace, std::uint8_t index, std::uint32_t spares);
  static std::uint64_t memory_bytes(std::uint64_t frames, std::uint16_t frame_bytes_max, bool standing,
                                    std::uint32_t spares);

  // Whether the frame is nobody's but ours and may be rewritten: as it is, or as a copy in a spare.
  enum class Turn : std::uint8_t { ours, replaced, held };
  Turn reclaim(Frame& frame) { return rte_mbuf_refcnt_read(frame.mbuf) == 1 ? Turn::ours : replace(frame); }

  std::vector<Frame> frames;
  std::uint16_t lap = 0;           // of the frames that were handed out last
  std::uint16_t ip_id_step = 1;    // standing traces: see Trace
  unsigned opening_lap = 0;        // standing traces: of the laps that open their connections, those done
  std::size_t opening_frames = 0;  // that take part in them; 0: not a standing trace
  std::uint16_t data_offset = 0;   // of the frames in their mbufs

 private:
  Turn replace(Frame& frame);
  rte_mbuf* filled(Bytes bytes, std::uint8_t index);

  rte_mempool* pool_ = nullptr;
};

}  // namespace spanlight::bench
