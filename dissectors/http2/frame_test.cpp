#include "http2/frame.h"

#include <gtest/gtest.h>

#include "http2/wire_for_tests.h"

namespace spanlight::http2 {
namespace {

using namespace testing;

FrameHead head_of(const std::string& bytes) {
  return parse_frame_head(as_bytes(bytes));
}

TEST(Frame, HeadIsReadAndTheReservedBitIgnored) {
  const FrameHead head = head_of(std::string("\x01\x02\x03\x01\x25\x80\x00\x00\x07", 9));
  EXPECT_EQ(head.length, 0x010203u);
  EXPECT_EQ(head.type, FrameType::headers);
  EXPECT_EQ(head.flags, 0x25);
  EXPECT_EQ(head.stream, 7u);
  EXPECT_EQ(head.prefix_bytes(), 5u);
}

struct Case {
  const char* name;
  std::string bytes;
  Fault fault;
};

TEST(Frame, WhatTheProtocolForbidsIsSaid) {
  const std::string four(4, '\1');
  const Case cases[] = {
      {"data", data(1, "x"), Fault::none},
      {"data on the connection", data(0, "x"), Fault::bad_value},
      {"padding without its length", frame(FrameType::data, kPadded, 1, {}), Fault::bad_length},
      {"headers on the connection", frame(FrameType::headers, 0, 0, "x"), Fault::bad_value},
      {"priority cut short", frame(FrameType::headers, kPriority, 1, four), Fault::bad_length},
      {"priority", frame(FrameType::priority, 0, 1, "12345"), Fault::none},
      {"priority too long", frame(FrameType::priority, 0, 1, "123456"), Fault::bad_length},
      {"reset", rst_stream(1, 8), Fault::none},
      {"reset of the connection", rst_stream(0, 8), Fault::bad_value},
      {"reset too long", frame(FrameType::rst_stream, 0, 1, "12345"), Fault::bad_length},
      {"settings", settings("123456"), Fault::none},
      {"settings of a stream", frame(FrameType::settings, 0, 1, {}), Fault::bad_value},
      {"settings not even", settings("1234567"), Fault::bad_length},
      {"acknowledged with something", frame(FrameType::settings, kEndStream, 0, "123456"), Fault::bad_length},
      {"promise cut short", frame(FrameType::push_promise, 0, 1, "123"), Fault::bad_length},
      {"ping", ping(), Fault::none},
      {"ping too short", frame(FrameType::ping, 0, 0, four), Fault::bad_length},
      {"goaway", goaway(1, 0), Fault::none},
      {"goaway too short", frame(FrameType::goaway, 0, 0, four), Fault::bad_length},
      {"window", window_update(0), Fault::none},
      {"window too long", frame(FrameType::window_update, 0, 0, "12345"), Fault::bad_length},
      {"continuation of nothing", frame(FrameType::continuation, 0, 0, four), Fault::bad_value},
      {"an extension", frame(static_cast<FrameType>(0x10), 0xff, 0, four), Fault::none},
  };
  for (const Case& c : cases) EXPECT_EQ(check_frame(head_of(c.bytes)), c.fault) << c.name;
}

TEST(Frame, PrefixesSayWhatIsLeft) {
  const auto prefix_of = [](const std::string& bytes) {
    return parse_prefix(head_of(bytes), as_bytes(bytes).subspan(kFrameHeadBytes));
  };
  const FramePrefix padded = prefix_of(padded_data(1, "abc", 4));
  EXPECT_EQ(padded.fault, Fault::none);
  EXPECT_EQ(padded.padding, 4u);
  EXPECT_EQ(padded.content, 3u);
  EXPECT_EQ(prefix_of(frame(FrameType::data, kPadded, 1,
                            "\x05"
                            "abcd"))
                .fault,
            Fault::bad_length);
  const FramePrefix promise =
      prefix_of(frame(FrameType::push_promise, kPadded, 1, std::string("\1\0\0\0\2xy\0", 8)));
  EXPECT_EQ(promise.promised, 2u);
  EXPECT_EQ(promise.content, 2u);
  EXPECT_EQ(
      prefix_of(frame(FrameType::headers, kPriority | kPadded, 1, std::string("\2\0\0\0\1\5ab\0\0", 10)))
          .content,
      2u);
  EXPECT_EQ(parse_prefix(head_of(padded_data(1, "abc", 4)), {}).fault, Fault::short_input);
}

TEST(Frame, ErrorsHaveNames) {
  EXPECT_EQ(error_name(0), "NO_ERROR");
  EXPECT_EQ(error_name(8), "CANCEL");
  EXPECT_EQ(error_name(13), "HTTP_1_1_REQUIRED");
  EXPECT_EQ(error_name(14), "unknown");
  const Goaway away = parse_goaway(as_bytes(goaway(9, 11)).subspan(kFrameHeadBytes));
  EXPECT_EQ(away.last_stream, 9u);
  EXPECT_EQ(error_name(away.error_code), "ENHANCE_YOUR_CALM");
  EXPECT_EQ(parse_error_code(as_bytes(std::string("\0\0\0\7", 4))), 7u);
}

}  // namespace
}  // namespace spanlight::http2
