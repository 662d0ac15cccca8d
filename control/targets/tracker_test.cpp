#include "targets/tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "targets/command_link.h"

namespace spanlight {
namespace {

Pod pod_of(unsigned number, const std::string& name_space, const std::string& name, unsigned address) {
  Pod pod;
  pod.meta.uid = {7, number};
  pod.meta.name_space = name_space;
  pod.meta.name = name;
  pod.node = "node-" + std::to_string(address % 3);
  pod.addresses = {{0, 0xffff0a000000U + address}};
  return pod;
}

std::shared_ptr<const TargetRules> rules_of(const TapSettings& settings) {
  std::string fault;
  auto rules = TargetRules::compile(settings, fault);
  EXPECT_NE(rules, nullptr) << fault;
  return rules;
}

void list_what_targets_need(Cluster& cluster) {
  for (const Kind kind : {Kind::pod, Kind::service, Kind::endpoint_slice}) cluster.synced(kind);
}

TEST(Targets, WaitForTheWholeList) {
  Cluster cluster;
  TapSettings settings;
  settings.namespaces = {"a"};
  unsigned told = 0;
  TargetTracker tracker(cluster, rules_of(settings), nullptr,
                        [&](const std::shared_ptr<const Targets>&) { ++told; });
  cluster.observe(tracker);
  cluster.upsert(pod_of(1, "a", "x", 1), {});
  cluster.batch_end();
  EXPECT_EQ(told, 0U);
  cluster.synced(Kind::pod);
  cluster.batch_end();
  EXPECT_EQ(told, 0U) << "the ClusterIPs of its services are to come";
  cluster.synced(Kind::service);
  cluster.batch_end();
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(tracker.current()->pods, 1U);
}

// Each kind in every order: never is a sensor told of fewer than there are.
TEST(Targets, OfServicesWaitForAllThatTellThem) {
  std::vector<Kind> order = {Kind::pod, Kind::service, Kind::endpoint_slice};
  std::sort(order.begin(), order.end());
  do {
    Cluster cluster;
    TapSettings settings;
    settings.services = {"a/s", "a/without-selector"};
    std::vector<std::size_t> told;
    TargetTracker tracker(
        cluster, rules_of(settings), nullptr,
        [&](const std::shared_ptr<const Targets>& targets) { told.push_back(targets->addresses.size()); });
    cluster.observe(tracker);
    for (const Kind kind : order) {
      if (kind == Kind::pod) {
        Pod pod = pod_of(1, "a", "x", 1);
        pod.labels = {{"app", "web"}};
        cluster.upsert(std::move(pod), {});
        cluster.upsert(pod_of(2, "a", "y", 2), {});
      } else if (kind == Kind::service) {
        Service service;
        service.meta = {{8, 1}, "a", "s"};
        service.selector = {{"app", "web"}};
        cluster.upsert(std::move(service), {});
      } else {
        EndpointSlice slice;
        slice.meta = {{9, 1}, "a", "slice"};
        slice.service = "without-selector";
        slice.endpoints = {{{0, 2}, "y"}};
        cluster.upsert(std::move(slice), {});
      }
      cluster.synced(kind);
      cluster.batch_end();
    }
    EXPECT_EQ(told, std::vector<std::size_t>{2});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Targets, OfServicesThatWeMayNotListCannotBe) {
  Cluster cluster;
  TapSettings settings;
  settings.services = {"s"};
  unsigned told = 0;
  std::vector<std::string> said;
  TargetTracker tracker(
      cluster, rules_of(settings), nullptr, [&](const std::shared_ptr<const Targets>&) { ++told; },
      [&](const std::string& sentence) { said.push_back(sentence); });
  cluster.observe(tracker);
  cluster.synced(Kind::pod);
  cluster.synced(Kind::endpoint_slice);
  cluster.denied(Kind::service);
  cluster.batch_end();
  cluster.batch_end();
  EXPECT_EQ(told, 0U);
  EXPECT_EQ(said, (std::vector<std::string>{"The targets are not in force until services are listed, which "
                                            "we may not: sensors go on as they were."}));
  EXPECT_EQ(tracker.waiting(), said.front());
  cluster.synced(Kind::service);
  cluster.batch_end();
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(tracker.waiting(), "");
}

// What needs no list is not held up by a server that does not answer, or denies the pods.
TEST(Targets, OfACaptureFilterAndOfEverythingWaitForNothing) {
  Cluster cluster;
  TapSettings settings, none;
  settings.bpf_override = "tcp port 80";
  settings.services = {"s"};
  std::shared_ptr<const Targets> told;
  TargetTracker tracker(cluster, rules_of(settings), nullptr,
                        [&](std::shared_ptr<const Targets> targets) { told = std::move(targets); });
  cluster.observe(tracker);
  cluster.denied(Kind::pod);
  cluster.batch_end();
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->bpf, "tcp port 80");
  tracker.set_rules(rules_of(none));
  cluster.batch_end();
  EXPECT_EQ(told->bpf, "");
  EXPECT_FALSE(told->only);
  TapSettings shop;
  shop.namespaces = {"shop"};
  tracker.set_rules(rules_of(shop));
  cluster.batch_end();
  EXPECT_FALSE(told->only) << "as it was";
  EXPECT_NE(tracker.waiting(), "");
}

// Better than everything, excluded namespaces too, for good.
TEST(Targets, OfNamespacesGoWithoutServicesThatWeMayNotList) {
  Cluster cluster;
  TapSettings settings;
  settings.namespaces = {"a"};
  TargetTracker tracker(cluster, rules_of(settings), nullptr, [](const std::shared_ptr<const Targets>&) {});
  cluster.observe(tracker);
  cluster.upsert(pod_of(1, "a", "x", 1), {});
  cluster.synced(Kind::pod);
  cluster.denied(Kind::service);
  cluster.batch_end();
  ASSERT_NE(tracker.current(), nullptr);
  EXPECT_EQ(tracker.current()->addresses.size(), 1U);
  EXPECT_NE(tracker.current()->sentence().find("addresses of services are missing"), std::string::npos);
}

TEST(Targets, StatusChangesCostNothing) {
  Cluster cluster;
  TapSettings settings;
  settings.namespaces = {"a"};
  TargetTracker tracker(cluster, rules_of(settings), nullptr, [](const std::shared_ptr<const Targets>&) {});
  cluster.observe(tracker);
  list_what_targets_need(cluster);
  cluster.upsert(pod_of(1, "a", "x", 1), {});
  cluster.batch_end();
  const std::uint64_t before = tracker.evaluations();
  for (unsigned i = 0; i < 100; ++i) {
    cluster.upsert(pod_of(1, "a", "x", 1), {});
    cluster.upsert(pod_of(1'000 + i, "b", "y", 1'000 + i), {});
    cluster.batch_end();
  }
  EXPECT_EQ(tracker.evaluations(), before);
}

// Whatever happens in whatever order: the tracker has what a look at the whole cluster gives.
TEST(Targets, AreWhatALookAtEverythingGives) {
  std::minstd_rand random(11);
  for (int round = 0; round < 60; ++round) {
    TapSettings settings;
    if (random() % 2 == 0) settings.namespaces = {"a", "b"};
    if (random() % 3 == 0) settings.excluded_namespaces = {"b"};
    if (random() % 3 == 0) settings.regex = "[0-4]$";
    if (random() % 3 == 0) settings.labels = {"app=web", "!app"};
    if (random() % 3 == 0) settings.services = {"s", "a/t"};
    Cluster cluster;
    std::shared_ptr<const Targets> pushed;
    TargetTracker tracker(cluster, rules_of(settings), nullptr,
                          [&](std::shared_ptr<const Targets> t) { pushed = std::move(t); });
    cluster.observe(tracker);
    list_what_targets_need(cluster);
    for (int step = 0; step < 200; ++step) {
      const auto number = static_cast<unsigned>(random() % 40);
      const std::string name_space(1, static_cast<char>('a' + number % 3));
      if (random() % 4 == 0) {
        cluster.remove(Kind::pod, {7, number}, Object{}, {});
      } else if (random() % 6 == 0) {
        Service service;
        service.meta.uid = {8, number};
        service.meta.name_space = name_space;
        service.meta.name = number % 2 == 0 ? "s" : "t";
        if (random() % 2 == 0) service.selector = {{"app", "web"}};
        service.cluster_addresses = {{0, 0xffffac100000U + number}};
        cluster.upsert(std::move(service), {});
      } else if (random() % 8 == 0) {
        EndpointSlice slice;
        slice.meta.uid = {9, number};
        slice.meta.name_space = name_space;
        slice.service = "s";
        slice.endpoints = {{{0, 1}, "p" + std::to_string(number)}};
        cluster.upsert(std::move(slice), {});
      } else {
        Pod pod = pod_of(number, name_space, "p" + std::to_string(number), number);
        if (random() % 2 == 0) pod.labels = {{"app", random() % 2 == 0 ? "web" : "db"}};
        pod.finished = random() % 5 == 0;
        pod.host_network = random() % 7 == 0;
        if (random() % 9 == 0) pod.addresses.clear();
        cluster.upsert(std::move(pod), {});
      }
      if (random() % 3 == 0) cluster.batch_end();
    }
    cluster.batch_end();
    const Targets whole = evaluate(*rules_of(settings), cluster, nullptr);
    ASSERT_NE(pushed, nullptr);
    EXPECT_TRUE(pushed->same_capture(whole));
    EXPECT_EQ(tracker.current()->pods, whole.pods);
    EXPECT_EQ(tracker.current()->sentence(), whole.sentence());
  }
}

TEST(Targets, MachinesOfTheStaticMap) {
  std::vector<std::string> faults;
  const auto map = StaticMap::parse(
      "- {address: 10.9.0.1, name: db1, namespace: legacy, labels: {app: db}}\n- {address: 10.9.0.0/24, "
      "name: net, namespace: legacy}\n",
      "m", faults);
  ASSERT_NE(map, nullptr);
  TapSettings settings;
  settings.namespaces = {"legacy"};
  const Targets targets = evaluate(*rules_of(settings), Cluster(), map.get());
  EXPECT_EQ(targets.addresses, (std::vector<Address>{*parse_address("10.9.0.1")}));
  EXPECT_EQ(
      targets.sentence(),
      "targeting 0 pods in 0 namespaces across 0 nodes, and 1 machine outside of Kubernetes; 1 network of "
      "the static map left out");
}

TEST(Targets, ANamespaceThatIsNotThereIsNamed) {
  std::vector<std::string> faults;
  const auto map = StaticMap::parse("- {address: 10.9.0.1, name: db1, namespace: legacy}\n", "m", faults);
  TapSettings settings;
  settings.namespaces = {"shop", "shpo", "legacy", "has-a-pod"};
  settings.excluded_namespaces = {"kube-sytsem", "shpo"};
  Cluster cluster;
  Namespace shop;
  shop.meta = {{5, 1}, "", "shop"};
  cluster.upsert(std::move(shop), {});
  cluster.upsert(pod_of(1, "has-a-pod", "x", 1), {});
  EXPECT_TRUE(evaluate(*rules_of(settings), cluster, map.get()).unknown_namespaces.empty()) << "not listed";
  cluster.synced(Kind::name_space);
  const Targets targets = evaluate(*rules_of(settings), cluster, map.get());
  EXPECT_EQ(targets.unknown_namespaces, (std::vector<std::string>{"kube-sytsem", "shpo"}));
  EXPECT_NE(targets.sentence().find("; there is no namespace \"shpo\""), std::string::npos);
}

TEST(Targets, OtherMachinesAreTargetsToo) {
  std::vector<std::string> faults;
  const auto one = StaticMap::parse("- {address: 10.9.0.1, name: db1, namespace: legacy}\n", "m", faults);
  const auto two = StaticMap::parse(
      "- {address: 10.9.0.1, name: db1, namespace: legacy}\n- {address: 10.9.0.2, name: db2, namespace: "
      "legacy}\n",
      "m", faults);
  TapSettings settings;
  settings.namespaces = {"legacy"};
  Cluster cluster;
  std::shared_ptr<const Targets> pushed;
  TargetTracker tracker(cluster, rules_of(settings), one,
                        [&](std::shared_ptr<const Targets> t) { pushed = std::move(t); });
  tracker.refresh();
  ASSERT_NE(pushed, nullptr);
  EXPECT_EQ(pushed->machines, 1U);
  tracker.set_machines(two);
  tracker.refresh();
  EXPECT_EQ(pushed->addresses,
            (std::vector<Address>{*parse_address("10.9.0.1"), *parse_address("10.9.0.2")}));
  tracker.set_machines(nullptr);
  tracker.refresh();
  EXPECT_TRUE(pushed->addresses.empty());
  EXPECT_TRUE(pushed->only);
}

TEST(Targets, ACaptureFilterReplacesEverything) {
  TapSettings settings;
  settings.namespaces = {"a"};
  settings.bpf_override = "tcp port 80";
  const Targets targets = evaluate(*rules_of(settings), Cluster(), nullptr);
  EXPECT_FALSE(targets.only);
  EXPECT_EQ(targets.bpf, "tcp port 80");
}

TEST(Replies, BrokenOnesAreNone) {
  std::minstd_rand random(2);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<std::uint8_t> bytes(random() % 100);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % (i % 2 == 0 ? 256 : 12));
    read_reply(bytes.data(), bytes.size());
  }
  EXPECT_FALSE(read_reply(nullptr, 0).well_formed);
}

}  // namespace
}  // namespace spanlight
