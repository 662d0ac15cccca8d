#pragma once
// Names that DNS answers on the wire gave to addresses. One thread: the one that reads records. Bounded: the
// address that was neither learned nor asked for longest is forgotten, and counted.
//
// An answer holds from when it was seen for its TTL, but an hour at least: connections outlive the TTL of the
// name they were opened by. Where several names were given to an address, the newest at the time of the call
// is it.

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "address/address.h"

namespace spanlight {

class DnsNames {
 public:
  static constexpr std::size_t kNameBytesMax = 255;
  static constexpr std::uint64_t kHoldNs = 3'600'000'000'000;  // at least

  explicit DnsNames(std::size_t addresses_max = 65'536) : addresses_max_(addresses_max) {}

  // In lower case and without the dot at the end it is kept. Names that are none are counted and left.
  void learn(const Address& address, std::string_view name, std::uint64_t time_ns, std::uint32_t ttl_s);
  // nullptr: none. The text lives as long as the caller holds it.
  std::shared_ptr<const std::string> find(const Address& address, std::uint64_t time_ns);

  std::size_t size() const { return by_address_.size(); }
  std::uint64_t learned() const { return learned_; }
  std::uint64_t forgotten() const { return forgotten_; }  // the bound was reached
  std::uint64_t refused() const { return refused_; }

 private:
  static constexpr std::size_t kNamesMax = 4;  // of one address
  // An answer a little younger than the call it led to: clocks of two capture ports.
  static constexpr std::uint64_t kSkewNs = 50'000'000;
  struct Answer {
    std::shared_ptr<const std::string> name;
    std::uint64_t from_ns = 0, until_ns = 0;
  };
  struct Entry {
    Address address;
    Answer answers[kNamesMax];  // newest first
  };
  std::list<Entry> entries_;  // used last first
  std::unordered_map<Address, std::list<Entry>::iterator, AddressHash> by_address_;
  const std::size_t addresses_max_;
  std::uint64_t learned_ = 0, forgotten_ = 0, refused_ = 0;
};

}  // namespace spanlight
