#include "proxy/proxy.h"

#include <new>

#include "proxy/header.h"

namespace spanlight::proxy {

namespace {

Verdict probe(Bytes own, Bytes) {
  const HeaderLength header = header_length(own);
  if (header.fault == Fault::none) return Verdict::client;
  return header.fault == Fault::short_input ? Verdict::more : Verdict::no;
}

// Lets the header pass and gives the flow away: what follows is identified as if the connection began there.
class Connection final : public Dissector {
 public:
  explicit Connection(Workshop& workshop) : workshop_(workshop) {}

  Answer on_data(Direction from, const Window& window, Sink&) override {
    if (from == Direction::s2c) return {.want = Answer::Want::hold};
    const HeaderLength header = header_length(window.bytes);
    if (header.fault == Fault::short_input) return wait_for(window.bytes.size() + 1);
    if (header.fault != Fault::none) return give_away(0);
    return header.bytes > window.bytes.size() ? wait_for(header.bytes) : give_away(header.bytes);
  }

  void on_skipped(Direction, std::uint64_t, std::uint64_t, TimeNs) override {}

  // The rest of the header is gone, and who knows what of that which follows.
  Answer on_gap(Direction from, std::uint64_t, GapCause, TimeNs, Sink&) override {
    lost_[index_of(from)] = true;
    return from == Direction::c2s ? give_away(0) : Answer{};
  }

  void on_end(Direction, End, TimeNs, Sink&) override {}
  void on_close(End, TimeNs, Sink&) override {}
  void on_time(TimeNs, Sink&) override {}
  TimeNs next_deadline() const override { return kNever; }

 private:
  static Answer wait_for(std::size_t bytes) { return {.want = Answer::Want::wait, .n = bytes}; }

  Answer give_away(std::size_t consumed) {
    workshop_.handover = {.lost = {lost_[0], lost_[1]}};
    return {.consumed = consumed, .want = Answer::Want::identify};
  }

  Workshop& workshop_;
  bool lost_[2] = {};
};

Dissector* create(void* slot, Workshop& workshop) {
  return new (slot) Connection(workshop);
}

}  // namespace

const Descriptor kDescriptor{
    .name = "proxy",
    .title = "PROXY header",
    .transport = Transport::tcp,
    .head_bytes_max = kLineBytesMax,
    .probe = probe,
    .slot_bytes = sizeof(Connection),
    .create = create,
};

}  // namespace spanlight::proxy
