#pragma once
// A capture filter in libpcap's syntax. Ports of libpcap give it to libpcap (and so to the kernel); for a
// DPDK device the worker runs libpcap's interpreter on each frame. Compiled on the main thread; matches() is
// const and safe from any.

#include <cstdint>
#include <string>
#include <variant>

#include <pcap/pcap.h>

#include "core/bytes.h"

namespace spanlight {

class BpfFilter {
 public:
  // `link`: a DLT_ value of libpcap. `optimise`: libpcap makes the program a fourth as long, in a time that
  // grows with the third power of its length. The string is what is wrong with the expression.
  static std::variant<BpfFilter, std::string> compile(const std::string& expression, int link = DLT_EN10MB,
                                                      bool optimise = true);

  BpfFilter() = default;  // lets everything pass
  BpfFilter(BpfFilter&& other) noexcept;
  BpfFilter& operator=(BpfFilter&& other) noexcept;
  ~BpfFilter();

  // `first`: the contiguous bytes at the frame's start. What lies beyond them is not seen: an expression that
  // reads it does not match, as with a short snap length.
  bool matches(Bytes first, std::uint32_t wire_bytes) const;

  bool empty() const { return program_.bf_insns == nullptr; }
  std::size_t instructions() const { return program_.bf_len; }
  bpf_program* program() { return &program_; }

 private:
  bpf_program program_{};
};

}  // namespace spanlight
