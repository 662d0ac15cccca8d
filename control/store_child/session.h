#pragma once
// One HTTP connection of a client, from its first request to its end, on a thread of its own.

#include <atomic>
#include <cstdint>

#include "store/channel.h"
#include "store_child/engine.h"
#include "store_child/watcher.h"

namespace spanlight::store_child {

// Shared by all connections; outlives them.
struct House {
  Engine& engine;
  Watcher& watcher;
  std::atomic<std::uint64_t> statements = 0;  // a number for each
};

constexpr std::uint64_t kSqlBytesMax = std::uint64_t{4} << 20;
constexpr std::uint64_t kInsertBytesMax = std::uint64_t{512} << 20;

// Serves requests until the client is done, is silent for too long, or the channel is interrupted.
void serve(House& house, Channel& channel);

}  // namespace spanlight::store_child
