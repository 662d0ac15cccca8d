#include "mqtt/mqtt.h"

#include <gtest/gtest.h>

#include "core/testing/harness.h"
#include "mqtt/parse.h"
#include "mqtt/recognise.h"

namespace spanlight::mqtt {
namespace {

using testing::Call;
using testing::Conversation;
using testing::Outcome;
using testing::play;

constexpr Direction kClient = Direction::c2s, kServer = Direction::s2c;

std::string be16(std::size_t n) {
  return {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
}
std::string text(std::string_view t) {
  return be16(t.size()) + std::string(t);
}
std::string varint(std::size_t n) {
  std::string out;
  do {
    out += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    n >>= 7;
  } while (n > 0);
  return out;
}
std::string packet(unsigned first, const std::string& rest) {
  return static_cast<char>(first) + varint(rest.size()) + rest;
}
std::string props(const std::string& p) {
  return varint(p.size()) + p;
}

std::string connect(std::uint8_t level) {
  return packet(0x10, text("MQTT") + static_cast<char>(level) + "\xc2" + be16(60) +
                          (level == 5 ? props("") : "") + text("client-7") + text("bob") + text("s3cret"));
}
std::string ack(unsigned first, std::uint16_t id) {
  return packet(first, be16(id));
}
std::string publish(std::string_view topic, std::uint8_t qos, std::uint16_t id, const std::string& rest) {
  return packet(0x30u | qos << 1, text(topic) + (qos > 0 ? be16(id) : "") + rest);
}

// ---- parse --------------------------------------------------------------------------------------

TEST(MqttFixedHeader, ByTable) {
  struct Case {
    const char* name;
    std::string in;
    Fault fault;
    std::uint32_t remaining = 0;
  };
  const Case cases[] = {{"ping", std::string("\xc0\0", 2), Fault::none},
                        {"two bytes of length", "\x30\x80\x01", Fault::none, 128},
                        {"four bytes of length", "\x30\xff\xff\xff\x7f", Fault::none, 268'435'455},
                        {"five bytes of length", "\x30\xff\xff\xff\xff", Fault::bad_length},
                        {"nothing", "", Fault::short_input},
                        {"no length", "\x30", Fault::short_input},
                        {"type 0", std::string("\0\0", 2), Fault::bad_magic},
                        {"QoS 3", "\x36\x05", Fault::bad_value},
                        {"SUBSCRIBE's flags", "\x80\x05", Fault::bad_value},
                        {"ping with a body", "\xc0\x01", Fault::bad_length},
                        {"PUBACK too short", "\x40\x01", Fault::bad_length}};
  for (const Case& c : cases) {
    const FixedHeader h = read_fixed_header(as_bytes(c.in));
    EXPECT_EQ(h.fault, c.fault) << c.name;
    if (c.fault != Fault::none) continue;
    EXPECT_EQ(h.remaining, c.remaining) << c.name;
  }
}

TEST(MqttPacket, EveryPrefixIsShort) {
  const std::string whole = connect(5);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    Packet p;
    read_packet(as_bytes(whole.substr(0, n)), kLevel5, p);
    EXPECT_EQ(p.fault, Fault::short_input) << n;
  }
  Packet p;
  read_packet(as_bytes(whole), kLevel5, p);
  EXPECT_EQ(p.fault, Fault::none);
  EXPECT_EQ(p.client_id, "client-7");
  EXPECT_EQ(p.password, "s3cret");
}

TEST(MqttPacket, LengthsThatLie) {
  Packet p;
  const std::string lies = packet(0x10, text("MQTT") + "\x04\x02" + be16(60) + be16(50) + "short");
  read_packet(as_bytes(lies), kLevel311, p);
  EXPECT_EQ(p.fault, Fault::bad_length);
  Packet q;
  const std::string unknown = packet(0x40, be16(1) + std::string("\0", 1) + props("\x7f"));
  read_packet(as_bytes(unknown), kLevel5, q);
  EXPECT_EQ(q.fault, Fault::bad_value);
}

TEST(MqttLevel, IsSeenInWhatOnlyOneHas) {
  EXPECT_EQ(level_of(as_bytes(packet(0x82, be16(1) + text("a/b") + std::string(1, '\0')))), kLevel311);
  EXPECT_EQ(level_of(as_bytes(packet(0x82, be16(1) + props("") + text("a/b") + std::string(1, '\0')))),
            kLevel5);
  EXPECT_EQ(level_of(as_bytes(packet(0x20, std::string(2, '\0')))), kLevel311);
  EXPECT_EQ(level_of(as_bytes(packet(0x20, std::string(3, '\0')))), kLevel5);
  EXPECT_EQ(level_of(as_bytes(ack(0x40, 1))), kUnknown);
}

// ---- recognition --------------------------------------------------------------------------------

TEST(MqttProbe, ByTable) {
  struct Case {
    const char* name;
    std::string own, peer;
    Verdict verdict;
  };
  const std::string connack = packet(0x20, std::string(2, '\0'));
  const Case cases[] = {
      {"CONNECT", connect(4), "", Verdict::client},
      {"CONNECT 5", connect(5), "", Verdict::client},
      {"CONNECT cut", connect(4).substr(0, 5), "", Verdict::more},
      {"another name", packet(0x10, text("MQTX") + "\x04\x02" + be16(60) + text("c")), "", Verdict::no},
      {"a level that is none", packet(0x10, text("MQTT") + "\x09\x02" + be16(60) + text("c")), "",
       Verdict::no},
      {"CONNACK to CONNECT", connack, connect(4), Verdict::server},
      {"CONNACK alone", connack, "", Verdict::more},
      {"CONNACK, then messages", connack + publish("a/b/c", 0, 0, "x") + publish("a/b/c", 0, 0, "x"), "",
       Verdict::server},
      {"TLS", "\x16\x03\x01\x02\x00", "", Verdict::no},
      {"HTTP", "GET / HTTP/1.1\r\n", "", Verdict::no},
      {"nothing", "", "", Verdict::more}};
  for (const Case& c : cases) EXPECT_EQ(probe(as_bytes(c.own), as_bytes(c.peer)), c.verdict) << c.name;
}

TEST(MqttSync, NeedsAChain) {
  const std::string one = publish("sensors/1", 0, 0, "21");
  EXPECT_FALSE(kDescriptor.find(kClient, as_bytes(one)).found);
  const Sync found = kDescriptor.find(kClient, as_bytes("\xff" + one + one + one + one));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 1u);
}

// ---- packets ------------------------------------------------------------------------------------

Conversation session(std::uint8_t level) {
  const std::string none = level == 5 ? props("") : "";
  const std::string code = level == 5 ? std::string(1, '\0') : "";
  return {{kClient, connect(level)},
          {kServer, packet(0x20, std::string(2, '\0') + none)},
          {kClient, packet(0x82, be16(1) + none + text("a/#") + "\1" + text("b/+") + "\2")},
          {kServer, packet(0x90, be16(1) + none + "\1\x80")},
          {kClient, publish("a/1", 0, 0, none + "zero") + publish("a/1", 1, 2, none + "one")},
          {kServer, ack(0x40, 2)},
          {kClient, publish("a/1", 2, 3, none + "two")},
          {kServer, ack(0x50, 3)},
          {kClient, ack(0x62, 3)},
          {kServer, ack(0x70, 3)},
          {kServer, publish("a/1", 1, 2, none + "{\"v\":1}")},
          {kClient, ack(0x40, 2)},
          {kClient, packet(0xa2, be16(4) + none + text("a/#"))},
          {kServer, packet(0xb0, be16(4) + none + code)},
          {kClient, packet(0xc0, "")},
          {kServer, packet(0xd0, "")},
          {kClient, packet(0xe0, "")}};
}

TEST(Mqtt, ASession) {
  for (const std::uint8_t level : {kLevel311, kLevel5}) {
    const Outcome o = play(kDescriptor, session(level));
    std::string seen;
    for (const Call& c : o.calls) seen += c.summary + (c.state == State::complete ? "=" : "~") + "; ";
    EXPECT_EQ(seen,
              "CONNECT client-7=; SUBSCRIBE a/# b/+=; PUBLISH a/1 (4 bytes)~; PUBLISH a/1 (3 bytes)=; "
              "PUBLISH a/1 (3 bytes)=; "
              "PUBREL=; PUBLISH a/1 (7 bytes)=; UNSUBSCRIBE a/#=; PINGREQ=; DISCONNECT~; ");
    EXPECT_EQ(o.text().find("s3cret"), std::string::npos);
    EXPECT_NE(o.calls[0].flags & kFlagRedacted, 0u);
    EXPECT_EQ(o.calls[0].version, level == 5 ? "5" : "3.1.1");
    EXPECT_TRUE(o.calls[1].is_error);
    EXPECT_EQ(o.calls[1].response_fields, "type=SUBACK|msgid=1|packet_id=1|granted=1,128,|");
    EXPECT_EQ(o.calls[1].request_fields,
              "type=SUBSCRIBE|msgid=1|packet_id=1|qos=2|topic=a/#|topics=a/#,b/+,|direction=c2s|");
    EXPECT_EQ(o.calls[1].path, "a/#");
    EXPECT_EQ(o.calls[7].request_fields,
              "type=UNSUBSCRIBE|msgid=4|packet_id=4|topic=a/#|topics=a/#,|direction=c2s|");
    EXPECT_EQ(o.calls[3].request_fields,
              "type=PUBLISH|msgid=2|packet_id=2|topic=a/1|qos=1|retain=0|dup=0|payload_len=3|direction=c2s|");
    EXPECT_EQ(o.calls[3].request_body, "one");
    EXPECT_EQ(o.calls[6].request_fields.substr(o.calls[6].request_fields.size() - 14), "direction=s2c|");
    EXPECT_EQ(testing::check_splits(kDescriptor, session(level)), "");
    EXPECT_EQ(testing::check_prefixes(kDescriptor, session(level)), "");
    EXPECT_EQ(testing::check_gaps(kDescriptor, session(level)), "");
    EXPECT_GT(o.parked, 0u);
  }
}

TEST(Mqtt, PropertiesAndReasons) {
  const std::string properties = props("\x03" + text("text/plain") + "\x08" + text("re/1") +
                                       std::string("\x23\0\x05", 3) + "\x26" + text("k") + text("v"));
  const Outcome o =
      play(kDescriptor, {{kClient, connect(5)},
                         {kServer, packet(0x20, std::string("\0\x87", 2) + props("\x1f" + text("not you")))},
                         {kClient, publish("t/1", 1, 9, properties + "hi")},
                         {kServer, packet(0x40, be16(9) + "\x10")},
                         {kServer, packet(0xe0, "\x8e")}});
  ASSERT_EQ(o.calls.size(), 3u);
  EXPECT_EQ(o.calls[0].status, 0x87);
  EXPECT_EQ(o.calls[0].error, "not you");
  EXPECT_NE(o.calls[1].request_fields.find(
                "content_type=text/plain|response_topic=re/1|topic_alias=5|user_properties=k=v,|"),
            std::string::npos)
      << o.calls[1].request_fields;
  EXPECT_EQ(o.calls[1].status, 0x10);
  EXPECT_FALSE(o.calls[1].is_error);
  EXPECT_EQ(o.calls[1].request_body, "hi");
  EXPECT_EQ(o.calls[2].error, "Session taken over");
}

TEST(Mqtt, RefusedBefore5) {
  const Outcome o =
      play(kDescriptor, {{kClient, connect(4)}, {kServer, packet(0x20, std::string("\0\5", 2))}});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_TRUE(o.calls[0].is_error);
  EXPECT_EQ(o.calls[0].error, "Not authorized");
}

// Whose beginning was missed: but for the CONNECT, four bytes would prove nothing.
TEST(Mqtt, ConnackNeedsNoChainWhereItIsAwaited) {
  const std::string connack = packet(0x20, std::string(2, '\0'));
  const testing::Segment missed{.from = kServer, .bytes = "?", .lost = true};
  const Conversation awaited = {missed, {kClient, connect(4)}, {kServer, connack}};
  const Outcome o = play(kDescriptor, awaited);
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].state, State::complete);
  EXPECT_EQ(testing::check_splits(kDescriptor, awaited), "");
  const Outcome alone =
      play(kDescriptor, {{kClient, connect(4)}, {kServer, connack}, missed, {kServer, connack}});
  EXPECT_EQ(alone.calls.size(), 1u) << "nobody asked for the second";
}

TEST(Mqtt, ConnackIsNotAwaitedForEver) {
  const std::string one = publish("sensors/1", 0, 0, "21");
  const testing::Segment missed{.from = kServer, .bytes = "?", .lost = true};
  const Outcome o = play(kDescriptor, {{kClient, connect(4)},
                                       missed,
                                       {kServer, one + one},
                                       missed,
                                       {kServer, packet(0x20, std::string(2, '\0'))}});
  for (const Call& call : o.calls) EXPECT_NE(call.state, State::complete) << "that may be part of a payload";
}

TEST(Mqtt, ARepeatIsNoCallOfItsOwn) {
  std::string again = publish("a/1", 1, 2, "one");
  again[0] = static_cast<char>(again[0] | 8);
  const Outcome o = play(
      kDescriptor, {{kClient, connect(4) + publish("a/1", 1, 2, "one") + again}, {kServer, ack(0x40, 2)}});
  EXPECT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.counters.repeats, 1u);
}

TEST(Mqtt, LargeMessagesPassByCounter) {
  const std::string large = publish("a/1", 0, 0, std::string(300'000, 'x'));
  const Conversation c = {
      {kClient, connect(4)}, {kClient, large.substr(0, 30'000)}, {kClient, large.substr(30'000)}};
  const Outcome o = play(kDescriptor, c);
  ASSERT_EQ(o.calls.size(), 2u);
  EXPECT_EQ(o.calls[0].request_body_size, 300'000u);
  EXPECT_GT(o.skipped_bytes, 200'000u);
  EXPECT_EQ(testing::check_splits(kDescriptor, c), "");
}

TEST(Mqtt, Unanswered) {
  const Outcome o = play(kDescriptor, {{kClient, connect(4)}}, {.close = End::reset});
  ASSERT_EQ(o.calls.size(), 1u);
  EXPECT_EQ(o.calls[0].error, "no response: connection reset");
}

}  // namespace
}  // namespace spanlight::mqtt
