#pragma once
// Names of machines outside of Kubernetes, from a YAML file (`kubernetes.staticMap`): addresses and prefixes,
// the longest wins. Immutable; any thread.
//
//   - address: 10.20.0.0/16            # or one address, or a list of either
//     name: billing                    # the rest may be left out
//     namespace: legacy
//     service: billing
//     workload: vm/billing             # kind/name, or a name alone
//     node: rack12
//     labels: {team: payments}

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "address/address.h"
#include "names/prefix_table.h"
#include "record/call.h"

namespace spanlight {

class StaticMap {
 public:
  static constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
  static constexpr std::size_t kEntriesMax = 100'000;

  // nullptr: `faults` has a sentence "FILE:LINE: …" for each thing that is wrong.
  static std::shared_ptr<const StaticMap> load(const std::string& path, std::vector<std::string>& faults);
  static std::shared_ptr<const StaticMap> parse(const std::string& yaml, const std::string& file,
                                                std::vector<std::string>& faults);

  const Party* find(const Address& address) const {
    const std::optional<std::uint32_t> number = table_.find(address);
    return number ? parties_[*number].get() : nullptr;
  }
  std::shared_ptr<const Party> find_shared(const Address& address) const {
    const std::optional<std::uint32_t> number = table_.find(address);
    return number ? parties_[*number] : nullptr;
  }
  std::size_t size() const { return parties_.size(); }

  // The entries that are single addresses: what capture targets can name.
  struct Single {
    Address address;
    std::shared_ptr<const Party> party;
  };
  const std::vector<Single>& singles() const { return singles_; }
  // Whose the others are, one for each: networks, which targets cannot name.
  const std::vector<std::shared_ptr<const Party>>& networks() const { return networks_; }

 private:
  friend class StaticMapReader;
  PrefixTable table_;
  std::vector<std::shared_ptr<const Party>> parties_;
  std::vector<Single> singles_;
  std::vector<std::shared_ptr<const Party>> networks_;
};

}  // namespace spanlight
