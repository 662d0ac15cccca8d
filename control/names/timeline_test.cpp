#include "names/timeline.h"
#include "names/names_for_tests.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <thread>

namespace spanlight {
namespace {

class TimelineTest : public ::testing::Test {
 protected:
  explicit TimelineTest(TimelineLimits limits = {})
      : timeline_(cluster_, board_, limits), now_(wall_clock_ns() / kS * kS) {
    cluster_.observe(timeline_);
  }

  Pod pod(const std::string& name, const char* address) {
    Pod made;
    made.meta = {uid_of(name + std::to_string(++uids_)), "ns", name, now_, 0};
    made.addresses = {ip(address)};
    made.host_addresses = {ip("192.168.0.1")};
    made.first_container_ns = now_ / kS * kS;
    made.node = "n";
    return made;
  }
  Moment live() const { return {now_, now_, offset_}; }
  void put(Object object) { cluster_.upsert(std::move(object), live()); }
  void remove(const Pod& gone) { cluster_.remove(Kind::pod, gone.meta.uid, Object{}, live()); }
  void batch() { cluster_.batch_end(); }
  std::string at(const char* address, std::uint64_t time, std::uint16_t port = 0) const {
    const auto names = board_.current();
    const Party* party = names->find(ip(address), port, time);
    return party == nullptr ? "" : party->name;
  }

  Cluster cluster_;
  NamesBoard board_;
  Timeline timeline_;
  std::uint64_t now_;
  unsigned uids_ = 0;
  std::int64_t offset_ = 0;
};

TEST_F(TimelineTest, AReusedAddressIsNamedByTheTimeOfTheCall) {
  const Pod first = pod("first", "10.0.0.1");
  put(first);
  now_ += 10 * kS + kS / 2;
  remove(first);
  now_ += kS / 4;  // within the same second
  const Pod second = pod("second", "10.0.0.1");
  put(second);
  batch();
  EXPECT_EQ(at("10.0.0.1", now_ - 5 * kS), "first");
  EXPECT_EQ(at("10.0.0.1", now_ - kS / 4 - 1), "first");
  EXPECT_EQ(at("10.0.0.1", now_), "second");
  EXPECT_EQ(at("10.0.0.1", now_ - 100 * kS), "");
  EXPECT_EQ(board_.current()->history(ip("10.0.0.1")).size(), 2U);
}

// Clients ask for the service's own name, and are answered with an alias.
TEST_F(TimelineTest, AnExternalServiceIsFoundByWhatItStandsForAndByItsOwnName) {
  Service service;
  service.meta = {uid_of("s"), "shop", "db", now_, 0};
  service.external_name = "db.example.com";
  put(service);
  batch();
  const auto names = board_.current();
  for (const char* name :
       {"db.example.com", "db.shop.svc", "db.shop.svc.cluster.local", "db.shop.svc.k8s.example.org"}) {
    const Party* party = names->find_external(name);
    ASSERT_NE(party, nullptr) << name;
    EXPECT_EQ(party->name, "db") << name;
  }
  for (const char* name : {"", "db", "db.shop", "db.shop.", "db.shop.svcs", "db.shop.sv", "db.bank.svc",
                           "x.db.shop.svc", "example.com"})
    EXPECT_EQ(names->find_external(name), nullptr) << name;
  service.external_name = "";
  put(service);
  batch();
  EXPECT_EQ(board_.current()->find_external("db.shop.svc"), nullptr);
}

TEST_F(TimelineTest, AFinishedPodGivesItsAddressUp) {
  Pod done = pod("done", "10.0.0.1");
  put(done);
  now_ += 10 * kS;
  done.finished = true;
  done.finished_ns = now_ - 2 * kS;  // told late
  put(done);
  batch();
  EXPECT_EQ(at("10.0.0.1", now_ - 3 * kS), "done");
  EXPECT_EQ(at("10.0.0.1", now_), "");
  put(done);  // its status goes on changing
  put(pod("next", "10.0.0.1"));
  now_ += kS;
  remove(done);
  batch();
  EXPECT_EQ(at("10.0.0.1", now_), "next");
}

TEST_F(TimelineTest, FinishedBeforeItWasEverSeen) {
  Pod done = pod("done", "10.0.0.1");
  done.first_container_ns = now_ - 100 * kS;
  done.finished = true;
  done.finished_ns = now_ - 50 * kS;
  put(done);
  batch();
  EXPECT_EQ(at("10.0.0.1", now_ - 70 * kS), "done");
  EXPECT_EQ(at("10.0.0.1", now_ - 40 * kS), "");
}

TEST_F(TimelineTest, WhatWentWhileNobodyWatchedEndsWhenItWasLastKnown) {
  const Pod gone = pod("gone", "10.0.0.1");
  put(gone);
  const std::uint64_t contact = now_ + 5 * kS;
  now_ += 60 * kS;
  cluster_.remove(Kind::pod, gone.meta.uid, Object{}, {now_, contact});
  batch();
  EXPECT_EQ(at("10.0.0.1", contact - 1), "gone");
  EXPECT_EQ(at("10.0.0.1", contact), "");
  // Its address went to another meanwhile: told by that pod's own times.
  Pod next = pod("next", "10.0.0.1");
  next.first_container_ns = contact + 20 * kS;
  cluster_.upsert(Pod(next), {now_, contact});
  batch();
  EXPECT_EQ(at("10.0.0.1", contact + 10 * kS), "");
  // Within the second of its beginning it may still have been the other's.
  EXPECT_EQ(at("10.0.0.1", contact + 21 * kS - 1), "");
  EXPECT_EQ(at("10.0.0.1", contact + 21 * kS), "next");
}

TEST_F(TimelineTest, TheServersClockIsReckonedWith) {
  offset_ = 300 * static_cast<std::int64_t>(kS);  // it is five minutes ahead
  Pod early = pod("early", "10.0.0.1");
  early.first_container_ns = now_ + 290 * kS;
  put(early);
  batch();
  EXPECT_EQ(at("10.0.0.1", now_ - 11 * kS), "");
  EXPECT_EQ(at("10.0.0.1", now_ - 9 * kS), "early");
}

TEST_F(TimelineTest, HostNetworkIsByPort) {
  Node node;
  node.meta = {uid_of("node"), "", "n", now_, 0};
  node.addresses = {ip("192.168.0.1")};
  put(node);
  Pod exporter = pod("exporter", "192.168.0.1");
  exporter.host_network = true;
  exporter.ports = {{9100, 9100}, {9101, 0}};
  put(exporter);
  Pod proxy = pod("proxy", "10.0.0.9");
  proxy.ports = {{8443, 443}};
  put(proxy);
  batch();
  const std::uint64_t then = now_ + kS;
  EXPECT_EQ(at("192.168.0.1", then, 9100), "exporter");
  EXPECT_EQ(at("192.168.0.1", then, 9101), "exporter");
  EXPECT_EQ(at("192.168.0.1", then, 443), "proxy");
  EXPECT_EQ(at("192.168.0.1", then, 8443), "n");
  EXPECT_EQ(at("192.168.0.1", then), "n");
  EXPECT_EQ(at("10.0.0.9", then, 8443), "proxy");
  now_ = then;
  remove(exporter);
  batch();
  EXPECT_EQ(at("192.168.0.1", now_, 9100), "n");
  EXPECT_EQ(at("192.168.0.1", now_ - 1, 9100), "exporter");
}

TEST_F(TimelineTest, IntervalsAreKeptAndComeBack) {
  const Pod first = pod("first", "10.0.0.1");
  put(first);
  put(pod("stays", "10.0.0.2"));
  batch();
  now_ += 10 * kS;
  remove(first);
  batch();
  std::vector<Interval> kept = timeline_.drain();
  ASSERT_EQ(kept.size(), 3U);  // two beginnings, one end
  EXPECT_EQ(kept[2].party->name, "first");
  EXPECT_EQ(kept[2].until_ns, now_);
  EXPECT_TRUE(timeline_.drain().empty());

  Cluster empty;
  NamesBoard board;
  Timeline again(empty, board);
  again.restore(kept, now_ + 3 * kS);
  const auto names = board.current();
  EXPECT_EQ(names->find(ip("10.0.0.1"), 0, now_ - 1)->name, "first");
  EXPECT_EQ(names->find(ip("10.0.0.1"), 0, now_), nullptr);
  EXPECT_EQ(names->find(ip("10.0.0.2"), 0, now_ + 2 * kS)->name, "stays");
  EXPECT_EQ(names->find(ip("10.0.0.2"), 0, now_ + 4 * kS), nullptr);
}

// What the store has of what was drained: what was told last about an address, port and beginning.
std::vector<Interval> stored(std::vector<Interval> drained) {
  std::vector<Interval> kept;
  for (Interval& interval : drained) {
    std::erase_if(kept, [&](const Interval& i) {
      return i.address == interval.address && i.port == interval.port && i.from_ns == interval.from_ns;
    });
    kept.push_back(std::move(interval));
  }
  return kept;
}

// The control process ends and is started anew; the store has what it drained.
class RestartTest : public TimelineTest {
 protected:
  RestartTest() : life_(std::make_unique<Life>()) {}
  void put(Object object) { life_->cluster.upsert(std::move(object), live()); }
  void remove(Kind kind, const Uid& uid) { life_->cluster.remove(kind, uid, Object{}, live()); }
  void batch() { life_->cluster.batch_end(); }
  void restart() {
    batch();
    std::vector<Interval> drained = life_->timeline.drain();
    stored_.insert(stored_.end(), drained.begin(), drained.end());
    stored_ = stored(std::move(stored_));
    now_ += 60 * kS;
    life_ = std::make_unique<Life>();
    life_->timeline.restore(stored_, now_);
    now_ += kS;
  }
  std::string at(const char* address, std::uint64_t time, std::uint16_t port = 0) const {
    const auto names = life_->board.current();
    const Party* party = names->find(ip(address), port, time);
    return party == nullptr ? "" : party->name;
  }
  Service service(const char* name, std::uint64_t created_ns) {
    Service made;
    made.meta = {uid_of(name), "ns", name, created_ns, 0};
    return made;
  }

  struct Life {
    Life() { cluster.observe(timeline); }
    Cluster cluster;
    NamesBoard board;
    Timeline timeline{cluster, board};
  };
  std::unique_ptr<Life> life_;
  std::vector<Interval> stored_;
};

TEST_F(RestartTest, WhoIsStillThereGoesOn) {
  const Pod stays = pod("stays", "10.0.0.1");
  const Service shop = service("shop", now_ - 100 * kS);
  Service with_address = shop;
  with_address.cluster_addresses = {ip("10.96.0.1")};
  Node node;
  node.meta = {uid_of("node"), "", "n", now_ - 1'000 * kS, 0};
  node.addresses = {ip("192.168.0.1")};
  put(stays);
  put(with_address);
  put(node);
  const std::uint64_t first_life = now_;
  for (int life = 0; life < 3; ++life) {
    restart();
    put(stays);
    put(with_address);
    put(node);
    batch();
    for (const std::uint64_t time : {first_life, now_ - 30 * kS, now_, now_ + 3600 * kS}) {
      EXPECT_EQ(at("10.0.0.1", time), "stays") << life;
      EXPECT_EQ(at("10.96.0.1", time), "shop") << life;
      EXPECT_EQ(at("192.168.0.1", time), "n") << life;
    }
    EXPECT_EQ(life_->board.current()->history(ip("10.0.0.1")).size(), 1U);
    EXPECT_EQ(life_->timeline.counters().ended, 0U);
  }
}

TEST_F(RestartTest, AContainerHadBeenStartedAnew) {
  Pod api = pod("api", "10.0.0.1");
  api.meta.created_ns = now_ - 103 * kS;
  api.start_ns = now_ - 102 * kS;
  api.first_container_ns = now_ - 100 * kS;
  const std::uint64_t began = api.first_container_ns;
  put(api);
  now_ += 50 * kS;
  api.restarted = true;
  api.first_container_ns = now_ - kS;
  put(api);
  restart();
  put(api);
  batch();
  EXPECT_EQ(at("10.0.0.1", began), "api");
  EXPECT_EQ(at("10.0.0.1", began - 1), "");
  EXPECT_EQ(at("10.0.0.1", now_), "api");
  EXPECT_EQ(at("10.0.0.1", now_ + 3600 * kS), "api");
}

TEST_F(RestartTest, AnAddressTakenOverWithinASecond) {
  const Pod first = pod("first", "10.0.0.1");
  put(first);
  now_ += 10 * kS + kS / 2;
  remove(Kind::pod, first.meta.uid);
  const std::uint64_t given_up = now_;
  now_ += kS / 4;
  const Pod second = pod("second", "10.0.0.1");
  put(second);
  restart();
  put(second);
  batch();
  EXPECT_EQ(at("10.0.0.1", given_up - 1), "first");
  EXPECT_EQ(at("10.0.0.1", given_up), "second");
  EXPECT_EQ(at("10.0.0.1", now_ - 30 * kS), "second");
  EXPECT_EQ(at("10.0.0.1", now_), "second");
  restart();  // and both go while nobody watches
  EXPECT_EQ(at("10.0.0.1", given_up - 1), "first");
  EXPECT_EQ(at("10.0.0.1", given_up), "second");
  EXPECT_EQ(at("10.0.0.1", now_), "");
}

TEST_F(RestartTest, TheServersClockIsMeasuredOtherwise) {
  for (const std::int64_t tenths : {-20, -4, -1, 1, 4, 20}) {
    const auto second = static_cast<std::int64_t>(kS);
    offset_ = 5 * second;
    Pod web = pod(("web" + std::to_string(tenths)).c_str(), "10.0.0.1");
    web.meta.created_ns = now_ + 2 * kS;  // by the server's clock
    web.first_container_ns = now_ + 4 * kS;
    life_ = std::make_unique<Life>();
    stored_.clear();
    now_ += kS;
    put(web);
    restart();
    offset_ += tenths * second / 10;
    put(web);
    batch();
    EXPECT_EQ(at("10.0.0.1", now_ - 50 * kS), web.meta.name) << tenths;
    EXPECT_EQ(at("10.0.0.1", now_), web.meta.name) << tenths;
    EXPECT_EQ(at("10.0.0.1", now_ + 3600 * kS), web.meta.name) << tenths;
  }
}

TEST_F(RestartTest, AnotherOneHasTheAddress) {
  const Pod first = pod("first", "10.0.0.1"), set = pod("set-0", "10.0.0.2");
  put(first);
  put(set);
  const std::uint64_t began = now_;
  now_ += kS;
  restart();
  // While nobody watched: another pod, and one of the same name.
  now_ += 10 * kS;
  const std::uint64_t again = now_ - 20 * kS;
  Pod second = pod("second", "10.0.0.1"), same = pod("set-0", "10.0.0.2");
  second.meta.created_ns = same.meta.created_ns = again - 2 * kS;
  second.first_container_ns = same.first_container_ns = again;
  put(second);
  put(same);
  batch();
  EXPECT_EQ(at("10.0.0.1", began), "first");
  EXPECT_EQ(at("10.0.0.1", again - 1), "first");
  EXPECT_EQ(at("10.0.0.1", again), "");  // within the second of the beginning
  EXPECT_EQ(at("10.0.0.1", again + kS), "second");
  EXPECT_EQ(at("10.0.0.1", now_), "second");
  EXPECT_EQ(at("10.0.0.2", began), "set-0");
  EXPECT_EQ(at("10.0.0.2", again), "");
  EXPECT_EQ(at("10.0.0.2", now_), "set-0");
}

// Pods come, have containers started anew and go, also while nobody watches. Whatever is restored and told
// again: no wrong name at a time that was watched, and who is there has one.
TEST_F(RestartTest, NoWrongNameInAnyLife) {
  struct Truth {
    std::uint64_t from, until;  // of what was watched
    std::string name;
  };
  std::minstd_rand random(7);
  std::optional<Pod> there[3];
  std::vector<Truth> truths[3];
  const char* const addresses[3] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  const auto turn = [&](bool watched) {
    now_ += 1 + random() % (3 * kS);
    const auto i = static_cast<unsigned>(random() % 3);
    std::optional<Pod>& here = there[i];
    if (here && random() % 3 == 0) {
      here->restarted = true;
      here->first_container_ns = now_ / kS * kS;
    } else if (here) {
      truths[i].back().until = std::min(truths[i].back().until, now_);
      if (watched) remove(Kind::pod, here->meta.uid);
      return here.reset();
    } else {
      here = pod(("p" + std::to_string(uids_)).c_str(), addresses[i]);
      here->meta.created_ns = here->start_ns = here->first_container_ns - random() % 3 * kS;
      truths[i].push_back({now_, watched ? kForever : now_, here->meta.name});
    }
    if (watched) put(*here);
  };
  for (int life = 0; life < 200; ++life) {
    for (auto turns = random() % 12; turns > 0; --turns) {
      turn(true);
      if (random() % 2 == 0) batch();
    }
    for (auto& of_address : truths)
      if (!of_address.empty()) of_address.back().until = std::min(of_address.back().until, now_);
    restart();
    for (auto turns = random() % 4; turns > 0; --turns) turn(false);
    for (const auto& pod : there)
      if (pod) put(*pod);
    batch();
    for (unsigned i = 0; i < 3; ++i) {
      if (there[i]) {
        ASSERT_EQ(at(addresses[i], now_ + kS), there[i]->meta.name) << life;
      }
      for (const Truth& truth : truths[i]) {
        if (truth.until <= truth.from) continue;
        const std::uint64_t middle = truth.from + (truth.until - truth.from) / 2;
        for (const std::uint64_t time : {truth.from, middle, truth.until - 1}) {
          const std::string name = at(addresses[i], time);
          ASSERT_TRUE(name.empty() || name == truth.name) << life << ": " << name << " for " << truth.name;
        }
      }
    }
  }
}

// Blue and green: what the younger service had goes to the older one.
TEST_F(RestartTest, AnAddressMovesToAnOlderService) {
  const std::uint64_t first_seen = now_;
  Service blue = service("blue", now_ - 3'000 * kS), green = service("green", now_ - 1'000 * kS);
  blue.cluster_addresses = {ip("10.96.0.1")};
  green.external_addresses = {ip("203.0.113.9")};
  green.ports = {{80, 30080}};
  Node node;
  node.meta = {uid_of("node"), "", "n", now_ - 9'000 * kS, 0};
  node.addresses = {ip("192.168.0.1")};
  put(node);
  put(blue);
  put(green);
  batch();
  now_ += 10 * kS;
  remove(Kind::service, green.meta.uid);
  batch();
  const std::uint64_t given_up = now_;
  now_ += 10 * kS;
  blue.external_addresses = green.external_addresses;
  blue.ports = green.ports;
  put(blue);
  batch();
  const std::uint64_t taken = now_;
  const auto is_right = [&](const char* when) {
    for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{80}}) {
      EXPECT_EQ(at("203.0.113.9", first_seen, port), "green") << when;
      EXPECT_EQ(at("203.0.113.9", given_up - 1, port), "green") << when;
      EXPECT_EQ(at("203.0.113.9", given_up, port), "") << when;
      EXPECT_EQ(at("203.0.113.9", taken, port), "blue") << when;
      EXPECT_EQ(at("203.0.113.9", now_, port), "blue") << when;
    }
    EXPECT_EQ(at("192.168.0.1", given_up - 1, 30080), "green") << when;
    EXPECT_EQ(at("192.168.0.1", taken, 30080), "blue") << when;
    EXPECT_EQ(at("192.168.0.1", now_, 30080), "blue") << when;
    EXPECT_EQ(at("10.96.0.1", first_seen), "blue") << when;
    EXPECT_EQ(at("10.96.0.1", now_), "blue") << when;
  };
  is_right("while watched");
  restart();
  put(node);
  put(blue);
  batch();
  is_right("after a restart");
}

TEST_F(RestartTest, AnAddressMovesToAnOlderServiceWhileNobodyWatches) {
  Service blue = service("blue", now_ - 3'000 * kS), green = service("green", now_ - 1'000 * kS);
  green.external_addresses = {ip("203.0.113.9")};
  put(blue);
  put(green);
  const std::uint64_t seen = now_;
  restart();
  blue.external_addresses = green.external_addresses;
  put(blue);
  batch();
  EXPECT_EQ(at("203.0.113.9", seen), "green");
  EXPECT_EQ(at("203.0.113.9", now_), "blue");
  EXPECT_EQ(at("203.0.113.9", now_ + 3600 * kS), "blue");
}

TEST_F(RestartTest, TwoServicesShareAnAddress) {
  Service old = service("old", now_ - 3'000 * kS), young = service("young", now_ - 1'000 * kS);
  old.external_addresses = young.external_addresses = {ip("203.0.113.9")};
  old.ports = {{80, 0}};
  young.ports = {{443, 0}};
  put(old);
  put(young);
  batch();
  const std::uint64_t both = now_;
  EXPECT_EQ(at("203.0.113.9", both), "young");
  EXPECT_EQ(at("203.0.113.9", both, 80), "old");
  now_ += 10 * kS;
  remove(Kind::service, young.meta.uid);
  batch();
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(at("203.0.113.9", both), "young") << life;
    EXPECT_EQ(at("203.0.113.9", both, 443), "young") << life;
    EXPECT_EQ(at("203.0.113.9", both, 80), "old") << life;
    EXPECT_EQ(at("203.0.113.9", now_), "old") << life;
    restart();
    put(old);
    batch();
  }
}

TEST_F(RestartTest, APodsNetworkIsMadeAnew) {
  Pod old = pod("old", "10.0.0.1");
  old.start_ns = old.meta.created_ns = now_ - 1'000 * kS;
  put(old);
  const Pod young = pod("young", "10.0.0.2");
  put(young);
  const std::uint64_t before = now_;
  now_ += 100 * kS;
  remove(Kind::pod, young.meta.uid);
  now_ += 10 * kS;
  old.addresses = {ip("10.0.0.2")};  // its node was started anew
  old.restarted = true;
  put(old);
  batch();
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(at("10.0.0.1", before), "old") << life;
    EXPECT_EQ(at("10.0.0.1", now_), "") << life;
    EXPECT_EQ(at("10.0.0.2", before - 10 * kS), "") << life;
    EXPECT_EQ(at("10.0.0.2", before), "young") << life;
    EXPECT_EQ(at("10.0.0.2", before + 105 * kS), "") << life;
    EXPECT_EQ(at("10.0.0.2", before + 110 * kS), "old") << life;
    EXPECT_EQ(at("10.0.0.2", now_), "old") << life;
    restart();
    put(old);
    batch();
  }
}

// First it is known from its start alone; when the address was the other's last is told late. Neither life
// may forget it.
TEST_F(RestartTest, ABeginningThatCameToBeKnownBetter) {
  Pod first = pod("first", "10.0.0.1");
  put(first);
  now_ += 10 * kS;
  const std::uint64_t start = now_;
  Pod second = pod("second", "10.0.0.1");
  second.start_ns = start;
  second.first_container_ns = 0;
  now_ = start + 4 * kS;
  put(second);
  batch();
  now_ = start + 6 * kS;
  first.finished = true;
  first.finished_ns = start + 2 * kS;
  put(first);
  batch();
  const auto is_right = [&](const char* when) {
    EXPECT_EQ(at("10.0.0.1", start + 2 * kS - 1), "first") << when;
    EXPECT_EQ(at("10.0.0.1", start + 2 * kS), "") << when;
    EXPECT_EQ(at("10.0.0.1", start + 3 * kS), "second") << when;
  };
  is_right("while watched");
  restart();
  is_right("after a restart");
  second.restarted = true;
  put(second);
  batch();
  is_right("and told again");
  EXPECT_EQ(at("10.0.0.1", now_), "second");
}

// The other way round: it is told early, and the other's end shows that it is even older.
TEST_F(RestartTest, ABeginningThatCameToBeKnownEarlier) {
  Pod first = pod("first", "10.0.0.1");
  put(first);
  now_ += 10 * kS;
  const std::uint64_t start = now_;
  Pod second = pod("second", "10.0.0.1");
  second.start_ns = second.first_container_ns = start;
  now_ = start + 4 * kS;
  put(second);
  batch();
  first.finished = true;
  first.finished_ns = start - 2 * kS;
  put(first);
  batch();
  EXPECT_EQ(at("10.0.0.1", start), "second");
  restart();
  EXPECT_EQ(at("10.0.0.1", start), "second");
  EXPECT_EQ(at("10.0.0.1", start + 3 * kS), "second");
}

class ShortHistory : public TimelineTest {
 protected:
  ShortHistory() : TimelineTest({100 * kS, 50, 1'000}) {}
};

TEST_F(ShortHistory, IsBounded) {
  for (unsigned i = 0; i < 200; ++i) {
    const Pod one = pod("p" + std::to_string(i), "10.0.0.1");
    put(one);
    now_ += kS / 10;
    remove(one);
    if (i % 7 == 0) batch();
  }
  batch();
  EXPECT_EQ(timeline_.counters().ended, 50U);
  EXPECT_EQ(timeline_.counters().forgotten_by_number, 150U);
  now_ -= 400 * kS;  // ends that are older than the history
  const Pod old = pod("old", "10.0.0.2");
  put(old);
  remove(old);
  batch();
  EXPECT_EQ(at("10.0.0.2", now_), "");
}

TEST_F(TimelineTest, CallsMayWaitForAPodThatIsToCome) {
  batch();
  EXPECT_TRUE(board_.current()->may_still_come(ip("8.8.8.8"), wall_clock_ns()));  // nothing was listed yet
  cluster_.synced(Kind::pod);
  Node node;
  node.meta = {uid_of("node"), "", "n", now_, 0};
  node.pod_prefixes = {*parse_prefix("10.1.0.0/16")};
  put(node);
  put(pod("p", "10.2.0.1"));
  batch();
  const auto names = board_.current();
  EXPECT_TRUE(names->may_still_come(ip("10.1.2.3"), wall_clock_ns()));
  EXPECT_TRUE(names->may_still_come(ip("10.2.0.99"), wall_clock_ns()));
  EXPECT_FALSE(names->may_still_come(ip("10.3.0.1"), wall_clock_ns()));
  EXPECT_FALSE(names->may_still_come(ip("10.1.2.3"), wall_clock_ns() - 60 * kS));
  EXPECT_FALSE(NamesBoard().current()->may_still_come(ip("10.1.2.3"), wall_clock_ns()));
}

// Readers on other threads, without a lock, while addresses go from pod to pod. What an address was at a time
// does not change any more once it is told.
TEST_F(TimelineTest, ReadersNeverSeeAWrongName) {
  struct Truth {
    std::uint64_t from, until;
    unsigned address, number;
  };
  constexpr unsigned kAddresses = 4, kTurns = 800;
  std::vector<Truth> truths(kTurns);
  std::atomic<unsigned> told{0};
  std::atomic<std::uint64_t> wrong{0}, asked{0}, named{0};
  std::atomic<bool> done{false};
  const auto name_of = [](unsigned number) { return "p" + std::to_string(number); };
  const auto address_of_number = [](unsigned n) { return Address{0, 0xffff0a000000U + n}; };
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= 2; ++seed)
    readers.emplace_back([&, seed] {
      std::minstd_rand random(seed);
      std::shared_ptr<const Names> names;
      std::uint64_t generation = 0;
      while (!done) {
        const unsigned count = told.load(std::memory_order_acquire);
        board_.refresh(names, generation);
        for (unsigned i = 0; i < 100 && count > 0; ++i) {
          const Truth& truth = truths[random() % count];
          const Party* party = names->find(address_of_number(truth.address), 0,
                                           truth.from + random() % (truth.until - truth.from));
          wrong += party != nullptr && party->name != name_of(truth.number);
          named += party != nullptr;
          ++asked;
        }
      }
    });
  std::minstd_rand random(9);
  for (unsigned turn = 0; turn < kTurns; ++turn) {
    const unsigned address = turn % kAddresses;
    const Pod one = [&] {
      Pod made = pod(name_of(turn), "10.0.0.1");
      made.addresses = {address_of_number(address)};
      return made;
    }();
    const std::uint64_t from = now_;
    put(one);
    batch();
    now_ += 1'000 + random() % kS;
    if (turn % 3 == 0) {
      Pod finished = one;
      finished.finished = true;
      finished.finished_ns = now_ / kS * kS;
      put(finished);
    } else {
      remove(one);
    }
    batch();
    truths[turn] = {from, now_, address, turn};
    now_ += random() % 1'000;
    told.store(turn + 1, std::memory_order_release);
  }
  while (asked < 1'000) std::this_thread::yield();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(named.load(), asked.load() / 2);
}

}  // namespace
}  // namespace spanlight
