#include "program/map_naming.h"

namespace spanlight {
namespace {

class MapState final : public NameState {
 public:
  explicit MapState(std::shared_ptr<const Names> names) : names_(std::move(names)) {}
  CallEnd end_of(const wire::Address& address, std::uint16_t port, std::uint64_t time_ns) const override {
    return {names_->find(address, port, time_ns), {}};
  }
  const Party* party_of(std::string_view dns_name) const override { return names_->find_external(dns_name); }
  bool may_still_come(const wire::Address& address, std::uint64_t time_ns) const override {
    return names_->may_still_come(address, time_ns);
  }

 private:
  std::shared_ptr<const Names> names_;
};

}  // namespace

// Held calls are looked up again when the state is another one: the same Names must give the same state.
std::shared_ptr<const NameState> MapNaming::current() const {
  std::shared_ptr<const Names> names = board_.current();
  thread_local std::shared_ptr<const NameState> state;
  thread_local std::shared_ptr<const Names> state_of;
  if (state_of != names) {
    state_of = names;
    state = std::make_shared<const MapState>(std::move(names));
  }
  return state;
}

}  // namespace spanlight
