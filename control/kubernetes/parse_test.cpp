#include "kubernetes/parse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "kubernetes/lines.h"

namespace spanlight {
namespace {

constexpr std::string_view kPod =
    R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"01234567-89ab-cdef-0123-456789abcdef",)"
    R"("resourceVersion":"42","creationTimestamp":"2026-11-26T09:00:00Z","labels":{"b":"2","a":"\u0031"},"managedFields":[{"x":[1,{"y":null}]}],)"
    R"("ownerReferences":[{"kind":"X","name":"no","uid":"u"},{"kind":"ReplicaSet","name":"web-7","uid":"r","controller":true}]},)"
    R"("spec":{"nodeName":"n1","containers":[{"ports":[{"containerPort":80,"hostPort":8080},{"containerPort":70000}]}],"initContainers":null},)"
    R"("status":{"phase":"Running","podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}],"hostIP":"192.168.0.1","startTime":"2026-11-26T09:00:01Z",)"
    R"("conditions":[{"type":"PodReadyToStartContainers","status":"True","lastTransitionTime":"2026-11-26T09:00:02Z"}],)"
    R"("initContainerStatuses":[{"state":{"terminated":{"startedAt":"2026-11-26T09:00:03Z","finishedAt":"2026-11-26T09:00:04Z"}}}],)"
    R"("containerStatuses":[{"restartCount":1,"state":{"running":{"startedAt":"2026-11-26T09:00:05Z"}},"lastState":{}}]}}})";

std::string padded(std::string_view text) {
  return std::string(text) + std::string(kJsonPaddingBytes, ' ');
}
WatchEvent event_of(ObjectParser& parser, Kind kind, std::string_view text) {
  const std::string bytes = padded(text);
  return parser.event(kind, std::string_view(bytes).substr(0, text.size()));
}
std::uint64_t at(int second) {
  return parse_time("2026-11-26T09:00:00Z") + static_cast<std::uint64_t>(second) * 1'000'000'000;
}

TEST(Parse, AnObjectWithoutUidOrNameIsNoFaultOfTheLine) {
  ObjectParser parser;
  for (const std::string only : {R"("name":"a")", R"("uid":"01234567-89ab-cdef-0123-456789abcdef")"}) {
    const WatchEvent event = event_of(
        parser, Kind::pod, R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"7",)" + only + "}}}");
    EXPECT_EQ(event.type, WatchEvent::Type::nameless) << only;
    EXPECT_EQ(event.resource_version, "7");
  }
}

TEST(Parse, APod) {
  ObjectParser parser;
  const WatchEvent event = event_of(parser, Kind::pod, kPod);
  ASSERT_EQ(event.type, WatchEvent::Type::added) << event.message;
  EXPECT_EQ(event.resource_version, "42");
  const Pod& pod = std::get<Pod>(event.object);
  EXPECT_EQ(pod.meta.uid, (Uid{0x0123456789abcdef, 0x0123456789abcdef}));
  EXPECT_EQ(pod.meta.name, "web");
  EXPECT_EQ(pod.meta.name_space, "shop");
  EXPECT_EQ(pod.meta.created_ns, at(0));
  ASSERT_EQ(pod.labels.size(), 2U);
  EXPECT_EQ(pod.labels[0].name, "a");
  EXPECT_EQ(pod.labels[0].value, "1");
  EXPECT_EQ(pod.owner.kind, "ReplicaSet");
  EXPECT_EQ(pod.node, "n1");
  EXPECT_EQ(pod.ports, (std::vector<PodPort>{{80, 8080}, {0, 0}}));
  EXPECT_EQ(pod.addresses.size(), 2U);
  EXPECT_EQ(pod.start_ns, at(1));
  EXPECT_EQ(pod.network_ns, at(2));
  EXPECT_EQ(pod.first_container_ns, at(3));
  EXPECT_TRUE(pod.restarted);
  EXPECT_FALSE(pod.finished);
}

TEST(Parse, TypeMayStandBehindTheObject) {
  ObjectParser parser;
  const WatchEvent event =
      event_of(parser, Kind::name_space,
               R"({"object":{"metadata":{"name":"n","uid":"u","resourceVersion":"7"}},"type":"DELETED"})");
  EXPECT_EQ(event.type, WatchEvent::Type::deleted);
  EXPECT_EQ(std::get<Namespace>(event.object).meta.name, "n");
}

TEST(Parse, OddFieldsArePassedOver) {
  ObjectParser parser;
  const WatchEvent event = event_of(
      parser, Kind::pod,
      R"({"type":"ADDED","object":{"metadata":{"name":"n","uid":"u","labels":7,"ownerReferences":"x","namespace":null},"spec":[],"status":{"podIPs":{"ip":1},"podIP":5,"phase":{},"startTime":"yesterday","conditions":[3,null,{"type":1}]}}})");
  ASSERT_EQ(event.type, WatchEvent::Type::added) << event.message;
  EXPECT_TRUE(std::get<Pod>(event.object).addresses.empty());
}

TEST(Parse, BookmarksAndErrors) {
  ObjectParser parser;
  WatchEvent event = event_of(
      parser, Kind::pod,
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}})");
  EXPECT_EQ(event.type, WatchEvent::Type::bookmark);
  EXPECT_TRUE(event.initial_end);
  EXPECT_EQ(event.resource_version, "9");
  event = event_of(parser, Kind::pod,
                   R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}})");
  EXPECT_EQ(event.type, WatchEvent::Type::error);
  EXPECT_EQ(event.code, 410);
  EXPECT_EQ(event.message, "too old");
}

TEST(Parse, Lists) {
  ObjectParser parser;
  const std::string_view text =
      R"({"metadata":{"resourceVersion":"5","continue":"c"},"items":[{"metadata":{"name":"a","uid":"1"},"spec":{"podCIDRs":["10.0.0.0/24","x"]},"status":{"addresses":[{"type":"Hostname","address":"a"},{"address":"192.168.0.1"}]}},{"metadata":{"name":"b"}}]})";
  const std::string bytes = padded(text);
  std::vector<Object> got;
  const ListResult result = parser.list(Kind::node, std::string_view(bytes).substr(0, text.size()),
                                        [&](Object&& o) { got.push_back(std::move(o)); });
  EXPECT_TRUE(result.well_formed) << result.fault;
  EXPECT_EQ(result.continue_token, "c");
  EXPECT_EQ(result.nameless, 1U);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(std::get<Node>(got[0]).addresses.size(), 1U);
  EXPECT_EQ(std::get<Node>(got[0]).pod_prefixes.size(), 1U);
}

// Whatever is changed or cut: an answer, never a crash, and never an object from a line that was cut.
TEST(Parse, SurvivesWhatIsBroken) {
  ObjectParser parser;
  std::minstd_rand random(7);
  // Without the very last brace the object is whole still.
  for (std::size_t size = 0; size + 1 < kPod.size(); ++size) {
    const auto bytes = std::make_unique<char[]>(size + kJsonPaddingBytes);  // at its end ASan watches
    std::copy_n(kPod.data(), size, bytes.get());
    EXPECT_EQ(parser.event(Kind::pod, {bytes.get(), size}).type, WatchEvent::Type::malformed) << size;
  }
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = padded(kPod);
    for (unsigned change = 0; change < 1 + random() % 3; ++change)
      bytes[random() % kPod.size()] = static_cast<char>(random());
    parser.event(static_cast<Kind>(random() % kKinds), std::string_view(bytes).substr(0, kPod.size()));
    parser.list(Kind::pod, std::string_view(bytes).substr(0, kPod.size()), [](Object&&) {});
    parser.status(std::string_view(bytes).substr(0, kPod.size()));
  }
}

TEST(Parse, Times) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), 1'000'000'000U);
  EXPECT_EQ(parse_time("2024-02-29T12:30:45Z"), 1'709'209'845'000'000'000U);
  EXPECT_EQ(parse_time("2000-03-01T00:00:00.000001Z"), 951'868'800'000'001'000U);
  EXPECT_EQ(parse_time("2026-11-26T10:00:00+01:00"), parse_time("2026-11-26T09:00:00Z"));
  for (const char* text :
       {"", "null", "2026-11-26", "2026-11-26T09:00:00", "2026-13-26T09:00:00Z", "2026-11-26T09:00:00Zx",
        "1960-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-26T09:00:00+"})
    EXPECT_EQ(parse_time(text), 0U) << text;
}

TEST(Lines, AnyCutIsTheSame) {
  const std::string text = "one\n\ntwo\nthree-is-longer-than-the-bound\nfour\nrest";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineSplitter lines(10);
    std::vector<std::string> got;
    for (std::size_t i = 0; i < text.size(); i += piece)
      EXPECT_TRUE(lines.feed(std::string_view(text).substr(i, piece), [&](std::string_view line) {
        got.emplace_back(line);
        return true;
      }));
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two", "four"})) << piece;
    EXPECT_EQ(lines.too_long(), 1U);
  }
}

}  // namespace
}  // namespace spanlight
