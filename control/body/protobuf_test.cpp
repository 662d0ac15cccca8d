#include "body/protobuf.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "body/body_for_tests.h"

namespace spanlight::body {
namespace {

std::string text(const WireField& field) {
  return {field.data.begin(), field.data.end()};
}

std::string field(unsigned number, std::string_view data) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t size = data.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
  return out.append(data);
}

TEST(Protobuf, EveryWireTypeIsShown) {
  // 1: varint 150 | 2: "testing" | 3: {1: 150} | 4: fixed32 | 5: fixed64 | 6: bytes
  const std::string message = std::string("\x08\x96\x01", 3) + field(2, "testing") +
                              field(3, "\x08\x96\x01") + std::string("\x25\x01\x00\x00\x00", 5) +
                              std::string("\x29\x02\x00\x00\x00\x00\x00\x00\x00", 9) +
                              field(6, "\xff\xfe\xfd");
  const WireView view = view_protobuf(bytes(message));
  ASSERT_EQ(view.fields.size(), 7u);
  EXPECT_TRUE(view.whole);
  EXPECT_EQ(view.fields[0].type, WireType::varint);
  EXPECT_EQ(view.fields[0].value, 150u);
  EXPECT_EQ(view.fields[1].type, WireType::text);
  EXPECT_EQ(text(view.fields[1]), "testing");
  EXPECT_EQ(view.fields[2].type, WireType::message);
  EXPECT_EQ(view.fields[3].depth, 1u);
  EXPECT_EQ(view.fields[3].value, 150u);
  EXPECT_EQ(view.fields[4].type, WireType::fixed32);
  EXPECT_EQ(view.fields[4].depth, 0u);
  EXPECT_EQ(view.fields[5].type, WireType::fixed64);
  EXPECT_EQ(view.fields[5].value, 2u);
  EXPECT_EQ(view.fields[6].type, WireType::bytes);
}

TEST(Protobuf, GroupsOpenAndClose) {
  const std::string message("\x0b\x10\x05\x0c\x18\x01", 6);  // group 1 { 2: 5 } 3: 1
  const WireView view = view_protobuf(bytes(message));
  ASSERT_EQ(view.fields.size(), 3u);
  EXPECT_TRUE(view.whole);
  EXPECT_EQ(view.fields[0].type, WireType::group);
  EXPECT_EQ(view.fields[1].depth, 1u);
  EXPECT_EQ(view.fields[2].depth, 0u);
  EXPECT_FALSE(view_protobuf(bytes("\x0b\x10\x05")).whole);
  EXPECT_FALSE(view_protobuf(bytes("\x0c")).whole);
}

TEST(Protobuf, EveryPrefixIsCutNotWrong) {
  const std::string message = std::string("\x08\x96\x01", 3) + field(2, "testing") + field(3, "\x08\x96\x01");
  const std::size_t ends[] = {0, 3, 12, message.size()};
  for (std::size_t size = 0; size < message.size(); ++size) {
    const WireView view = view_protobuf(bytes(message).first(size));
    const bool at_an_end = std::find(std::begin(ends), std::end(ends), size) != std::end(ends);
    EXPECT_EQ(view.whole, at_an_end) << size;
    EXPECT_EQ(view.truncated, !at_an_end) << size;
  }
}

TEST(Protobuf, FaultsAreNotFields) {
  for (const std::string& wrong : {std::string("\x00\x01", 2), std::string("\x0e"), std::string("\x0f"),
                                   std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}) {
    const WireView view = view_protobuf(bytes(wrong));
    EXPECT_FALSE(view.whole);
    EXPECT_FALSE(view.truncated);
    EXPECT_TRUE(view.fields.empty());
  }
}

TEST(Protobuf, DepthAndFieldsHaveAnEnd) {
  std::string deep("\x08\x01", 2);
  for (int i = 0; i < 60; ++i) deep = field(1, deep);
  const WireView view = view_protobuf(bytes(deep));
  EXPECT_TRUE(view.whole);
  EXPECT_EQ(view.fields.back().depth, kWireDepthMax);
  EXPECT_EQ(view.fields.back().type, WireType::bytes);

  std::string many;
  for (std::size_t i = 0; i < kWireFieldsMax + 1; ++i) many += std::string("\x08\x01", 2);
  const WireView cut = view_protobuf(bytes(many));
  EXPECT_TRUE(cut.over_limit);
  EXPECT_EQ(cut.fields.size(), kWireFieldsMax);
}

TEST(Protobuf, GrpcFramesAreSplit) {
  const std::string body = std::string("\0\0\0\0\x02\x08\x01", 7) + std::string("\1\0\0\0\x04zz", 7);
  const GrpcFrames split = split_grpc(bytes(body));
  ASSERT_EQ(split.frames.size(), 2u);
  EXPECT_FALSE(split.frames[0].compressed);
  EXPECT_FALSE(split.frames[0].cut);
  EXPECT_EQ(split.frames[0].data.size(), 2u);
  EXPECT_TRUE(split.frames[1].compressed);
  EXPECT_TRUE(split.frames[1].cut);
  EXPECT_EQ(split.frames[1].length, 4u);
  EXPECT_TRUE(split_grpc(bytes("hello")).malformed);
  const std::string many(5 * (kGrpcFramesMax + 1), '\0');
  EXPECT_TRUE(split_grpc(bytes(many)).over_limit);
}

TEST(Protobuf, AnyBytesStayWithinThemselves) {
  std::mt19937 random(4);
  for (int round = 0; round < 5'000; ++round) {
    std::string any(random() % 200, '\0');
    for (char& c : any) c = static_cast<char>(random() % 5 == 0 ? random() : random() % 40);
    const WireView view = view_protobuf(bytes(any));
    for (const WireField& each : view.fields) {
      if (each.data.empty()) continue;
      EXPECT_GE(each.data.data(), bytes(any).data());
      EXPECT_LE(each.data.data() + each.data.size(), bytes(any).data() + any.size());
    }
  }
}

}  // namespace
}  // namespace spanlight::body
