#include "live_filter.h"

#include <gtest/gtest.h>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

bool let_through(const LiveFilter& filter) {
  sample::Batch batch;
  batch.records = {sample::usual_call()};
  batch.records[0].request.fields = {{"flavour", wire::FieldKind::text, "sweet", 0, 0, {}}};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  return filter.matches(*opened, *opened->records()->Get(0));
}

std::string hello_with(LiveFilter& filter, const char* field) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<flatbuffers::Offset<wire::FieldSpec>> fields = {
      wire::CreateFieldSpecDirect(builder, field, wire::FieldType::text, true, true, "")};
  const std::vector<flatbuffers::Offset<wire::Protocol>> protocols = {
      wire::CreateProtocolDirect(builder, "http", "HTTP", &fields)};
  wire::FinishHelloBuffer(builder, wire::CreateHelloDirect(builder, "rack12", 1, "0.1", 1, 1, 0, &protocols));
  return filter.learn(*wire::GetHello(builder.GetBufferPointer()));
}

TEST(LiveFilter, IsReadyAtOnceWithNamesThatAreKnown) {
  LiveFilter filter("status_code == 200");
  EXPECT_EQ(filter.check(), "");
  ASSERT_TRUE(filter.ready());
  EXPECT_TRUE(let_through(filter));
}

TEST(LiveFilter, TellsASlipAtOnce) {
  LiveFilter filter("status_code = 200");
  EXPECT_NE(filter.check().find("Write =="), std::string::npos);
  EXPECT_FALSE(filter.ready());
}

TEST(LiveFilter, WaitsForTheSensorWithANameThatItMayKnow) {
  LiveFilter filter("http_flavour == \"sweet\"");
  EXPECT_EQ(filter.check(), "");
  EXPECT_FALSE(filter.ready());
  EXPECT_NE(hello_with(filter, "taste").find("There is no \"http_flavour\""), std::string::npos);
  EXPECT_FALSE(filter.ready());
  EXPECT_EQ(hello_with(filter, "flavour"), "");
  ASSERT_TRUE(filter.ready());
  EXPECT_TRUE(let_through(filter));
}

}  // namespace
}  // namespace spanlight
