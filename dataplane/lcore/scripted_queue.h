#pragma once
// A queue that a test writes line by line: frames, what happens between two turns of the worker, and what is
// waited for. All of it runs on the worker's thread.

#include <rte_mbuf.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

#include "lcore/worker_for_tests.h"
#include "support/packet_builder.h"

namespace spanlight::test {

class ScriptedQueue final : public RxQueue {
 public:
  // `piece`: the frame lies in mbuf segments of so many bytes; 0: in one.
  ScriptedQueue& frame(Frame bytes, LinkType link = LinkType::ethernet, std::size_t piece = 0) {
    lines_.push_back({std::move(bytes), link, piece, {}, {}});
    return *this;
  }
  // As a capture has it: with a time of its own.
  ScriptedQueue& frame_at(TimeNs time, Frame bytes) {
    frame(std::move(bytes));
    lines_.back().time = time;
    return *this;
  }
  ScriptedQueue& frames(const std::vector<Frame>& all) {
    for (const Frame& bytes : all) frame(bytes);
    return *this;
  }
  // Between two turns: the worker sees it from the next frame on.
  ScriptedQueue& then(std::function<void()> act) {
    lines_.push_back({{}, LinkType::ethernet, 0, std::move(act), {}});
    return *this;
  }
  ScriptedQueue& until(std::function<bool()> condition) {
    lines_.push_back({{}, LinkType::ethernet, 0, {}, std::move(condition)});
    return *this;
  }

  std::uint16_t receive(rte_mbuf** out, std::uint16_t n, TimeNs now) override {
    std::uint16_t given = 0;
    while (given < n && at_ < lines_.size() && lines_[at_].is_frame()) out[given++] = next(now);
    if (given > 0) return given;
    if (at_ == lines_.size()) {
      state_.store(QueueState::ended);
      return 0;
    }
    Line& line = lines_[at_];
    if (line.act) line.act();
    if (line.condition && !line.condition()) {
      if (waited_since_ == Clock::time_point{}) waited_since_ = Clock::now();
      if (Clock::now() - waited_since_ < kPatience) return 0;
      ADD_FAILURE() << "line " << at_ << " is waited for in vain";
    }
    waited_since_ = {};
    ++at_;
    return 0;
  }
  QueueState state() const override { return state_.load(); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{30};
  struct Line {
    Frame bytes;
    LinkType link;
    std::size_t piece;
    std::function<void()> act;
    std::function<bool()> condition;
    TimeNs time = 0;  // 0: when it is received
    bool is_frame() const { return !act && !condition; }
  };

  rte_mbuf* next(TimeNs now) {
    const Line& line = lines_[at_++];
    const std::size_t piece = line.piece == 0 ? line.bytes.size() : line.piece;
    rte_mbuf* head = nullptr;
    rte_mbuf* last = nullptr;
    for (std::size_t at = 0; at < line.bytes.size(); at += piece) {
      rte_mbuf* segment = rte_pktmbuf_alloc(test_mbufs());
      EXPECT_NE(segment, nullptr);
      const std::size_t bytes = std::min(piece, line.bytes.size() - at);
      std::memcpy(rte_pktmbuf_append(segment, static_cast<std::uint16_t>(bytes)), line.bytes.data() + at,
                  bytes);
      if (head == nullptr) {
        head = last = segment;
        continue;
      }
      last->next = segment;
      last = segment;
      ++head->nb_segs;
      head->pkt_len += static_cast<std::uint32_t>(bytes);
    }
    const TimeNs time = line.time != 0 ? line.time : now;
    frame_info(head) = {.time = time, .wire_bytes = rte_pktmbuf_pkt_len(head), .link = line.link};
    return head;
  }

  std::vector<Line> lines_;
  std::size_t at_ = 0;
  Clock::time_point waited_since_{};
  std::atomic<QueueState> state_{QueueState::live};
};

// Both ends of a TCP connection that speak HTTP; each method is one frame.
class Speakers {
 public:
  using Wrap = std::function<PacketBuilder&(PacketBuilder&)>;
  Speakers(std::string client, std::string server, std::uint16_t port = 40'000,
           std::array<std::uint32_t, 2> seq = {1'000, 9'000})
      : ip_{std::move(client), std::move(server)}, port_{port, 80}, seq_(seq) {}

  // What stands around the IP packet; otherwise Ethernet.
  Speakers& around(Wrap wrap) {
    wrap_ = std::move(wrap);
    return *this;
  }

  std::vector<Frame> handshake() { return {say(0, 0x02, ""), say(1, 0x12, ""), say(0, 0x10, "")}; }
  Frame request(const std::string& path, std::size_t body = 0) {
    return say(0, 0x18,
               (body == 0 ? "GET " : "POST ") + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                   std::to_string(body) + "\r\n\r\n" + std::string(body, 'b'));
  }
  Frame response(std::size_t body = 2) {
    return say(
        1, 0x18,
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body) + "\r\n\r\n" + std::string(body, 'r'));
  }
  std::vector<Frame> close() { return {say(0, 0x11, ""), say(1, 0x11, ""), say(0, 0x10, "")}; }
  Frame say(unsigned who, std::uint8_t flags, const std::string& text) {
    PacketBuilder builder;
    if (wrap_)
      wrap_(builder);
    else
      builder.eth();
    builder.ipv4(ip_[who], ip_[1 - who], {.id = ++id_})
        .tcp({.src = port_[who],
              .dst = port_[1 - who],
              .seq = seq_[who],
              .ack = (flags & 0x10) != 0 ? seq_[1 - who] : 0,
              .flags = flags});
    if (!text.empty()) builder.payload(text);
    seq_[who] += static_cast<std::uint32_t>(text.size()) + ((flags & 0x03) != 0 ? 1 : 0);
    return builder.build();
  }

 private:
  std::string ip_[2];
  std::uint16_t port_[2];
  std::array<std::uint32_t, 2> seq_;
  std::uint16_t id_ = 0;
  Wrap wrap_;
};

}  // namespace spanlight::test
