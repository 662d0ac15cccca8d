// The smaller pieces: rates, the audit log, files, answers' heads, routes, wishes.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "serve/answer.h"
#include "serve/assets.h"
#include "serve/audit.h"
#include "serve/backend_for_tests.h"
#include "serve/rate.h"
#include "serve/route.h"
#include "serve/wishes.h"

namespace spanlight::serve {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string content(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(Rate, ABurstAndThenAPace) {
  RateLimit rate(10);
  std::uint32_t retry = 0;
  int taken = 0;
  while (taken < 100 && rate.take("a", kSecond, retry)) ++taken;
  EXPECT_EQ(taken, 20);
  EXPECT_EQ(retry, 1u);
  EXPECT_TRUE(rate.take("b", kSecond, retry)) << "one client's haste is not another's";
  EXPECT_TRUE(rate.take("a", kSecond + kSecond / 10, retry));
  EXPECT_FALSE(rate.take("a", kSecond + kSecond / 10, retry));
  EXPECT_FALSE(rate.take("a", 0, retry)) << "a clock that goes back gives nothing";
  EXPECT_TRUE(RateLimit(0).take("a", 0, retry));
}

TEST(Rate, TheTableHasAnEnd) {
  RateLimit rate(1);
  std::uint32_t retry = 0;
  for (std::size_t i = 0; i < kRateClientsMax + 100; ++i) rate.take(std::to_string(i), kSecond, retry);
  EXPECT_EQ(rate.clients(), kRateClientsMax);
}

TEST(Audit, LinesAreJsonAndTheFileCanBeMoved) {
  const TestFolder folder;
  const std::string path = folder.path() + "/audit.log";
  std::string complaint;
  AuditLog log(
      path, [](std::string_view) {}, [&](std::string_view sentence) { complaint = sentence; });
  AuditEntry entry{kSecond, "ann", "token", "192.0.2.1", "GET", "/api/calls", 200, {}, 5};
  entry.note.filter = "a \"b\"\n" + std::string(3'000, 'x');
  entry.note.ids.assign(kAuditIdsMax + 5, "id");
  log.write(entry);
  ASSERT_EQ(rename(path.c_str(), (path + ".1").c_str()), 0);
  log.reopen();
  log.write(entry);
  const auto first = nlohmann::json::parse(content(path + ".1"));
  EXPECT_EQ(first["who"], "ann");
  EXPECT_EQ(first["filter"].get<std::string>().size(), kAuditFilterBytesMax);
  EXPECT_EQ(first["ids"].size(), kAuditIdsMax);
  EXPECT_EQ(first["more_ids"], 5);
  EXPECT_EQ(nlohmann::json::parse(content(path))["status"], 200);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(log.lines(), 2u);
  EXPECT_EQ(complaint, "");
}

TEST(Audit, PayloadsThatWereAskedForAreSaidWithOrWithoutCalls) {
  std::string line;
  AuditLog log(
      {}, [&](std::string_view text) { line = text; }, [](std::string_view) {});
  AuditEntry entry;
  log.write(entry);
  EXPECT_EQ(line.find("payloads"), line.npos);
  entry.note.payloads = true;
  log.write(entry);
  EXPECT_NE(line.find("\"payloads\":true"), line.npos);
  entry.note = {.calls = 2};
  log.write(entry);
  EXPECT_NE(line.find("\"payloads\":false"), line.npos);
}

TEST(Audit, WhatCannotBeWrittenIsCountedAndToldOnce) {
  int complaints = 0;
  AuditLog log(
      "/dev/full", [](std::string_view) {}, [&](std::string_view) { ++complaints; });
  log.write({});
  log.write({});
  EXPECT_EQ(log.lost(), 2u);
  EXPECT_EQ(complaints, 1);
  EXPECT_THROW(AuditLog(
                   "/none/audit.log", [](std::string_view) {}, [](std::string_view) {}),
               std::runtime_error);
}

TEST(Assets, OnlyFilesOfTheFolderAreServed) {
  const TestFolder folder;
  const TestFolder outside;
  const std::string secret = outside.write("secret.txt", "secret");
  folder.write("index.html", "<p>hello</p>");
  folder.write("assets/app.3f9a2b1c.js", std::string(5'000, 'a'));
  folder.write("favicon.ico", "icon");
  ASSERT_EQ(symlink(secret.c_str(), (folder.path() + "/leak.txt").c_str()), 0);
  ASSERT_EQ(symlink("/", (folder.path() + "/out").c_str()), 0);
  const auto assets = Assets::load(folder.path());
  EXPECT_EQ(assets->size(), 3u);
  EXPECT_EQ(assets->find("/leak.txt"), nullptr);
  EXPECT_EQ(assets->find("/out/etc/passwd.txt"), nullptr);
  EXPECT_EQ(assets->find("/missing.js"), nullptr);
  const Asset* const index = assets->find("/");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->content_type, "text/html; charset=utf-8");
  EXPECT_FALSE(index->immutable);
  EXPECT_EQ(assets->find("/calls/some-page"), index) << "pages of the application";
  const Asset* const app = assets->find("/assets/app.3f9a2b1c.js");
  ASSERT_NE(app, nullptr);
  EXPECT_TRUE(app->immutable);
  EXPECT_LT(app->gzipped.size(), app->bytes.size());
  EXPECT_FALSE(app->gzipped.empty());
  EXPECT_THROW(Assets::load(folder.path() + "/none"), std::runtime_error);
  EXPECT_EQ(Assets::load("")->find("/"), nullptr);
}

TEST(Answer, HeadsCannotBeSplit) {
  AnswerHead head{200, "text/plain", 3, {{"X-Name", "a\r\nSet-Cookie: b"}}};
  const std::string text = answer_head(head);
  EXPECT_NE(text.find("X-Name: aSet-Cookie: b\r\n"), std::string::npos);
  EXPECT_EQ(text.find("\nSet-Cookie"), std::string::npos);
  EXPECT_NE(text.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  EXPECT_EQ(text.find("Strict-Transport-Security"), std::string::npos);
  EXPECT_EQ(chunk("hello world, hello"), "12\r\nhello world, hello\r\n");
  EXPECT_EQ(chunk(""), "0\r\n\r\n");
}

TEST(Routes, TemplatesFitSegmentBySegment) {
  RouteTable table;
  const auto add = [&](Method method, std::string path, std::string id) {
    Route route;
    route.method = method;
    route.path = std::move(path);
    route.id = std::move(id);
    route.handler = [](const Request&, Exchange&) {};
    table.add(std::move(route));
  };
  add(Method::get, "/api/calls", "calls");
  add(Method::get, "/api/calls/{id}", "call");
  add(Method::get, "/api/calls/{id}/pcap", "pcap");
  add(Method::put, "/api/calls", "put");
  EXPECT_EQ(table.find(Method::get, "/api/calls").route->id, "calls");
  const auto match = table.find(Method::get, "/api/calls/a b/pcap");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.captured.at("id"), "a b");
  for (const char* none :
       {"/", "/api", "/api/calls/", "/api/calls//pcap", "/api/calls/x/y", "/api/calls/x/pcap/"})
    EXPECT_EQ(table.find(Method::get, none).route, nullptr) << none;
  EXPECT_EQ(table.find(Method::post, "/api/calls").allowed, "GET, PUT");
}

TEST(Wishes, EachFaultIsNamed) {
  EXPECT_EQ(parse_stream_wish(R"({"filter":"x","limit_per_second":5,"payloads":true})").limit_per_second, 5u);
  EXPECT_EQ(parse_stream_wish("{}").filter, "");
  EXPECT_EQ(parse_tap_settings(R"({"namespaces":["a"],"bpfOverride":"tcp"})").namespaces.size(), 1u);
  for (const char* wrong :
       {"", "[]", "nul", "{\"filter\":1}", "{\"fitler\":\"\"}", "{\"limit_per_second\":-1}",
        "{\"limit_per_second\":4294967296}", "{\"limit_per_second\":1.5}", "{\"payloads\":\"yes\"}",
        "{\"filter\":\"a\\u0000b\"}", "{\"filter\":\"\xff\"}"})
    EXPECT_THROW(parse_stream_wish(wrong), ApiError) << wrong;
  EXPECT_THROW(parse_stream_wish("{\"filter\":\"" + std::string(9'000, 'x') + "\"}"), ApiError);
  EXPECT_THROW(parse_stream_wish(std::string(30'000, '[')), ApiError);
  EXPECT_THROW(parse_tap_settings(R"({"namespaces":"a"})"), ApiError);
  EXPECT_THROW(parse_tap_settings(R"({"namespaces":[1]})"), ApiError);
  try {
    parse_stream_wish("{\"fitler\":\"\"}");
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_NE(std::string(error.what()).find("\"fitler\" is not known"), std::string::npos);
  }
}

}  // namespace
}  // namespace spanlight::serve
