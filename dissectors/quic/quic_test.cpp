#include "quic/quic.h"

#include <gtest/gtest.h>

#include <tuple>

#include "core/testing/told.h"
#include "core/tls/wire_for_tests.h"
#include "quic/crypto_stream.h"
#include "quic/frame.h"
#include "quic/recognise.h"
#include "quic/wire_for_tests.h"

namespace spanlight::quic {
namespace {

using namespace testing;
using spanlight::testing::Call;
using spanlight::testing::Conversation;
using spanlight::testing::Outcome;
using spanlight::testing::Play;
using spanlight::testing::play;
using spanlight::testing::reason;

constexpr Direction kC = Direction::c2s;
constexpr Direction kS = Direction::s2c;
const Play kDatagrams{.datagrams = true};

std::string brief(const Outcome& o) {
  constexpr const char* kStates[] = {"complete", "no_response", "no_request", "one_way"};
  std::string out;
  for (const std::string& v : o.violations) out += "violation: " + v + "\n";
  if (o.used_bytes != 0) out += "slabs kept\n";
  for (const Call& c : o.calls) {
    out += std::string(kStates[static_cast<int>(c.state)]) + " " + c.version + " " + c.summary;
    if (c.flags != 0) out += " flags=" + std::to_string(c.flags);
    if (c.reason != Reason::none) out += " reason=" + std::to_string(static_cast<int>(c.reason));
    if (c.is_error) out += " error=" + c.error;
    out += "\n";
  }
  return out;
}
std::string find_field(const std::string& fields, const std::string& name) {
  const std::size_t at = ("|" + fields).find("|" + name + "=");
  if (at == std::string::npos) return "none";
  const std::size_t begin = at + name.size() + 1;
  return fields.substr(begin, fields.find('|', begin) - begin);
}

const std::string kHello = tls::testing::client_hello(), kAnswer = tls::testing::server_hello_13();
const std::string kAck("\x02\x00\x00\x00\x00", 5);

std::string asked(std::uint32_t version = 1) {
  return initial(kC, {.version = version, .frames = crypto(0, kHello)});
}
std::string answered(std::uint32_t version = 1) {
  return initial(kS,
                 {.version = version, .to = "", .from = "server-id", .frames = kAck + crypto(0, kAnswer)});
}

TEST(Quic, AHandshake) {
  for (const auto& [number, name, shown] : {std::tuple<std::uint32_t, std::string, std::string>{1, "v1", "1"},
                                            {0x6b3343cf, "v2", "2"},
                                            {0xff00001b, "draft-27", "draft-27"},
                                            {0xff00001d, "draft-29", "draft-29"},
                                            {0xff000022, "draft-34", "draft-34"},
                                            {0xfaceb002, "0xfaceb002", "0xfaceb002"}}) {
    const Outcome o =
        play(kDescriptor, {{kC, asked(number)}, {kS, answered(number)}, {kC, "\x40short"}}, kDatagrams);
    ASSERT_EQ(brief(o), "complete " + shown + " ClientHello example.org, TLSv1.3\n");
    const Call& c = o.calls[0];
    EXPECT_EQ(find_field(c.request_fields, "quic_version"), name);
    EXPECT_EQ(find_field(c.request_fields, "dcid"), "746f2d7468652d736572766572");
    EXPECT_EQ(find_field(c.request_fields, "ja4").substr(0, 10), "q13d0307h2");
    EXPECT_EQ(find_field(c.response_fields, "quic_version"), name);
    EXPECT_EQ(find_field(c.response_fields, "cipher"), "4865");
    EXPECT_EQ(c.request_size, kHello.size());
    EXPECT_EQ(c.response_first - c.request_first, kMillisecondNs);
  }
}

// Whichever datagram is lost, of nobody's knowing: a hello is told as it was, or not at all.
void expect_no_other_hello(const Conversation& whole) {
  const Outcome all = play(kDescriptor, whole, kDatagrams);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Conversation holed = whole;
    holed[i].lost = true;
    const Outcome o = play(kDescriptor, holed, kDatagrams);
    EXPECT_TRUE(o.violations.empty() && o.used_bytes == 0 && o.calls.size() <= 1) << i;
    for (const Call& c : o.calls) {
      const bool same = c.request_fields == all.calls[0].request_fields;
      EXPECT_TRUE(c.state == State::no_request ? c.flags == kFlagGap : same) << i;
    }
  }
}

TEST(Quic, PiecesInAnyOrderOverPacketsAndDatagrams) {
  tls::testing::HelloParts parts;
  parts.share_bytes = 2'000;
  const std::string hello = tls::testing::client_hello(parts);
  const auto piece = [&](std::size_t at, std::size_t n) {
    return crypto(at, std::string_view(hello).substr(at, n));
  };
  const std::string second =
      initial(kC, {.frames = piece(1'500, 600) + piece(1'000, 500) + "\x01" + piece(1'900, 4'000)});
  const std::string first = initial(kC, {.frames = piece(500, 300), .datagram_bytes = 0}) +
                            initial(kC, {.number = 1, .frames = piece(0, 500) + piece(700, 300)});
  for (const Conversation& c : {Conversation{{kC, second}, {kC, first}, {kS, answered()}},
                                Conversation{{kC, first}, {kC, second}, {kC, first}, {kS, answered()}}}) {
    const Outcome o = play(kDescriptor, c, kDatagrams);
    EXPECT_EQ(brief(o), "complete 1 ClientHello example.org, TLSv1.3\n");
    EXPECT_EQ(o.calls[0].request_size, hello.size());
    expect_no_other_hello(c);
  }
}

TEST(Quic, CoalescedPacketsBehindTheInitialArePassedOver) {
  const Version& v1 = *find_version(1);
  const std::string handshake =
      long_head(v1, PacketType::handshake, 0, {.to = "", .from = "s"}) + varint(50) + std::string(50, 'h');
  const std::string early = long_head(v1, PacketType::zero_rtt, 0, {}) + varint(30) + std::string(30, '0');
  const Outcome o =
      play(kDescriptor, {{kC, asked() + early}, {kS, handshake + answered() + "\x40rest"}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 1 ClientHello example.org, TLSv1.3\n");
}

TEST(Quic, ARetryAndItsToken) {
  const std::string retry =
      long_head(*find_version(1), PacketType::retry, 0, {.to = "", .from = "retried-id"}) +
      std::string(30, 't');
  const Packet again{.to = "retried-id",
                     .keys_of = "retried-id",
                     .token = "token",
                     .number = 1,
                     .frames = crypto(0, kHello)};
  const Packet answer{.to = "", .from = "s", .keys_of = "retried-id", .frames = crypto(0, kAnswer)};
  const Conversation c = {{kC, asked()}, {kS, retry}, {kC, initial(kC, again)}, {kS, initial(kS, answer)}};
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_EQ(brief(o), "complete 1 ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(find_field(o.calls[0].response_fields, "retry"), "1");
  EXPECT_EQ(find_field(o.calls[0].request_fields, "dcid"), "746f2d7468652d736572766572");
  EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, 3 * kMillisecondNs);
}

TEST(Quic, AHelloThatIsAskedForAgain) {
  const std::string retry = tls::testing::retry_request();
  const Conversation c = {
      {kC, asked()},
      {kS, initial(kS, {.to = "", .frames = crypto(0, retry)})},
      {kC, initial(kC, {.to = "server-id", .number = 1, .frames = crypto(kHello.size(), kHello)})},
      {kS, initial(kS, {.to = "", .number = 1, .frames = crypto(retry.size(), kAnswer)})}};
  const Outcome o = play(kDescriptor, c, kDatagrams);
  EXPECT_EQ(brief(o), "complete 1 ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(find_field(o.calls[0].response_fields, "hello_retry"), "1");
  EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, 3 * kMillisecondNs);
  EXPECT_EQ(o.calls[0].response_last, o.calls[0].response_first);
  expect_no_other_hello(c);
}

TEST(Quic, TheAnswerBeginsWithTheServersHello) {
  const auto client = [](std::size_t at, std::size_t n) {
    return initial(kC, {.number = at == 0 ? 0u : 1u, .frames = crypto(at, kHello.substr(at, n))});
  };
  const auto server = [](unsigned number, const std::string& frames) {
    return initial(kS, {.to = "", .number = number, .frames = frames});
  };
  const std::string retry = tls::testing::retry_request(), close = "\x1c" + varint(2) + varint(6) + varint(0);
  const std::string first = kAnswer.substr(0, 20), rest = kAnswer.substr(20);
  struct Case {
    const char* name;
    Conversation conversation;
    unsigned begins_ms, ends_ms;  // after the request
  };
  const std::vector<Case> cases = {
      {"an acknowledgement before the hello is whole",
       {{kC, client(0, 100)},
        {kS, server(0, kAck)},
        {kC, client(100, 9'999)},
        {kS, server(1, kAck + crypto(0, kAnswer))}},
       3,
       3},
      {"in two pieces, the second one first",
       {{kC, asked()},
        {kS, server(0, kAck)},
        {kS, server(2, crypto(20, rest))},
        {kS, server(1, crypto(0, first))}},
       2,
       3},
      {"a retry in two pieces",
       {{kC, asked()},
        {kS, server(0, crypto(0, retry.substr(0, 20)))},
        {kS, server(1, crypto(20, retry.substr(20)))},
        {kS, server(1, crypto(20, retry.substr(20)))},
        {kS, server(2, crypto(retry.size(), kAnswer))}},
       4,
       4},
      {"a retry that comes behind what follows it",
       {{kC, asked()}, {kS, server(1, crypto(retry.size(), kAnswer))}, {kS, server(0, crypto(0, retry))}},
       2,
       2},
      {"closed behind a retry",
       {{kC, asked()}, {kS, server(0, crypto(0, retry))}, {kS, server(1, close)}},
       2,
       2},
      {"closed behind an acknowledgement",
       {{kC, asked()}, {kS, server(0, kAck)}, {kS, server(1, close)}},
       2,
       2},
  };
  for (const Case& c : cases) {
    const Outcome o = play(kDescriptor, c.conversation, kDatagrams);
    ASSERT_EQ(o.calls.size(), 1u) << c.name;
    EXPECT_EQ(o.calls[0].response_first - o.calls[0].request_first, c.begins_ms * kMillisecondNs) << c.name;
    EXPECT_EQ(o.calls[0].response_last - o.calls[0].request_first, c.ends_ms * kMillisecondNs) << c.name;
    EXPECT_GE(o.calls[0].response_first, o.calls[0].request_last) << c.name;
  }
}

TEST(Quic, AnotherVersionIsAgreedUpon) {
  const Outcome o = play(kDescriptor, {{kC, asked()}, {kS, answered(0x6b3343cf)}}, kDatagrams);
  EXPECT_EQ(brief(o), "complete 2 ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(find_field(o.calls[0].request_fields, "quic_version"), "v1");
  EXPECT_EQ(find_field(o.calls[0].response_fields, "quic_version"), "v2");
}

TEST(Quic, AVersionThatTheServerDoesNotSpeak) {
  const std::string offer =
      version_negotiation("", "to-the-server", std::string("\x6b\x33\x43\xcf\x1a\x2a\x3a\x4a", 8));
  const Outcome o =
      play(kDescriptor, {{kC, asked()}, {kS, offer}, {kC, asked(0x6b3343cf)}, {kS, answered(0x6b3343cf)}},
           kDatagrams);
  EXPECT_EQ(
      brief(o),
      "complete 1 ClientHello example.org, TLSv1.3, h2 error=the server does not speak this version of QUIC\n"
      "complete 2 ClientHello example.org, TLSv1.3\n");
  EXPECT_EQ(find_field(o.calls[0].response_fields, "spoken_versions"), "v2,0x1a2a3a4a,");
  const std::string strange = version_negotiation("", "another-server", std::string("\0\0\0\1", 4));
  EXPECT_EQ(play(kDescriptor, {{kC, asked()}, {kS, strange}, {kS, answered()}}, kDatagrams).calls.size(), 1u);
}

TEST(Quic, AClosedConnection) {
  const auto close = [](std::uint64_t code) { return "\x1c" + varint(code) + varint(6) + varint(3) + "why"; };
  const auto by_server = [&](std::uint64_t code) {
    return play(kDescriptor, {{kC, asked()}, {kS, initial(kS, {.to = "", .frames = close(code)})}},
                kDatagrams);
  };
  const std::string told = " 1 ClientHello example.org, TLSv1.3, h2";
  EXPECT_EQ(brief(by_server(0x178)), "complete" + told + " error=alert: no_application_protocol\n");
  EXPECT_EQ(brief(by_server(2)), "complete" + told + " error=closed: CONNECTION_REFUSED\n");
  EXPECT_EQ(brief(by_server(77)), "complete" + told + " error=closed: unknown error\n");
  EXPECT_EQ(by_server(0x178).calls[0].response_fields,
            "close_code=376|alert=no_application_protocol|close_reason=why|");
  EXPECT_EQ(brief(play(kDescriptor, {{kC, asked()}, {kC, initial(kC, {.number = 1, .frames = close(0)})}},
                       kDatagrams)),
            "no_response" + told + reason(Reason::closed) + " error=closed: NO_ERROR\n");
}

TEST(Quic, NoAnswer) {
  const std::string told = "no_response 1 ClientHello example.org, TLSv1.3, h2";
  EXPECT_EQ(brief(play(kDescriptor, {{kC, asked()}}, kDatagrams)),
            told + reason(Reason::capture_ended) + "\n");
  EXPECT_EQ(brief(play(kDescriptor, {{kC, asked()}, {.from = kC, .bytes = asked(), .pause = 61 * kSecondNs}},
                       kDatagrams)),
            told + reason(Reason::unanswered) + " error=no response: unanswered\n");
}

TEST(Quic, AnotherConnectionOfTheSameEnds) {
  const Packet other{.to = "other-server", .keys_of = "other-server", .frames = crypto(0, kHello)};
  const Packet answer{.to = "", .keys_of = "other-server", .frames = crypto(0, kAnswer)};
  EXPECT_EQ(brief(play(kDescriptor, {{kC, asked()}, {kC, initial(kC, other)}, {kS, initial(kS, answer)}},
                       kDatagrams)),
            "no_response 1 ClientHello example.org, TLSv1.3, h2" + reason(Reason::unanswered) +
                " error=no response: unanswered\ncomplete 1 ClientHello example.org, TLSv1.3\n");
}

TEST(Quic, OneSocketBeginsOneConnectionAfterTheOther) {
  const Packet other{.to = "other-server", .keys_of = "other-server", .frames = crypto(0, kHello)};
  const Packet answer{.to = "", .keys_of = "other-server", .frames = crypto(0, kAnswer)};
  const std::string enciphered("\x40 anything that follows");
  const Conversation both = {
      {kC, asked()},    {kS, answered()},         {kC, enciphered},         {kS, enciphered},
      {kC, asked()},  // sent again before the answer had come
      {kS, answered()}, {kC, initial(kC, other)}, {kS, initial(kS, answer)}};
  const std::string told =
      "complete 1 ClientHello example.org, TLSv1.3\ncomplete 1 ClientHello example.org, TLSv1.3\n";
  for (const bool parks : {true, false}) {
    Play how = kDatagrams;
    how.park = parks;
    const Outcome o = play(kDescriptor, both, how);
    EXPECT_EQ(brief(o), told) << parks;
    if (parks) {
      EXPECT_EQ(o.parked, 3u) << "what is enciphered wakes nobody";
    }
  }
}

TEST(Quic, WhatBeginsNothingIsPassedOverWhetherItRestsOrNot) {
  const std::string small = initial(kC, {.frames = crypto(0, kHello), .datagram_bytes = 1'199});
  for (const bool parks : {true, false}) {
    Play how = kDatagrams;
    how.park = parks;
    EXPECT_EQ(brief(play(kDescriptor, {{kC, small}, {kS, answered()}, {kC, small}}, how)), "") << parks;
  }
}

TEST(Quic, APartOfTheHelloIsLost) {
  const std::string part = initial(kC, {.frames = crypto(0, kHello.substr(0, 100))});
  EXPECT_EQ(brief(play(kDescriptor, {{kC, part}, {kS, answered()}}, kDatagrams)),
            "no_request 1 ServerHello TLSv1.3 flags=1" + reason(Reason::lost_in_mirror) + "\n");
  EXPECT_EQ(brief(play(kDescriptor, {{kC, part}}, kDatagrams)), "");
}

TEST(Quic, WhatIsNotAuthenticIsNoCall) {
  std::string changed = asked();
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_EQ(brief(play(kDescriptor, {{kC, changed}, {kS, answered()}}, kDatagrams)), "");
  const std::string odd = initial(kC, {.frames = "\x08" + crypto(0, kHello)});
  EXPECT_EQ(play(kDescriptor, {{kC, odd}}, kDatagrams).counters.malformed, 1u);
}

TEST(Quic, Limits) {
  std::string scattered;
  for (unsigned i = 0; i < CryptoStream::kPiecesMax + 1; ++i)
    scattered += crypto(4 * i, kHello.substr(4 * i, 2));
  EXPECT_EQ(
      play(kDescriptor, {{kC, initial(kC, {.frames = scattered})}}, kDatagrams).counters.state_exhausted, 1u);
  const std::string far = initial(kC, {.frames = crypto(CryptoStream::kBytesMax, "x")});
  EXPECT_EQ(play(kDescriptor, {{kC, far}}, kDatagrams).counters.state_exhausted, 1u);
  Play without = kDatagrams;
  without.state_bytes = 0;
  EXPECT_EQ(play(kDescriptor, {{kC, asked()}}, without).counters.state_exhausted, 1u);
}

TEST(QuicProbe, IsStrict) {
  EXPECT_EQ(probe(as_bytes(asked()), {}), Verdict::client);
  EXPECT_EQ(probe(as_bytes(version_negotiation("", "s", std::string("\0\0\0\1", 4))), {}), Verdict::server);
  const std::string whole = asked();
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(probe(as_bytes(whole).first(n), {}), Verdict::no);
  EXPECT_EQ(probe(as_bytes(answered()), {}), Verdict::no) << "whose id is not one that a client chose";
  EXPECT_EQ(probe(as_bytes(initial(kC, {.frames = crypto(0, kHello), .datagram_bytes = 1'199})), {}),
            Verdict::no);
  EXPECT_EQ(probe(as_bytes(version_negotiation("", "s", std::string("\x1a\x2a\x3a\x4a", 4))), {}),
            Verdict::no);
  EXPECT_EQ(probe(as_bytes(version_negotiation("", "s", "abc")), {}), Verdict::no);
  std::string other = whole;
  other[4] = 9;
  EXPECT_EQ(probe(as_bytes(other), {}), Verdict::no);
}

TEST(Frames, AcknowledgementsOfEveryForm) {
  const std::string ranges("\x02\x09\x00\x02\x01\x00\x01\x00\x01", 9),
      ecn("\x03\x09\x00\x00\x01\x01\x02\x03", 8);
  for (const std::string& ack : {ranges, ecn}) {
    EXPECT_EQ(parse_frame(as_bytes(ack + "\x01")).whole_bytes, ack.size());
    for (std::size_t n = 0; n < ack.size(); ++n)
      EXPECT_EQ(parse_frame(as_bytes(ack).first(n)).fault, Fault::short_input);
  }
}

}  // namespace
}  // namespace spanlight::quic
