#include "body/view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "body/body_for_tests.h"
#include "body/media.h"

namespace spanlight::body {
namespace {

nlohmann::json view(const std::string& body, std::string_view type, std::string_view encoding = {},
                    std::uint64_t wire_bytes = 0, std::string_view grpc_encoding = {}) {
  TextBuffer out;
  ViewCounts counts;
  append_view(out, {bytes(body), wire_bytes == 0 ? body.size() : wire_bytes, type, encoding, grpc_encoding},
              counts);
  EXPECT_EQ(counts.views, 1u);
  return nlohmann::json::parse(out.view());
}

TEST(Media, KindsByTypeAndByBytes) {
  struct Case {
    std::string_view type, body;
    Kind kind;
  };
  const Case cases[] = {{"application/json; charset=utf-8", "{}", Kind::json},
                        {"application/problem+json", "{}", Kind::json},
                        {"Text/HTML", "<p>", Kind::text},
                        {"image/svg+xml", "<svg/>", Kind::text},
                        {"image/png", "\x89PNG", Kind::image},
                        {"application/x-www-form-urlencoded", "a=1", Kind::form},
                        {"application/x-protobuf", "\x08\x01", Kind::protobuf},
                        {"application/grpc+proto", "\x08\x01", Kind::grpc},
                        {"application/grpc", "\x08\x01", Kind::grpc},
                        {"", " {\"a\":1}", Kind::json},
                        {"application/octet-stream", "[1,2", Kind::json},
                        {"application/octet-stream", "words", Kind::text},
                        {"application/octet-stream", "\xff\xfe\xfd\xfc\xfb", Kind::binary},
                        {"application/x-new-thing", "words", Kind::text},
                        {"", "gr\xc3", Kind::text},
                        {"application/json", "", Kind::empty}};
  for (const Case& each : cases)
    EXPECT_EQ(kind_name(media_of(each.type, each.body).kind), kind_name(each.kind)) << each.type << each.body;
  EXPECT_EQ(media_of("text/plain; a=b; Charset=\"ISO-8859-1\"", "x").charset, "iso-8859-1");
}

TEST(View, JsonInGzip) {
  const auto seen = view(gzipped("{\"a\":1}"), "application/json", "gzip");
  EXPECT_EQ(seen["kind"], "json");
  EXPECT_EQ(seen["text"], "{\"a\":1}");
  EXPECT_EQ(seen["encodings"], nlohmann::json({"gzip"}));
  EXPECT_EQ(seen["truncated"], false);
  EXPECT_EQ(seen["bytes"], 7);
  EXPECT_EQ(seen["hex"], "7b2261223a317d");
}

TEST(View, ACutPreviewSaysSo) {
  const auto seen = view("gr\xc3", "text/plain", "", 100);
  EXPECT_EQ(seen["truncated"], true);
  EXPECT_EQ(seen["text"], "gr");
  EXPECT_EQ(seen["replaced"], false);
}

TEST(View, WhatCannotBeUnpackedIsShownAsBytes) {
  const auto seen = view("abc", "application/json", "compress");
  EXPECT_EQ(seen["kind"], "binary");
  EXPECT_EQ(seen["fault"], "unknown_encoding");
  EXPECT_EQ(seen["encoding_left"], "compress");
  EXPECT_EQ(seen["hex"], "616263");
  EXPECT_FALSE(seen.contains("text"));
}

TEST(View, ProtobufFieldByField) {
  const auto seen = view(std::string("\x08\x03\x12\x02hi", 6), "application/protobuf");
  ASSERT_EQ(seen["messages"].size(), 1u);
  const auto& fields = seen["messages"][0]["fields"];
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0]["value"], "3");
  EXPECT_EQ(fields[0]["signed"], "-2");
  EXPECT_EQ(fields[1]["text"], "hi");
  EXPECT_EQ(seen["messages"][0]["whole"], true);
}

TEST(View, GrpcMessagesAreUnpackedEach) {
  const std::string packed = gzipped(std::string("\x08\x07", 2));
  std::string body("\0\0\0\0\x02\x08\x01", 7);
  body += std::string("\1\0\0\0", 4) + static_cast<char>(packed.size()) + packed;
  const auto seen = view(body, "application/grpc", "", 0, "gzip");
  ASSERT_EQ(seen["messages"].size(), 2u);
  EXPECT_EQ(seen["messages"][0]["fields"][0]["value"], "1");
  EXPECT_EQ(seen["messages"][1]["fields"][0]["value"], "7");
  EXPECT_EQ(seen["messages"][1]["compressed"], true);
}

TEST(View, BombsAreCountedAndHexHasAnEnd) {
  const std::string packed = gzipped(std::string(kDecodedBytesMax + 10, 'a'));
  TextBuffer out;
  ViewCounts counts;
  append_view(out, {bytes(packed), packed.size(), "text/plain", "gzip", ""}, counts);
  EXPECT_EQ(counts.over_limit, 1u);
  const auto seen = nlohmann::json::parse(out.view());
  EXPECT_EQ(seen["over_limit"], true);
  EXPECT_EQ(seen["hex_bytes"], kHexBytesMax);
  EXPECT_EQ(seen["text"].get<std::string>().size(), kDecodedBytesMax);
}

}  // namespace
}  // namespace spanlight::body
