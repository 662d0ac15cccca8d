#include "port/bpf_filter.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "port/mempool.h"

namespace spanlight {

std::variant<BpfFilter, std::string> BpfFilter::compile(const std::string& expression, int link,
                                                        bool optimise) {
  BpfFilter filter;
  if (expression.empty()) return filter;
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(
      pcap_open_dead(link, static_cast<int>(kFrameBytesMax)), &pcap_close);
  if (!handle) return std::string("no memory to compile the capture filter");
  // A netmask is only asked for by "ip broadcast", which then is a fault that libpcap tells.
  if (pcap_compile(handle.get(), &filter.program_, expression.c_str(), optimise ? 1 : 0,
                   PCAP_NETMASK_UNKNOWN) != 0) {
    filter.program_ = {};
    return "the capture filter \"" + expression + "\" is wrong: " + pcap_geterr(handle.get());
  }
  return filter;
}

BpfFilter::BpfFilter(BpfFilter&& other) noexcept : program_(std::exchange(other.program_, {})) {}

BpfFilter& BpfFilter::operator=(BpfFilter&& other) noexcept {
  std::swap(program_, other.program_);
  return *this;
}

BpfFilter::~BpfFilter() {
  if (program_.bf_insns != nullptr) pcap_freecode(&program_);
}

bool BpfFilter::matches(Bytes first, std::uint32_t wire_bytes) const {
  if (empty()) return true;
  constexpr std::size_t kLengthMax = std::numeric_limits<u_int>::max();
  const u_int length = static_cast<u_int>(std::min(first.size(), kLengthMax));
  return bpf_filter(program_.bf_insns, first.data(), wire_bytes, length) != 0;
}

}  // namespace spanlight
