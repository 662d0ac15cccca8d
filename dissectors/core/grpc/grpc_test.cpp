#include "core/grpc/grpc.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "core/grpc/wire_for_tests.h"

namespace spanlight::grpc {
namespace {

using namespace testing;

TEST(Grpc, KindIsToldByTheContentType) {
  for (const auto& [type, kind] :
       std::initializer_list<std::pair<std::string_view, Kind>>{{"application/grpc", Kind::grpc},
                                                                {"application/grpc+proto", Kind::grpc},
                                                                {"application/grpc; x=y", Kind::grpc},
                                                                {"application/grpc-web", Kind::web},
                                                                {"application/grpc-web+proto", Kind::web},
                                                                {"application/grpc-web-text", Kind::web_text},
                                                                {"application/grpcish", Kind::none},
                                                                {"application/json", Kind::none},
                                                                {"", Kind::none}})
    EXPECT_EQ(kind_of(type), kind) << type;
}

TEST(Grpc, TargetsNameServiceAndMethod) {
  EXPECT_EQ(target_of("/helloworld.Greeter/SayHello").service, "helloworld.Greeter");
  EXPECT_EQ(target_of("/helloworld.Greeter/SayHello").method, "SayHello");
  EXPECT_EQ(target_of("/a/b/C").service, "a/b");
  for (const std::string_view none : {"", "/", "/only", "a/b"}) EXPECT_EQ(target_of(none).method, "") << none;
}

TEST(Grpc, TimeoutsAreNanoseconds) {
  EXPECT_EQ(timeout_of("250m"), 250 * kMillisecondNs);
  EXPECT_EQ(timeout_of("1H"), 3'600 * kSecondNs);
  EXPECT_EQ(timeout_of("2M"), 120 * kSecondNs);
  EXPECT_EQ(timeout_of("3S"), 3 * kSecondNs);
  EXPECT_EQ(timeout_of("19986484u"), 19'986'484 * kMicrosecondNs);
  EXPECT_EQ(timeout_of("7n"), 7u);
  for (const std::string_view bad : {"", "m", "1", "123456789m", "1x", "-1m", "1 m"})
    EXPECT_EQ(timeout_of(bad), std::nullopt) << bad;
}

TEST(Grpc, MessagesOfStatusesAreDecoded) {
  std::array<char, 64> room;
  EXPECT_EQ(percent_decode("no such%20thing: %C3%A9", room), "no such thing: \xc3\xa9");
  EXPECT_EQ(percent_decode("100%", room), "100%");
  EXPECT_EQ(percent_decode("%zz%4", room), "%zz%4");
  EXPECT_EQ(percent_decode("12345", std::span(room).first(3)), "123");
  EXPECT_EQ(status_name(5), "NOT_FOUND");
  EXPECT_EQ(status_name(17), "");
  EXPECT_EQ(status_name(-1), "");
}

TEST(Grpc, MessagesAreCountedHoweverTheyAreCut) {
  const std::string stream =
      grpc_message("hello") + grpc_message("") + grpc_message(std::string(300, 'x'), 1);
  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    MessageWalk walk;
    for (std::size_t at = 0; at < stream.size(); at += cut) walk.read(as_bytes(stream.substr(at, cut)));
    EXPECT_EQ(walk.messages(), 3u) << cut;
    EXPECT_EQ(walk.message_bytes(), 305u);
    EXPECT_TRUE(walk.any_compressed());
    EXPECT_FALSE(walk.lost());
    EXPECT_EQ(walk.unread(), 0u);
  }
}

TEST(Grpc, AHoleInAMessageIsNoneBetweenMessages) {
  MessageWalk walk;
  walk.read(as_bytes(grpc_message(std::string(100, 'x')).substr(0, 10)));
  EXPECT_EQ(walk.unread(), 95u);
  walk.pass(95);
  walk.read(as_bytes(grpc_message("next")));
  EXPECT_EQ(walk.messages(), 2u);
  EXPECT_FALSE(walk.lost());
  walk.pass(1);
  EXPECT_TRUE(walk.lost());
  walk.read(as_bytes(grpc_message("more")));
  EXPECT_EQ(walk.messages(), 2u);
}

TEST(Grpc, TrailersOfGrpcWebAreNotPassedUnread) {
  MessageWalk walk;
  const std::string trailers = grpc_message("grpc-status: 5\r\n" + std::string(400, 'x'), '\x80');
  EXPECT_EQ(walk.read(as_bytes(trailers.substr(0, 30))).size(), 25u);
  EXPECT_EQ(walk.unread(), 0u);
}

TEST(Grpc, WhatIsNoMessageIsNotCounted) {
  MessageWalk walk;
  walk.read(as_bytes("GET / HTTP/1.1"));
  EXPECT_TRUE(walk.lost());
  EXPECT_EQ(walk.messages(), 0u);
}

TEST(Grpc, TextIsDecodedHoweverItIsCut) {
  const std::string text = "aGVsbG8=d29ybGQh\r\nIQ==";  // "hello", "world!", "!"
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    Base64 base64;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += cut) {
      const std::string piece = text.substr(at, cut);
      Bytes left = as_bytes(piece);
      std::array<std::uint8_t, 5> room;  // less than a piece may give
      while (!left.empty()) out += as_text(base64.read(left, room));
    }
    EXPECT_EQ(out, "helloworld!!") << cut;
  }
}

TEST(Grpc, TrailersOfGrpcWebComeAsTheLastMessage) {
  const std::string stream = grpc_message("hello") + grpc_message("grpc-status: 5\r\n", '\x80');
  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    MessageWalk walk;
    std::string trailers;
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      const std::string piece = stream.substr(at, cut);
      trailers += as_text(walk.read(as_bytes(piece)));
    }
    EXPECT_EQ(trailers, "grpc-status: 5\r\n") << cut;
    EXPECT_EQ(walk.messages(), 1u);
  }
}

}  // namespace
}  // namespace spanlight::grpc
