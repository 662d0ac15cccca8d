#pragma once
// For tests and the fuzz target: what a reassembler yielded, kept as it came and checked against the
// contract.

#include <cstdint>
#include <string>
#include <vector>

#include "stream/stream.h"

namespace spanlight {

constexpr TimeNs kStart = 1'000 * kSecondNs;  // of conversations that tests make up

class Recorder final : public StreamSink {
 public:
  // One line for each call: "0 data 'abc'", "1 gap 3", "0 end fin".
  std::vector<std::string> log;
  std::string text[2];  // delivered bytes; a hole is one '#' for each missing byte if `keep_holes`
  std::uint64_t delivered_bytes[2] = {0, 0};
  std::uint64_t gap_bytes[2] = {0, 0};
  unsigned gaps[2] = {0, 0};
  unsigned ends[2] = {0, 0};
  End end[2] = {};
  std::vector<std::uint64_t> peer_acked[2];
  bool keep_holes = true;
  bool keep_log = true;
  std::string broken;  // the first breach of the contract

  std::uint64_t offset(unsigned side) const { return delivered_bytes[side] + gap_bytes[side]; }

  void on_chunk(unsigned sender, const Chunk& chunk) override {
    if (ends[sender] != 0) breach("data behind the end");
    if (chunk.bytes.empty()) breach("an empty chunk");
    if (chunk.offset != offset(sender)) breach("a chunk that does not continue its stream");
    if (chunk.peer_acked > offset(sender ^ 1)) breach("acknowledges what was not delivered");
    delivered_bytes[sender] += chunk.bytes.size();
    if (keep_log) {
      text[sender] += as_text(chunk.bytes);
      peer_acked[sender].push_back(chunk.peer_acked);
      log.push_back(side(sender) + " data '" + std::string(as_text(chunk.bytes)) + "'");
    }
  }

  void on_gap(unsigned sender, const Gap& gap) override {
    if (ends[sender] != 0) breach("a gap behind the end");
    if (gap.missing == 0) breach("an empty gap");
    gap_bytes[sender] += gap.missing;
    ++gaps[sender];
    if (keep_holes) text[sender].append(gap.missing, '#');
    if (keep_log) log.push_back(side(sender) + " gap " + std::to_string(gap.missing));
  }

  void on_end(unsigned sender, End e, TimeNs) override {
    static const char* const kNames[] = {"fin", "reset", "idle", "evicted", "capture_ended", "shed"};
    if (++ends[sender] != 1) breach("a second end");
    end[sender] = e;
    if (keep_log) log.push_back(side(sender) + " end " + kNames[static_cast<unsigned>(e)]);
  }

 private:
  static std::string side(unsigned sender) { return sender == 0 ? "0" : "1"; }
  void breach(const char* what) {
    if (broken.empty()) broken = what;
  }
};

}  // namespace spanlight
