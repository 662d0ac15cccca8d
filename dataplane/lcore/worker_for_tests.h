#pragma once
// One real worker between a queue that a test makes up and a thread that takes its records. The EAL runs
// (port/eal_for_tests.cpp).

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lcore/worker.h"
#include "record/reader.h"

namespace spanlight::test {

// What a record says, as far as these tests ask.
struct Said {
  std::string path;    // of the request
  std::string asked;   // the response's header X-Asked: the path that it answers
  std::uint16_t port;  // the client's
  wire::State state;
  wire::Reason reason;
  std::uint32_t flags;
  std::uint64_t conn_id = 0;
  std::uint64_t body = 0, shown = 0;  // bytes of the response's body, and of its preview
};

class OneWorker {
 public:
  explicit OneWorker(const Settings& settings) : settings_(settings), hand_over_(1, 64), targets_(1) {
    std::string fault;
    identifier_ = Identifier::make({.low_priority = settings.low_priority}, fault);
    EXPECT_EQ(fault, "");
    shared_ = std::unique_ptr<WorkerShared>(new WorkerShared{
        .settings = settings_, .identifier = *identifier_, .hand_over = hand_over_, .sensor = "test"});
    redactor_ = std::get<0>(Redactor::create(settings_));
    pool_ = std::make_unique<BatchPool>(
        std::uint16_t{0}, settings_.batch_bytes + RecordWriter::record_bytes_max(settings_), 64);
    worker_ = std::make_unique<Worker>(std::uint16_t{0}, *shared_, *pool_, *redactor_, targets_.reader(0));
  }

  WorkerShared& shared() { return *shared_; }
  Worker& worker() { return *worker_; }
  TargetBoard& targets() { return targets_; }
  std::uint64_t count(std::string_view name, std::string_view label = {}) const {
    return worker_->board().value(name, label);
  }
  std::uint64_t outcomes() const { return worker_->board().sum("packets_total"); }

  // Until the queue has ended.
  std::vector<Said> run(RxQueue& queue) {
    worker_->attach(queue, true);
    std::atomic<bool> stop{false}, ended{false};
    std::thread thread([&] {
      worker_->run(stop);
      ended.store(true);
    });
    std::vector<Said> said;
    while (!ended.load()) {
      stop.store(queue.state() == QueueState::ended);
      if (!take(said)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    thread.join();
    take(said);
    return said;
  }

 private:
  bool take(std::vector<Said>& said) {
    bool any = false;
    while (Batch* batch = pool_->next()) {
      any = true;
      const auto opened = open_batch({batch->storage + batch->data_offset, batch->data_bytes});
      EXPECT_TRUE(opened);
      if (opened)
        for (const wire::Record* record : *opened->records()) said.push_back(said_by(*record));
      pool_->release(batch);
    }
    return any;
  }

  static Said said_by(const wire::Record& record) {
    Said said{.path = std::string(text_of(record.path())),
              .asked = {},
              .port = record.src_port(),
              .state = record.state(),
              .reason = record.reason(),
              .flags = record.flags(),
              .conn_id = record.conn_id()};
    if (record.response() == nullptr) return said;
    said.body = record.response()->body_size();
    said.shown = bytes_of(record.response()->body()).size();
    HeaderReader headers(*record.response());
    while (const auto header = headers.next())
      if (header->name == "X-Asked") said.asked = std::string(header->value);
    return said;
  }

  const Settings settings_;
  HandOver hand_over_;
  TargetBoard targets_;
  std::unique_ptr<Identifier> identifier_;
  std::unique_ptr<WorkerShared> shared_;
  std::unique_ptr<Redactor> redactor_;
  std::unique_ptr<BatchPool> pool_;
  std::unique_ptr<Worker> worker_;
};

// One end of a TCP connection over IPv4 says something.
struct Segment4 {
  std::uint16_t client_port;
  bool from_client;
  std::uint32_t seq, ack;
  std::uint8_t flags;
  std::uint16_t ip_id;
};

// Ethernet, IPv4, TCP; checksums are never looked at and stay 0.
inline void write_frame(rte_mbuf* mbuf, const Segment4& segment, std::string_view payload, TimeNs time) {
  constexpr std::size_t kHeads = 14 + 20 + 20;
  auto* at = reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(kHeads + payload.size())));
  std::memset(at, 0, kHeads);
  const auto put = [at](std::size_t offset, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      at[offset + i] = static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i));
  };
  constexpr std::uint32_t kClient = 0x0a000001, kServer = 0x0a000002;
  constexpr std::uint16_t kServerPort = 80;
  put(12, 0x0800, 2);
  put(14, 0x4500, 2);
  put(16, kHeads - 14 + payload.size(), 2);
  put(18, segment.ip_id, 2);
  put(22, 64, 1);
  put(23, 6, 1);
  put(26, segment.from_client ? kClient : kServer, 4);
  put(30, segment.from_client ? kServer : kClient, 4);
  put(34, segment.from_client ? segment.client_port : kServerPort, 2);
  put(36, segment.from_client ? kServerPort : segment.client_port, 2);
  put(38, segment.seq, 4);
  put(42, segment.ack, 4);
  put(46, 0x50, 1);
  put(47, segment.flags, 1);
  put(48, 65'535, 2);
  if (!payload.empty()) std::memcpy(at + kHeads, payload.data(), payload.size());
  frame_info(mbuf) = {.time = time, .wire_bytes = rte_pktmbuf_pkt_len(mbuf)};
}

inline rte_mempool* test_mbufs() {
  static rte_mempool* pool = rte_pktmbuf_pool_create("worker_test", 8'191, 0, 0, 2'176, SOCKET_ID_ANY);
  return pool;
}

}  // namespace spanlight::test
