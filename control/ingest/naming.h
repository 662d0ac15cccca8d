#pragma once
// Who the ends of calls are, as ingest asks for it. Implemented over the address map (control/names) and the
// DNS names seen on the wire; tests have their own.

#include <cstdint>
#include <memory>
#include <string_view>

#include "record/call.h"

namespace spanlight {

// The map as it is at one moment; immutable, so that a batch is named without a lock. What ends point into
// lives as long as it.
class NameState {
 public:
  virtual ~NameState() = default;
  virtual CallEnd end_of(const wire::Address& address, std::uint16_t port, std::uint64_t time_ns) const = 0;
  // Who a DNS name stands for, where an address says nothing: an ExternalName service. nullptr: nobody.
  virtual const Party* party_of(std::string_view dns_name) const {
    static_cast<void>(dns_name);
    return nullptr;
  }
  // Nobody knows the address, and it looks like that of a pod that Kubernetes will tell of in a moment.
  virtual bool may_still_come(const wire::Address& address, std::uint64_t time_ns) const = 0;
};

class Naming {
 public:
  virtual ~Naming() = default;
  virtual std::shared_ptr<const NameState> current() const = 0;  // any thread
};

}  // namespace spanlight
