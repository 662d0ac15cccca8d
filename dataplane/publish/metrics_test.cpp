// /metrics and /healthz, read with a bare socket and a small parser of the exposition format.

#include "publish/metrics.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <regex.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <set>
#include <sstream>

#include "publish/fakes.h"

namespace spanlight {
namespace {

TimeNs now_ns() {
  return static_cast<TimeNs>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count());
}

StatsSnapshot picture() {
  StatsSnapshot out;
  out.time = now_ns();
  out.ports = {{"eth1", {{"port_received_total", "", 10}}},
               {"a\"b\\c\nd", {{"port_received_total", "", 11}}}};
  out.workers = {{0, {{"drops_total", "ring", 1}, {"drops_total", "no_mbuf", 2}, {"flows", "", 3}}},
                 {1, {{"drops_total", "ring", 4}, {"odd name!", "x", 5}, {"drops_total", "ring", 6}}}};
  out.publisher = {{"publisher_batches_sent_total", "", 18'446'744'073'709'551'615ULL}};
  return out;
}

std::vector<MetricInfo> infos() {
  std::vector<MetricInfo> out = publisher_metric_infos();
  out.push_back({"drops_total", "cause", "Packets lost, with a \\ and a\nnewline."});
  return out;
}

using Samples = std::map<std::string, std::string>;

// A POSIX extended expression over a whole line; the groups it matched, or nothing.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    EXPECT_EQ(regcomp(&compiled_, ('^' + text + '$').c_str(), REG_EXTENDED), 0);
  }
  ~Pattern() { regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  std::vector<std::string> match(const std::string& line) const {
    regmatch_t found[8];
    std::vector<std::string> groups;
    if (regexec(&compiled_, line.c_str(), 8, found, 0) != 0) return groups;
    for (const regmatch_t& m : found)
      groups.push_back(m.rm_so < 0 ? ""
                                   : line.substr(static_cast<std::size_t>(m.rm_so),
                                                 static_cast<std::size_t>(m.rm_eo - m.rm_so)));
    return groups;
  }

 private:
  regex_t compiled_{};
};

// Checks the rules of the format and returns series → value.
Samples parse(const std::string& text) {
  const std::string name = "([a-zA-Z_:][a-zA-Z0-9_:]*)";
  const Pattern help("# HELP " + name + " (.+)");
  const Pattern type("# TYPE " + name + " (counter|gauge)");
  const Pattern sample(name + R"re((\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\]|\\["\n])*",?)+\})? ([0-9]+))re");
  Samples out;
  std::set<std::string> finished;
  std::string family;
  bool typed = false;
  std::istringstream lines(text);
  EXPECT_TRUE(text.ends_with('\n'));
  for (std::string line; std::getline(lines, line);) {
    if (const auto found = help.match(line); !found.empty()) {
      finished.insert(family);
      family = found[1];
      typed = false;
      EXPECT_FALSE(finished.contains(family)) << "two families " << family;
    } else if (const auto kind = type.match(line); !kind.empty()) {
      EXPECT_EQ(kind[1], family);
      EXPECT_EQ(kind[2] == "counter", family.ends_with("_total"));
      typed = true;
    } else if (const auto value = sample.match(line); !value.empty()) {
      EXPECT_EQ(value[1], family);
      EXPECT_TRUE(typed);
      EXPECT_TRUE(out.emplace(value[1] + value[2], value[5]).second) << "twice: " << line;
    } else {
      ADD_FAILURE() << "not in the format: " << line;
    }
  }
  return out;
}

TEST(PrometheusText, IsInTheFormat) {
  const auto descriptions = infos();
  const Samples samples = parse(prometheus_text(picture(), fakes::identity(), descriptions));
  const Samples expected = {
      {"spanlight_info{sensor=\"rack12\",version=\"0.1.0\"}", "1"},
      {"spanlight_start_time_seconds", "1700000000"},
      {"spanlight_port_received_total{port=\"eth1\"}", "10"},
      {"spanlight_port_received_total{port=\"a\\\"b\\\\c\\nd\"}", "11"},
      {"spanlight_drops_total{worker=\"0\",cause=\"ring\"}", "1"},
      {"spanlight_drops_total{worker=\"0\",cause=\"no_mbuf\"}", "2"},
      {"spanlight_drops_total{worker=\"1\",cause=\"ring\"}", "10"},
      {"spanlight_odd_name_{worker=\"1\",of=\"x\"}", "5"},
      {"spanlight_flows{worker=\"0\"}", "3"},
      {"spanlight_publisher_batches_sent_total", "18446744073709551615"},
  };
  EXPECT_EQ(samples, expected);
}

TEST(PrometheusText, EveryPublisherCounterIsDescribed) {
  BatchPool pool(0, 64, 1);
  const fakes::TempDirectory directory;
  Settings settings;
  settings.records_endpoint = directory.ipc("records.sock");
  Publisher publisher(settings, fakes::identity(), {&pool}, {}, fakes::options());
  ASSERT_EQ(publisher.open(), "");
  publisher.start();
  ASSERT_TRUE(fakes::eventually([&] { return publisher.latest().time != 0; }));
  const auto descriptions = publisher_metric_infos();
  const std::string text = prometheus_text(publisher.latest(), fakes::identity(), descriptions);
  EXPECT_EQ(text.find("Not described"), std::string::npos) << text;
  EXPECT_EQ(text.find("of=\""), std::string::npos) << text;
  EXPECT_GE(parse(text).size(), 16u);
}

struct Response {
  int status = 0;
  std::string head;
  std::string body;
};

Response fetch(std::uint16_t port, const std::string& request) {
  Response out;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string all;
  char buffer[4'096];
  for (ssize_t n = 0; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;)
    all.append(buffer, static_cast<std::size_t>(n));
  close(fd);
  const std::size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos || all.size() < 12) return out;
  out.status = std::stoi(all.substr(9, 3));
  out.head = all.substr(0, end);
  out.body = all.substr(end + 4);
  return out;
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

TEST(MetricsServer, Serves) {
  MetricsServer server(fakes::identity(), infos(), picture);
  ASSERT_EQ(server.start("127.0.0.1:0"), "");
  ASSERT_NE(server.port(), 0);
  EXPECT_EQ(server.warning(), "");
  const Response metrics = fetch(server.port(), get("/metrics"));
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.head.find("text/plain; version=0.0.4"), std::string::npos) << metrics.head;
  EXPECT_EQ(parse(metrics.body).size(), 10u);
  const Response health = fetch(server.port(), get("/healthz"));
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok\n");
  EXPECT_EQ(fetch(server.port(), get("/")).status, 404);
  EXPECT_EQ(fetch(server.port(), get("/metrics/../etc")).status, 404);
  EXPECT_EQ(fetch(server.port(),
                  "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
                .status,
            405);
  EXPECT_EQ(fetch(server.port(), "HEAD /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status,
            200);
  fetch(server.port(), "\x16\x03\x01garbage\r\n\r\n");
  EXPECT_EQ(fetch(server.port(), get("/healthz")).status, 200);
}

TEST(MetricsServer, HealthTellsWhenThePublishingThreadIsStuck) {
  MetricsServer never(fakes::identity(), {}, [] { return StatsSnapshot{}; });
  ASSERT_EQ(never.start("127.0.0.1:0"), "");
  EXPECT_EQ(fetch(never.port(), get("/healthz")).status, 503);
  MetricsServer stale(fakes::identity(), {}, [] {
    StatsSnapshot old;
    old.time = now_ns() - 60 * kSecondNs;
    return old;
  });
  ASSERT_EQ(stale.start("127.0.0.1:0"), "");
  EXPECT_EQ(fetch(stale.port(), get("/healthz")).status, 503);
}

TEST(MetricsServer, SaysWhatIsWrong) {
  MetricsServer first(fakes::identity(), {}, picture);
  ASSERT_EQ(first.start("127.0.0.1:0"), "");
  const std::string taken = "127.0.0.1:" + std::to_string(first.port());
  const std::pair<std::string, const char*> cases[] = {
      {taken, "another program listens there"},   {"192.0.2.1:9464", "this machine has no such address"},
      {"127.0.0.1", "write ADDRESS:PORT"},        {":9464", "write ADDRESS:PORT"},
      {"127.0.0.1:", "write ADDRESS:PORT"},       {"127.0.0.1:65536", "write ADDRESS:PORT"},
      {"127.0.0.1:94a", "write ADDRESS:PORT"},    {"::1:9464", "write ADDRESS:PORT"},
      {"example.org:9464", "write ADDRESS:PORT"},
  };
  for (const auto& [address, sentence] : cases) {
    MetricsServer server(fakes::identity(), {}, picture);
    const std::string said = server.start(address);
    EXPECT_NE(said.find(sentence), std::string::npos) << address << ": " << said;
    EXPECT_EQ(server.port(), 0);
  }
  MetricsServer off(fakes::identity(), {}, picture);
  EXPECT_EQ(off.start(""), "");
  EXPECT_EQ(off.port(), 0);
  MetricsServer open(fakes::identity(), {}, picture);
  EXPECT_EQ(open.start("0.0.0.0:0"), "");
  EXPECT_NE(open.warning().find("readable from other machines"), std::string::npos) << open.warning();
}

}  // namespace
}  // namespace spanlight
