#pragma once
// Which packets are worth capturing, by address or by a capture filter. The control side builds a new
// TargetSet and publishes it on the TargetBoard; each worker reads the current one through its TargetReader,
// without a lock, and the old set is freed once every worker has passed a quiescent state (RCU,
// rte_rcu_qsbr). Needs no EAL.
//   control side (one thread):  board.publish(…)   board.reclaim()
//   worker i:  reader.online();  loop { const TargetSet& set = reader.current(); … ; reader.quiescent(); }
//   reader.offline();

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include <rte_rcu_qsbr.h>

#include "command/target_filter.h"
#include "core/time_ns.h"
#include "decode/flow_key.h"

namespace spanlight {

// Immutable once built.
class TargetSet {
 public:
  TargetSet() = default;  // everything is captured
  // `filter`: decides alone, if there is one.
  TargetSet(bool only, std::span<const IpAddress> addresses,
            std::unique_ptr<const TargetFilter> filter = nullptr);

  bool everything() const { return !only_ && filter_ == nullptr; }
  const TargetFilter* filter() const { return filter_.get(); }

  // Whether packets between the two are captured, as far as addresses say.
  bool admits(const IpAddress& a, const IpAddress& b) const { return !only_ || contains(a) || contains(b); }
  bool contains(const IpAddress& address) const;
  // Since when packets between the two have been captured without a break: 0 = always. Of sets of addresses;
  // what a filter let through nobody knows.
  TimeNs since(const IpAddress& a, const IpAddress& b) const;
  bool only() const { return only_; }
  std::size_t size() const { return size_; }
  std::uint64_t generation() const { return generation_; }

 private:
  friend class TargetBoard;
  static constexpr std::size_t kNowhere = SIZE_MAX;
  std::size_t slot_of(const IpAddress& address) const;  // not of `::`
  TimeNs since(const IpAddress& address) const;         // kNever: it is not in here
  void follow(const TargetSet& previous, TimeNs now);

  bool only_ = false;
  bool holds_zero_ = false;  // `::` marks an empty slot, so it is held apart
  TimeNs zero_since_ = 0;
  std::size_t size_ = 0;
  std::uint64_t generation_ = 0;
  std::unique_ptr<const TargetFilter> filter_;
  std::vector<IpAddress> slots_;  // open addressing, linear probing, at most half full; power of two
  std::vector<TimeNs> since_;     // of each slot
};

class TargetBoard;

// One worker's view. Made by the board; used by that worker only.
class TargetReader {
 public:
  void online() { rte_rcu_qsbr_thread_online(qsbr_, id_); }
  void offline() { rte_rcu_qsbr_thread_offline(qsbr_, id_); }
  // Valid until the next quiescent() or offline().
  const TargetSet& current() const { return *current_->load(std::memory_order_acquire); }
  // Once a turn: this worker holds no pointer to a set.
  void quiescent() { rte_rcu_qsbr_quiescent(qsbr_, id_); }

 private:
  friend class TargetBoard;
  rte_rcu_qsbr* qsbr_ = nullptr;
  const std::atomic<const TargetSet*>* current_ = nullptr;
  unsigned id_ = 0;
};

class TargetBoard {
 public:
  explicit TargetBoard(std::uint16_t workers);
  ~TargetBoard();  // after all workers have ended
  TargetBoard(const TargetBoard&) = delete;
  TargetBoard& operator=(const TargetBoard&) = delete;

  TargetReader reader(std::uint16_t worker);  // offline until the worker says online()

  // Makes `set` the current one; never waits. False when kRetiredMax old sets still wait for a worker:
  // nothing changed.
  bool publish(std::unique_ptr<TargetSet> set);
  // Frees what every worker has let go of; never waits. Returns how many sets still wait.
  std::size_t reclaim();
  std::uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }
  const TargetSet& latest() const { return *owned_; }  // control side

  static constexpr std::size_t kRetiredMax = 16;

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  struct Retired {
    std::unique_ptr<const TargetSet> set;
    std::uint64_t token;
  };
  [[maybe_unused]] std::uint16_t workers_;  // for assertions
  std::unique_ptr<rte_rcu_qsbr, Free> qsbr_;
  std::unique_ptr<const TargetSet> owned_;
  std::atomic<const TargetSet*> current_{nullptr};
  std::atomic<std::uint64_t> generation_{0};
  std::vector<Retired> retired_;
};

}  // namespace spanlight
