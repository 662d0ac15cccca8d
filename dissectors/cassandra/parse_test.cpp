#include "cassandra/parse.h"

#include <gtest/gtest.h>

#include "cassandra/cassandra.h"
#include "cassandra/recognise.h"
#include "cassandra/segments.h"
#include "cassandra/wire_for_tests.h"

namespace spanlight::cassandra {
namespace {

using namespace wire;

TEST(CassandraParse, Requests) {
  const std::string q = query_body("SELECT 1");
  const Asked asked = parse_request({.version = 4, .opcode = kQuery}, as_bytes(q));
  EXPECT_EQ(asked.fault, Fault::none);
  EXPECT_EQ(asked.statement, "SELECT 1");
  EXPECT_EQ(consistency_name(asked.consistency), "ONE");
  for (std::size_t n = 0; n + 1 < q.size(); ++n)
    EXPECT_EQ(parse_request({.version = 4, .opcode = kQuery}, as_bytes(q).first(n)).fault, Fault::short_input)
        << n;
  const std::string batch = be(0, 1) + be(2, 2) + be(0, 1) + long_str("INSERT 1") + be(1, 2) + long_str("v") +
                            be(1, 1) + str(kId) + be(0, 2) + be(4, 2);
  const Asked b = parse_request({.version = 4, .opcode = kBatch}, as_bytes(batch));
  EXPECT_EQ(b.fault, Fault::none);
  EXPECT_EQ(b.statements, 2u);
  EXPECT_EQ(b.statement, "INSERT 1");
  EXPECT_EQ(as_text(b.id), kId);
  EXPECT_EQ(consistency_name(b.consistency), "QUORUM");
  EXPECT_EQ(parse_request({.version = 4, .opcode = kBatch}, as_bytes(be(0, 1) + be(1, 2) + be(7, 1))).fault,
            Fault::bad_value);
  EXPECT_EQ(parse_request({.version = 4, .opcode = kQuery}, as_bytes(be(~0u, 4))).fault, Fault::bad_length);
  EXPECT_EQ(parse_request({.version = 4, .opcode = kStartup}, as_bytes(be(5'000, 2))).fault, Fault::too_many);
}

TEST(CassandraParse, AnswersWithTypes) {
  // list<map<int, text>>, a tuple, a user's type
  const std::string types = be(0x20, 2) + be(0x21, 2) + be(9, 2) + be(13, 2);
  const std::string tuple = be(0x31, 2) + be(2, 2) + be(9, 2) + be(0x20, 2) + be(9, 2);
  const std::string user = be(0x30, 2) + str("shop") + str("address") + be(1, 2) + str("street") + be(13, 2);
  const std::string body = be(2, 4) + be(1, 4) + be(3, 4) + str("shop") + str("t") + str("a") + types +
                           str("b") + tuple + str("c") + user + be(7, 4);
  const Told told = parse_answer({.version = 4, .opcode = kResult}, as_bytes(body));
  EXPECT_EQ(told.fault, Fault::none);
  EXPECT_EQ(told.rows, 7u);
  EXPECT_EQ(told.columns, 3u);
  EXPECT_EQ(told.keyspace, "shop");
  for (std::size_t n = 0; n < body.size(); ++n)
    EXPECT_EQ(parse_answer({.version = 4, .opcode = kResult}, as_bytes(body).first(n)).fault,
              Fault::short_input)
        << n;
  std::string deep = be(2, 4) + be(1, 4) + be(1, 4) + str("k") + str("t") + str("a");
  for (int i = 0; i < 40; ++i) deep += be(0x20, 2);
  EXPECT_EQ(parse_answer({.version = 4, .opcode = kResult}, as_bytes(deep + be(9, 2) + be(0, 4))).fault,
            Fault::too_deep);
  EXPECT_EQ(parse_answer({.version = 4, .opcode = kResult}, as_bytes(be(9, 4))).fault, Fault::bad_value);
  EXPECT_EQ(
      parse_answer({.version = 4, .opcode = kResult}, as_bytes(be(2, 4) + be(0, 4) + be(1u << 20, 4))).fault,
      Fault::too_many);
  // Tracing, a warning and a payload stand in front.
  const std::string before =
      std::string(16, 't') + be(1, 2) + str("careful") + be(1, 2) + str("k") + long_str("v");
  const Told warned =
      parse_answer({.version = 4, .flags = 0x0e, .opcode = kResult}, as_bytes(before + rows_body(2)));
  EXPECT_EQ(warned.fault, Fault::none);
  EXPECT_EQ(warned.rows, 2u);
  EXPECT_EQ(warned.warnings, 1u);
}

TEST(CassandraParse, Segments) {
  const std::string plain = segment("payload"), packed = packed_segment("packed", 100);
  const Segment a = parse_segment(as_bytes(plain).first(6), false);
  EXPECT_TRUE(a.good && a.whole_frames);
  EXPECT_EQ(a.length, 7u);
  const Segment b = parse_segment(as_bytes(packed).first(8), true);
  EXPECT_TRUE(b.good && b.whole_frames);
  EXPECT_EQ(b.unpacked, 100u);
  std::string bad = plain;
  bad[4] = static_cast<char>(bad[4] ^ 1);
  EXPECT_FALSE(parse_segment(as_bytes(bad).first(6), false).good);
}

TEST(CassandraRecognise, ByContent) {
  struct Case {
    std::string bytes;
    Verdict verdict;
  };
  const Case kCases[] = {
      {startup(), Verdict::client},
      {startup("lz4", 5), Verdict::client},
      {frame(5, 0, ""), Verdict::client},
      {query(1, "SELECT 1"), Verdict::client},
      {execution(1), Verdict::client},
      {answer(2, 0, ""), Verdict::server},
      {rows(1, 1), Verdict::server},
      {error(1, 0x2200, "no"), Verdict::server},
      {answer(12, -1, str("STATUS_CHANGE") + str("UP")), Verdict::server},
      {frame(7, 1, std::string("\0\0\0\x20xxxxxxxx", 12), 4, 1), Verdict::client},
      {frame(7, 1, long_str("\x01\x02\x03")), Verdict::no},
      {frame(7, -1, query_body("SELECT 1")), Verdict::no},
      {"GET / HTTP/1.1\r\n", Verdict::no},
      {std::string("\x04\x01\x00\x50\x7f\x00\x00\x01user\0", 13), Verdict::no},
      {std::string("\x05\x01\x00", 3) + std::string(20, '\0'), Verdict::no},
      {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), Verdict::no},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(probe(as_bytes(one.bytes), {}), one.verdict) << one.bytes;
    for (std::size_t n = 0; n < one.bytes.size(); ++n) {
      const Verdict v = probe(as_bytes(one.bytes).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == one.verdict) << n << one.bytes;
    }
  }
  const Sync found = kDescriptor.find(Direction::c2s, as_bytes("some noise" + query(3, "SELECT 1")));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 10u);
  EXPECT_TRUE(kDescriptor.find(Direction::s2c, as_bytes("noise" + segment(rows(1, 1, 5)))).found);
}

}  // namespace
}  // namespace spanlight::cassandra
