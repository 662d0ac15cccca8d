#include "http2/http2.h"

#include <gtest/gtest.h>

#include <tuple>

#include "core/testing/harness.h"
#include "core/ws/wire_for_tests.h"
#include "http2/connection.h"
#include "http2/wire_for_tests.h"

namespace spanlight::http2 {
namespace {

using namespace testing;
using spanlight::testing::Call;
using spanlight::testing::Conversation;
using spanlight::testing::Outcome;
using spanlight::testing::Play;

constexpr Direction kAsk = Direction::c2s, kAnswer = Direction::s2c;

std::string opening() {
  return std::string(kPreface) + settings(std::string("\0\3\0\0\0\x64", 6)) + window_update(0);
}

// Two ends that write, and what they wrote.
struct Lab {
  Peer client, server;
  Conversation said;

  explicit Lab(bool opened = true) {
    if (!opened) return;
    ask(opening());
    answer(settings() + settings_ack());
    ask(settings_ack());
  }
  Lab& ask(std::string bytes) {
    said.push_back({kAsk, std::move(bytes)});
    return *this;
  }
  Lab& answer(std::string bytes) {
    said.push_back({kAnswer, std::move(bytes)});
    return *this;
  }
  Lab& lose() {
    said.back().lost = true;
    return *this;
  }
  Outcome play(const Play& how = {}) const { return spanlight::testing::play(kDescriptor, said, how); }
};

void expect_sound(const Conversation& c, const Play& how = {}) {
  EXPECT_EQ(check_splits(kDescriptor, c, how), "");
  EXPECT_EQ(check_prefixes(kDescriptor, c, how), "");
  EXPECT_EQ(check_gaps(kDescriptor, c, how), "");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Http2, ACallIsPairedByItsStream) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/items?page=2"), true));
  lab.answer(lab.server.headers(1, ok()) + data(1, "hello") + data(1, "", true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.state, State::complete);
  EXPECT_EQ(c.reason, Reason::none);
  EXPECT_EQ(c.flags, 0u);
  EXPECT_EQ(c.version, "2");
  EXPECT_EQ(c.method, "GET");
  EXPECT_EQ(c.url, "/items?page=2");
  EXPECT_EQ(c.path, "/items");
  EXPECT_EQ(c.query, "page=2");
  EXPECT_EQ(c.summary, "GET /items");
  EXPECT_EQ(c.status, 200);
  EXPECT_EQ(c.request_headers, "user-agent: tester/1|x-tenant: acme|");
  EXPECT_EQ(c.response_headers, "content-type: text/plain|server: lab|");
  EXPECT_EQ(c.response_body, "hello");
  EXPECT_EQ(c.response_body_size, 5u);
  EXPECT_EQ(c.request_fields,
            "http_version=2|stream_id=1|authority=shop:8080|scheme=http|host=shop:8080|user_agent=tester/1|");
  EXPECT_FALSE(c.is_error);
  expect_sound(lab.said);
}

// Servers of gRPC speak first, and clients may take them for servers of HTTP/1.
TEST(Http2, AClientThatSpeaksOtherwiseIsLookedAtAfresh) {
  const std::string other = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const char* first : {"G", "P", "PRI * HTTP/1.1\r\n"}) {
    Lab lab(false);
    lab.answer(settings(std::string("\0\3\0\0\0\x64", 6)) + window_update(0));
    lab.ask(first + other.substr(1));
    const Outcome o = lab.play();
    EXPECT_TRUE(o.identified) << first;
    EXPECT_EQ(o.handed_over[0], first + other.substr(1));
    EXPECT_TRUE(o.calls.empty());
    EXPECT_EQ(check_splits(kDescriptor, lab.said), "");
  }
  // The preface, and requests behind one that was not seen.
  for (const bool prefaced : {true, false}) {
    Lab lab(false);
    lab.answer(settings());
    if (prefaced) lab.ask(opening());
    lab.ask(lab.client.headers(1, get("/"), true));
    lab.answer(settings_ack() + lab.server.headers(1, ok(), true));
    const Outcome o = lab.play();
    EXPECT_FALSE(o.identified) << prefaced;
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.calls[0].status, 200);
    EXPECT_EQ(o.calls[0].flags, 0u);
  }
  // Behind a preface there is no doubt who speaks.
  Lab lab;
  lab.ask(other + std::string(4'000, 'x'));
  EXPECT_FALSE(lab.play().identified);
}

// A client with prior knowledge asks a server that speaks HTTP/1 only.
TEST(Http2, AnAnswerInHttp1IsThatOfTheFirstCall) {
  const std::string refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno such method: PRI";
  enum class Asks { before, behind, half_before };
  for (const Asks when : {Asks::before, Asks::behind, Asks::half_before}) {
    Lab lab(false);
    lab.ask(opening());
    const std::string one = lab.client.headers(1, get("/a"), when != Asks::half_before);
    if (when == Asks::behind) lab.answer(refusal);
    lab.ask(one);
    if (when != Asks::behind) lab.answer(refusal);
    if (when == Asks::half_before) lab.ask(data(1, "body", true));
    lab.ask(lab.client.headers(3, get("/b"), true) + goaway(0, 1));
    const Outcome o = lab.play();
    EXPECT_FALSE(o.identified);
    ASSERT_EQ(o.calls.size(), 2u);
    EXPECT_EQ(o.calls[0].state, State::complete);
    EXPECT_EQ(o.calls[0].url, "/a");
    EXPECT_EQ(o.calls[0].status, 400);
    EXPECT_TRUE(o.calls[0].is_error);
    EXPECT_TRUE((o.calls[0].flags & kFlagMalformed) != 0);
    EXPECT_TRUE((o.calls[0].flags & kFlagTruncatedHeaders) != 0);
    EXPECT_EQ(o.calls[1].state, State::no_response);
    EXPECT_EQ(o.calls[1].url, "/b");
    EXPECT_EQ(o.counters.malformed, 0u);
    expect_sound(lab.said);
  }
  {  // Behind frames it is no answer.
    Lab lab;
    lab.ask(lab.client.headers(1, get("/a"), true));
    lab.answer(refusal);
    const Outcome o = lab.play();
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.calls[0].state, State::no_response);
  }
  // Behind an upgrade whose request was not seen comes HTTP/2.
  Lab lab(false);
  lab.ask(opening() + lab.client.headers(3, get("/a"), true));
  lab.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + settings() + settings_ack());
  lab.answer(lab.server.headers(3, ok(), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].status, 200);
}

TEST(Http2, StreamsInterleave) {
  Lab lab;
  std::string asks, answers;
  for (std::uint32_t s = 1; s < 80; s += 2) asks += lab.client.headers(s, get("/" + std::to_string(s)), true);
  lab.ask(asks);
  for (std::uint32_t s = 79; s < 80; s -= 2) answers += lab.server.headers(s, ok(s % 3 == 0 ? "404" : "200"));
  for (std::uint32_t s = 1; s < 80; s += 2) answers += data(s, "of " + std::to_string(s), true);
  lab.answer(answers);
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 40u);
  for (const Call& c : o.calls) {
    EXPECT_EQ(c.state, State::complete);
    EXPECT_EQ(c.response_body, "of " + c.path.substr(1));
    EXPECT_EQ(c.status, std::stoi(c.path.substr(1)) % 3 == 0 ? 404 : 200);
    EXPECT_EQ(c.error, c.status == 404 ? "404" : "");
  }
  EXPECT_EQ(check_splits(kDescriptor, lab.said), "");
}

TEST(Http2, FramesOfAllSorts) {
  Lab lab;
  const std::string block = lab.client.block(get("/upload", "POST"));
  // HEADERS with padding and priority, then two CONTINUATIONs, one of them empty.
  const std::string first =
      big_endian(3, 1) + big_endian(0, 4) + big_endian(15, 1) + block.substr(0, 7) + std::string(3, '\0');
  lab.ask(ping() + frame(FrameType::headers, kPadded | kPriority, 1, first) +
          frame(FrameType::continuation, 0, 1, block.substr(7)) +
          frame(FrameType::continuation, kEndHeaders, 1, ""));
  lab.ask(frame(FrameType::priority, 0, 1, "12345") + padded_data(1, "body", 9) +
          padded_data(1, "", 0, true) + frame(static_cast<FrameType>(0x10), 0, 0, "an extension"));
  lab.answer(lab.server.headers(1, {{":status", "103"}, {"link", "</a.css>"}}) + ping());
  lab.answer(in_turn({lab.server.headers(1, ok("201")), data(1, "done"), window_update(1),
                      lab.server.headers(1, {{"x-checksum", "7"}}, true)}));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.flags, 0u);
  EXPECT_EQ(c.method, "POST");
  EXPECT_EQ(c.request_body, "body");
  EXPECT_EQ(c.status, 201);
  EXPECT_EQ(c.response_headers, "content-type: text/plain|server: lab|x-checksum: 7|");
  EXPECT_TRUE(has(c.response_fields, "interim=103,"));
  EXPECT_EQ(o.counters.malformed, 0u);
  expect_sound(lab.said);
}

TEST(Http2, StreamsAreReset) {
  Lab lab;
  lab.ask(in_turn({lab.client.headers(1, get("/a"), true), lab.client.headers(3, get("/b"), true),
                   lab.client.headers(5, get("/c"), false)}));
  lab.answer(lab.server.headers(3, ok()) + data(3, "part"));
  lab.ask(rst_stream(1, 8) + rst_stream(3, 8));
  lab.answer(rst_stream(5, 2) + data(3, "late"));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].state, State::no_response);
  EXPECT_EQ(o.calls[0].reason, Reason::reset);
  EXPECT_EQ(o.calls[0].error, "stream reset by the client: CANCEL");
  EXPECT_EQ(o.calls[1].state, State::complete);
  EXPECT_FALSE(o.calls[1].is_error);
  EXPECT_TRUE(has(o.calls[1].response_fields, "reset=CANCEL"));
  EXPECT_EQ(o.calls[2].error, "stream reset by the server: INTERNAL_ERROR");
  expect_sound(lab.said);
}

TEST(Http2, WhoGoesAwaySaysWhatWasNotTaken) {
  Lab lab;
  lab.ask(in_turn({lab.client.headers(1, get("/a"), true), lab.client.headers(3, get("/b"), true)}));
  lab.answer(goaway(1, 0));
  lab.answer(lab.server.headers(1, ok("204"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].path, "/b");
  EXPECT_EQ(o.calls[0].state, State::no_response);
  EXPECT_EQ(o.calls[0].reason, Reason::closed);
  EXPECT_EQ(o.calls[0].error, "not taken, server goes away: NO_ERROR");
  EXPECT_EQ(o.calls[1].status, 204);
  expect_sound(lab.said);
}

TEST(Http2, PushedResponsesHaveTheirPromiseForARequest) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/"), true));
  lab.answer(in_turn(
      {frame(FrameType::push_promise, kEndHeaders, 1, big_endian(2, 4) + lab.server.block(get("/style.css"))),
       lab.server.headers(1, ok()), data(1, "page", true)}));
  lab.answer(lab.server.headers(2, ok()) + data(2, "style", true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].path, "/");
  EXPECT_EQ(o.calls[1].path, "/style.css");
  EXPECT_EQ(o.calls[1].state, State::complete);
  EXPECT_TRUE(has(o.calls[1].request_fields, "pushed=1"));
  expect_sound(lab.said);
}

TEST(Http2, TheAnswerToAnUpgradeHasItsRequestInHttp1) {
  Lab lab(false);
  lab.answer(settings() + lab.server.headers(1, ok()) + data(1, "hi", true));
  lab.ask(opening());
  lab.ask(lab.client.headers(3, get("/next"), true));
  lab.answer(lab.server.headers(3, ok(), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].state, State::no_request);
  EXPECT_EQ(o.calls[0].reason, Reason::unsolicited);
  EXPECT_EQ(o.calls[0].flags, 0u);
  EXPECT_TRUE(has(o.calls[0].response_fields, "upgraded=1"));
  EXPECT_EQ(o.calls[1].state, State::complete);
}

TEST(Http2, AnEarlyAnswerWaitsForItsRequestAWhile) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/up", "POST")) + data(1, "some"));
  lab.answer(lab.server.headers(1, ok("413"), true));
  lab.ask(data(1, "more", true));
  lab.ask(lab.client.headers(3, get("/up", "POST")) + data(3, "some"));
  lab.answer(lab.server.headers(3, ok("413"), true));
  lab.ask(ping());
  lab.said.back().pause = 2 * kSecondNs;
  const Outcome o = lab.play({.close_at_all = true});
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].request_body, "somemore");
  EXPECT_EQ(o.calls[1].request_body, "some");
  EXPECT_EQ(o.calls[1].state, State::complete);
  EXPECT_EQ(o.calls[1].error, "413");
}

TEST(Http2, AnAnswerThatBeganBeforeItsRequestIsItsAnswerAllTheSame) {
  Lab lab;
  lab.answer(lab.server.headers(1, ok()));
  lab.ask(lab.client.headers(1, get("/late"), true));
  lab.answer(data(1, "some", true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_EQ(o.calls[0].path, "/late");
  EXPECT_EQ(o.calls[0].flags, std::uint32_t{kFlagMalformed});
  EXPECT_FALSE(has(o.calls[0].response_fields, "upgraded=1"));
}

TEST(Http2, ARequestWithoutAnAnswerIsGivenUp) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/slow"), true));
  lab.ask(ping());
  lab.said.back().pause = 61 * kSecondNs;
  lab.answer(lab.server.headers(1, ok(), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].reason, Reason::unanswered);
  EXPECT_EQ(o.calls[0].error, "no response: unanswered");
  EXPECT_EQ(o.calls[1].state, State::no_request);
  EXPECT_EQ(o.calls[1].reason, Reason::evicted);
}

TEST(Http2, StreamsThatLiveForHoursAreOneCall) {
  Lab lab;
  Pairs call = grpc_call("/etcd.Watch/Watch");
  call.pop_back();  // no deadline
  lab.ask(lab.client.headers(1, call) + data(1, grpc_message("watch"), true));
  for (int hour = 0; hour < 5; ++hour) {
    lab.answer((hour == 0 ? lab.server.headers(1, grpc_ok()) : "") + data(1, grpc_message("event")));
    lab.said.back().pause = 3'600 * kSecondNs;
  }
  lab.answer(lab.server.headers(1, grpc_trailers("0"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_TRUE(has(o.calls[0].response_fields, "grpc_messages=5|"));
}

TEST(Http2, ConnectionsEnd) {
  for (const auto& [how, reason, flags] :
       {std::tuple{End::reset, Reason::reset, kFlagMalformed},
        std::tuple{End::capture_ended, Reason::capture_ended, kFlagTruncatedBody},
        std::tuple{End::shed, Reason::lost_in_sensor, kFlagGap}}) {
    Lab lab;
    lab.ask(in_turn({lab.client.headers(1, get("/a"), true), lab.client.headers(3, get("/b"), true)}));
    lab.answer(lab.server.headers(1, ok()) + data(1, "part"));
    const Outcome o = lab.play({.close = how});
    ASSERT_EQ(o.calls.size(), 2u);
    EXPECT_EQ(o.calls[0].state, State::complete);
    EXPECT_NE(o.calls[0].flags & flags, 0u);
    EXPECT_EQ(o.calls[1].state, State::no_response);
    EXPECT_EQ(o.calls[1].reason, reason);
  }
}

// ---- gRPC ----

TEST(Http2Grpc, AUnaryCall) {
  Lab lab;
  lab.ask(lab.client.headers(1, grpc_call("/helloworld.Greeter/SayHello")) + data(1,
                                                                                  grpc_message("\x0a\x03"
                                                                                               "you"),
                                                                                  true));
  lab.answer(in_turn({lab.server.headers(1, grpc_ok()),
                      data(1, grpc_message("\x0a\x05"
                                           "hello")),
                      lab.server.headers(1, grpc_trailers("0"), true)}));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  const Call& c = o.calls[0];
  EXPECT_EQ(c.summary, "helloworld.Greeter/SayHello");
  EXPECT_TRUE(
      has(c.request_fields,
          "grpc_service=helloworld.Greeter|grpc_method=SayHello|grpc_type=unary|grpc_timeout_us=250000|"
          "grpc_messages=1|grpc_message_bytes=5|"))
      << c.request_fields;
  EXPECT_EQ(c.response_fields, "grpc_messages=1|grpc_message_bytes=7|grpc_status=0|");
  EXPECT_FALSE(c.is_error);
  expect_sound(lab.said);
}

TEST(Http2Grpc, ErrorsComeInTrailersAlone) {
  Lab lab;
  lab.ask(lab.client.headers(1, grpc_call("/shop.Cart/Get")) + data(1, grpc_message("x"), true));
  Pairs only = grpc_ok();
  only.emplace_back("grpc-status", "5");
  only.emplace_back("grpc-message", "no such%20cart");
  lab.answer(lab.server.headers(1, only, true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].status, 200);
  EXPECT_TRUE(o.calls[0].is_error);
  EXPECT_EQ(o.calls[0].error, "NOT_FOUND: no such cart");
  EXPECT_TRUE(
      has(o.calls[0].response_fields, "grpc_status=5|grpc_message=no such cart|grpc_status_name=NOT_FOUND|"));
  expect_sound(lab.said);
}

TEST(Http2Grpc, StreamsOfBothSides) {
  Lab lab;
  lab.ask(lab.client.headers(1, grpc_call("/chat.Chat/Talk")));
  lab.answer(lab.server.headers(1, grpc_ok()));
  for (int i = 0; i < 3; ++i) {
    const std::string message = grpc_message(std::string(40, 'a'));
    lab.ask(data(1, message.substr(0, 7)) + data(1, message.substr(7)));  // frames cut messages anywhere
    lab.answer(data(1, message + grpc_message("b", 1)));
  }
  lab.ask(data(1, "", true));
  lab.answer(lab.server.headers(1, grpc_trailers("0"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_TRUE(has(o.calls[0].request_fields, "grpc_type=bidi_stream"));
  EXPECT_TRUE(has(o.calls[0].request_fields, "grpc_messages=3|grpc_message_bytes=120|"));
  EXPECT_TRUE(has(o.calls[0].response_fields, "grpc_messages=6|grpc_message_bytes=123|grpc_compressed=1|"));
  expect_sound(lab.said);
}

TEST(Http2Grpc, AnAnswerWithoutAStatusIsAnError) {
  Lab lab;
  lab.ask(lab.client.headers(1, grpc_call("/shop.Cart/Get")) + data(1, grpc_message("x"), true));
  lab.answer(lab.server.headers(1, grpc_ok()) + data(1, grpc_message("half of it"), true));
  lab.ask(lab.client.headers(3, grpc_call("/shop.Cart/Get")) + data(3, grpc_message("x"), true));
  lab.answer(lab.server.headers(3, grpc_ok()) + data(3, grpc_message("cut")));  // not ended: nobody knows
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_TRUE(o.calls[0].is_error);
  EXPECT_EQ(o.calls[0].error, "no grpc-status");
  EXPECT_NE(o.calls[1].error, "no grpc-status");
  expect_sound(lab.said);
}

TEST(Http2Grpc, OfABodyThatCameBeforeItWasKnownToBeGrpcNothingIsCounted) {
  const std::string body = grpc_message("hello") + grpc_message(std::string(2'000, 'x'));
  Lab lab;
  lab.ask(in_turn({lab.client.headers(1, get("/a.B/C", "POST")), data(1, body, true)}));
  lab.answer(in_turn({lab.server.headers(1, grpc_ok()), data(1, grpc_message("y")),
                      lab.server.headers(1, grpc_trailers("0"), true)}));
  Play how;
  how.limits.body_preview_bytes = 0;  // so that it passes by counter
  for (const Play& each : {Play{}, how}) {
    const Outcome o = lab.play(each);
    ASSERT_EQ(o.calls.size(), 1u);
    EXPECT_TRUE(has(o.calls[0].request_fields, "grpc_messages=0|grpc_message_bytes=0|grpc_messages_lost=1|"));
    EXPECT_TRUE(has(o.calls[0].response_fields, "grpc_messages=1|grpc_message_bytes=1|"));
    EXPECT_EQ(check_splits(kDescriptor, lab.said, each), "");
  }
}

TEST(Http2Grpc, GrpcWebHasItsTrailersInTheBody) {
  Lab lab;
  Pairs call = grpc_call("/shop.Cart/Get"), answer = grpc_ok();
  call[5].second = answer[1].second = "application/grpc-web+proto";
  lab.ask(lab.client.headers(1, call) + data(1, grpc_message("x"), true));
  lab.answer(lab.server.headers(1, answer) + data(1, grpc_message("yes")) +
             data(1, grpc_message("grpc-status: 7\r\ngrpc-message:not you\r\n", '\x80'), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].error, "PERMISSION_DENIED: not you");
  EXPECT_TRUE(has(o.calls[0].response_fields, "grpc_messages=1|"));
  expect_sound(lab.said);
}

TEST(Http2Grpc, GrpcWebMayBeResetBehindItsTrailers) {
  Lab lab;
  Pairs call = grpc_call("/shop.Cart/Get"), answer = grpc_ok();
  call[5].second = answer[1].second = "application/grpc-web+proto";
  const std::string trailers = grpc_message("grpc-status: 15\r\ngrpc-message: gone\r\n", '\x80');
  for (const std::uint32_t stream : {1u, 3u}) {
    lab.ask(lab.client.headers(stream, call) + data(stream, grpc_message("x"), true));
    lab.answer(lab.server.headers(stream, answer) +
               data(stream, stream == 1 ? trailers : trailers.substr(0, 19)));  // "grpc-status: 1"
    lab.ask(rst_stream(stream, 2));
  }
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].error, "DATA_LOSS: gone");
  EXPECT_TRUE(has(o.calls[0].response_fields, "reset=INTERNAL_ERROR|"));
  EXPECT_EQ(o.calls[1].error, "stream reset by the client: INTERNAL_ERROR");
  expect_sound(lab.said);
}

TEST(Http2Grpc, GrpcWebMayBeText) {
  Lab lab;
  Pairs call = grpc_call("/shop.Cart/Get"), answer = grpc_ok();
  call[5].second = answer[1].second = "application/grpc-web-text";
  lab.ask(lab.client.headers(1, call) + data(1, "AAAAAAF4", true));  // one message, "x"
  lab.answer(lab.server.headers(1, answer) + data(1, "AAAAAAF4"));
  lab.answer(data(1, "gAAAABBncnBjLXN0YXR1czogNQ0K", true));  // "grpc-status: 5"
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].error, "NOT_FOUND");
  EXPECT_TRUE(has(o.calls[0].request_fields, "grpc_messages=1|grpc_message_bytes=1|"));
  EXPECT_TRUE(has(o.calls[0].response_fields, "grpc_messages=1|"));
  expect_sound(lab.said);
}

// ---- holes ----

TEST(Http2Holes, AHoleInDataChangesNothingElse) {
  for (const bool skipped : {false, true}) {
    Lab lab;
    lab.ask(lab.client.headers(1, get("/big"), true));
    const std::string body = data(1, std::string(3'000, 'x'), true);
    lab.answer(lab.server.headers(1, ok()) + body.substr(0, 1'000));
    lab.answer(body.substr(1'000, 1'000)).lose();
    lab.answer(body.substr(2'000));
    lab.ask(lab.client.headers(3, get("/next"), true));
    lab.answer(lab.server.headers(3, ok(), true));
    Play how;
    if (skipped) how.limits.body_preview_bytes = 10;
    const Outcome o = lab.play(how);
    ASSERT_EQ(o.calls.size(), 2u);
    EXPECT_EQ(o.calls[0].state, State::complete);
    EXPECT_EQ(o.calls[0].response_body_size, 3'000u);
    EXPECT_NE(o.calls[0].flags & kFlagGap, 0u);
    EXPECT_EQ(o.calls[1].flags, 0u);
    EXPECT_EQ(o.calls[1].request_headers, "user-agent: tester/1|x-tenant: acme|");
    EXPECT_EQ(o.counters.resyncs, 0u);
    EXPECT_GT(o.skipped_bytes, 0u);
    EXPECT_EQ(check_splits(kDescriptor, lab.said, how), "");
  }
}

TEST(Http2Holes, BehindALostRequestHeadersComeBack) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/one"), true));
  lab.answer(lab.server.headers(1, ok(), true));
  lab.ask(lab.client.headers(3, get("/two"), true)).lose();
  lab.answer(lab.server.headers(3, ok(), true));
  for (std::uint32_t s = 5; s < 11; s += 2) {
    Pairs request = get("/" + std::to_string(s));
    request.emplace_back("x-request-id", std::to_string(s));
    lab.ask(lab.client.headers(s, request, true));
    lab.answer(lab.server.headers(s, ok(), true));
  }
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 5u);
  EXPECT_EQ(o.calls[0].flags, 0u);
  EXPECT_EQ(o.calls[1].state, State::no_request);
  EXPECT_EQ(o.calls[1].reason, Reason::lost_in_mirror);
  EXPECT_NE(o.calls[1].flags & kFlagGap, 0u);
  for (std::size_t i = 2; i < 5; ++i) {
    const Call& c = o.calls[i];
    EXPECT_EQ(c.state, State::complete);
    EXPECT_EQ(c.method, "GET");
    EXPECT_EQ(c.path, "/" + std::to_string(2 * i + 1));
    EXPECT_EQ(c.status, 200);
    EXPECT_EQ(c.request_id, std::to_string(2 * i + 1));
    EXPECT_NE(c.flags & kFlagGap, 0u) << "the authority is unknown";
    EXPECT_FALSE(has(c.request_headers, "tester")) << c.request_headers;
  }
  expect_sound(lab.said);
}

TEST(Http2Holes, ALostResponseIsSaidToBeLost) {
  Lab lab;
  lab.ask(in_turn({lab.client.headers(1, get("/one"), true), lab.client.headers(3, get("/two"), true)}));
  lab.answer(lab.server.headers(1, ok(), true)).lose();
  lab.answer(lab.server.headers(3, ok()) + data(3, "two", true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].path, "/two");
  EXPECT_EQ(o.calls[0].status, 200);
  EXPECT_EQ(o.calls[1].path, "/one");
  EXPECT_EQ(o.calls[1].state, State::no_response);
  EXPECT_EQ(o.calls[1].reason, Reason::lost_in_mirror);
  EXPECT_NE(o.calls[1].flags & kFlagGap, 0u);
  expect_sound(lab.said);
}

TEST(Http2Holes, JoinedMidstreamCallsArePartialAndNeverWrong) {
  Lab lab;
  for (std::uint32_t s = 1; s < 9; s += 2) {
    lab.ask(lab.client.headers(s, grpc_call("/a.B/C")) + data(s, grpc_message("x"), true));
    lab.answer(in_turn({lab.server.headers(s, grpc_ok()), data(s, grpc_message("y")),
                        lab.server.headers(s, grpc_trailers("0"), true)}));
  }
  Conversation joined = {{kAsk, "gone"}, {kAnswer, "gone"}};
  joined[0].lost = joined[1].lost = true;
  joined.insert(joined.end(), lab.said.begin() + 5, lab.said.end());
  const Outcome o = spanlight::testing::play(kDescriptor, joined, {});
  ASSERT_EQ(o.calls.size(), 3u);
  for (const Call& c : o.calls) {
    EXPECT_EQ(c.state, State::complete);
    EXPECT_EQ(c.method, "POST") << "from the static table";
    EXPECT_EQ(c.path, "/a.B/C") << "sent as it is";
    EXPECT_FALSE(has(c.request_fields, "authority")) << "only its index is sent";
    EXPECT_NE(c.flags & kFlagTruncatedHeaders, 0u);
    EXPECT_EQ(c.request_body, grpc_message("x"));
    EXPECT_EQ(c.status, 200);
  }
  EXPECT_EQ(check_splits(kDescriptor, joined), "");
}

TEST(Http2Holes, AHoleInABodyThatPassesIsToldThoughTheStreamIsResetBeforeItsEnd) {
  const std::string frame = data(1, std::string(2'000, 'x'), true);
  Lab lab;
  lab.ask(lab.client.headers(1, get("/upload", "POST")) + frame.substr(0, 100));
  lab.ask(frame.substr(100, 50));
  lab.ask(frame.substr(150, 500)).lose();
  lab.answer(lab.server.headers(1, ok("413")) + rst_stream(1, 8));
  Play how;
  how.limits.body_preview_bytes = 0;
  const Outcome o = lab.play(how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_GT(o.skipped_bytes, 0u);
  EXPECT_NE(o.calls[0].flags & kFlagGap, 0u);
  EXPECT_EQ(check_splits(kDescriptor, lab.said, how), "");
}

TEST(Http2Holes, DataOfStreamsWhoseBeginningIsMissingIsNotSilent) {
  Lab lab(false);
  lab.ask("gone").lose();
  lab.answer("gone").lose();
  lab.answer(data(7, grpc_message("event")) + data(7, grpc_message("event")));
  lab.answer(lab.server.headers(7, grpc_trailers("0"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::no_request);
  EXPECT_EQ(o.calls[0].reason, Reason::lost_in_mirror);
  EXPECT_TRUE(has(o.calls[0].response_headers, "grpc-status: 0"));
  EXPECT_EQ(o.calls[0].response_body_size, 20u);
}

// ---- what is malformed, and limits ----

TEST(Http2Limits, MalformedFramesCostWhatIsOpenAndFramesAreFoundAgain) {
  Lab lab;
  lab.ask(lab.client.headers(1, get("/one"), true) + data(0, "nobody's"));
  lab.ask(lab.client.headers(3, get("/two"), true));
  lab.answer(in_turn({lab.server.headers(1, ok(), true), lab.server.headers(3, ok(), true)}));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.counters.malformed, 1u);
  EXPECT_EQ(o.calls[1].path, "/two");
  EXPECT_EQ(o.calls[1].state, State::complete);
  EXPECT_EQ(check_splits(kDescriptor, lab.said), "");
}

TEST(Http2Limits, AHeaderBombIsCutAndCounted) {
  Lab lab;
  Pairs bomb = get("/bomb");
  bomb.emplace_back("x-large", std::string(3'000, 'l'));
  lab.ask(lab.client.headers(1, bomb, true));
  std::string many = lab.client.block(get("/bomb"));
  const std::string one = lab.client.block({{"x-large", std::string(3'000, 'l')}});  // an index
  for (int i = 0; i < 6'000; ++i) many += one;
  lab.ask(frame(FrameType::headers, kEndHeaders | kEndStream, 3, many));
  lab.ask(lab.client.headers(5, get("/after"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].flags & kFlagTruncatedHeaders, 0u);
  EXPECT_NE(o.calls[1].flags & kFlagTruncatedHeaders, 0u);
  EXPECT_EQ(o.calls[2].path, "/after");
  EXPECT_EQ(o.counters.headers_truncated, 1u);
  EXPECT_EQ(o.counters.blocks_exceeded, 1u);
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Http2Limits, AFloodOfContinuationsIsLeftUnread) {
  Lab lab;
  const std::string block = lab.client.block(get("/flood"));
  std::string flood = frame(FrameType::headers, kEndStream, 1, block);
  for (int i = 0; i < 1'000; ++i) flood += frame(FrameType::continuation, 0, 1, "");
  lab.ask(flood + frame(FrameType::continuation, kEndHeaders, 1, ""));
  lab.ask(lab.client.headers(3, get("/after"), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].path, "/flood");
  EXPECT_NE(o.calls[0].flags & kFlagTruncatedHeaders, 0u);
  EXPECT_EQ(o.counters.blocks_exceeded, 1u);
  EXPECT_EQ(o.calls[1].path, "/after");
}

TEST(Http2Limits, StreamsThatEndedEarlyAreNobodysHoweverManyTheyAre) {
  Lab lab;
  constexpr std::uint32_t kStreams = 400;
  std::string asked, given_up, late;
  for (std::uint32_t s = 1; s < 2 * kStreams; s += 2) {
    asked += lab.client.headers(s, get("/" + std::to_string(s)), true);
    given_up += rst_stream(s, 8);
    late += lab.server.headers(s, ok(), true);
  }
  lab.ask(asked + given_up).answer(late);
  lab.ask(lab.client.headers(2 * kStreams + 1, get("/next"), true));
  lab.answer(lab.server.headers(2 * kStreams + 1, ok(), true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), kStreams + 1);
  for (const Call& c : std::span(o.calls).first(kStreams)) EXPECT_EQ(c.reason, Reason::reset);
  EXPECT_EQ(o.calls.back().state, State::complete);
}

TEST(Http2Limits, AFloodOfGoawayIsActedOnSixteenTimes) {
  Lab lab;
  std::string asked, goes;
  for (std::uint32_t s = 1; s < 100; s += 2)
    asked += lab.client.headers(s, get("/" + std::to_string(s)), true);
  for (std::uint32_t s = 98; s > 40; --s) goes += goaway(s, 0);
  lab.ask(asked).answer(goaway(0x7fffffff, 0) + goes);
  const Outcome o = lab.play({.close_at_all = false});
  ASSERT_EQ(o.calls.size(), 8u);  // 99, 97 … 85
  for (const Call& c : o.calls) EXPECT_EQ(c.error, "not taken, server goes away: NO_ERROR");
}

TEST(Http2Limits, AFloodOfStreamsEvictsTheOldest) {
  Lab lab;
  std::string flood;
  for (std::uint32_t s = 1; s < 2'000; s += 2)
    flood += lab.client.headers(s, get("/" + std::to_string(s)), true);
  lab.ask(flood);
  Play how;
  how.limits.open_calls_max = 100;
  const Outcome o = lab.play(how);
  EXPECT_EQ(o.calls.size(), 1'000u);
  EXPECT_EQ(o.counters.open_calls_exceeded, 900u);
  EXPECT_EQ(o.calls[0].reason, Reason::evicted);
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Http2Limits, LittleMemoryIsSurvivedAndCounted) {
  Lab lab;
  for (std::uint32_t s = 1; s < 400; s += 2)
    lab.ask(lab.client.headers(s, get("/" + std::to_string(s)), false) + data(s, std::string(2'000, 'b')));
  for (const std::size_t pages : {0u, 1u, 2u, 4u}) {
    const Outcome o = lab.play({.state_bytes = pages * SlabPool::kPageBytes});
    EXPECT_GT(o.counters.state_exhausted, 0u) << pages;
    EXPECT_EQ(o.used_bytes, 0u);
    EXPECT_TRUE(o.violations.empty());
  }
}

// Its length begins as the preface does.
TEST(Http2, AFrameThatBeginsAsThePrefaceIsReadHoweverItIsCut) {
  const Conversation c = {{Direction::c2s, std::string("PyI\1\0\0\0\1\1x", 10)}};
  EXPECT_EQ(spanlight::testing::check_splits(kDescriptor, c), "");
}

// RFC 8441: DATA of the stream are frames of WebSocket; what they are cut into means nothing.
Conversation socket_talk() {
  Lab lab;
  const auto ask = [](ws::Opcode opcode, std::string_view text) { return ws::testing::ask(opcode, text); };
  ws::testing::Deflater deflater;
  lab.ask(lab.client.headers(1, {{":method", "CONNECT"},
                                 {":protocol", "websocket"},
                                 {":scheme", "http"},
                                 {":path", "/chat"},
                                 {":authority", "shop"}}));
  lab.answer(lab.server.headers(1, {{":status", "200"},
                                    {"sec-websocket-protocol", "chat"},
                                    {"sec-websocket-extensions", "permessage-deflate"}}));
  const std::string hello = ask(ws::Opcode::text, "hello, server");
  lab.ask(data(1, hello.substr(0, 1)) + data(1, hello.substr(1, 7)));
  lab.ask(padded_data(1, hello.substr(8) + ask(ws::Opcode::ping, "p"), 5));
  lab.answer(
      data(1, ws::testing::frame(ws::Opcode::text, deflater.message("{\"n\":1}"), {.compressed = true})));
  lab.answer(
      data(1, ws::testing::frame(ws::Opcode::text, deflater.message("{\"n\":1}"), {.compressed = true})));
  lab.answer(data(1, ws::testing::frame(ws::Opcode::close, ws::testing::close_payload(1'000)), true));
  lab.ask(data(1, ask(ws::Opcode::close, ws::testing::close_payload(1'000)), true));
  return lab.said;
}

TEST(Http2, WebSocketOnAStream) {
  const Outcome o = spanlight::testing::play(kDescriptor, socket_talk());
  std::string all;
  for (const Call& c : o.calls)
    all += c.summary + " [" + c.request_body.substr(0, 20) + "] " + std::to_string(c.flags) + "\n";
  EXPECT_EQ(all,
            "text [hello, server] 0\nping [p] 0\ntext [{\"n\":1}] 0\ntext [{\"n\":1}] 0\n"
            "close [\x03\xe8] 0\nclose [\x03\xe8] 0\nCONNECT /chat [] 0\n");
  EXPECT_NE(o.calls[0].request_fields.find(
                "direction=c2s|fin=1|payload_length=13|length=13|stream_id=1|subprotocol=chat"),
            std::string::npos);
  expect_sound(socket_talk());
}

TEST(Http2, AHoleInAWebSocketTouchesItsMessage) {
  Conversation talk = socket_talk();
  // The compressed message that the second one quotes.
  talk[7].lost = true;
  const Outcome o = spanlight::testing::play(kDescriptor, talk);
  for (const Call& c : o.calls) {
    const bool quotes = c.summary == "text" && c.request_body.starts_with("{");
    EXPECT_TRUE(!quotes || (c.flags & kFlagGap) != 0) << c.text();
  }
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Http2, GraphqlIsToldAsSuch) {
  Lab lab;
  const std::string body = R"({"query":"mutation Buy($id: ID!) { buy(id: $id) }","variables":{"id":"7"}})";
  Pairs post = get("/anything", "POST");
  post.emplace_back("content-type", "application/json");
  lab.ask(lab.client.headers(1, post));
  lab.ask(data(1, body, true));
  lab.answer(lab.server.headers(1, {{":status", "200"}, {"content-type", "application/json"}}));
  lab.answer(data(1, R"({"errors":[{"message":"sold out"}],"data":null})", true));
  const Outcome o = lab.play();
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].summary, "mutation Buy");
  EXPECT_EQ(o.calls[0].error, "sold out");
  EXPECT_TRUE(o.calls[0].is_error);
  EXPECT_EQ(o.calls[0].version, "2");
  EXPECT_NE(
      o.calls[0].request_fields.find(
          "operation=mutation|operation_name=Buy|variables=id,|variable_count=1|http_version=2|stream_id=1|"),
      std::string::npos);
}

}  // namespace
}  // namespace spanlight::http2
