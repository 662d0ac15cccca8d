// The operations: the document against what is answered, what each asker may see, files.

#include "serve/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "serve/backend_for_tests.h"
#include "serve/client_for_tests.h"
#include "serve/csv.h"

namespace spanlight::serve {
namespace {

using Json = nlohmann::json;

constexpr const char* kAll = "Authorization: Bearer aaaaaaaaaaaaaaaaaaaaaaaa\r\n";
constexpr const char* kShop = "Authorization: Bearer ssssssssssssssssssssssss\r\n";
constexpr const char* kReader = "Authorization: Bearer rrrrrrrrrrrrrrrrrrrrrrrr\r\n";

// "all": an operator who may do everything. "shop": a viewer of one namespace who may not see payloads.
// "reader": a viewer who sees payloads, redacted, but no packets, in which nothing is.
ControlSettings with_people(const TestFolder& folder) {
  ControlSettings settings = TestServer::usual_settings();
  settings.access = {{"all", folder.write("all", std::string(24, 'a')), Role::operator_, {}, true, true},
                     {"reader", folder.write("reader", std::string(24, 'r')), Role::viewer, {}, true},
                     {"shop", folder.write("shop", std::string(24, 's')), Role::viewer, {"shop"}, false}};
  settings.audit_log = folder.path() + "/audit.log";
  return settings;
}

std::string encoded(const std::string& text) {
  std::string out;
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    out += '%';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// What the document's own examples ask.
std::string target_of(const std::string& path, const Json& operation) {
  std::string target = path;
  std::string query;
  for (const Json& parameter : operation.value("parameters", Json::array())) {
    if (!parameter.contains("example")) continue;
    std::string example = parameter["example"];
    const std::string name = parameter["name"];
    if (name == "id") example = test_call_id(1);
    if (name == "filter") example = "all";  // the words of the test's language
    if (parameter["in"] == "path")
      target.replace(target.find('{' + name + '}'), name.size() + 2, example);
    else
      query += (query.empty() ? "?" : "&") + name + '=' + encoded(example);
  }
  return target + query;
}

TEST(Api, TheDocumentSaysWhatIsAnswered) {
  TestServer server;
  TestClient client(server.port());
  const Json document = Json::parse(client.ask("GET", "/api/openapi.json").body);
  EXPECT_EQ(document["openapi"], "3.0.3");
  std::size_t asked = 0;
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      if (operation["operationId"] == "stream") continue;  // stream_test.cpp
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c & ~0x20);
      std::string body;
      if (operation.contains("requestBody"))
        body = operation["requestBody"]["content"]["application/json"]["example"].dump();
      const Answer answer = client.ask(upper, target_of(path, operation), "", body);
      ++asked;
      SCOPED_TRACE(upper + " " + path + " " + answer.body.substr(0, 300));
      ASSERT_EQ(answer.status, 200);
      const Json& content = operation["responses"]["200"]["content"];
      ASSERT_TRUE(content.contains(answer.headers.at("content-type"))) << answer.headers.at("content-type");
      const Json& schema = content[answer.headers.at("content-type")]["schema"];
      if (schema.contains("required")) {
        const Json got = Json::parse(answer.body);
        for (const Json& key : schema["required"]) EXPECT_TRUE(got.contains(key.get<std::string>())) << key;
      }
    }
  }
  EXPECT_EQ(asked + 1, server.table.routes().size());
  EXPECT_LE(server.table.routes().size(), kRoutesMax);
}

// What the document says of a call is what calls have, with whatever the test's calls lack being optional.
TEST(Api, TheDocumentKnowsEveryKeyOfACall) {
  TestServer server;
  TestClient client(server.port());
  const Json call_schema =
      Json::parse(client.ask("GET", "/api/openapi.json").body)["components"]["schemas"]["Call"];
  const Json page = Json::parse(client.ask("GET", "/api/calls?payloads=true").body);
  ASSERT_FALSE(page["calls"].empty());
  for (const Json& call : page["calls"]) {
    for (const auto& [key, value] : call.items()) EXPECT_TRUE(call_schema["properties"].contains(key)) << key;
    for (const Json& key : call_schema["required"]) EXPECT_TRUE(call.contains(key.get<std::string>())) << key;
  }
  EXPECT_TRUE(call_schema["properties"].contains("is_error"));
}

TEST(Api, EveryOperationsFaultsAreInTheDocument) {
  TestServer server;
  TestClient client(server.port());
  const Json document = Json::parse(client.ask("GET", "/api/openapi.json").body);
  const auto expect = [&](const char* path, const std::string& target, int status, const char* code) {
    const Answer answer = client.ask("GET", target);
    EXPECT_EQ(answer.status, status) << target;
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], code) << target;
    EXPECT_TRUE(document["paths"][path]["get"]["responses"].contains(std::to_string(status))) << target;
  };
  expect("/api/calls", "/api/calls?filter=nonsense", 400, "bad_filter");
  expect("/api/calls", "/api/calls?limit=0", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?limit=1001", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?limit=x", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?since=yesterday", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?since=1m&until=2m", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?order=up", 400, "bad_parameter");
  expect("/api/calls", "/api/calls?cursor=bad", 400, "bad_cursor");
  expect("/api/calls", "/api/calls?fliter=all", 400, "bad_parameter");
  expect("/api/calls/{id}", "/api/calls/xyz", 400, "bad_id");
  expect("/api/calls/{id}", "/api/calls/" + std::string(32, '0'), 404, "no_such_call");
  expect("/api/stats", "/api/stats?since=30d&step=1s", 400, "bad_parameter");
  expect("/api/stats", "/api/stats?by=colour", 400, "bad_parameter");
  expect("/api/map", "/api/map?by=colour", 400, "bad_parameter");
  expect("/api/values", "/api/values?column=request_body", 400, "bad_parameter");
  expect("/api/resolve", "/api/resolve?ip=host", 400, "bad_parameter");
  expect("/api/export", "/api/export?format=xls", 400, "bad_parameter");
  server.parts.packets_end = PacketsEnd::gone;
  expect("/api/calls/{id}/pcap", "/api/calls/" + test_call_id(1) + "/pcap", 404, "packets_gone");
  server.parts.packets_end = PacketsEnd::unreachable;
  expect("/api/calls/{id}/pcap", "/api/calls/" + test_call_id(1) + "/pcap", 503, "sensor_unreachable");
  server.parts.ready = false;
  const Answer unready = client.ask("GET", "/readyz");
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(Json::parse(unready.body)["parts"]["store"], false);
  EXPECT_EQ(unready.body.find("secret"), std::string::npos);
}

TEST(Api, AFilterThatIsWrongSaysWhere) {
  TestServer server;
  TestClient client(server.port());
  const Json error = Json::parse(client.ask("GET", "/api/calls?filter=nonsense").body)["error"];
  EXPECT_EQ(error["faults"][0]["position"], 3);
  EXPECT_EQ(error["faults"][0]["length"], 2);
  EXPECT_EQ(error["faults"][0]["suggestion"], "all");
  const Json checked =
      Json::parse(client.ask("POST", "/api/filter/check", "", "{\"filter\":\"nonsense\"}").body);
  EXPECT_EQ(checked["ok"], false);
  EXPECT_EQ(checked["faults"].size(), 1u);
}

TEST(Api, NamespacesAndPayloadsAreKeptFromWhoMayNotSeeThem) {
  const TestFolder folder;
  TestServer server(with_people(folder));
  TestClient client(server.port());
  EXPECT_EQ(client.ask("GET", "/api/calls").status, 401);
  EXPECT_EQ(client.ask("GET", "/api/me", kShop).status, 200);
  // Lists: the restriction goes with the question.
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/calls", kAll).body)["calls"].size(), 4u);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/calls", kShop).body)["calls"].size(), 3u);
  for (const char* view :
       {"/api/map", "/api/stats", "/api/histogram", "/api/values?column=dst_service", "/api/export"}) {
    EXPECT_EQ(client.ask("GET", view, kShop).status, 200) << view;
    EXPECT_EQ(server.history.last_scope().namespaces, std::vector<std::string>{"shop"}) << view;
  }
  // One call: the store of this test does not enforce it, so the API has to.
  const std::string hidden = "/api/calls/" + test_call_id(4);
  for (const char* more : {"", "/connection"}) {
    EXPECT_EQ(client.ask("GET", hidden + more, kAll).status, 200);
    EXPECT_EQ(client.ask("GET", hidden + more, kShop).status, 404);
  }
  const std::string visible = "/api/calls/" + test_call_id(1);
  EXPECT_EQ(Json::parse(client.ask("GET", visible + "/connection", kShop).body)["calls"].size(), 3u);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/traces/abc", kShop).body)["calls"].size(), 3u);
  // Its connection is shown where both it and the record may be seen.
  EXPECT_TRUE(Json::parse(client.ask("GET", visible, kShop).body)["connection"].is_null());
  server.history.connection_id = CallId::parse(test_call_id(4));
  EXPECT_TRUE(Json::parse(client.ask("GET", visible, kShop).body)["connection"].is_null());
  EXPECT_EQ(Json::parse(client.ask("GET", visible, kAll).body)["connection"]["id"], test_call_id(4));
  server.history.connection_id.reset();
  EXPECT_TRUE(Json::parse(client.ask("GET", visible, kAll).body)["timing"].contains("response_last_byte"));
  // Payloads, on every way.
  const std::string seen = client.ask("GET", visible, kAll).body;
  EXPECT_NE(seen.find("secret1"), std::string::npos);
  EXPECT_NE(seen.find("secret2"), std::string::npos);
  for (const std::string& way :
       {visible, visible + "/connection", std::string("/api/calls"), std::string("/api/calls?stream=true"),
        std::string("/api/export"), std::string("/api/export?format=har"),
        std::string("/api/export?format=csv"), std::string("/api/traces/abc")}) {
    const Answer answer = client.ask("GET", way, kShop);
    EXPECT_EQ(answer.status, 200) << way;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos) << way;
  }
  for (const std::string& way :
       {std::string("/api/calls?payloads=true"), std::string("/api/export?payloads=true"), visible + "/pcap",
        std::string("/api/calls?filter=payload"), std::string("/api/map?filter=payload"),
        std::string("/metrics")})
    EXPECT_EQ(client.ask("GET", way, kShop).status, 403) << way;
  EXPECT_EQ(client.ask("GET", visible + "/pcap", kAll).status, 200);
  EXPECT_EQ(client.ask("GET", visible + "/pcap", kReader).status, 403);
  EXPECT_EQ(client.ask("GET", "/api/calls?payloads=true", kReader).status, 200);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/me", kReader).body)["packets"], false);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/resolve?ip=10.0.0.1", kShop).body)["names"].size(), 1u);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/resolve?ip=10.0.0.1", kAll).body)["names"].size(), 2u);
  TestClient socket(server.port());
  ASSERT_EQ(socket.open_socket("/api/stream", kShop).status, 101);
  socket.send_frame(1, "{\"payloads\":true}");
  EXPECT_EQ(Json::parse(socket.read_text())["error"]["code"], "no_payloads");
}

TEST(Api, OnlyOperatorsChooseWhatIsCapturedAndEveryChangeIsWrittenDown) {
  const TestFolder folder;
  TestServer server(with_people(folder));
  TestClient client(server.port());
  const std::string wish = R"({"namespaces":["shop"]})";
  // Refused by their heads: their bodies were not read, so their connections end.
  EXPECT_EQ(TestClient(server.port()).ask("PUT", "/api/targets", kShop, wish).status, 403);
  const std::string foreign = std::string(kAll) + "Origin: http://evil.example\r\n";
  EXPECT_EQ(TestClient(server.port()).ask("PUT", "/api/targets", foreign, wish).status, 403);
  EXPECT_EQ(client.ask("POST", "/api/targets/preview", kAll, wish).status, 200);
  EXPECT_EQ(Json::parse(client.ask("GET", "/api/targets", kShop).body)["generation"], 0);
  EXPECT_EQ(client.ask("PUT", "/api/targets", kAll, R"({"regex":"("})").status, 400);
  const Json changed = Json::parse(client.ask("PUT", "/api/targets", kAll, wish).body);
  EXPECT_EQ(changed["generation"], 1);
  EXPECT_EQ(changed["settings"]["namespaces"][0], "shop");
  client.ask("GET", "/api/calls?filter=all", kAll);
  client.ask("GET", "/api/calls/" + test_call_id(2), kAll);
  client.ask("GET", "/api/calls", "Authorization: Bearer wrong-wrong-wrong-wrong\r\n");
  server.server->stop();
  std::ifstream file(folder.path() + "/audit.log");
  std::string text, line;
  bool change = false, list = false, one = false, refused = false;
  while (std::getline(file, line)) {
    text += line;
    const Json entry = Json::parse(line);
    const std::string what = entry.value("what", "");
    change |= entry["method"] == "PUT" && entry["status"] == 200 && what.find("\"shop\"") != what.npos;
    list |= entry.value("filter", "") == "all" && entry.value("calls", 0) == 4 && entry["who"] == "all";
    one |= entry.contains("ids") && entry["ids"][0] == test_call_id(2) && entry["payloads"] == true;
    refused |= entry["status"] == 401 && entry["who"] == "";
  }
  EXPECT_TRUE(change && list && one && refused) << text;
  EXPECT_EQ(text.find("Bearer"), std::string::npos);
  EXPECT_EQ(text.find("wrong-wrong"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

// Whoever leaves before the end has taken what came until then.
TEST(Api, WhatWasTakenIsWrittenDownWithoutAnEndToo) {
  const TestFolder folder;
  TestServer server(with_people(folder));
  int searches = 0;
  for (const char* target :
       {"/api/export?filter=slow&payloads=true", "/api/calls?filter=slow&payloads=true&stream=true"}) {
    TestClient client(server.port());
    client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + kAll + "\r\n");
    ASSERT_TRUE(client.has_input(60'000));
    client.reset();
    EXPECT_EQ(server.history.wait_cancelled(++searches), searches);
  }
  server.server->stop();
  std::ifstream file(folder.path() + "/audit.log");
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) {
    const Json entry = Json::parse(line);
    EXPECT_EQ(entry.value("calls", 0), 1) << line;
    EXPECT_EQ(entry.value("payloads", false), true) << line;
    ++lines;
  }
  EXPECT_EQ(lines, 2);
}

TEST(Api, WhatSaysSomethingOfAllNamespacesIsForWhoSeesThem) {
  const TestFolder folder;
  TestServer server(with_people(folder));
  TestClient client(server.port());
  client.ask("PUT", "/api/targets", kAll, R"({"namespaces":["bank"]})");
  const auto answer = [&client](const char* target, const char* who) {
    return Json::parse(client.ask("GET", target, who).body);
  };
  EXPECT_EQ(answer("/api/targets", kReader)["settings"]["namespaces"][0], "bank");
  EXPECT_FALSE(answer("/api/targets", kShop).contains("settings"));
  EXPECT_FALSE(answer("/api/targets", kShop).contains("some"));
  EXPECT_EQ(answer("/api/targets", kShop)["pods"], 1);
  EXPECT_TRUE(answer("/api/sensors?counters=true", kReader)["sensors"][0].contains("counters"));
  EXPECT_FALSE(answer("/api/sensors?counters=true", kShop)["sensors"][0].contains("counters"));
}

TEST(Api, ASearchThatLastsTellsItsProgress) {
  TestServer server;
  TestClient client(server.port());
  std::istringstream lines(
      client.ask("GET", "/api/calls?stream=true&filter=all&since=2023-11-14T22:13:20.5Z").body);
  std::string line;
  int calls = 0, progress = 0;
  bool ended = false;
  Json end;
  while (std::getline(lines, line)) {
    const Json json = Json::parse(line);
    calls += json.contains("call");
    progress += json.contains("progress");
    ended = json.contains("end");
    end = json.value("end", Json::object());
  }
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(progress, 1);
  EXPECT_TRUE(ended);
  EXPECT_EQ(end["since"], "2023-11-14T22:13:20.500000000Z");  // the range, for further pages
  EXPECT_GT(end["until"], end["since"]);
}

TEST(Api, ATraceThatIsCutSaysSo) {
  TestServer server;
  TestClient client(server.port());
  for (const auto& [limit, calls, all] : {std::tuple{"2", 2u, false}, {"4", 4u, true}, {"100", 4u, true}}) {
    const Json answer = Json::parse(client.ask("GET", "/api/traces/x?limit=" + std::string(limit)).body);
    EXPECT_EQ(answer["calls"].size(), calls) << limit;
    EXPECT_EQ(answer["all"], all) << limit;
  }
}

TEST(Api, MetricsHoldTheServersOwnAndEverybodyElses) {
  TestServer server;
  TestClient client(server.port());
  client.ask("GET", "/api/calls");
  ASSERT_TRUE(TestServer::reaches(server.counts.by_route[0].by_class[2], 1));
  const Answer answer = client.ask("GET", "/metrics");
  EXPECT_EQ(answer.headers.at("content-type"), kExpositionType);
  for (const char* sample :
       {"spanlight_http_requests_total{operation=\"calls\",status=\"2xx\"} 1\n",
        "spanlight_http_request_duration_seconds_count{operation=\"calls\"} 1\n",
        "spanlight_sensor_packets_total{sensor=\"rack\\\"12\"} 7\n", "spanlight_http_connections 1\n"})
    EXPECT_NE(answer.body.find(sample), std::string::npos) << sample;
}

TEST(Api, WithoutAStoreTheRestGoesOn) {
  TestServer server;
  server.backend.history = nullptr;
  TestClient client(server.port());
  const Answer answer = client.ask("GET", "/api/calls");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "no_store");
  EXPECT_EQ(client.ask("GET", "/api/sensors").status, 200);
}

TEST(Api, AWholeCallShowsItsBodiesDecoded) {
  TestServer server;
  TestClient client(server.port());
  const Json seen = Json::parse(client.ask("GET", "/api/calls/" + test_call_id(1)).body);
  EXPECT_EQ(seen["call"]["id"], test_call_id(1));
  EXPECT_EQ(seen["call"]["src"]["name"], "frontend-1");
  EXPECT_EQ(seen["source"], "live");
  EXPECT_EQ(seen["decoded"]["request"]["kind"], "json");
  EXPECT_EQ(seen["decoded"]["request"]["text"], "{\"card\":\"secret2\"}");
  EXPECT_TRUE(TestServer::reaches(server.counts.bodies_viewed, 2));
}

TEST(Export, HarIsOfTheFormat) {
  TestServer server;
  TestClient client(server.port());
  const Answer answer = client.ask("GET", "/api/export?format=har");
  EXPECT_EQ(answer.headers.at("content-disposition"), "attachment; filename=\"calls.har\"");
  const Json log = Json::parse(answer.body)["log"];
  EXPECT_EQ(log["version"], "1.2");
  EXPECT_TRUE(log["creator"].contains("name") && log["creator"].contains("version"));
  ASSERT_EQ(log["entries"].size(), 4u);
  const Json& entry = log["entries"][0];
  for (const char* key : {"startedDateTime", "time", "request", "response", "cache", "timings"})
    EXPECT_TRUE(entry.contains(key)) << key;
  for (const char* key :
       {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"})
    EXPECT_TRUE(entry["request"].contains(key)) << key;
  for (const char* key : {"status", "statusText", "httpVersion", "cookies", "headers", "content",
                          "redirectURL", "headersSize", "bodySize"})
    EXPECT_TRUE(entry["response"].contains(key)) << key;
  EXPECT_EQ(entry["request"]["url"], "http://orders.shop/orders");
  EXPECT_EQ(entry["request"]["queryString"][0]["value"], "a b");
  EXPECT_EQ(entry["request"]["cookies"][0]["name"], "session");
  EXPECT_EQ(entry["request"]["postData"]["text"], "{\"card\":\"secret2\"}");
  EXPECT_EQ(entry["response"]["content"]["text"], "{\"ok\":true}");
  EXPECT_DOUBLE_EQ(entry["time"].get<double>(), 1.5);
  EXPECT_GE(entry["timings"]["wait"].get<double>(), 0);
}

TEST(Export, CsvRunsNothingInASpreadsheet) {
  struct Case {
    std::string_view text, cell;
  };
  const Case cases[] = {{"plain", "plain"},
                        {"a,b", "\"a,b\""},
                        {"a\"b", "\"a\"\"b\""},
                        {"two\nlines", "\"two\nlines\""},
                        {"=cmd|'/c calc'!A1", "\"'=cmd|'/c calc'!A1\""},
                        {"+1", "\"'+1\""},
                        {"-1", "\"'-1\""},
                        {"@SUM(A1)", "\"'@SUM(A1)\""},
                        {"\t=1", "\"'\t=1\""},
                        {"\r=1", "\"'\r=1\""}};
  for (const Case& each : cases) {
    TextBuffer out;
    append_csv_cell(out, each.text);
    EXPECT_EQ(out.view(), each.cell);
  }
  TestServer server;
  TestClient client(server.port());
  std::istringstream lines(client.ask("GET", "/api/export?format=csv").body);
  std::string head, line;
  std::getline(lines, head);
  int count = 0;
  while (std::getline(lines, line)) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(head.begin(), head.end(), ','));
    ++count;
  }
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace spanlight::serve
