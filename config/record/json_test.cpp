#include "record/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

std::string escaped(std::string_view text) {
  TextBuffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

std::string base64(std::string_view bytes) {
  TextBuffer out;
  append_base64(out, bytes);
  return std::string(out.view());
}

std::string line_of(const sample::Record& record) {
  sample::Batch batch;
  batch.sensor_epoch = 0x18b2c3d4e5f60718;
  batch.records = {record};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  EXPECT_EQ(fault_name(opened.fault), "none");
  if (!opened) return {};
  JsonWriter writer;
  writer.append(*opened);
  return std::string(writer.text());
}

nlohmann::json parsed(const sample::Record& record) {
  return nlohmann::json::parse(line_of(record));
}

sample::Record small_call() {
  sample::Record call;
  call.id = 0x2a;
  call.version = "1.1";
  call.timestamp = 1'795'407'600'123'456'789;
  call.response_timestamp = call.timestamp + 1'234'999;
  call.conn_id = 0xabc;
  call.src = sample::ipv4(10, 244, 1, 7);
  call.src_port = 50514;
  call.dst = sample::ipv4(10, 0, 0, 1);
  call.dst_port = 80;
  return call;
}

// The contract, literally: every key, in its order.
TEST(Json, WritesACompleteCallAsTheContractHasIt) {
  sample::Record call = small_call();
  call.flags = 0b101;
  call.vlans = {100, 7};
  call.tunnel = wire::Tunnel::vxlan;
  call.tunnel_id = 42;
  call.method = "GET";
  call.url = "/api/items/7?a=1";
  call.path = "/api/items/7";
  call.query_string = "a=1";
  call.has_status = true;
  call.status_code = 200;
  call.error = "none to speak of";
  call.summary = "GET /api/items/7";
  call.trace_id = "4bf9";
  call.request_id = "r-1";
  call.request.size = 412;
  call.request.headers = {{"Host", "shop"}, {"X-A", "1"}, {"X-A", "2"}};
  call.response.size = 1822;
  call.response.body_size = 3;
  call.response.body = "\xff\xfe\x01";
  call.response.fields = {{.name = "n", .kind = wire::FieldKind::integer, .integer = -5},
                          {.name = "ok", .kind = wire::FieldKind::boolean, .integer = 1},
                          {.name = "share", .kind = wire::FieldKind::number, .number = 0.25},
                          {.name = "topics", .kind = wire::FieldKind::list, .list = {"a", "b\n"}},
                          {.name = "t", .text = "x"}};
  EXPECT_EQ(
      line_of(call),
      R"({"id":"18b2c3d4e5f60718000000000000002a","sensor":"rack12","protocol":"http","version":"1.1",)"
      R"("state":"complete","flags":["gap","truncated_body"],"timestamp":"2026-11-23T04:20:00.123456789Z",)"
      R"("response_timestamp":"2026-11-23T04:20:00.124691788Z","elapsed_time":1234,"transport":"tcp",)"
      R"("conn_id":"0000000000000abc","vlan":[100,7],"tunnel":{"type":"vxlan","id":42},)"
      R"("src":{"ip":"10.244.1.7","port":50514},"dst":{"ip":"10.0.0.1","port":80},)"
      R"("method":"GET","url":"/api/items/7?a=1","path":"/api/items/7","query_string":"a=1","status_code":200,)"
      R"("error":"none to speak of","summary":"GET /api/items/7","trace_id":"4bf9","request_id":"r-1",)"
      R"("request":{"size":412,"headers":[["Host","shop"],["X-A","1"],["X-A","2"]],)"
      R"("body":{"size":0,"captured":0,"encoding":"utf8","data":""},"fields":{}},)"
      R"("response":{"size":1822,"headers":[],"body":{"size":3,"captured":3,"encoding":"base64","data":"//4B"},)"
      R"("fields":{"n":-5,"ok":true,"share":0.25,"topics":["a","b\n"],"t":"x"}}})"
      "\n");
}

TEST(Json, ListsOfObjects) {
  const auto shown = [](const std::string& form, const std::string& item) {
    sample::Record call = small_call();
    call.request.fields = {{.name = "l", .kind = wire::FieldKind::list, .text = form, .list = {item}}};
    return parsed(call)["request"]["fields"]["l"][0];
  };
  const std::string good = R"({"name":"a\\.\"b","ttl":-60,"flush":true,"last":false})";
  EXPECT_EQ(shown("json", good).dump(), R"({"flush":true,"last":false,"name":"a\\.\"b","ttl":-60})");
  EXPECT_EQ(shown("json", "{}").dump(), "{}");
  EXPECT_EQ(shown("", good).get<std::string>(), good) << "a text, unless the sensor says otherwise";
  EXPECT_EQ(shown("json", "{\"a\":\"\xc2\x9b\"}")["a"].get<std::string>(), "\xc2\x9b");
  for (const char* text : {"",
                           "{",
                           "}",
                           "[]",
                           "{}}",
                           "{} ",
                           "{\"a\":1,}",
                           "{,\"a\":1}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":01}",
                           "{\"a\":1.5}",
                           "{\"a\":-}",
                           "{\"a\":null}",
                           "{\"a\":{}}",
                           "{\"a\":[]}",
                           "{\"a\":\"\\n\"}",
                           "{\"a\":\"",
                           "{\"a\":\"\\",
                           "{\"a\":\"\n\"}",
                           "{a:1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":tru}"})
    EXPECT_EQ(shown("json", text).get<std::string>(), text) << "shown as it is";
}

TEST(Json, LeavesOutWhatHasNoValue) {
  sample::Record call = small_call();
  call.version.clear();
  call.state = wire::State::no_response;
  call.reason = wire::Reason::lost_in_mirror;
  call.response_timestamp = 0;
  call.response.size = 99;  // must not be shown: there was no response
  EXPECT_EQ(
      line_of(call),
      R"({"id":"18b2c3d4e5f60718000000000000002a","sensor":"rack12","protocol":"http","state":"no_response",)"
      R"("reason":"lost_in_mirror","flags":[],"timestamp":"2026-11-23T04:20:00.123456789Z",)"
      R"("response_timestamp":null,"elapsed_time":null,"transport":"tcp","conn_id":"0000000000000abc",)"
      R"("src":{"ip":"10.244.1.7","port":50514},"dst":{"ip":"10.0.0.1","port":80},)"
      R"("request":{"size":0,"headers":[],"body":{"size":0,"captured":0,"encoding":"utf8","data":""},)"
      R"("fields":{}}})"
      "\n");
}

TEST(Json, AnUnaskedResponseHasNoRequestAndNoTimestamp) {
  sample::Record call = small_call();
  call.state = wire::State::no_request;
  call.reason = wire::Reason::capture_ended;
  call.timestamp = 0;
  const nlohmann::json json = parsed(call);
  EXPECT_FALSE(json.contains("request"));
  EXPECT_FALSE(json.contains("timestamp"));
  EXPECT_TRUE(json.contains("response"));
  EXPECT_TRUE(json["elapsed_time"].is_null());
  EXPECT_EQ(json["response_timestamp"], "2026-11-23T04:20:00.124691788Z");
}

std::string ends_of(const Party* src, const Party* dst, std::string_view dst_dns) {
  sample::Batch batch;
  batch.records = {small_call()};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  if (!opened) return "not a batch";
  JsonWriter writer;
  writer.append(Call{opened.root, opened->records()->Get(0), {src, {}}, {dst, dst_dns}});
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(writer.text());
  return json["src"].dump() + " " + json["dst"].dump();
}

TEST(Json, SaysWhoTheEndsAre) {
  const Party pod{"frontend-7d9f", "shop",       "frontend-7d9f", {{"app", "frontend"}, {"say", "\"hi\""}},
                  "frontend",      "Deployment", "frontend",      "worker-3"};
  const Party service{.name = "cart", .name_space = "shop", .labels = {{"team", "a"}}, .service = "cart"};
  EXPECT_EQ(
      ends_of(&pod, &service, "cart.shop.svc"),
      R"({"ip":"10.244.1.7","port":50514,"name":"frontend-7d9f","namespace":"shop",)"
      R"("pod":{"name":"frontend-7d9f","namespace":"shop","labels":{"app":"frontend","say":"\"hi\""}},)"
      R"("service":{"name":"frontend","namespace":"shop"},"workload":{"kind":"Deployment","name":"frontend"},)"
      R"("node":"worker-3"} )"
      R"({"ip":"10.0.0.1","port":80,"name":"cart","namespace":"shop",)"
      R"("service":{"name":"cart","namespace":"shop","labels":{"team":"a"}},"dns":"cart.shop.svc"})");
}

TEST(Json, AnErrorSaysSoAndNothingElseDoes) {
  sample::Record call = small_call();
  EXPECT_FALSE(parsed(call).contains("is_error"));
  call.is_error = true;
  EXPECT_EQ(parsed(call)["is_error"], true);
  call.error = "500 Internal Server Error";
  EXPECT_EQ(parsed(call)["error"], "500 Internal Server Error");
}

TEST(Json, LeavesOutNamesThatNobodyKnows) {
  const Party machine{.name = "db1"};
  EXPECT_EQ(ends_of(&machine, nullptr, "x.example"),
            R"({"ip":"10.244.1.7","port":50514,"name":"db1"} {"ip":"10.0.0.1","port":80,"dns":"x.example"})");
}

TEST(Json, WithheldPayloadsLeaveSizesAlone) {
  sample::Batch batch;
  batch.records = {sample::usual_call()};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  ASSERT_TRUE(opened);
  const wire::Record& record = *opened->records()->Get(0);
  JsonWriter writer;
  writer.append(Call{opened.root, &record, {}, {}}, Payloads::withheld);
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(writer.text());
  EXPECT_EQ(json["request"].dump(),
            "{\"size\":" + std::to_string(record.request()->size()) +
                ",\"body\":{\"size\":" + std::to_string(record.request()->body_size()) + "}}");
  EXPECT_EQ(json["response"].size(), 2u);
  EXPECT_TRUE(json.contains("summary"));
}

TEST(Json, IcmpHasNoPorts) {
  sample::Record call = small_call();
  call.transport = wire::Transport::icmp;
  EXPECT_EQ(parsed(call)["src"].dump(), R"({"ip":"10.244.1.7"})");
}

TEST(Json, ElapsedTimeIsWholeMicrosecondsAndTellsWhenTheResponseWasSeenFirst) {
  struct Case {
    const char* name;
    std::int64_t difference_ns;
    std::int64_t elapsed_us;
  };
  for (const Case& c :
       {Case{"none", 0, 0}, Case{"below one", 999, 0}, Case{"one", 1'000, 1}, Case{"cut", 1'999, 1},
        Case{"long", 3'600'000'000'000, 3'600'000'000}, Case{"skewed", -2'500, -2}}) {
    sample::Record call = small_call();
    call.response_timestamp = call.timestamp + static_cast<std::uint64_t>(c.difference_ns);
    EXPECT_EQ(parsed(call)["elapsed_time"], c.elapsed_us) << c.name;
  }
}

TEST(Json, ValuesOfANewerSensorAreUnknownAndStillJson) {
  sample::Record call = small_call();
  call.state = static_cast<wire::State>(77);
  call.reason = static_cast<wire::Reason>(77);
  call.transport = static_cast<wire::Transport>(77);
  call.tunnel = static_cast<wire::Tunnel>(77);
  call.flags = ~static_cast<std::uint32_t>(wire::Flag::ANY);
  call.request.fields = {{.name = "new", .kind = static_cast<wire::FieldKind>(9)}};
  const nlohmann::json json = parsed(call);
  EXPECT_EQ(json["state"], "unknown");
  EXPECT_EQ(json["reason"], "unknown");
  EXPECT_EQ(json["transport"], "unknown");
  EXPECT_EQ(json["tunnel"]["type"], "unknown");
  EXPECT_TRUE(json["flags"].empty());
  EXPECT_TRUE(json["request"]["fields"]["new"].is_null());
}

TEST(Json, NumbersThatJsonDoesNotKnowAreNull) {
  for (const double number :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    sample::Record call = small_call();
    call.request.fields = {{.name = "x", .kind = wire::FieldKind::number, .number = number}};
    EXPECT_TRUE(parsed(call)["request"]["fields"]["x"].is_null());
  }
  for (const double number : {0.1, -1e300, 5e-324, 1e21, 3.0}) {
    sample::Record call = small_call();
    call.request.fields = {{.name = "x", .kind = wire::FieldKind::number, .number = number}};
    EXPECT_EQ(parsed(call)["request"]["fields"]["x"].get<double>(), number);
  }
}

TEST(Json, HeaderSpansOutOfRangeAreSkippedAndCounted) {
  sample::Batch batch;
  batch.records = {small_call()};
  batch.records[0].request.headers = {{"Host", "shop"}};  // 8 bytes
  const std::uint32_t all = 0xffff'ffff;
  batch.records[0].request.wrong_spans = {{9, 0, 0, 0},   {0, 9, 0, 0}, {0, 0, 8, 1}, {all, all, all, all},
                                          {1, all, 0, 0}, {0, 4, 4, 4} /* right, but a second time */};
  const sample::Bytes bytes = sample::build(batch);
  const auto opened = open_batch({bytes.data(), bytes.size()});
  ASSERT_TRUE(opened);
  JsonWriter writer;
  writer.append(*opened);
  const auto json = nlohmann::json::parse(writer.text());
  EXPECT_EQ(json["request"]["headers"].dump(), R"([["Host","shop"]])");
  EXPECT_EQ(writer.header_spans_skipped(), 6u);
}

TEST(Json, EscapesWhatMustBeAndNothingElse) {
  struct Case {
    const char* name;
    std::string_view text;
    std::string_view json;
  };
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"empty", "", R"("")"},
      {"plain", "abc", R"("abc")"},
      {"quote and backslash", R"(a"b\c)", R"("a\"b\\c")"},
      {"slash stays", "a/b", R"("a/b")"},
      {"short names", "\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"other controls", "\0\x01\x1b\x1f\x7f"sv, R"("\u0000\u0001\u001b\u001f\u007f")"},
      {"C1 controls", "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
      {"two, three, four bytes", "é€😀", "\"é€😀\""},
      {"lone continuation", "a\x80z", "\"a\xef\xbf\xbdz\""},
      {"overlong slash", "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
      {"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"beyond U+10FFFF", "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"cut at the end", "x\xf0\x9f\x98", "\"x\xef\xbf\xbd\""},
      {"cut by another", "\xe2\x82z", "\"\xef\xbf\xbdz\""},
      {"special at each place of a word", "0123456\"89abcde\nghijklm\\", R"("0123456\"89abcde\nghijklm\\")"},
  };
  for (const Case& c : cases) EXPECT_EQ(escaped(c.text), c.json) << c.name;
}

TEST(Json, Base64AsInRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
}

TEST(Json, APreviewCutThroughACharacterStaysText) {
  sample::Record call = small_call();
  call.request.body_size = 100;
  call.request.body = "caf\xc3";
  EXPECT_EQ(parsed(call)["request"]["body"].dump(),
            R"({"captured":3,"data":"caf","encoding":"utf8","size":100})");
  call.request.body_size = 4;  // not cut: these bytes are not UTF-8
  EXPECT_EQ(parsed(call)["request"]["body"]["encoding"], "base64");
  call.request.body_size = 100;
  call.request.body =
      "\xff"
      "caf\xc3";  // cut, but not text before it either: all of it is kept
  EXPECT_EQ(parsed(call)["request"]["body"]["captured"], 5);
}

// Strings of every kind of byte, mostly near each other's boundaries: what we write must be what another
// implementation reads, and reads back as the same text where it was well-formed.
std::string hostile_text(std::mt19937_64& random) {
  static const std::string parts[] = {"a",        "\"",   "\\",       std::string(1, '\0'),
                                      "\x1b[31m", "é",    "\xe2\x82", "\xf0\x9f\x98",
                                      "😀",        "\x80", "\xff",     "\xed\xa0\x80",
                                      "\xc0\x80", "\x7f", "\xc2",     "plain text of some length "};
  std::string text;
  for (std::size_t n = random() % 24; n > 0; --n) text += parts[random() % std::size(parts)];
  return text;
}

TEST(Json, IsReadByAnotherImplementationWhateverTheBytes) {
  std::mt19937_64 random(7);
  for (int turn = 0; turn < 3'000; ++turn) {
    sample::Record call = small_call();
    call.method = hostile_text(random);
    call.path = hostile_text(random);
    call.summary = hostile_text(random);
    call.error = hostile_text(random);
    call.flags = static_cast<std::uint32_t>(random());
    for (std::size_t n = random() % 5; n > 0; --n) {
      call.request.headers.emplace_back(hostile_text(random), hostile_text(random));
      call.response.fields.push_back({.name = std::to_string(n) + hostile_text(random),
                                      .kind = static_cast<wire::FieldKind>(random() % 6),
                                      .text = hostile_text(random),
                                      .integer = static_cast<std::int64_t>(random()),
                                      .number = static_cast<double>(random()) / 3,
                                      .list = {hostile_text(random), hostile_text(random)}});
    }
    call.response.body = hostile_text(random);
    call.response.body_size = call.response.body.size() + random() % 2;
    const std::string line = line_of(call);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    ASSERT_TRUE(is_utf8(line));
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << line;
    if (is_utf8(call.path) && !call.path.empty()) {
      ASSERT_EQ(json["path"], call.path);
    }
    if (is_utf8(call.response.body)) {
      ASSERT_EQ(json["response"]["body"]["data"], call.response.body);
    }
  }
}

TEST(Json, KnowsUtf8FromOtherBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("12345678é12345678"));
  EXPECT_TRUE(is_utf8("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"));
  EXPECT_FALSE(is_utf8("12345678\x80"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xe0\x9f\xbf"));
  EXPECT_FALSE(is_utf8("1234567\xc3"));
}

}  // namespace
}  // namespace spanlight
