#include "inspect/identify.h"

#include <hs/hs.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "flow/flow.h"

namespace spanlight {

namespace {

// Asking this many probes directly is cheaper than one scan.
constexpr int kScanWorthwhile = 3;

// Ids of user patterns in the database start here; those of protocols' own patterns are the candidate's
// index.
constexpr unsigned kUserIds = Identifier::kCandidatesMax;

struct Matches {
  CandidateMask own = 0;
  CandidateMask user = 0;
};

bool is_enabled(const IdentifyOptions& options, const Descriptor& d) {
  if (options.enabled.empty()) return options.connections || !d.with_connections;
  return std::find(options.enabled.begin(), options.enabled.end(), d.name) != options.enabled.end();
}

bool goes_over(const Descriptor& d, Transport one) {
  const bool either = one == Transport::tcp || one == Transport::udp;
  return d.transport == one || (d.transport == Transport::both && either);
}

int add_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  auto& matches = *static_cast<Matches*>(context);
  if (id < kUserIds)
    matches.own |= CandidateMask{1} << id;
  else
    matches.user |= CandidateMask{1} << (id - kUserIds);
  return 0;
}

}  // namespace

std::unique_ptr<Identifier> Identifier::make(const IdentifyOptions& options, std::string& fault,
                                             std::span<const Descriptor* const> protocols) {
  std::unique_ptr<Identifier> identifier(new Identifier);
  if (!identifier->choose(options, protocols, fault) || !identifier->compile(options, fault)) return nullptr;
  return identifier;
}

Identifier::~Identifier() {
  if (database_ != nullptr) hs_free_database(database_);
}

bool Identifier::choose(const IdentifyOptions& options, std::span<const Descriptor* const> protocols,
                        std::string& fault) {
  for (const auto* names : {&options.enabled, &options.low_priority}) {
    for (const std::string& name : *names) {
      const auto known = std::find_if(protocols.begin(), protocols.end(), [&](const Descriptor* d) {
        return d->name == name && d->probe != nullptr;
      });
      if (known == protocols.end()) {
        fault = "no protocol is called \"" + name + "\"";
        return false;
      }
      if (names == &options.low_priority) low_priority_.push_back(*known);
    }
  }
  hint_of_port_.assign(65'536, 0);
  for (const Descriptor* d : protocols) {
    if (d->probe == nullptr || !is_enabled(options, *d)) continue;
    if (candidates_.size() == kCandidatesMax) {
      fault = "more protocols are enabled than can be told apart (" + std::to_string(kCandidatesMax) + ")";
      return false;
    }
    const auto index = static_cast<unsigned>(candidates_.size());
    candidates_.push_back(d);
    for (std::size_t over = 0; over < kTransports; ++over)
      if (goes_over(*d, static_cast<Transport>(over))) of_transport_[over] |= CandidateMask{1} << index;
    if (!d->patterns.empty()) with_patterns_ |= CandidateMask{1} << index;
    if (d->reads_encrypted) encrypted_ |= CandidateMask{1} << index;
    if (d->can_be_found()) searchable_ |= CandidateMask{1} << index;
    head_bytes_max_ = std::max(head_bytes_max_, d->head_bytes_max);
    const auto mapped = std::find_if(options.port_hints.begin(), options.port_hints.end(),
                                     [&](const auto& h) { return h.protocol == d->name; });
    hint(index,
         mapped == options.port_hints.end() ? d->ports : std::span<const std::uint16_t>(mapped->ports));
  }
  search_ = std::make_unique<StartSearch>(candidates_);
  return true;
}

void Identifier::hint(unsigned candidate, std::span<const std::uint16_t> ports) {
  for (const std::uint16_t port : ports) {
    const CandidateMask wanted = hinted(port) | CandidateMask{1} << candidate;
    const auto known = std::find(hint_masks_.begin(), hint_masks_.end(), wanted);
    if (known == hint_masks_.end() && hint_masks_.size() == std::numeric_limits<std::uint8_t>::max()) return;
    hint_of_port_[port] = static_cast<std::uint8_t>(known - hint_masks_.begin() + 1);
    if (known == hint_masks_.end()) hint_masks_.push_back(wanted);
  }
}

std::uint8_t Identifier::index_of(const Descriptor& protocol) const {
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    if (candidates_[i] == &protocol) return static_cast<std::uint8_t>(i);
  return Flow::kNoProtocol;
}

const Descriptor* Identifier::find(std::string_view name) const {
  for (const Descriptor* candidate : candidates_)
    if (candidate->name == name) return candidate;
  return nullptr;
}

CandidateMask Identifier::hinted(std::uint16_t port) const {
  const std::uint8_t index = hint_of_port_[port];
  return index == 0 ? 0 : hint_masks_[index - 1u];
}

bool Identifier::compile(const IdentifyOptions& options, std::string& fault) {
  std::vector<std::string> texts;
  std::vector<unsigned> ids;
  for (unsigned i = 0; i < candidates_.size(); ++i) {
    for (const std::string_view pattern : candidates_[i]->patterns) {
      texts.emplace_back(pattern);
      ids.push_back(i);
    }
    for (const auto& user : options.user_patterns) {
      if (user.protocol != candidates_[i]->name) continue;
      texts.push_back(user.regex);
      ids.push_back(kUserIds + i);
      with_user_patterns_ |= CandidateMask{1} << i;
    }
  }
  if (texts.empty()) return true;
  std::vector<const char*> expressions;
  expressions.reserve(texts.size());
  for (const std::string& text : texts) expressions.push_back(text.c_str());
  const std::vector<unsigned> flags(texts.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL);
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database_, &error) == HS_SUCCESS)
    return true;
  fault = error->expression >= 0 ? "the pattern \"" + texts[static_cast<std::size_t>(error->expression)] +
                                       "\" cannot be used: " + error->message
                                 : std::string("the patterns cannot be compiled: ") + error->message;
  hs_free_compile_error(error);
  return false;
}

hs_scratch* Identifier::new_scratch() const {
  hs_scratch* scratch = nullptr;
  if (database_ != nullptr) hs_alloc_scratch(database_, &scratch);
  return scratch;
}

void Identifier::free_scratch(hs_scratch* scratch) {
  hs_free_scratch(scratch);
}

Identifier::Scan Identifier::scan(CandidateMask among, Bytes head, hs_scratch* scratch) const {
  const bool worthwhile =
      with_user_patterns_ != 0 || std::popcount(among & with_patterns_) >= kScanWorthwhile;
  if (scratch == nullptr || !worthwhile) return {.likely = among};
  Matches matches;
  hs_scan(database_, reinterpret_cast<const char*>(head.data()),
          static_cast<unsigned>(std::min(head.size(), kScanBytes)), 0, scratch, add_match, &matches);
  return {.likely = among & (matches.own | ~with_patterns_), .certain = matches.user};
}

}  // namespace spanlight
