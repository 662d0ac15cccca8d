// What filters mean, over one call that is known by heart. equality_test compares the two back ends; this
// says what both must say.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "filter/filter.h"
#include "record/reader.h"
#include "record/sample.h"

namespace spanlight {
namespace {

// A batch of one record and who its ends are.
class One {
 public:
  explicit One(const sample::Record& record, const Party* src = nullptr, const Party* dst = nullptr) {
    sample::Batch batch;
    batch.sensor_epoch = 0x10;
    batch.records = {record};
    bytes_ = sample::build(batch);
    const auto opened = open_batch({bytes_.data(), bytes_.size()});
    call_ = {opened.root,
             opened.root->records()->Get(0),
             {src, src == nullptr ? "" : "client.example.org"},
             {dst, ""}};
  }
  const Call& call() const { return call_; }

 private:
  sample::Bytes bytes_;
  Call call_;
};

const Party kFrontend{"frontend-7d9f", "shop",       "frontend-7d9f", {{"app", "frontend"}, {"tier", "web"}},
                      "frontend",      "Deployment", "frontend",      "worker-3"};
const Party kItems{"items", "shop", "", {}, "items", "", "", ""};

sample::Record usual() {
  sample::Record record = sample::usual_call();
  record.flags = static_cast<std::uint32_t>(wire::Flag::gap);
  record.vlans = {100, 7};
  record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.request.headers.emplace_back("x-request-id", "second");
  record.request.headers.emplace_back("Cookie", "session=abc; theme=dark");
  record.request.fields = {{"http_version", wire::FieldKind::text, "1.1", 0, 0, {}},
                           {"user_agent", wire::FieldKind::text, "curl/8", 0, 0, {}},
                           {"pipelined", wire::FieldKind::boolean, "", 1, 0, {}}};
  record.response.fields = {{"interim", wire::FieldKind::list, "", 0, 0, {"100", "103"}},
                            {"error_code", wire::FieldKind::text, "23505", 0, 0, {}},
                            {"user_agent", wire::FieldKind::text, "never seen", 0, 0, {}}};
  return record;
}

FilterCatalog catalog() {
  using wire::FieldType;
  FilterCatalog catalog;
  catalog.add_protocol("http", "HTTP",
                       {{"http_version", FieldType::text, true, false, ""},
                        {"user_agent", FieldType::text, true, true, ""},
                        {"pipelined", FieldType::boolean, true, false, ""},
                        {"interim", FieldType::list, false, true, ""},
                        {"absent", FieldType::integer, true, true, ""}});
  return catalog;
}

bool matches(const std::string& text, const Call& call) {
  static const FilterCatalog names = catalog();
  FilterLimits limits;
  limits.now_ns = 1'795'407'660'000'000'000;  // a minute after the call
  auto made = Filter::compile(text, names, limits);
  if (const auto* faults = std::get_if<std::vector<FilterFault>>(&made)) {
    ADD_FAILURE() << describe_faults(text, *faults);
    return false;
  }
  return std::get<Filter>(made).matches(call);
}

class Holds : public testing::TestWithParam<const char*> {};

TEST_P(Holds, OfTheUsualCall) {
  const One one(usual(), &kFrontend, &kItems);
  EXPECT_TRUE(matches(GetParam(), one.call())) << GetParam();
  EXPECT_FALSE(matches("!(" + std::string(GetParam()) + ")", one.call())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Spine, Holds,
    testing::Values(
        "true", "method == \"GET\"", "path == \"/api/items/7\"", "url.endsWith(\"?full=1\")",
        "status_code == 200", "status_code in [200, 204]", "!(status_code >= 400)",
        "http && tcp && !udp && !dns", "protocol == \"HTTP\"", "elapsed_time == 1234", "version == \"1.1\"",
        "sensor == \"rack12\"", "source == \"live\"", "state == \"complete\"", "reason == \"\"",
        "transport == \"tcp\"", "tunnel == \"\"", "conn_id == \"0000000000000abc\"", "conn_id == 2748",
        "id == \"00000000000000100000000000000007\"", "id.startsWith(\"0000000000000010\")",
        "\"gap\" in flags", "size(flags) == 1",
        "flags[0] == \"gap\" && flags[1] == \"\" && flags[-1] == \"\"", "flags.exists(f, f == \"gap\")",
        "vlan[0] == 100 && 7 in vlan && size(vlan) == 2 && vlan[2] == 0", "vlan.all(v, v > 5)",
        "trace_id.startsWith(\"4bf9\")", "timestamp < now() && timestamp > now() - duration(\"5m\")",
        "timestamp > timestamp(\"2026-11-23T04:20:00Z\")",
        "response_timestamp - timestamp < duration(\"2ms\")", "request && response", "request.size == 412",
        "total_size == 882", "response_body_size == 42", "response.body.contains(\"lamp\")", "!is_error",
        "error == \"\"", "has(status_code) && has(elapsed_time) && exists(trace_id) && !has(error)"));

INSTANTIATE_TEST_SUITE_P(
    Ends, Holds,
    testing::Values("src.ip == \"10.244.1.7\"", "src.ip == \"::ffff:10.244.1.7\"",
                    "src.ip.startsWith(\"10.244.\")", "src.ip.inCidr(\"10.244.0.0/16\")",
                    "!dst.ip.inCidr(\"10.244.1.0/24\")", "src.ip in [\"1.1.1.1\", \"10.244.1.7\"]",
                    "src.port == 50514", "dst.port == 8080", "src.name == \"frontend-7d9f\"",
                    "dst.name == \"items\"", "src.pod.name.startsWith(\"frontend\")", "dst.pod.name == \"\"",
                    "dst.pod.namespace == \"shop\"", "src.service.namespace == dst.service.namespace",
                    "src.workload.kind == \"Deployment\"", "src.node == \"worker-3\"",
                    "src.dns.endsWith(\".org\")", "src.labels[\"app\"] == \"frontend\"",
                    "src.labels.tier == \"web\"", "\"tier\" in local_labels",
                    "map_get(remote_labels, \"app\", \"none\") == \"none\"", "size(src.pod.labels) == 2",
                    "src.labels.exists(l, l.startsWith(\"ti\"))", "\"shop\" in namespaces",
                    "size(namespaces) == 1"));

INSTANTIATE_TEST_SUITE_P(
    Messages, Holds,
    testing::Values(
        "request.headers[\"host\"] == \"shop\"", "request.headers[\"HOST\"] == \"shop\"",
        "request.headers.host == \"shop\"", "\"X-Frame-Options\" in response.headers",
        "!(\"x-frame-options\" in request.headers)",
        "request.headers[\"X-Request-Id\"] == \"7c1f2a34-6f0e-4a53-9a1c-1b4f6d9f0a11, second\"",
        "request.headers[\"none\"] == \"\"", "has(request.headers.host) && !has(request.headers.none)",
        "request.headers.exists(h, h == \"user-agent\")", "request.cookies[\"session\"] == \"abc\"",
        "request.cookies.theme == \"dark\"", "!(\"Session\" in request.cookies)",
        "query_string == \"full=1\"", "query_string[\"full\"] == \"1\"", "\"full\" in query_string",
        "query_string.exists(q, q == \"full\")", "response.headers.server.lowerAscii().contains(\"nginx\")",
        "size(response.headers) == 12"));

INSTANTIATE_TEST_SUITE_P(
    Fields, Holds,
    testing::Values("http_version == \"1.1\"", "user_agent == \"curl/8\"", "http_user_agent == \"curl/8\"",
                    "response.fields.user_agent == \"never seen\"",
                    "request.fields[\"user_agent\"] == \"curl/8\"", "pipelined && http_pipelined",
                    "\"103\" in interim && size(http_interim) == 2", "interim.exists(i, i == \"100\")",
                    "absent == 0 && !has(absent)", "has(pipelined)", "error_code == \"23505\"",
                    "!(error_code == 23505) && error_code != 23505 && !(error_code < 99999)",
                    "error_code.startsWith(\"23\")", "error_code > \"2\"",
                    "request.fields.none == 0 && request.fields.none == \"\" && request.fields.none == false "
                    "&& !(request.fields.none < 0)",
                    "error_code in [5, \"23505\"]", "\"100\" in response.fields.interim",
                    "redis_command == \"\" && !redis", "mysql_error_code == 0",
                    "http_request && http_response && http_total_size == total_size && redis_total_size == 0",
                    "size(error_code) == 5"));

INSTANTIATE_TEST_SUITE_P(
    Text, Holds,
    testing::Values("\"ITEMS\"", "\"frontend\"", "\"shop\" && \"client.example\"", "\"10.244.2.9\"",
                    "!\"nowhere\"", "\"\"", "path.matches(\"^/api/\")", "!path.matches(\"^api\")",
                    "path.matches(r\"/\\d$\")", "method.lowerAscii() == \"get\"",
                    "method + \" \" + path == summary",
                    "(status_code >= 400 ? \"bad\" : \"good\") == \"good\"",
                    "string(status_code).startsWith(\"2\")", "double(status_code) / 3 > 66.6",
                    "status_code / 3 == 66 && status_code % 3 == 2", "status_code / (status_code - 200) == 0",
                    "method in [path, \"GET\"]", "{\"GET\": 200, \"PUT\": 201}[method] == status_code"));

TEST(Match, AnEmptyRecordHasTheZeroOfEverything) {
  sample::Record record;
  record.protocol = "zz";
  record.request.present = record.response.present = false;
  const One one(record);
  for (const char* text :
       {"method == \"\" && status_code == 0 && elapsed_time == 0 && !has(status_code) && !has(elapsed_time)",
        "!request && !response",
        "request.headers[\"x\"] == \"\" && size(request.headers) == 0 && size(request.cookies) == 0",
        "request.body == \"\" && request.size == 0",
        "src.name == \"\" && src.pod.name == \"\" && size(src.labels) == 0 && src.labels.x == \"\"",
        "size(flags) == 0 && size(vlan) == 0 && vlan[0] == 0",
        "timestamp == timestamp(\"1970-01-01T00:00:00Z\")",
        "size(namespaces) == 0 && namespaces.all(n, false) && !namespaces.exists(n, true)",
        "src.ip == \"::\"", "query_string[\"x\"] == \"\" && size(interim) == 0", "!\"anything\""})
    EXPECT_TRUE(matches(text, one.call())) << text;
}

TEST(Match, AFieldOfAnotherKindThanAnnouncedIsItsTypesZero) {
  sample::Record record = sample::usual_call();
  record.request.fields = {{"http_version", wire::FieldKind::integer, "text too", 11, 1.5, {"x"}},
                           {"absent", wire::FieldKind::text, "5", 5, 0, {}},
                           {"pipelined", wire::FieldKind::integer, "", 1, 0, {}},
                           {"interim", wire::FieldKind::text, "100", 0, 0, {"100"}}};
  const One one(record);
  EXPECT_TRUE(matches("http_version == \"\" && absent == 0 && !pipelined && size(interim) == 0", one.call()));
  EXPECT_TRUE(matches("request.fields.http_version == 11 && request.fields.absent == \"5\"", one.call()));
}

TEST(Match, BytesThatAreNoTextAreBytes) {
  sample::Record record = sample::usual_call();
  record.path = std::string("/\xff\xfe\0x", 5);
  record.response.body = std::string(1'000, '\0') + "\xc3\xa4\xff";
  const One one(record);
  for (const char* text :
       {"path.contains(\"\\xff\\xfe\")", "path == \"/\\xff\\xfe\\x00x\"", "size(path) == 5",
        "!path.matches(\"^/..\")", "path.matches(r\"^/\\C\\C\\x00x$\")",
        "response.body.contains(\"\\u00e4\")", "size(response.body) == 1002", "path > \"/z\""})
    EXPECT_TRUE(matches(text, one.call())) << text;
}

TEST(Match, OneFilterServesManyThreads) {
  const One one(usual(), &kFrontend, &kItems);
  const FilterCatalog names = catalog();
  auto made = Filter::compile(
      "path.matches(\"it.ms/[0-9]\") && request.headers[\"x-request-id\"].contains(\"second\") && \"FRONT\"",
      names);
  const Filter filter = std::get<Filter>(made);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&wrong, copy = filter, &one] {
      for (int turn = 0; turn < 2'000; ++turn)
        if (!copy.matches(one.call())) ++wrong;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Half a million repeated headers in a message of some megabytes: linear in time and memory.
TEST(Match, AHostileMessageCostsNoMoreThanItsSize) {
  sample::Record record = sample::usual_call();
  record.request.headers.clear();
  for (int i = 0; i < 200'000; ++i) record.request.headers.emplace_back("a", "b");
  record.query_string = std::string(1'000'000, '&');
  const One one(record);
  EXPECT_TRUE(
      matches("size(request.headers.a) == 599998 && size(query_string[\"x\"]) == 0 && "
              "!request.headers.exists(h, h == \"x\")",
              one.call()));
}

}  // namespace
}  // namespace spanlight
