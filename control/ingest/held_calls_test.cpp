#include "ingest/held_calls.h"

#include <gtest/gtest.h>

#include <map>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kHoldNs = 1'000;

// Knows those that were told to it; 10.244.0.0/16 are pods.
class Names final : public NameState {
 public:
  explicit Names(std::vector<std::uint8_t> known = {}) {
    for (const std::uint8_t host : known)
      parties_[sample::ipv4(10, 244, 0, host).low()].name = "pod-" + std::to_string(host);
  }
  CallEnd end_of(const wire::Address& address, std::uint16_t, std::uint64_t) const override {
    const auto found = parties_.find(address.low());
    return {found == parties_.end() ? nullptr : &found->second, {}};
  }
  bool may_still_come(const wire::Address& address, std::uint64_t) const override {
    return (address.low() >> 16 & 0xffff) == 0x0af4;
  }

 private:
  std::map<std::uint64_t, Party> parties_;
};

// Calls from 10.244.0.<host> to a machine outside, one for each host.
NamedBatch batch_from(const std::vector<std::uint8_t>& hosts, std::uint64_t received_ns) {
  sample::Batch made;
  for (const std::uint8_t host : hosts) {
    sample::Record record;
    record.id = host;
    record.src = sample::ipv4(10, 244, 0, host);
    record.dst = sample::ipv4(192, 0, 2, 1);
    made.records.push_back(record);
  }
  const auto bytes = std::make_shared<sample::Bytes>(sample::build(made));
  const auto opened = open_batch({bytes->data(), bytes->size()});
  NamedBatch batch{bytes, nullptr, opened.root, {}, bytes->size(), received_ns};
  for (const wire::Record* record : *opened->records()) batch.calls.push_back({opened.root, record, {}, {}});
  return batch;
}

std::vector<std::size_t> name_all(NamedBatch& batch, const NameState& names) {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < batch.calls.size(); ++i)
    if (!name_call(batch.calls[i], names)) waiting.push_back(i);
  return waiting;
}

std::vector<std::uint64_t> ids(const std::vector<Call>& calls) {
  std::vector<std::uint64_t> all;
  for (const Call& call : calls) all.push_back(call.record->id());
  return all;
}

using Ids = std::vector<std::uint64_t>;

TEST(HeldCalls, wait_until_their_name_comes) {
  HeldCalls held(kHoldNs, 10);
  const auto early = std::make_shared<const Names>(std::vector<std::uint8_t>{1});
  NamedBatch batch = batch_from({1, 2, 3}, 100);
  held.hold(batch, name_all(batch, *early));
  EXPECT_EQ(ids(batch.calls), (Ids{1}));
  EXPECT_EQ(held.size(), 2u);
  EXPECT_TRUE(held.release(early, 101).empty());

  const auto later = std::make_shared<const Names>(std::vector<std::uint8_t>{1, 2});
  const auto released = held.release(later, 102);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(ids(released[0]->calls), (Ids{2}));
  ASSERT_NE(released[0]->calls[0].src.party, nullptr);
  EXPECT_EQ(released[0]->calls[0].src.party->name, "pod-2");
  EXPECT_EQ(released[0]->names, later);
  EXPECT_EQ(held.size(), 1u);
  EXPECT_EQ(held.counters().named_late, 1u);
}

TEST(HeldCalls, go_on_without_a_name_when_their_time_is_over) {
  HeldCalls held(kHoldNs, 10);
  const auto nobody = std::make_shared<const Names>();
  NamedBatch batch = batch_from({2}, 100), second = batch_from({3}, 600);
  held.hold(batch, name_all(batch, *nobody));
  held.hold(second, name_all(second, *nobody));
  EXPECT_TRUE(held.release(nobody, 1'099).empty());
  const auto released = held.release(nobody, 1'100);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(ids(released[0]->calls), (Ids{2}));
  EXPECT_EQ(released[0]->calls[0].src.party, nullptr);
  EXPECT_EQ(held.counters().expired, 1u);
  EXPECT_EQ(held.release_all(nobody).size(), 1u);
  EXPECT_EQ(held.size(), 0u);
}

TEST(HeldCalls, are_bounded) {
  HeldCalls held(kHoldNs, 2);
  const auto nobody = std::make_shared<const Names>();
  NamedBatch batch = batch_from({1, 2, 3, 4}, 100);
  held.hold(batch, name_all(batch, *nobody));
  EXPECT_EQ(ids(batch.calls), (Ids{3, 4}));
  EXPECT_EQ(held.size(), 2u);
  EXPECT_EQ(held.counters().overflowed, 2u);
}

// The store's queue is bounded in bytes of messages: parts that keep one alive must tell it, once.
TEST(HeldCalls, parts_share_the_bytes_of_their_message) {
  HeldCalls held(kHoldNs, 10);
  const auto early = std::make_shared<const Names>(std::vector<std::uint8_t>{1});
  NamedBatch batch = batch_from({1, 2, 3}, 100);
  const std::size_t whole = batch.bytes_size;
  held.hold(batch, name_all(batch, *early));
  const std::size_t at_once = batch.bytes_size;
  EXPECT_GE(at_once, whole / 3);
  const auto later = std::make_shared<const Names>(std::vector<std::uint8_t>{1, 2});
  const auto second = held.release(later, 102), third = held.release_all(later);
  ASSERT_EQ(second.size() + third.size(), 2u);
  EXPECT_GE(second[0]->bytes_size, whole / 3);
  EXPECT_GE(third[0]->bytes_size, whole / 3);
  EXPECT_EQ(at_once + second[0]->bytes_size + third[0]->bytes_size, whole);

  NamedBatch all_wait = batch_from({4}, 100);
  const std::size_t all = all_wait.bytes_size;
  held.hold(all_wait, name_all(all_wait, *early));
  EXPECT_EQ(held.release_all(later).at(0)->bytes_size, all);
}

TEST(HeldCalls, does_not_wait_for_addresses_that_are_no_pods) {
  const Names nobody;
  NamedBatch batch = batch_from({1}, 100);
  Call call = batch.calls[0];
  EXPECT_FALSE(name_call(call, nobody));
  const Names known({1});  // the other end is outside
  EXPECT_TRUE(name_call(call, known));
}

}  // namespace
}  // namespace spanlight
