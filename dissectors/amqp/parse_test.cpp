#include <gtest/gtest.h>

#include "amqp/amqp.h"
#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/recognise.h"
#include "amqp/table.h"
#include "amqp/wire_for_tests.h"

namespace spanlight::amqp {
namespace {

using namespace wire;

std::string shown(const HeaderRoom& room) {
  std::string out;
  const Headers all = room.all();
  for (const HeaderSpan& span : all.spans)
    out += std::string(all.name(span)) + "=" + std::string(all.value(span)) + "|";
  return out;
}

TEST(AmqpFrame, Heads) {
  struct Case {
    const char* name;
    std::string bytes;
    Fault fault;
  };
  for (const Case& c : {Case{"nothing", "", Fault::short_input},
                        {"a part", kHeartbeat.substr(0, 6), Fault::short_input},
                        {"heartbeat", kHeartbeat, Fault::none},
                        {"a type that is none", "\x05", Fault::bad_magic},
                        {"a heartbeat with a payload", frame(8, 0, "x"), Fault::bad_value},
                        {"longer than any", u8(1) + u16(0) + u32(1u << 30), Fault::bad_length}})
    EXPECT_EQ(read_head(as_bytes(c.bytes)).fault, c.fault) << c.name;
}

TEST(AmqpMethods, EveryPrefixOfTheArgumentsIsShort) {
  const std::string payload = declare("tasks").substr(kHeadBytes, declare("tasks").size() - kAroundBytes);
  for (std::size_t n = 0; n < payload.size(); ++n)
    EXPECT_EQ(read_invocation(as_bytes(payload.substr(0, n))).fault, Fault::short_input) << n;
  const Invocation said = read_invocation(as_bytes(payload));
  EXPECT_EQ(said.fault, Fault::none);
  EXPECT_EQ(said.method->name, "queue.declare");
  EXPECT_EQ(read_invocation(as_bytes(payload + "x")).fault, Fault::bad_length);
  EXPECT_EQ(read_invocation(as_bytes(u16(99) + u16(1))).fault, Fault::bad_value);
}

TEST(AmqpTable, Values) {
  struct Case {
    std::string value, text;
  };
  for (const Case& c : {Case{"t" + u8(1), "true"},
                        {"b" + u8(0xff), "-1"},
                        {"B" + u8(200), "200"},
                        {"s" + u16(0xfffe), "-2"},
                        {"u" + u16(40'000), "40000"},
                        {"I" + u32(0xffffffff), "-1"},
                        {"i" + u32(0xffffffff), "4294967295"},
                        {"l" + u64(1), "1"},
                        {"T" + u64(1'700'000'000), "1700000000"},
                        {"f" + u32(0x3f000000), "0.5"},
                        {"d" + u64(0x3fe0000000000000), "0.5"},
                        {"D" + u8(2) + u32(314), "314e-2"},
                        {"S" + longstr("text"), "text"},
                        {"x" + longstr("\x01\xff"), "01ff"},
                        {"V", ""}}) {
    HeaderRoom room;
    const std::string entry = shortstr("k") + c.value;
    EXPECT_EQ(write_table(room, as_bytes(entry)), Fault::none) << c.value;
    EXPECT_EQ(shown(room), "k=" + c.text + "|");
    if (c.value == "V") continue;
    HeaderRoom cut;
    EXPECT_EQ(write_table(cut, as_bytes(entry).first(entry.size() - 1)), Fault::short_input) << c.value;
  }
}

TEST(AmqpTable, TablesInTables) {
  const std::string inner =
      shortstr("a") + "F" + longstr(shortstr("b") + "A" + longstr("I" + u32(1) + "I" + u32(2)));
  HeaderRoom room;
  EXPECT_EQ(write_table(room, as_bytes(inner), "x"), Fault::none);
  EXPECT_EQ(shown(room), "x.a.b.0=1|x.a.b.1=2|");
  std::string deep = shortstr("k") + "V";
  for (std::size_t i = 0; i < kTableDepthMax; ++i) deep = shortstr("t") + "F" + longstr(deep);
  HeaderRoom other;
  EXPECT_EQ(write_table(other, as_bytes(deep)), Fault::too_deep);
  EXPECT_EQ(write_table(other, as_bytes(shortstr("k") + "?")), Fault::bad_value);
}

TEST(AmqpTable, WhatDoesNotFitIsTold) {
  std::string many;
  for (int i = 0; i < 400; ++i) many += text_entry("name", std::string(100, 'v'));
  HeaderRoom room;
  EXPECT_EQ(write_table(room, as_bytes(many)), Fault::none);
  EXPECT_TRUE(room.truncated());
}

TEST(AmqpRecognise, Verdicts) {
  struct Case {
    const char* name;
    std::string bytes;
    Verdict verdict;
  };
  for (const Case& c : {Case{"greeting", kGreeting, Verdict::client},
                        {"a part of it", "AMQ", Verdict::more},
                        {"AMQP 1.0", std::string("AMQP\0\1\0\0", 8), Verdict::no},
                        {"the server's first", start(), Verdict::server},
                        {"a client's method", declare("q"), Verdict::client},
                        {"a part of it", declare("q").substr(0, 12), Verdict::more},
                        {"either may close", close_channel(200, "bye"), Verdict::either},
                        {"heartbeat", kHeartbeat, Verdict::either},
                        {"a header", header(1, 5, 0x8000, shortstr("a/b")), Verdict::either},
                        {"a header that is too long", header(1, 5, 0, "x"), Verdict::no},
                        {"a body says nothing", body(1, "hello"), Verdict::no},
                        {"no end", declare("q").substr(0, declare("q").size() - 1) + "x", Verdict::no},
                        {"no method", invoke(1, 50, 99), Verdict::no},
                        {"HTTP", "GET / HTTP/1.1\r\n\r\n", Verdict::no},
                        {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), Verdict::no},
                        {"a DNS message over TCP", u16(29) + u16(1) + u16(0x100), Verdict::no}})
    EXPECT_EQ(probe(as_bytes(c.bytes), {}), c.verdict) << c.name;
}

TEST(AmqpRecognise, AFrameIsFoundBehindAHole) {
  const std::string before = "rest of a body\xce";
  const Sync found = kDescriptor.find(Direction::c2s, as_bytes(before + declare("q")));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, before.size());
  EXPECT_FALSE(kDescriptor.find(Direction::s2c, as_bytes(before + declare("q"))).found) << "the client's own";
}

}  // namespace
}  // namespace spanlight::amqp
