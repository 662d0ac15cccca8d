#include "serve/rate.h"

#include <algorithm>

namespace spanlight::serve {
namespace {
constexpr double kBurstSeconds = 2;
}

RateLimit::Bucket& RateLimit::bucket_of(std::string_view client, std::uint64_t now_ns) {
  const auto found = clients_.find(client);
  if (found != clients_.end()) {
    by_age_.splice(by_age_.begin(), by_age_, found->second);
    return by_age_.front();
  }
  if (by_age_.size() == kRateClientsMax) {
    clients_.erase(by_age_.back().client);
    by_age_.pop_back();
  }
  by_age_.push_front({std::string(client), per_second_ * kBurstSeconds, now_ns});
  clients_.emplace(by_age_.front().client, by_age_.begin());
  return by_age_.front();
}

bool RateLimit::take(std::string_view client, std::uint64_t now_ns, std::uint32_t& retry_after_s) {
  retry_after_s = 0;
  if (per_second_ == 0) return true;
  Bucket& bucket = bucket_of(client, now_ns);
  const double passed_s = now_ns > bucket.at_ns ? static_cast<double>(now_ns - bucket.at_ns) / 1e9 : 0;
  bucket.tokens = std::min(per_second_ * kBurstSeconds, bucket.tokens + passed_s * per_second_);
  bucket.at_ns = std::max(now_ns, bucket.at_ns);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return true;
  }
  retry_after_s = 1;  // at least one comes each second
  return false;
}

}  // namespace spanlight::serve
