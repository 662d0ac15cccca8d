#include "core/gql/gql.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "core/gql/request.h"

namespace spanlight::gql {
namespace {

struct DocumentCase {
  const char* name;
  std::string text, wanted;
  bool cut;
  Fault fault;
  const char *type, *operation;
};

TEST(GqlDocument, WhatItExecutes) {
  const Fault kNone = Fault::none, kShort = Fault::short_input, kBad = Fault::bad_value;
  for (const DocumentCase& c : std::initializer_list<DocumentCase>{
           {"shorthand", "{ me { name } }", "", false, kNone, "query", ""},
           {"named", "query Me($a: Int = 1, $b: [X!]! @d) @e(f: {g: \"}\"}) { me(a: $a) { ...F } }", "",
            false, kNone, "query", "Me"},
           {"mutation", "\xef\xbb\xbf # a comment {\n mutation Do{do(x:\"\"\"a \\\"\"\" b\"\"\")}", "", false,
            kNone, "mutation", "Do"},
           {"subscription", "subscription{ticks}", "", false, kNone, "subscription", ""},
           {"fragment first", "fragment F on T { a } query Q { ...F }", "", false, kNone, "query", "Q"},
           {"chosen", "query A { a } mutation B { b }", "B", false, kNone, "mutation", "B"},
           {"several, none chosen", "query A { a } mutation B { b }", "", false, kNone, "", ""},
           {"not there", "query A { a }", "B", false, kNone, "", ""},
           {"inline fragment", "{ a { ... on B { c } ... @include(if: $d) { e } f: g @h } }", "", false,
            kNone, "query", ""},
           {"cut in a selection", "query A { a { b", "", true, kShort, "", ""},
           {"cut, but chosen", "query A { a { b", "A", true, kShort, "query", "A"},
           {"cut keyword", "quer", "", true, kShort, "", ""},
           {"cut text", "{ a(b: \"c", "", true, kShort, "", ""},
           {"no document", "select * from t", "", false, kBad, "", ""},
           {"empty selection", "{}", "", false, kBad, "", ""},
           {"json", "{\"a\": 1}", "", false, kBad, "", ""},
           {"a log selector", "{job=\"x\"} |= \"y\"", "", false, kBad, "", ""},
           {"javascript", "{a: 1}", "", false, kBad, "", ""},
           {"a schema", "type A { b: Int }", "", false, kBad, "", ""},
           {"only fragments", "fragment F on T { a }", "", false, kBad, "", ""},
           {"nothing", "", "", false, kBad, "", ""},
           {"unbalanced", "{ a } }", "", false, kBad, "", ""},
           {"a word", "query", "", false, kShort, "", ""},
           {"a search", "query of mine", "", false, kBad, "", ""},
       }) {
    const Document d = parse_document(c.text, c.wanted, c.cut);
    EXPECT_EQ(d.fault, c.fault) << c.name;
    EXPECT_EQ(operation_name(d.type), c.type) << c.name;
    EXPECT_EQ(d.name, c.operation) << c.name;
  }
}

TEST(GqlDocument, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{a";
  EXPECT_EQ(parse_document(deep, "", false).fault, Fault::too_deep);
}

// A strict prefix of a document is short or, between two definitions, whole.
TEST(GqlDocument, Prefixes) {
  const std::string text =
      "query A($b: C = \"d\\\"\") @e { f(g: 1.5) { ...h } } fragment H on I { j ... { k } }";
  for (std::size_t n = 0; n < text.size(); ++n) {
    const Document d = parse_document(std::string_view(text).substr(0, n), "", true);
    EXPECT_EQ(d.fault, Fault::short_input) << text.substr(0, n);
  }
}

TEST(GqlJson, Unescapes) {
  std::array<std::uint8_t, 64> room;
  bool whole = true;
  EXPECT_EQ(unescape("plain", room, whole), "plain");
  EXPECT_EQ(unescape(R"(a\n\t\"\\\/\u0041\u00e4\u20ac\ud83d\b\f\r\u12)", room, whole),
            "a\n\t\"\\/A\xc3\xa4\xe2\x82\xac?\b\f\ru12");
  EXPECT_TRUE(whole);
  unescape("\\n" + std::string(100, 'x'), room, whole);
  EXPECT_FALSE(whole);
}

std::string told(const Request& r) {
  if (!r.found) return "none";
  std::string out = std::string(operation_name(r.type)) + " " + std::string(r.name);
  if (!r.persisted.empty()) out += " persisted " + std::string(r.persisted);
  if (r.variables > 0) out += " variables " + std::to_string(r.variables);
  if (r.batch > 0) out += " batch " + std::to_string(r.batch);
  return out + (r.cut ? " cut" : "");
}

std::string request(const std::string& body, bool whole = true) {
  Room room;
  Request out;
  if (!may_be_request(body)) return "none";
  read_request(body, whole, room, out);
  return told(out);
}

TEST(GqlRequest, Bodies) {
  EXPECT_EQ(request(R"({"query":"{\n  me { name }\n}"})"), "query ");
  EXPECT_EQ(
      request(R"({"operationName":"B","variables":{"a":1,"b":{"c":[]}},"query":"query A{a} mutation B{b}"})"),
      "mutation B variables 2");
  EXPECT_EQ(request(R"({"query":"query A{a}","operationName":null,"variables":null,"extensions":{"x":1}})"),
            "query A");
  EXPECT_EQ(request(R"( [ {"query":"query A{a}"}, {"query":"mutation B{b}"} ] )"), "query A batch 2");
  EXPECT_EQ(
      request(R"({"operationName":"A","extensions":{"persistedQuery":{"version":1,"sha256Hash":"abc"}}})"),
      " A persisted abc");
  EXPECT_EQ(request(R"({"documentId":"d1","variables":{"a":1}})"), "  persisted d1 variables 1");
  // Others that have such a key.
  EXPECT_EQ(request(R"({"query":"select 1"})"), "none");
  EXPECT_EQ(request(R"({"query":{"match_all":{}}})"), "none");
  EXPECT_EQ(request(R"({"query":"{job=\"x\"}"})"), "none");
  EXPECT_EQ(request(R"({"id":"7"})"), "none");
  EXPECT_EQ(request(R"({"name":"x","query":"{a}"})"), "none");
  EXPECT_EQ(request(R"({"query":"{a}"} and more)"), "none");
  EXPECT_EQ(request("query=%7Ba%7D"), "none");
  EXPECT_EQ(request(R"({"query":"{a}",)"
                    "\x01"),
            "none");
}

TEST(GqlRequest, CutPreviews) {
  // The document is whole and there is one operation in it: nothing can change that.
  EXPECT_EQ(request(R"({"query":"query A{a}","variables":{"long":"xxxx)", false), "query A variables 1 cut");
  EXPECT_EQ(request(R"({"query":"query A{a} query B{b}","variables":{)", false), "  cut");
  EXPECT_EQ(request(R"({"operationName":"B","query":"query A{a} query B{b { c)", false), "query B cut");
  EXPECT_EQ(request(R"({"query":"query A{a { c)", false), "  cut");
}

TEST(GqlRequest, QueryStrings) {
  const auto get = [](const char* text) {
    Room room;
    Request out;
    read_query_string(text, room, out);
    return told(out);
  };
  EXPECT_EQ(get("query=%7Bme%7Bname%7D%7D"), "query ");
  EXPECT_EQ(get("a=b&operationName=B&query=query+A%7Ba%7D+query+B%7Bb%7D&variables=%7B%22x%22%3A1%7D"),
            "query B variables 1");
  EXPECT_EQ(get("extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22abc%22%7D%7D"),
            "  persisted abc");
  EXPECT_EQ(get("query=shoes"), "none");
  EXPECT_EQ(get("query=query"), "none");
  EXPECT_EQ(get("query=%7Bjob%3D%22x%22%7D&start=1"), "none");
  EXPECT_EQ(get("query=&x"), "none");
}

TEST(GqlResponse, Errors) {
  const auto read = [](const char* body, bool whole = true) {
    Response out;
    read_response(body, whole, out);
    return std::to_string(out.errors) + " " + std::string(out.message) + " " + std::string(out.code) +
           (out.cut ? " cut" : "");
  };
  EXPECT_EQ(read(R"({"data":{"errors":[1]}})"), "0  ");
  EXPECT_EQ(
      read(
          R"({"errors":[{"message":"no","locations":[],"extensions":{"a":1,"code":"FORBIDDEN"}},{"message":"x"}],"data":null})"),
      "2 no FORBIDDEN");
  EXPECT_EQ(read(R"({"errors":[]})"), "0  ");
  EXPECT_EQ(read(R"([{"data":1},{"errors":[{"message":"b"}]}])"), "1 b ");
  EXPECT_EQ(read(R"({"data":{"long":"xxx)", false), "0   cut");
  EXPECT_EQ(read(R"({"errors":[{"message":"no"},{"mess)", false), "2 no  cut");
  EXPECT_EQ(read("<html>"), "0  ");
}

std::string told(const Response& r) {
  return std::to_string(r.errors) + " " + std::string(r.message) + " " + std::string(r.code) +
         (r.cut ? " cut" : "");
}

std::string form(const std::string& body) {
  Room room;
  Request out;
  read_form(body, room, out);
  return told(out);
}

TEST(GqlRequest, Forms) {
  const std::string head = "Content-Disposition: form-data; name=\"operations\"\r\n\r\n";
  const std::string file =
      "\r\n--b\r\nContent-Disposition: form-data; name=\"0\"; filename=\"a\"\r\n\r\n--b but no end\r\n--";
  const std::string upload = R"({"query":"mutation Up($f:File!){up(f:$f)}","variables":{"f":null}})";
  EXPECT_EQ(form("--b\r\n" + head + upload + file + "b--\r\n"), "mutation Up variables 1");
  EXPECT_EQ(form("\r\n--b \t\r\n" + head + upload + file), "mutation Up variables 1");
  EXPECT_EQ(form("--b\r\n" + head + "[" + upload + "," + upload + "]" + file),
            "mutation Up variables 1 batch 2");
  EXPECT_EQ(form("--b" + file + "b\r\n" + head + upload + file), "mutation Up variables 1");
  // Nobody knows whether more of it was to come.
  EXPECT_EQ(form("--b\r\n" + head + upload), "mutation Up variables 1 cut");
  EXPECT_EQ(form("--b\r\n" + head + upload.substr(0, 40)), "  cut");
  EXPECT_EQ(form("--b\r\n" + head + R"({"query":"select 1"})" + file), "none");
  EXPECT_EQ(form("--b\r\nContent-Disposition: form-data; filename=\"operations\"\r\n\r\n" + upload + file),
            "none");
  EXPECT_EQ(form("--" + std::string(71, 'b') + "\r\n" + head + upload + file), "none");
  EXPECT_EQ(form("--b\r\n" + head), "none");
  EXPECT_EQ(form(head + upload + file), "none");
  EXPECT_EQ(form(""), "none");
}

TEST(GqlResponse, PartsOneAfterTheOther) {
  const auto read = [](const std::string& body, bool whole = true) {
    Response out;
    read_parts(body, whole, out);
    return told(out);
  };
  const std::string head = "\r\n---\r\nContent-Type: application/json\r\n\r\n", end = "\r\n-----\r\n";
  const std::string first = R"({"data":{"a":1},"hasNext":true})";
  EXPECT_EQ(read(head + first + head +
                 R"({"incremental":[{"data":{"errors":[1]},"path":[]}],"hasNext":false})" + end),
            "0  ");
  EXPECT_EQ(read(head + R"({"errors":[{"message":"a"}],"hasNext":true})" + head +
                 R"({"incremental":[{"errors":[{"message":"b"}]},{"errors":[{"message":"c"}]}],)"
                 R"("completed":[{"id":"0"},{"id":"1","errors":[{"message":"d"}]}],"hasNext":false})" +
                 end),
            "4 a ");
  EXPECT_EQ(read(head + "{}" + head +
                 R"({"payload":{"errors":[{"message":"e","extensions":{"code":"X"}}]}})" + end),
            "1 e X");
  EXPECT_EQ(read(head + first + head + R"({"incremental":[{"errors":[{"message":"b"},{"mess)", false),
            "2 b  cut");
  EXPECT_EQ(read(head + first, false), "0   cut");
  EXPECT_EQ(read("<html>"), "0  ");
}

TEST(GqlResponse, Events) {
  const auto read = [](const std::string& body, bool whole = true) {
    Response out;
    read_events(body, whole, out);
    return told(out);
  };
  EXPECT_EQ(read(":\n\nevent: next\ndata: {\"data\":{\"n\":0}}\n\nevent: complete\ndata:\n\n"), "0  ");
  EXPECT_EQ(read("event: next\r\ndata:{\"errors\":[{\"message\":\"a\"}]}\r\n\r\nid: 7\r\n\r\n"), "1 a ");
  EXPECT_EQ(read("data: {\"data\":1}\n\ndata: {\"errors\":[{\"message\":\"b\"}]}\n\n", false), "1 b  cut");
  EXPECT_EQ(read("data: {\"errors\":[{\"mess"), "1   cut");
}

TEST(GqlSocket, OnlyWhatItsTypesSay) {
  Room room;
  for (const char* text : {R"({"type":"message"})", R"({"id":"1"})", "[1]", R"({"type":"next")", "x"}) {
    SocketMessage out;
    read_socket_message(text, true, room, out);
    EXPECT_EQ(out.type, "") << text;
  }
}

}  // namespace
}  // namespace spanlight::gql
