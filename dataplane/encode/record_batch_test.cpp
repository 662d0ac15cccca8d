// When batches close, how they are numbered, and what happens when a record finds no room.

#include <set>

#include "encode/record_writer_fixture.h"

namespace spanlight {
namespace {

class RecordBatchTest : public RecordWriterTest {};

TEST_F(RecordBatchTest, ClosesByBytesByAgeAndByCount) {
  make({.batch_bytes = 2'000, .batch_ns = 100});
  while (pool->waiting() == 0) writer->write(small_call(), connection(), 0);
  const auto* by_bytes = next();
  EXPECT_GE(batch->data_bytes, 2'000u);
  EXPECT_LT(batch->data_bytes, 3'000u);
  EXPECT_GT(by_bytes->records()->size(), 3u);

  writer->write(small_call(), connection(), 1'000);
  writer->write(small_call(kBeta), connection(), 1'050);
  writer->flush_due(1'099);
  EXPECT_EQ(pool->waiting(), 0u);
  writer->flush_due(1'100);
  ASSERT_EQ(pool->waiting(), 1u);
  EXPECT_EQ(next()->topic()->str(), "record.alpha.");
  writer->flush_due(1'150);
  EXPECT_EQ(next()->topic()->str(), "record.beta.");

  writer->write(small_call(), connection(), 2'000);  // a quiet worker that calls only write()
  writer->write(small_call(), connection(), 2'100);
  EXPECT_EQ(next()->records()->size(), 2u);

  writer->write(small_call(), connection(), 5'000);  // time steps back: neither stuck nor underflowing
  writer->write(small_call(), connection(), 4'000);
  EXPECT_EQ(pool->waiting(), 0u);
  writer->flush_due(4'100);
  EXPECT_EQ(pool->waiting(), 1u);
}

TEST_F(RecordBatchTest, ClosesAtTheGreatestCount) {
  make({.batch_bytes = 1'000'000, .batch_ns = kNever}, 2'000'000, 2);
  for (std::uint32_t i = 0; i < kRecordsPerBatchMax; ++i) writer->write(small_call(), connection(), 0);
  ASSERT_EQ(pool->waiting(), 1u);
  EXPECT_EQ(next()->records()->size(), kRecordsPerBatchMax);
}

TEST_F(RecordBatchTest, SequencesAreForEachTopicWithoutHolesAndIdsUnique) {
  make({.batch_bytes = 3'000, .batch_ns = kNever}, 8'192, 2);
  std::set<std::uint64_t> ids;
  std::uint64_t expected[2] = {0, 0};
  const auto drain = [&] {
    while (const auto* message = next()) {
      EXPECT_EQ(message->sequence(), expected[batch->topic]++);
      for (const wire::Record* record : *message->records()) {
        EXPECT_TRUE(ids.insert(record->id()).second);
        EXPECT_EQ(record->id() >> 48, 3u);
      }
    }
  };
  for (int i = 0; i < 500; ++i) {
    writer->write(small_call(i % 3 == 0 ? kBeta : kAlpha), connection(), 0);
    drain();
  }
  writer->flush();
  drain();
  EXPECT_EQ(ids.size(), 500u);
  EXPECT_GT(expected[0], 5u);
  EXPECT_EQ(writer->next_sequence(0), expected[0]);
  EXPECT_EQ(writer->next_sequence(1), expected[1]);
  EXPECT_EQ(writer->next_sequence(2), 0u);
  EXPECT_EQ(counters.records, 500u);
  EXPECT_EQ(counters.batches, expected[0] + expected[1]);
}

TEST_F(RecordBatchTest, WhatIsToldUnderAnothersNameSharesItsTopic) {
  static constexpr Descriptor kOther{.name = "alpha2", .told_as = "alpha", .title = "Alpha 2"};
  static constexpr const Descriptor* kWithOther[] = {&kBeta, &kOther, &kAlpha};
  make();
  writer = std::make_unique<RecordWriter>(3, "rack12", 99, *pool, *redactor, EncodeOptions{}, counters,
                                          kWithOther);
  protocols = kWithOther;
  for (const Descriptor* protocol : {&kAlpha, &kOther, &kBeta, &kOther})
    writer->write(small_call(*protocol), connection(), 0);
  writer->flush();
  EXPECT_EQ(next()->topic()->str(), "record.beta.");
  const auto* shared = next();
  EXPECT_EQ(shared->topic()->str(), "record.alpha.");
  ASSERT_EQ(shared->records()->size(), 3u);
  for (const wire::Record* record : *shared->records()) EXPECT_EQ(record->protocol()->str(), "alpha");
  EXPECT_EQ(pool->waiting(), 0u);
}

TEST_F(RecordBatchTest, WithoutABufferRecordsAreDroppedAndLeaveNoHole) {
  make({.batch_bytes = 1'000, .batch_ns = kNever}, 8'192, 1);
  int written = 0;
  while (pool->waiting() == 0) {
    writer->write(small_call(), connection(), 0);
    ++written;
  }
  for (int i = 0; i < 5; ++i) writer->write(small_call(), connection(), 0);
  EXPECT_EQ(counters.dropped_no_buffer, 5u);
  EXPECT_EQ(counters.records, static_cast<std::uint64_t>(written));
  EXPECT_EQ(next()->sequence(), 0u);
  writer->write(small_call(), connection(), 0);
  writer->flush();
  EXPECT_EQ(next()->sequence(), 1u);
  EXPECT_EQ(counters.dropped_no_buffer, 5u);
}

TEST_F(RecordBatchTest, ALargeRecordLosesItsBodiesThenItsHeadersThenItself) {
  make({.batch_bytes = 4'096, .batch_ns = kNever}, 8'192, 4);
  const std::string body(6'000, 'b'), value(4'000, 'v'), url(9'000, 'u');
  HeaderText headers;
  headers.add("Long", value);
  Transaction call = small_call();
  call.request.headers = headers.view();
  call.request.body = as_bytes(body);
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagTruncatedBody);
  EXPECT_EQ(r->request()->body(), nullptr);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Long", value}}));
  EXPECT_EQ(counters.bodies_left_out, 1u);
  EXPECT_EQ(counters.headers_left_out, 0u);

  call.response.headers = headers.view();  // twice 4,000 do not fit
  r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagTruncatedBody | kFlagTruncatedHeaders);
  EXPECT_EQ(r->request()->headers(), nullptr);
  EXPECT_EQ(r->response()->headers(), nullptr);
  EXPECT_EQ(r->url()->str(), "/api/items?id=7");
  EXPECT_EQ(counters.bodies_left_out, 2u);
  EXPECT_EQ(counters.headers_left_out, 1u);

  call.url = url;
  writer->write(call, connection(), 0);
  writer->flush();
  EXPECT_EQ(pool->waiting(), 0u);
  EXPECT_EQ(counters.dropped_too_large, 1u);
  EXPECT_EQ(counters.records, 2u);
  EXPECT_EQ(only_record(small_call())->url()->str(), "/api/items?id=7");
}

TEST_F(RecordBatchTest, UselessBuffersAndUnknownProtocolsAreCounted) {
  make({}, 40, 2);
  writer->write(small_call(), connection(), 0);
  EXPECT_EQ(counters.dropped_too_large, 1u);
  writer->write(small_call(kStranger), connection(), 0);
  EXPECT_EQ(counters.dropped_no_topic, 1u);
  writer->flush();
  EXPECT_EQ(pool->waiting(), 0u);
  EXPECT_NE(pool->take(), nullptr);
  EXPECT_NE(pool->take(), nullptr);  // both went back
}

TEST_F(RecordBatchTest, ADestroyedWriterGivesItsBuffersBack) {
  make({}, 8'192, 1);
  writer->write(small_call(), connection(), 0);
  EXPECT_EQ(pool->take(), nullptr);
  writer.reset();
  EXPECT_NE(pool->take(), nullptr);
}

}  // namespace
}  // namespace spanlight
