// A real worker and its capture targets: what is left out, when, and what is said of it.

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include "lcore/scripted_queue.h"
#include "port/eal_for_tests.h"

namespace spanlight::test {
namespace {

Settings quiet() {
  Settings settings;
  settings.shedding_enabled = false;  // a sanitizer makes the worker slow
  settings.remove_duplicates = false;
  settings.state_memory_mb = 64;
  settings.held_bytes_max = 1U << 20;
  settings.flows_max = 4'096;
  return settings;
}

IpAddress address(const char* text) {
  IpAddress out;
  out.bytes[10] = out.bytes[11] = 0xff;
  EXPECT_EQ(inet_pton(AF_INET, text, out.bytes.data() + 12), 1);
  return out;
}

std::function<void()> targets(OneWorker& worker, std::vector<const char*> addresses) {
  return [&worker, addresses] {
    std::vector<IpAddress> set;
    for (const char* one : addresses) set.push_back(address(one));
    EXPECT_TRUE(worker.targets().publish(std::make_unique<TargetSet>(true, set)));
  };
}

std::function<void()> filter(OneWorker& worker, const char* expression) {
  return [&worker, expression] {
    const LinkType links[] = {LinkType::ethernet};
    auto made = TargetFilter::compile(expression, links);
    ASSERT_EQ(made.index(), 0u) << std::get<1>(made);
    // The addresses would let nothing through.
    EXPECT_TRUE(worker.targets().publish(
        std::make_unique<TargetSet>(true, std::span<const IpAddress>{}, std::move(std::get<0>(made)))));
  };
}

std::function<void()> everything(OneWorker& worker) {
  return [&worker] { EXPECT_TRUE(worker.targets().publish(std::make_unique<TargetSet>())); };
}

std::vector<Frame> call(Speakers& who, const std::string& path) {
  return {who.request(path), who.response()};
}

std::vector<std::string> paths(const std::vector<Said>& said) {
  std::vector<std::string> out;
  for (const Said& one : said) out.push_back(one.path);
  std::sort(out.begin(), out.end());
  return out;
}

void expect_accounts(const OneWorker& worker) {
  EXPECT_EQ(worker.count("received_packets_total"), worker.outcomes());
  EXPECT_EQ(worker.count("memory_bytes", "state"), 0u);
}

using Paths = std::vector<std::string>;

TEST(Targeting, EitherEndOfAFlowCounts) {
  OneWorker worker(quiet());
  Speakers to("10.0.0.9", "10.0.0.1"), from("10.0.0.1", "10.0.0.8"), neither("10.0.0.7", "10.0.0.8");
  ScriptedQueue queue;
  queue.then(targets(worker, {"10.0.0.1"}));
  for (auto* who : {&to, &from, &neither}) queue.frames(who->handshake());
  queue.frames(call(to, "/to")).frames(call(from, "/from")).frames(call(neither, "/neither"));
  EXPECT_EQ(paths(worker.run(queue)), (Paths{"/from", "/to"}));
  EXPECT_EQ(worker.count("packets_total", "filtered"), 5u);
  EXPECT_EQ(worker.count("flows_opened_total"), 2u);  // before the flow table
  EXPECT_EQ(worker.count("targets_generation"), 1u);
  expect_accounts(worker);
}

TEST(Targeting, TheInnerAddressesOfATunnelDecide) {
  for (const bool inner : {true, false}) {
    OneWorker worker(quiet());
    Speakers who("10.0.0.1", "10.0.0.2");
    who.around([](PacketBuilder& b) -> PacketBuilder& {
      return b.eth().ipv4("192.168.0.1", "192.168.0.2").vxlan(5).eth();
    });
    ScriptedQueue queue;
    queue.then(targets(worker, {inner ? "10.0.0.2" : "192.168.0.2"})).frames(who.handshake());
    queue.frames(call(who, "/a"));
    EXPECT_EQ(worker.run(queue).size(), inner ? 1u : 0u);
    EXPECT_EQ(worker.count("packets_total", "filtered"), inner ? 0u : 5u);
    expect_accounts(worker);
  }
}

TEST(Targeting, AFilterTakesThePlaceOfTheAddresses) {
  OneWorker worker(quiet());
  Speakers web("10.0.0.1", "10.0.0.2", 40'000), other("10.0.0.1", "10.0.0.2", 40'001);
  ScriptedQueue queue;
  queue.then(filter(worker, "tcp port 40000")).frames(web.handshake()).frames(other.handshake());
  queue.frames(call(web, "/web")).frames(call(other, "/other"));
  // A wide one in small pieces: what the filter reads lies in several of them.
  queue.frame(web.request("/pieces", 3'000), LinkType::ethernet, 20).frame(web.response());
  queue.then(targets(worker, {"10.0.0.2"}));  // and back
  queue.frames(call(web, "/again"));
  EXPECT_EQ(paths(worker.run(queue)), (Paths{"/again", "/pieces", "/web"}));
  EXPECT_EQ(worker.count("packets_total", "filtered"), 5u);
  expect_accounts(worker);
}

TEST(Targeting, AFilterSeesTheFrameAsItWasCaptured) {
  OneWorker worker(quiet());
  Speakers tagged("10.0.0.1", "10.0.0.2", 40'000), plain("10.0.0.1", "10.0.0.2", 40'001);
  tagged.around([](PacketBuilder& b) -> PacketBuilder& { return b.eth().vlan(7); });
  ScriptedQueue queue;
  queue.then(filter(worker, "vlan 7 and tcp")).frames(tagged.handshake()).frames(plain.handshake());
  queue.frames(call(tagged, "/tagged")).frames(call(plain, "/plain"));
  EXPECT_EQ(paths(worker.run(queue)), (Paths{"/tagged"}));
  expect_accounts(worker);
}

// Only the first fragment holds the ports: the datagram is judged as a whole.
TEST(Targeting, FragmentsAreJudgedAsTheirDatagram) {
  for (const bool by_filter : {true, false}) {
    for (const bool wanted : {true, false}) {
      OneWorker worker(quiet());
      Speakers who("10.0.0.1", "10.0.0.2");
      ScriptedQueue queue;
      queue.frames(who.handshake());
      if (by_filter)
        queue.then(filter(worker, wanted ? "tcp port 80" : "tcp port 81"));
      else
        queue.then(targets(worker, {wanted ? "10.0.0.1" : "10.0.0.3"}));
      queue.frames(fragments_of(who.request("/cut", 2'000), 14, 800)).frame(who.response());
      const std::vector<Said> said = worker.run(queue);
      EXPECT_EQ(paths(said), wanted ? Paths{"/cut"} : Paths{}) << by_filter;
      EXPECT_EQ(worker.count("packets_total", "filtered"), wanted ? 0u : 2u);  // the last piece, the response
      expect_accounts(worker);
    }
  }
}

// A connection that was there before: its packets end from then on, its open call is told at once and with
// the right cause, and what comes when it is a target again is joined midstream by our doing.
TEST(Targeting, AFlowThatIsNoTargetAnyMoreIsEnded) {
  OneWorker worker(quiet());
  Speakers stays("10.0.0.1", "10.0.0.2"), leaves("10.0.0.3", "10.0.0.4");
  ScriptedQueue queue;
  queue.frames(stays.handshake()).frames(leaves.handshake());
  queue.frames(call(stays, "/1")).frames(call(leaves, "/2")).frame(leaves.request("/open"));
  queue.then(targets(worker, {"10.0.0.1"}));
  queue.until([&] { return worker.count("flows_total", "untargeted") == 1; });
  queue.frame(leaves.response()).frames(call(leaves, "/unseen")).frames(call(stays, "/3"));
  queue.then(everything(worker));
  queue.frame(leaves.response()).frames(call(leaves, "/back"));
  const std::vector<Said> said = worker.run(queue);
  std::size_t open = 0, halves = 0;
  for (const Said& one : said) {
    if (one.path == "/open") {
      ++open;
      EXPECT_EQ(one.state, wire::State::no_response);
      EXPECT_EQ(one.reason, wire::Reason::lost_in_sensor);
    }
    if (one.state != wire::State::complete) {
      ++halves;
      EXPECT_EQ(one.reason, wire::Reason::lost_in_sensor) << one.path;
    }
    if (one.path == "/back") {
      EXPECT_NE(one.flags & kFlagMidstream, 0u);
    }
  }
  EXPECT_EQ(open, 1u);
  EXPECT_GE(halves, 1u);
  Paths complete;
  for (const Said& one : said)
    if (one.state == wire::State::complete) complete.push_back(one.path);
  std::sort(complete.begin(), complete.end());
  EXPECT_EQ(complete, (Paths{"/1", "/2", "/3", "/back"}));
  EXPECT_EQ(worker.count("packets_total", "filtered"), 3u);
  expect_accounts(worker);
}

// Where pods come and go all the time, the mirror's own losses stay the mirror's.
TEST(Targeting, OnlyNewTargetsAreExcused) {
  OneWorker worker(quiet());
  Speakers old("10.0.0.1", "10.0.0.2"), fresh("10.0.0.3", "10.0.0.4");
  old.handshake();  // nobody sees these two
  fresh.handshake();
  ScriptedQueue queue;
  queue.then(targets(worker, {"10.0.0.1"})).then(targets(worker, {"10.0.0.1", "10.0.0.3"}));
  queue.frame(old.response()).frame(fresh.response());
  queue.frames(call(old, "/old")).frames(call(fresh, "/fresh"));
  std::size_t mirror = 0, sensor = 0;
  for (const Said& one : worker.run(queue)) {
    mirror += one.reason == wire::Reason::lost_in_mirror ? 1 : 0;
    sensor += one.reason == wire::Reason::lost_in_sensor ? 1 : 0;
  }
  EXPECT_EQ(mirror, 1u);
  EXPECT_EQ(sensor, 1u);
  expect_accounts(worker);
}

// By a filter nothing can be said of a flow as a whole; its packets end all the same, and when they come
// again the hole is ours.
TEST(Targeting, AFilterReachesFlowsThatWereThereBefore) {
  OneWorker worker(quiet());
  Speakers who("10.0.0.1", "10.0.0.2");
  ScriptedQueue queue;
  queue.frames(who.handshake()).frames(call(who, "/1"));
  queue.then(filter(worker, "tcp port 81")).frames(call(who, "/unseen"));
  queue.then(filter(worker, "tcp port 80")).frames(call(who, "/2")).frames(call(who, "/3"));
  const std::vector<Said> said = worker.run(queue);
  bool third = false;
  for (const Said& one : said) {
    EXPECT_NE(one.path, "/unseen");
    EXPECT_NE(one.reason, wire::Reason::lost_in_mirror);
    third |= one.path == "/3" && one.state == wire::State::complete;
  }
  EXPECT_TRUE(third);
  EXPECT_EQ(worker.count("packets_total", "filtered"), 2u);
  expect_accounts(worker);
}

// At the pace of a capture a packet that is left out still moves its clock.
TEST(Targeting, ACapturesClockGoesByEveryPacket) {
  OneWorker worker(quiet());
  worker.shared().pace = Pace::capture;
  Speakers a("10.0.0.1", "10.0.0.2"), b("10.0.0.3", "10.0.0.4");
  ScriptedQueue queue;
  queue.then(targets(worker, {"10.0.0.1"})).frames(a.handshake()).frames(b.handshake());
  queue.frames(call(a, "/a")).frames(call(b, "/b"));
  EXPECT_EQ(paths(worker.run(queue)), (Paths{"/a"}));
  EXPECT_EQ(worker.count("packets_total", "filtered"), 5u);
  expect_accounts(worker);
}

// ---- the packet ring ------------------------------------------------------------------------------

struct Kept {
  KeptPacket packet;
  Frame bytes;
};

std::vector<Kept> all_of(const PacketRing& ring) {
  std::vector<Kept> out;
  ring.look_through([&](const KeptPacket& packet, Bytes bytes) {
    out.push_back({packet, {bytes.begin(), bytes.end()}});
    return true;
  });
  return out;
}

TEST(Keeping, ACallsPacketsAreThereAsTheyWere) {
  OneWorker worker(quiet());
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  worker.worker().keep_packets(ring);
  Speakers a("10.0.0.1", "10.0.0.2", 1'111), b("10.0.0.1", "10.0.0.2", 2'222);
  ScriptedQueue queue;
  std::vector<Frame> of_a = a.handshake();
  for (const Frame& f : call(a, "/a")) of_a.push_back(f);
  of_a.push_back(a.request("/long", 5'000));
  of_a.push_back(a.response());
  for (const Frame& f : a.close()) of_a.push_back(f);
  std::vector<Frame> of_b = b.handshake();
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    queue.frame(of_a[i], LinkType::ethernet, of_a[i].size() > 1'500 ? 700 : 0);
    if (i < of_b.size()) queue.frame(of_b[i]);
  }
  const std::vector<Said> said = worker.run(queue);
  ASSERT_EQ(paths(said), (Paths{"/a", "/long"}));
  std::vector<Frame> kept;
  for (const Kept& one : all_of(ring)) {
    if (one.packet.conn_id != said[0].conn_id) continue;
    EXPECT_EQ(one.packet.wire_bytes, one.bytes.size());
    kept.push_back(one.bytes);
  }
  EXPECT_EQ(kept, of_a);
  for (const Said& one : said) EXPECT_NE(one.flags & kFlagPackets, 0u) << one.path;
  EXPECT_EQ(worker.count("kept_packets_total", "kept"), of_a.size() + of_b.size());
}

TEST(Keeping, WithoutARingNoRecordClaimsPackets) {
  OneWorker worker(quiet());
  Speakers a("10.0.0.1", "10.0.0.2");
  ScriptedQueue queue;
  queue.frames(a.handshake()).frames(call(a, "/a"));
  const std::vector<Said> said = worker.run(queue);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].flags & kFlagPackets, 0u);
  EXPECT_EQ(worker.count("packet_ring_since_seconds"), 0u);
}

// Its first packets were overwritten before the call was over.
TEST(Keeping, ACallWhosePacketsAreGoneClaimsNone) {
  OneWorker worker(quiet());
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  worker.worker().keep_packets(ring);
  Speakers a("10.0.0.1", "10.0.0.2", 1'111), b("10.0.0.1", "10.0.0.2", 2'222);
  ScriptedQueue queue;
  queue.frames(a.handshake()).frame(a.request("/early"));
  queue.until([since = std::chrono::steady_clock::now()] {  // the clock moves on between the two
    return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(1);
  });
  queue.frames(b.handshake());
  for (int i = 0; i < 1'500; ++i) queue.frame(b.request("/b", 1'000)).frame(b.response());
  queue.frame(a.response());
  const std::vector<Said> said = worker.run(queue);
  std::size_t early = 0;
  for (const Said& one : said) {
    if (one.path != "/early") continue;
    ++early;
    EXPECT_EQ(one.state, wire::State::complete);
    EXPECT_EQ(one.flags & kFlagPackets, 0u);
  }
  EXPECT_EQ(early, 1u);
  EXPECT_NE(said[0].flags & kFlagPackets, 0u);  // one of the others
}

TEST(Keeping, FlowsThatNobodyReadsAreNotKept) {
  OneWorker worker(quiet());
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  worker.worker().keep_packets(ring);
  Speakers a("10.0.0.1", "10.0.0.2");
  ScriptedQueue queue;
  queue.frames(a.handshake()).frame(a.say(0, 0x18, std::string("\x16\x03\x01", 3) + std::string(100, 'x')));
  for (int i = 0; i < 50; ++i) queue.frame(a.say(1, 0x18, std::string(1'000, 'y')));
  worker.run(queue);
  EXPECT_EQ(worker.count("inspect_total", "encrypted"), 1u);
  EXPECT_EQ(worker.count("kept_packets_total", "kept"), 4u);
}

TEST(Keeping, ADatagramOfFragmentsIsKeptWhole) {
  OneWorker worker(quiet());
  PacketRing ring(PacketRing::kBytesMin, 65'536);
  worker.worker().keep_packets(ring);
  Speakers who("10.0.0.1", "10.0.0.2");
  ScriptedQueue queue;
  queue.frames(who.handshake());
  const Frame whole = who.request("/cut", 2'000);
  queue.frames(fragments_of(whole, 14, 800)).frame(who.response());
  const std::vector<Said> said = worker.run(queue);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].flags & kFlagPackets, 0u);
  const std::vector<Kept> kept = all_of(ring);
  ASSERT_EQ(kept.size(), 5u);
  EXPECT_EQ(kept[3].packet.link, LinkType::raw_ip);
  ASSERT_EQ(kept[3].bytes.size(), whole.size() - 14);
  EXPECT_EQ(Frame(kept[3].bytes.begin() + 20, kept[3].bytes.end()), Frame(whole.begin() + 34, whole.end()));
  EXPECT_EQ(Frame(kept[3].bytes.begin() + 12, kept[3].bytes.begin() + 20),
            Frame(whole.begin() + 26, whole.begin() + 34));  // the addresses
}

}  // namespace
}  // namespace spanlight::test
