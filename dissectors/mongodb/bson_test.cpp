#include "mongodb/json.h"

#include <gtest/gtest.h>

#include "mongodb/mongodb.h"
#include "mongodb/parse.h"
#include "mongodb/recognise.h"
#include "mongodb/walk.h"
#include "mongodb/wire_for_tests.h"

namespace spanlight::mongodb {
namespace {

using namespace wire;

std::string json(const std::string& document, bool secrets = false, std::size_t room_bytes = 4'096) {
  std::string room(room_bytes, '\0');
  TextRoom out({room.data(), room.size()});
  bool redacted = false;
  const bool whole = to_json(as_bytes(document), secrets, out, redacted);
  return std::string(out.since(0)) + (whole ? "" : " CUT") + (redacted ? " REDACTED" : "");
}

TEST(Bson, AsJson) {
  struct Case {
    std::string document, json;
  };
  const Case kCases[] = {
      {doc(""), "{}"},
      {doc(i32("a", -1) + i64("b", 1ll << 40) + f64("c", 1.5)), R"({"a":-1,"b":1099511627776,"c":1.5})"},
      {doc(str("a", "q\"\\\n\x01")), "{\"a\":\"q\\\"\\\\\\n\\u0001\"}"},
      {doc(sub("a", array("b", i32("0", 1) + i32("1", 2)))), R"({"a":{"b":[1,2]}})"},
      {doc("\x07" + name("_id") + std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c")),
       R"({"_id":{"$oid":"0102030405060708090a0b0c"}})"},
      {doc("\x08" + name("t") + "\x01" + "\x0a" + name("n") + "\x09" + name("d") + le(5, 8)),
       R"({"t":true,"n":null,"d":{"$date":5}})"},
      {doc(binary("b", "\x01\xff")), R"({"b":{"$binary":"01ff"}})"},
      {doc("\x0b" + name("r") + name("^a") + name("i")), R"({"r":"^a"})"},
      {doc(std::string("\x20") + name("a")), "{ CUT"},
      {doc(i32("a", 1) + i32("b", 2)).substr(0, 14), "{\"a\":1 CUT"},
      {le(4, 4), " CUT"},
      {"", " CUT"},
  };
  for (const Case& one : kCases) EXPECT_EQ(json(one.document), one.json);
  EXPECT_EQ(json(doc(str("pwd", "x") + i32("a", 1)), true), R"({"pwd":"[redacted]","a":1} REDACTED)");
  EXPECT_EQ(json(doc(str("pwd", "x"))), R"({"pwd":"x"})");
  std::string deep = i32("a", 1);
  for (int i = 0; i < 60; ++i) deep = sub("a", deep);
  EXPECT_NE(json(doc(deep)).find("…"), std::string::npos);
  EXPECT_EQ(json(doc(str("a", std::string(100, 'x'))), false, 50).size(),
            std::string("{\"a\":").size() + 45 + 4);
}

Said said_of(const std::string& document, std::size_t cut, bool& done) {
  Walk walk;
  walk.begin();
  Said out;
  std::string kept;
  for (std::size_t at = 0; at < document.size();) {
    const std::size_t n = std::min(cut, document.size() - at);
    kept += document.substr(at, n);
    at += n;
    kept.erase(0, walk.feed(as_bytes(kept), at == document.size(), out));
  }
  done = walk.done();
  return out;
}

TEST(Bson, WhatAnAnswerSays) {
  const std::string document = doc(batch(3, 77, 400) + i32("n", 5));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, std::size_t{100}, document.size()}) {
    bool done = false;
    const Said said = said_of(document, cut, done);
    EXPECT_TRUE(done);
    EXPECT_TRUE(said.has_ok && said.ok == 1) << cut;
    EXPECT_EQ(said.documents, 3u);
    EXPECT_EQ(said.cursor, 77);
    EXPECT_EQ(said.n, 5);
    EXPECT_EQ(said.collection.view(), "items");
  }
  bool done = false;
  const Said bad =
      said_of(doc(i32("n", 0) +
                  array("writeErrors", sub("0", i32("index", 0) + i32("code", 11000) + str("errmsg", "dup")) +
                                           sub("1", i32("code", 1))) +
                  fine()),
              3, done);
  EXPECT_EQ(bad.write_errors, 2u);
  EXPECT_EQ(bad.code, 11000);
  EXPECT_EQ(bad.message.view(), "dup");
  EXPECT_EQ(said_of(doc(i64("nErrors", std::int64_t{1} << 40)), 3, done).write_errors, 0xffffffffu);
  EXPECT_EQ(said_of(doc(i32("nErrors", -1)), 3, done).write_errors, 0u);
}

TEST(Bson, BrokenDocumentsAreNotRead) {
  for (const std::string& document :
       {le(4, 4) + std::string(4, '\0'), le(100, 4) + i32("a", 1) + '\0', doc("\x02" + name("a") + le(0, 4)),
        doc(std::string("\x7e") + name("a")), doc(sub("cursor", i32("id", 1))).replace(4 + 8, 4, le(200, 4)),
        doc(i32(std::string(300, 'n'), 1))}) {
    bool done = true;
    said_of(document, 1'000, done);
    EXPECT_FALSE(done);
  }
}

TEST(MongodbParse, Openings) {
  const std::string query = wire::query(1, "shop.$cmd", i32("isMaster", 1)).substr(16);
  const Opening q = parse_opening(kQuery, as_bytes(query));
  EXPECT_EQ(q.fault, Fault::none);
  EXPECT_EQ(q.space, "shop.$cmd");
  for (std::size_t n = 0; n < q.size; ++n)
    EXPECT_EQ(parse_opening(kQuery, as_bytes(query).first(n)).fault, Fault::short_input) << n;
  EXPECT_EQ(parse_opening(kMsg, as_bytes(le(0x10, 4))).fault, Fault::bad_value);
  EXPECT_EQ(parse_opening(kQuery, as_bytes(le(0, 4) + std::string(300, 'x'))).fault, Fault::bad_length);
  EXPECT_EQ(parse_packing(as_bytes(le(2013, 4) + le(10, 4) + "\x09")).fault, Fault::bad_value);
  EXPECT_EQ(parse_packing(as_bytes(le(2012, 4) + le(10, 4) + "\x02")).fault, Fault::bad_value);
}

TEST(MongodbRecognise, ByContent) {
  struct Case {
    std::string bytes;
    Verdict verdict;
  };
  const Case kCases[] = {
      {ask(1, find("items")), Verdict::client},
      {ask(1, i32("hello", 1) + str("$db", "admin"), kExhaustAllowed), Verdict::client},
      {answer(9, 1, fine()), Verdict::server},
      {query(1, "admin.$cmd", i32("isMaster", 1)), Verdict::client},
      {reply(9, 1, fine()), Verdict::server},
      {message(2013, 1, 0, le(0, 4) + sequence("documents", doc(i32("a", 1)))), Verdict::client},
      {packed(1, 0, 2013, 2, 100, "xxxxxxxx"), Verdict::client},
      {message(2005, 1, 0, le(0, 4) + name("shop.items") + le(0, 4) + le(7, 8)), Verdict::client},
      {message(9999, 1, 0, std::string(30, 'x')), Verdict::no},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Verdict::no},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(32, 'r'), Verdict::no},
      {std::string("\0\0\0\x26\x00\x12\x00\x00\x00\x00\x00\x01\x00\x07\x61\x62\x63", 17), Verdict::no},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(probe(as_bytes(one.bytes), {}), one.verdict) << one.bytes;
    for (std::size_t n = 0; n < one.bytes.size(); ++n) {
      const Verdict v = probe(as_bytes(one.bytes).first(n), {});
      EXPECT_TRUE(v == Verdict::more || v == one.verdict) << n << one.bytes;
    }
  }
  const Sync found = kDescriptor.find(Direction::s2c, as_bytes("noise" + answer(9, 1, fine())));
  EXPECT_TRUE(found.found);
  EXPECT_EQ(found.skip, 5u);
}

}  // namespace
}  // namespace spanlight::mongodb
