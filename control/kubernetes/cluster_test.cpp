#include "kubernetes/cluster.h"

#include <gtest/gtest.h>

namespace spanlight {
namespace {

Controller controller(const char* uid, const char* name, Owner owner) {
  Controller made;
  made.meta.uid = uid_of(uid);
  made.meta.name = name;
  made.owner = std::move(owner);
  return made;
}
Pod pod_of(Owner owner) {
  Pod pod;
  pod.meta.uid = uid_of("pod");
  pod.meta.name = "p";
  pod.owner = std::move(owner);
  return pod;
}

TEST(Cluster, ClimbsToWhatPeopleDeployed) {
  Cluster cluster;
  cluster.upsert(controller("rs", "web-7", {"Deployment", "web", uid_of("d")}), {});
  cluster.upsert(controller("job", "sweep-1", {"CronJob", "sweep", uid_of("c")}), {});
  cluster.upsert(controller("bare", "bare", {}), {});
  struct Case {
    Owner owner;
    const char *kind, *name;
  };
  for (const Case& c : {Case{{"ReplicaSet", "web-7", uid_of("rs")}, "Deployment", "web"},
                        Case{{"Job", "sweep-1", uid_of("job")}, "CronJob", "sweep"},
                        Case{{"ReplicaSet", "bare", uid_of("bare")}, "ReplicaSet", "bare"},
                        Case{{"StatefulSet", "db", uid_of("x")}, "StatefulSet", "db"},
                        Case{{"Node", "n", uid_of("n")}, "", ""}, Case{{}, "", ""}}) {
    const Workload workload = cluster.workload_of(pod_of(c.owner));
    EXPECT_EQ(workload.kind, c.kind);
    EXPECT_EQ(workload.name, c.name);
  }
  // A circle of owners ends.
  cluster.upsert(controller("a", "a", {"B", "b", uid_of("b")}), {});
  cluster.upsert(controller("b", "b", {"A", "a", uid_of("a")}), {});
  EXPECT_FALSE(cluster.workload_of(pod_of({"A", "a", uid_of("a")})).name.empty());
}

TEST(Cluster, GuessesTheDeploymentOfAReplicaSetItMayNotSee) {
  Cluster cluster;
  Pod pod = pod_of({"ReplicaSet", "web-7d9f", uid_of("rs")});
  pod.labels = {{"pod-template-hash", "7d9f"}};
  EXPECT_EQ(cluster.workload_of(pod).kind, "Deployment");
  EXPECT_EQ(cluster.workload_of(pod).name, "web");
  pod.labels = {{"pod-template-hash", "other"}};
  EXPECT_EQ(cluster.workload_of(pod).kind, "ReplicaSet");
}

TEST(Cluster, SlicesOfAPodComeAndGo) {
  Cluster cluster;
  EndpointSlice slice;
  slice.meta = {uid_of("s"), "ns", "s-1"};
  slice.service = "svc";
  slice.endpoints = {{*parse_address("10.0.0.1"), "p"}, {*parse_address("fd00::1"), "p"}};
  cluster.upsert(EndpointSlice(slice), {});
  ASSERT_NE(cluster.sliced_services("ns", "p"), nullptr);
  EXPECT_EQ(cluster.sliced_services("other", "p"), nullptr);
  slice.endpoints.clear();
  cluster.upsert(EndpointSlice(slice), {});
  EXPECT_EQ(cluster.sliced_services("ns", "p"), nullptr);
  cluster.remove(Kind::endpoint_slice, uid_of("s"), Object{}, {});
  EXPECT_TRUE(cluster.slices().empty());
}

TEST(Cluster, SelectorsWantAllTheirLabels) {
  const std::vector<Label> labels = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_TRUE(selects({{"a", "1"}, {"c", "3"}}, labels));
  EXPECT_FALSE(selects({{"a", "1"}, {"c", "4"}}, labels));
  EXPECT_FALSE(selects({{"d", ""}}, labels));
  EXPECT_FALSE(selects({}, labels));
}

}  // namespace
}  // namespace spanlight
