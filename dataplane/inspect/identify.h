#pragma once
// Which protocol a head of bytes may belong to. The table of candidates is made once and shared by all
// workers; each worker brings its own Hyperscan scratch. Ports only say who is asked first; content decides.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "inspect/search.h"

struct hs_database;
struct hs_scratch;

namespace spanlight {

struct IdentifyOptions {
  std::vector<std::string> enabled;  // protocol names; empty = all but those that come with connections
  bool connections = false;          // records of connections are asked for
  struct PortHint {
    std::string protocol;
    std::vector<std::uint16_t> ports;
  };
  std::vector<PortHint> port_hints;  // replaces the descriptor's own hints for that protocol
  struct Pattern {
    std::string protocol;
    std::string regex;
  };
  std::vector<Pattern> user_patterns;     // a head that matches IS that protocol, said by its client
  std::vector<std::string> low_priority;  // protocol names: the first to be left out under overload
};

class Identifier {
 public:
  static constexpr std::size_t kCandidatesMax = 64;
  static constexpr std::size_t kScanBytes = 256;

  // nullptr and a sentence in `fault` when a pattern does not compile or a protocol is not known.
  static std::unique_ptr<Identifier> make(const IdentifyOptions& options, std::string& fault,
                                          std::span<const Descriptor* const> protocols = registry());
  ~Identifier();
  Identifier(const Identifier&) = delete;
  Identifier& operator=(const Identifier&) = delete;

  hs_scratch* new_scratch() const;  // one for each worker
  static void free_scratch(hs_scratch* scratch);

  const Descriptor& candidate(unsigned i) const { return *candidates_[i]; }
  std::uint8_t index_of(const Descriptor& protocol) const;  // Flow::kNoProtocol: not one of them
  CandidateMask all(Transport transport) const { return of_transport_[static_cast<std::size_t>(transport)]; }

  const Descriptor* find(std::string_view name) const;  // nullptr: not one of them

  // Candidates asked first for a flow with this server port.
  CandidateMask hinted(std::uint16_t port) const;

  bool is_low_priority(const Descriptor& protocol) const {
    return std::find(low_priority_.begin(), low_priority_.end(), &protocol) != low_priority_.end();
  }
  bool any_low_priority() const { return !low_priority_.empty(); }

  // One look at the head's start (kScanBytes at most). `likely`: of `among`, those whose patterns match and
  // those without patterns; fewer candidates than are worth a scan come back unchanged. `certain`: those
  // whose user pattern matches.
  struct Scan {
    CandidateMask likely = 0;
    CandidateMask certain = 0;
  };
  Scan scan(CandidateMask among, Bytes head, hs_scratch* scratch) const;

  // Candidates that read what begins with a TLS handshake.
  CandidateMask encrypted() const { return encrypted_; }

  // Those whose messages can be found in the middle of a connection, and how.
  CandidateMask searchable() const { return searchable_; }
  const StartSearch& search() const { return *search_; }

  // Candidates that a user pattern may still make certain while a head is shorter than kScanBytes.
  CandidateMask with_user_patterns() const { return with_user_patterns_; }

  // Bytes of a head after which every candidate has decided.
  std::size_t head_bytes_max() const { return head_bytes_max_; }

 private:
  Identifier() = default;
  bool choose(const IdentifyOptions& options, std::span<const Descriptor* const> protocols,
              std::string& fault);
  bool compile(const IdentifyOptions& options, std::string& fault);
  void hint(unsigned candidate, std::span<const std::uint16_t> ports);

  std::vector<const Descriptor*> candidates_;
  std::vector<const Descriptor*> low_priority_;
  std::array<CandidateMask, kTransports> of_transport_{};
  CandidateMask with_patterns_ = 0;
  CandidateMask with_user_patterns_ = 0;
  CandidateMask encrypted_ = 0;
  CandidateMask searchable_ = 0;
  std::unique_ptr<const StartSearch> search_;
  std::size_t head_bytes_max_ = 0;
  std::vector<std::uint8_t> hint_of_port_;  // 65,536: index + 1 into hint_masks_
  std::vector<CandidateMask> hint_masks_;
  hs_database* database_ = nullptr;
};

}  // namespace spanlight
