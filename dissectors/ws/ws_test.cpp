#include "ws/ws.h"

#include <gtest/gtest.h>

#include "core/testing/harness.h"
#include "core/ws/wire_for_tests.h"

namespace spanlight::ws {
namespace {

namespace session = spanlight::testing;
using session::Conversation;
using session::Outcome;
using session::Play;
using testing::ask;
using testing::close_payload;
using testing::Deflater;
using testing::frame;

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;
constexpr std::string_view kDeflate = "permessage-deflate";

Play with(const Handover& handover) {
  Play how;
  how.handover = &handover;
  return how;
}

std::string brief(const Outcome& o) {
  std::string out;
  for (const session::Call& c : o.calls) {
    out += c.request_fields + " [" + c.request_body.substr(0, 80) + "] " + std::to_string(c.flags) +
           (c.is_error ? " " + c.error : "") + "\n";
  }
  return out;
}

std::string fields(int opcode, const char* type, const char* from, std::size_t bytes) {
  return "opcode=" + std::to_string(opcode) + "|type=" + type + "|direction=" + from +
         "|fin=1|payload_length=" + std::to_string(bytes) + "|length=" + std::to_string(bytes) + "|";
}

void check_all_ways(const Conversation& talk, const Play& how) {
  EXPECT_EQ(check_splits(kDescriptor, talk, how), "");
  EXPECT_EQ(check_prefixes(kDescriptor, talk, how), "");
  EXPECT_EQ(check_gaps(kDescriptor, talk, how), "");
}

Conversation plain_talk() {
  return {{kC, ask(Opcode::text, "hello")},
          {kS, frame(Opcode::text, "{\"a\":1}")},
          {kS, frame(Opcode::ping, "p")},
          {kC, ask(Opcode::pong, "p")},
          {kC, ask(Opcode::binary, "one ", {.fin = false})},
          {kC, ask(Opcode::ping, "") + ask(Opcode::continuation, "two ", {.fin = false})},
          {kC, ask(Opcode::continuation, "three")},
          {kS, frame(Opcode::close, close_payload(1'011, "broke"))},
          {kC, ask(Opcode::close, "")}};
}

TEST(Ws, OneRecordAMessage) {
  const Handover plain = testing::handover("", "chat");
  const Outcome o = play(kDescriptor, plain_talk(), with(plain));
  const std::string chat = "subprotocol=chat|";
  EXPECT_EQ(brief(o), fields(1, "text", "c2s", 5) + chat + "text=hello| [hello] 0\n" +  //
                          fields(1, "text", "s2c", 7) + chat + " [{\"a\":1}] 0\n" +     //
                          fields(9, "ping", "s2c", 1) + chat + " [p] 0\n" +             //
                          fields(10, "pong", "c2s", 1) + chat + " [p] 0\n" +            //
                          fields(9, "ping", "c2s", 0) + chat + " [] 0\n" +              //
                          fields(2, "binary", "c2s", 13) + "fragments=3|" + chat + " [one two three] 0\n" +
                          fields(8, "close", "s2c", 7) + chat + "close_code=1011|close_reason=broke| [" +
                          close_payload(1'011, "broke") + "] 0 broke\n" + fields(8, "close", "c2s", 0) +
                          chat + " [] 0\n");
  for (const session::Call& c : o.calls) EXPECT_EQ(c.state, State::one_way);
  EXPECT_EQ(o.counters.malformed, 0u);
}

TEST(Ws, CutsHolesAndRests) {
  const Handover plain = testing::handover();
  check_all_ways(plain_talk(), with(plain));
  EXPECT_GT(play(kDescriptor, plain_talk(), with(plain)).parked, 0u);
}

TEST(Ws, LargeMessagesPassByCounter) {
  const Handover plain = testing::handover();
  Play how = with(plain);
  how.limits.body_preview_bytes = 1'000;
  how.cut_bytes = 1'400;
  const std::string large(100'000, 'x');
  const Conversation talk = {
      {kC, ask(Opcode::binary, large)}, {kS, frame(Opcode::text, large)}, {kC, ask(Opcode::text, "end")}};
  const Outcome o = play(kDescriptor, talk, how);
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].request_body, large.substr(0, 1'000));
  EXPECT_EQ(o.calls[0].flags, kFlagTruncatedBody);
  EXPECT_EQ(o.calls[0].request_size, large.size() + 14);
  EXPECT_GT(o.skipped_bytes, 190'000u);
  EXPECT_EQ(o.calls[2].request_body, "end");
  EXPECT_EQ(check_splits(kDescriptor, talk, how), "");
}

// Who agreed on 512 bytes and quotes what lies further back: read all the same, however the bytes come.
TEST(Ws, WindowsThatAreLargerThanAgreedOn) {
  const Handover terms = testing::handover("permessage-deflate; client_max_window_bits=9");
  std::string text;
  for (unsigned i = 0; i < 1'200; ++i) text += static_cast<char>('!' + i * i * 2654435761u / 65'536 % 90);
  text += text.substr(0, 200);
  Deflater far(15);
  const std::string packed = far.message(text);
  Deflater near(9);
  ASSERT_LT(packed.size(), near.message(text).size());
  const Conversation talk = {{kC, ask(Opcode::text, packed, {.compressed = true})}};
  const Outcome o = play(kDescriptor, talk, with(terms));
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].request_body, text);
  EXPECT_EQ(o.calls[0].flags, 0u);
  check_all_ways(talk, with(terms));
}

struct Compressed {
  std::string extensions;
  bool fresh;  // each message by a deflater of its own
  int bits;
};

TEST(Ws, PermessageDeflate) {
  for (const Compressed& one :
       {Compressed{std::string(kDeflate), false, 15},
        {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", true, 15},
        {"permessage-deflate; server_max_window_bits=10; client_max_window_bits=\"9\"", false, 9}}) {
    const Handover terms = testing::handover(one.extensions);
    Conversation talk;
    Deflater client(one.bits), server(one.bits);
    std::vector<std::string> said;
    for (int i = 0; i < 4; ++i) {
      const std::string text =
          "{\"price\":\"the same words again and again\",\"n\":" + std::to_string(i % 3) + "}";
      Deflater fresh_client(one.bits), fresh_server(one.bits);
      talk.push_back(
          {kC, ask(Opcode::text, (one.fresh ? fresh_client : client).message(text), {.compressed = true})});
      const std::string packed = (one.fresh ? fresh_server : server).message(text);
      talk.push_back({kS, frame(Opcode::text, packed.substr(0, 3), {.fin = false, .compressed = true})});
      talk.push_back({kS, frame(Opcode::continuation, packed.substr(3))});
      said.push_back(text);
    }
    const Outcome o = play(kDescriptor, talk, with(terms));
    ASSERT_EQ(o.calls.size(), 8u) << one.extensions;
    for (std::size_t i = 0; i < o.calls.size(); ++i) {
      EXPECT_EQ(o.calls[i].request_body, said[i / 2]) << one.extensions;
      EXPECT_EQ(o.calls[i].flags, 0u);
      EXPECT_NE(o.calls[i].request_fields.find("compressed=1|"), std::string::npos);
    }
    EXPECT_EQ(o.counters.malformed, 0u);
    check_all_ways(talk, with(terms));
  }
}

// A message that quotes lost ones is flagged, not wrong; one that quotes none comes out.
TEST(Ws, DeflateBehindAHole) {
  const Handover terms = testing::handover(kDeflate);
  Deflater server;
  const std::string words = "some words that are long enough to be quoted";
  Conversation talk;
  for (const std::string& text : {words, words + "!", "0123456789abcdefghij" + std::string("+-*/"), words})
    talk.push_back({kS, frame(Opcode::text, server.message(text), {.compressed = true})});
  // The hole lies inside the first frame's payload.
  const std::string first = talk[0].bytes;
  talk[0].bytes = first.substr(0, 6);
  talk.insert(talk.begin() + 1, {kS, first.substr(6), true});
  const Outcome o = play(kDescriptor, talk, with(terms));
  ASSERT_EQ(o.calls.size(), 4u);
  EXPECT_EQ(o.calls[0].flags, kFlagGap | kFlagTruncatedBody);
  EXPECT_EQ(o.calls[1].flags, kFlagGap | kFlagTruncatedBody);
  EXPECT_NE(o.calls[1].request_fields.find("inflated=0|"), std::string::npos);
  EXPECT_EQ(o.calls[2].flags, 0u);
  EXPECT_EQ(o.calls[2].request_body, "0123456789abcdefghij+-*/");
  EXPECT_EQ(o.calls[3].flags, kFlagGap | kFlagTruncatedBody) << "it quotes the first";
  EXPECT_EQ(check_splits(kDescriptor, talk, with(terms)), "");
}

TEST(Ws, BombsAreBounded) {
  const Handover terms = testing::handover(kDeflate);
  Deflater server;
  const std::string zeros(6u << 20, '\0');
  const Conversation talk = {
      {kS, frame(Opcode::binary, server.message(zeros), {.compressed = true})},
      {kS, frame(Opcode::binary, server.message(zeros.substr(0, 99)), {.compressed = true})},
      {kS, frame(Opcode::ping, "")}};
  const Outcome o = play(kDescriptor, talk, with(terms));
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].flags, kFlagTruncatedBody);
  EXPECT_EQ(o.calls[1].flags & kFlagTruncatedBody, kFlagTruncatedBody);
  EXPECT_EQ(o.counters.malformed, 0u);
  EXPECT_EQ(o.used_bytes, 0u);
}

TEST(Ws, NoMemoryIsCountedAndSurvived) {
  const Handover terms = testing::handover(kDeflate);
  Play how = with(terms);
  how.state_bytes = 0;
  Deflater server;
  const Conversation talk = {{kS, frame(Opcode::text, server.message("hello"), {.compressed = true})},
                             {kS, frame(Opcode::text, "bye")}};
  const Outcome o = play(kDescriptor, talk, how);
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].flags, kFlagTruncatedBody);
  EXPECT_EQ(o.counters.state_exhausted, 1u);
  EXPECT_EQ(o.calls[1].request_body, "bye");
}

TEST(Ws, HoleInsideAPayloadTouchesThatMessageOnly) {
  const Handover plain = testing::handover();
  const std::string whole = ask(Opcode::text, std::string(300, 'a'));
  const Conversation talk = {{kC, whole.substr(0, 100)},
                             {kC, whole.substr(100, 50), true},
                             {kC, whole.substr(150)},
                             {kC, ask(Opcode::text, "next")}};
  const Outcome o = play(kDescriptor, talk, with(plain));
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].flags, kFlagGap | kFlagTruncatedBody);
  EXPECT_EQ(o.calls[0].request_body, std::string(92, 'a'));
  EXPECT_EQ(o.calls[1].flags, 0u);
  EXPECT_EQ(o.counters.resyncs, 0u);
}

TEST(Ws, FramesAreFoundAgainBehindAHole) {
  const Handover plain = testing::handover();
  Conversation talk = {{kS, frame(Opcode::text, "first")}, {kS, frame(Opcode::text, "lost"), true}};
  for (int i = 0; i < 9; ++i) talk.push_back({kS, frame(Opcode::text, "{\"n\":" + std::to_string(i) + "}")});
  const Outcome o = play(kDescriptor, talk, with(plain));
  ASSERT_EQ(o.calls.size(), 10u);
  EXPECT_EQ(o.calls[1].request_body, "{\"n\":0}");
  EXPECT_EQ(o.calls[1].flags, 0u);
  EXPECT_EQ(o.counters.resyncs, 1u);
}

TEST(Ws, MalformedFrames) {
  const Handover plain = testing::handover();
  for (const std::string& bad :
       {std::string("\x83\x01x"), std::string("\xa1\x01x"), frame(Opcode::text, "masked", {.masked = true}),
        std::string("\x09\x00", 2), std::string("\x89\x7e\x00\x80", 4), std::string("\x81\x7e\x00\x05", 4),
        frame(Opcode::continuation, "of nothing"), std::string("\x88\x01x"),
        frame(Opcode::text, "compressed", {.compressed = true}),
        std::string("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10)}) {
    const Conversation talk = {{kS, frame(Opcode::text, "good")}, {kS, bad}};
    const Outcome o = play(kDescriptor, talk, with(plain));
    EXPECT_EQ(o.calls.size(), 1u);
    EXPECT_EQ(o.counters.malformed, 1u) << testing::close_payload(0, bad);
    EXPECT_EQ(check_splits(kDescriptor, talk, with(plain)), "");
  }
}

TEST(Ws, MessagesThatTheEndCuts) {
  const Handover plain = testing::handover();
  Play how = with(plain);
  how.fin = true;
  const Outcome o = play(kDescriptor, {{kS, frame(Opcode::text, "0123456789").substr(0, 7)}}, how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].request_body, "01234");
  EXPECT_EQ(o.calls[0].flags, kFlagMalformed | kFlagTruncatedBody);
  EXPECT_NE(o.calls[0].request_fields.find("fin=0|"), std::string::npos);
}

TEST(Ws, TextInWhichKeysStandIsShownAsABodyAlone) {
  const std::string login = R"(42["login",{"user":"a","password":"x"}])";
  const Outcome o =
      play(kDescriptor, {{kC, ask(Opcode::text, login)}, {kC, ask(Opcode::text, "42[\"ping\"]")}},
           with(testing::handover()));
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].request_body, login);
  EXPECT_EQ(o.calls[0].request_fields.find("text="), std::string::npos);
  EXPECT_NE(o.calls[1].request_fields.find("text=42[\"ping\"]|"), std::string::npos);
}

TEST(Ws, WhatGraphqlsClientsLogInWithIsShownWhereItIsWanted) {
  const Handover terms = testing::handover("", "graphql-transport-ws");
  const std::string init = R"({"type":"connection_init","payload":{"token":"t"}})";
  const std::string empty = R"({"type":"connection_init","payload":{}})";
  Play how = with(terms);
  EXPECT_EQ(play(kDescriptor, {{kC, ask(Opcode::text, empty)}}, how).calls[0].request_body, empty);
  how.limits.credentials_shown = true;
  const Outcome o = play(kDescriptor, {{kC, ask(Opcode::text, init)}}, how);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].request_body, init);
  EXPECT_EQ(o.calls[0].flags, 0u);
}

TEST(Ws, GraphqlOverItsSubprotocols) {
  for (const std::string subprotocol : {"graphql-transport-ws", "graphql-ws"}) {
    const bool older = subprotocol == "graphql-ws";
    const Handover terms = testing::handover("", subprotocol);
    const Conversation talk = {
        {kC, ask(Opcode::text, R"({"type":"connection_init","payload":{"token":"t"}})")},
        {kS, frame(Opcode::text, R"({"type":"connection_ack"})")},
        {kC,
         ask(Opcode::text,
             std::string(R"({"id":"7","type":")") + (older ? "start" : "subscribe") +
                 R"(","payload":{"query":"subscription Ticks($n: Int) { ticks(n: $n) }","variables":{"n":3}}})")},
        {kS, frame(Opcode::text, std::string(R"({"id":"7","type":")") + (older ? "data" : "next") +
                                     R"(","payload":{"data":{"ticks":1}}})")},
        {kS, frame(Opcode::text, older ? R"({"id":"7","type":"error","payload":{"message":"no"}})"
                                       : R"({"id":"7","type":"error","payload":[{"message":"no"}]})")},
        {kS, frame(Opcode::text, R"({"id":"7","type":"complete"})")}};
    const Outcome o = play(kDescriptor, talk, with(terms));
    ASSERT_EQ(o.calls.size(), 6u);
    EXPECT_EQ(o.calls[0].summary, "connection_init");
    EXPECT_EQ(o.calls[0].request_body, R"({"type":"connection_init","payload":"[redacted]"})");
    EXPECT_EQ(o.calls[0].flags, std::uint32_t{kFlagRedacted});
    EXPECT_EQ(o.calls[2].summary, (older ? "start" : "subscribe") + std::string(" 7 subscription Ticks"));
    EXPECT_NE(o.calls[2].request_fields.find("operation=subscription|operation_name=Ticks|variables=n,|"),
              std::string::npos);
    EXPECT_FALSE(o.calls[3].is_error);
    EXPECT_TRUE(o.calls[4].is_error);
    EXPECT_EQ(o.calls[4].error, "no");
    EXPECT_EQ(o.calls[5].summary, "complete 7");
    check_all_ways(talk, with(terms));
  }
}

TEST(Ws, TermsThroughMemos) {
  for (const std::string_view name :
       {"", "chat", "graphql-transport-ws", "v4.channel.k8s.io", "a-name-that-is-too-long"}) {
    Terms terms{.known = true};
    terms.add_extensions(
        "x-other, permessage-deflate ; client_max_window_bits=12;server_no_context_takeover=1");
    terms.set_subprotocol(name);
    Memo memo;
    ASSERT_EQ(terms.to_memo(memo), name != "a-name-that-is-too-long");
    if (name.starts_with("a-name")) continue;
    const Terms back = Terms::from_memo(memo);
    EXPECT_EQ(back.subprotocol(), name);
    EXPECT_TRUE(back.deflates && back.known && back.deflate[0].takes_over && !back.deflate[1].takes_over);
  }
}

}  // namespace
}  // namespace spanlight::ws
