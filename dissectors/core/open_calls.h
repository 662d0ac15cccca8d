#pragma once
// Pairing for protocols whose answers name their request (MongoDB, Cassandra): open calls by id, the oldest
// first. Owns nothing: a call derives from OpenCall and stays where its protocol put it. One connection, one
// core.

#include <array>
#include <cstdint>

#include "core/time_ns.h"

namespace spanlight {

struct OpenCall {
  OpenCall* next = nullptr;  // younger
  OpenCall* previous = nullptr;
  OpenCall* beside = nullptr;  // in the same bucket
  std::uint64_t id = 0;
  bool listed = false;
};

class OpenCalls {
 public:
  explicit OpenCalls(std::uint64_t secret) : secret_(secret | 1) {}
  OpenCall* front() const { return front_; }
  std::uint32_t size() const { return size_; }

  // Several may have the same id; find() gives the youngest.
  void push(OpenCall& call, std::uint64_t id);
  OpenCall* find(std::uint64_t id) const;
  void remove(OpenCall& call);

 private:
  static constexpr std::size_t kBuckets = 16;
  // Who asks chooses the ids, and must not choose which of them share a bucket.
  std::size_t bucket_of(std::uint64_t id) const { return static_cast<std::size_t>(id * secret_ >> 60); }

  std::uint64_t secret_;
  OpenCall* front_ = nullptr;
  OpenCall* back_ = nullptr;
  std::array<OpenCall*, kBuckets> buckets_{};
  std::uint32_t size_ = 0;
};

}  // namespace spanlight
