// An old sensor with a new reader, and a new sensor with an old reader: messages of the first version of the
// schemas (config/schema/first) and of today's, each read by the other.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "record/reader.h"
#include "schema/command_first.h"
#include "schema/command_generated.h"
#include "schema/hello_first.h"
#include "schema/record_first.h"
#include "schema/stats_first.h"

namespace spanlight {
namespace {

namespace first = wire::first;
using flatbuffers::FlatBufferBuilder;

std::span<const std::uint8_t> bytes_of(const FlatBufferBuilder& builder) {
  return {builder.GetBufferPointer(), builder.GetSize()};
}

template <typename Root>
bool verifies(std::span<const std::uint8_t> bytes, const char* identifier) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  return verifier.VerifyBuffer<Root>(identifier);
}

// ---- records, hello, stats -------------------------------------------------------------------------

TEST(Compatibility, AnOldSensorsBatchIsRead) {
  FlatBufferBuilder builder;
  const first::Address src(0, 0x0000ffff0a000001), dst(0, 0x0000ffff0a000002);
  const auto protocol = builder.CreateString("http");
  const auto path = builder.CreateString("/old");
  first::RecordBuilder record(builder);
  record.add_id(7);
  record.add_protocol(protocol);
  record.add_flags(static_cast<std::uint32_t>(first::Flag::gap) |
                   static_cast<std::uint32_t>(first::Flag::shed_body));
  record.add_src(&src);
  record.add_dst(&dst);
  record.add_path(path);
  const auto records = builder.CreateVector(std::vector{record.Finish()});
  const auto sensor = builder.CreateString("rack12");
  const auto topic = builder.CreateString("record.http.");
  first::FinishRecordBatchBuffer(builder, first::CreateRecordBatch(builder, sensor, 1, 0, 5, topic, records));
  const auto opened = open_batch(bytes_of(builder));
  ASSERT_TRUE(opened) << fault_name(opened.fault);
  const wire::Record& read = *opened->records()->Get(0);
  EXPECT_EQ(text_of(read.path()), "/old");
  EXPECT_NE(read.flags() & static_cast<std::uint32_t>(wire::Flag::shed_body), 0u);
  EXPECT_EQ(read.flags() & static_cast<std::uint32_t>(wire::Flag::packets), 0u);
}

TEST(Compatibility, ANewSensorsBatchIsReadByAnOldReader) {
  FlatBufferBuilder builder;
  const wire::Address src(0, 0x0000ffff0a000001), dst(0, 0x0000ffff0a000002);
  const auto protocol = builder.CreateString("http");
  wire::RecordBuilder record(builder);
  record.add_protocol(protocol);
  record.add_flags(static_cast<std::uint32_t>(wire::Flag::ANY));
  record.add_src(&src);
  record.add_dst(&dst);
  record.add_conn_id(99);
  const auto records = builder.CreateVector(std::vector{record.Finish()});
  const auto sensor = builder.CreateString("rack12");
  const auto topic = builder.CreateString("record.http.");
  wire::FinishRecordBatchBuffer(builder, wire::CreateRecordBatch(builder, sensor, 1, 0, 5, topic, records));
  ASSERT_TRUE(verifies<first::RecordBatch>(bytes_of(builder), first::RecordBatchIdentifier()));
  const auto* read = flatbuffers::GetRoot<first::RecordBatch>(builder.GetBufferPointer())->records()->Get(0);
  EXPECT_EQ(read->conn_id(), 99u);
  EXPECT_EQ(read->flags() & static_cast<std::uint32_t>(first::Flag::ANY),
            static_cast<std::uint32_t>(first::Flag::ANY));
}

TEST(Compatibility, AnOldSensorsHelloAndStatsAreRead) {
  FlatBufferBuilder hello;
  first::FinishHelloBuffer(hello, first::CreateHelloDirect(hello, "rack12", 7, "0.1.0", 1, 4, 3));
  const auto opened = open_hello(bytes_of(hello));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->sensor_epoch(), 7u);
  EXPECT_EQ(opened->packet_bytes(), 0u);  // it keeps no packets
  EXPECT_EQ(opened->packet_seconds(), 0u);
  FlatBufferBuilder stats;
  first::FinishStatsBuffer(stats, first::CreateStatsDirect(stats, "rack12", 7, 3, 1'000));
  const auto stats_opened = open_stats(bytes_of(stats));
  ASSERT_TRUE(stats_opened);
  EXPECT_EQ(stats_opened->time(), 1'000u);
}

TEST(Compatibility, ANewSensorsHelloIsReadByAnOldReader) {
  FlatBufferBuilder builder;
  wire::FinishHelloBuffer(
      builder, wire::CreateHelloDirect(builder, "rack12", 7, "9.9", 1, 4, 3, nullptr, 1 << 30, 60));
  ASSERT_TRUE(verifies<first::Hello>(bytes_of(builder), first::HelloIdentifier()));
  const auto* read = flatbuffers::GetRoot<first::Hello>(builder.GetBufferPointer());
  EXPECT_EQ(read->sensor()->str(), "rack12");
  EXPECT_EQ(read->workers(), 4u);
}

// ---- commands --------------------------------------------------------------------------------------

TEST(Compatibility, AnOldControllersCommandsAreUnderstood) {
  FlatBufferBuilder builder;
  const std::vector<first::CommandAddress> addresses = {{1, 2}};
  const auto targets = first::CreateSetTargetsDirect(builder, true, &addresses, "tcp");
  first::FinishCommandBuffer(builder,
                             first::CreateCommand(builder, 5, first::Body::SetTargets, targets.Union()));
  ASSERT_TRUE(verifies<wire::Command>(bytes_of(builder), wire::CommandIdentifier()));
  const auto* read = wire::GetCommand(builder.GetBufferPointer());
  ASSERT_NE(read->body_as_SetTargets(), nullptr);
  EXPECT_EQ(read->body_as_SetTargets()->bpf()->str(), "tcp");
  EXPECT_EQ(read->body_as_GetPackets(), nullptr);
}

// What the first sensors know nothing of is a Command to them all the same, which they refuse in a sentence.
TEST(Compatibility, ANewCommandIsSoundToAnOldSensor) {
  FlatBufferBuilder builder;
  const std::vector<std::uint64_t> ids = {1, 2, 3};
  const auto get = wire::CreateGetPacketsDirect(builder, &ids);
  wire::FinishCommandBuffer(builder, wire::CreateCommand(builder, 6, wire::Body::GetPackets, get.Union()));
  ASSERT_TRUE(verifies<first::Command>(bytes_of(builder), first::CommandIdentifier()));
  const auto* read = flatbuffers::GetRoot<first::Command>(builder.GetBufferPointer());
  EXPECT_EQ(read->id(), 6u);
  EXPECT_EQ(read->body_as_Ping(), nullptr);
  EXPECT_EQ(read->body_as_SetTargets(), nullptr);
}

TEST(Compatibility, AnOldSensorsReplySaysNoTimeAndGivesNoPackets) {
  FlatBufferBuilder builder;
  builder.Finish(first::CreateReplyDirect(builder, 5, true, nullptr, "rack12", 7, 3));
  ASSERT_TRUE(verifies<wire::Reply>(bytes_of(builder), nullptr));
  const auto* read = flatbuffers::GetRoot<wire::Reply>(builder.GetBufferPointer());
  EXPECT_EQ(read->targets_generation(), 3u);
  EXPECT_EQ(read->time(), 0u);
  EXPECT_EQ(read->received(), 0u);
  EXPECT_EQ(read->version(), nullptr);
  EXPECT_EQ(read->targets_bpf(), nullptr);
  EXPECT_EQ(read->packets(), nullptr);
  EXPECT_EQ(read->targets_mark(), 0u);
}

TEST(Compatibility, ANewSensorsReplyIsReadByAnOldController) {
  FlatBufferBuilder builder;
  const std::vector<std::uint8_t> file(1'000, 1);
  const auto packets = wire::CreatePacketsDirect(builder, &file, 3, true, 9);
  builder.Finish(wire::CreateReplyDirect(builder, 5, true, nullptr, "rack12", 7, 3, 100, 200, "9.9", true, 2,
                                         "tcp", packets));
  ASSERT_TRUE(verifies<first::Reply>(bytes_of(builder), nullptr));
  const auto* read = flatbuffers::GetRoot<first::Reply>(builder.GetBufferPointer());
  EXPECT_EQ(read->id(), 5u);
  EXPECT_EQ(read->sensor_epoch(), 7u);
  EXPECT_EQ(read->targets_generation(), 3u);
}

}  // namespace
}  // namespace spanlight
