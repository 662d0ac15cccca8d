#pragma once
// Requests per second of each client: a bucket of tokens for each, refilled as time passes. The table is
// bounded: where it is full the client that was seen longest ago makes room. Owned by the server, used on its
// network thread.

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spanlight::serve {

constexpr std::size_t kRateClientsMax = 8'192;

class RateLimit {
 public:
  // 0: no limit. A client that was idle may ask for two seconds' worth at once: a dashboard opens so.
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}

  // True where the client may ask now; otherwise `retry_after_s` says when it may again.
  bool take(std::string_view client, std::uint64_t now_ns, std::uint32_t& retry_after_s);

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Bucket {
    std::string client;
    double tokens = 0;
    std::uint64_t at_ns = 0;
  };
  Bucket& bucket_of(std::string_view client, std::uint64_t now_ns);

  std::uint32_t per_second_;
  std::list<Bucket> by_age_;                                                   // seen last first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> clients_;  // keys lie in the buckets
};

}  // namespace spanlight::serve
