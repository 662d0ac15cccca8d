#pragma once
// Names that DNS answers on the wire gave to addresses, for the ends of calls that nobody else names. Belongs
// to one thread: that of a sensor's records, or of an import.

#include <cstdint>
#include <memory>
#include <vector>

#include "ingest/naming.h"
#include "names/dns_names.h"
#include "record/call.h"

namespace spanlight {

class DnsNaming {
 public:
  static constexpr std::uint32_t kTtlMaxS = 86'400;  // a longer one counts as this
  static constexpr std::size_t kAliasesMax = 16;     // of one answer: longer chains end there

  // What a record of DNS, multicast DNS or LLMNR says of addresses; other records say nothing. An address
  // that a chain of CNAMEs leads to has the name that was asked for.
  void learn(const wire::Record& record);

  // Names ends without a party, and finds those whom their names stand for. Returns what keeps the names
  // alive, and `names` with them.
  std::shared_ptr<const void> name(std::vector<Call>& calls, std::shared_ptr<const NameState> names);

  const DnsNames& names() const { return names_; }
  std::uint64_t named() const { return named_; }  // ends of calls

 private:
  void learn_answers(const wire::Message& answered, std::string_view asked, std::uint64_t time_ns,
                     bool multicast);

  DnsNames names_;
  std::uint64_t named_ = 0;
};

}  // namespace spanlight
