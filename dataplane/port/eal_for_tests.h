#pragma once
// The EAL is started once for the test program (main() in eal_for_tests.cpp), in ordinary memory.

#include <string>
#include <vector>

#include "port/port.h"
#include "settings/settings.h"

namespace spanlight::test {

const Settings& eal_settings();

// A frame's bytes over all segments of its chain.
std::vector<std::uint8_t> bytes_of(const rte_mbuf* mbuf);

struct Received {
  std::vector<std::uint8_t> bytes;
  FrameInfo info;
  unsigned segments = 0;
};

// Of sentences: does it say `part`?
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Polls until the queue is no longer live or `idle_turns` bursts in a row were empty. Frees every mbuf.
std::vector<Received> receive_all(RxQueue& queue, TimeNs now = 1, unsigned idle_turns = 1'000);

}  // namespace spanlight::test
