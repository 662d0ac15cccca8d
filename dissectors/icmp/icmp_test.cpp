#include "icmp/icmp.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <new>
#include <string>
#include <vector>

#include "core/address_text.h"
#include "core/slab.h"
#include "icmp/parse.h"

namespace spanlight::icmp {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Octets echo(std::uint8_t type, std::uint16_t id, std::uint16_t seq) {
  return {type,
          0,
          0,
          0,
          static_cast<std::uint8_t>(id >> 8),
          static_cast<std::uint8_t>(id),
          static_cast<std::uint8_t>(seq >> 8),
          static_cast<std::uint8_t>(seq),
          'a',
          'b'};
}

Octets quoted_v4(std::uint8_t protocol, std::uint16_t fragment = 0) {
  return {0x45,
          0,
          0,
          60,
          0,
          1,
          static_cast<std::uint8_t>(fragment >> 8),
          static_cast<std::uint8_t>(fragment),
          64,
          protocol,
          0,
          0,
          10,
          0,
          0,
          1,
          10,
          0,
          0,
          2,
          0x9c,
          0x40,
          0,
          53,
          0,
          8,
          0,
          0};
}

Octets error_v4(std::uint8_t type, std::uint8_t code, const Octets& quoted, std::uint16_t mtu = 0) {
  return joined(
      {{type, code, 0, 0, 0, 0, static_cast<std::uint8_t>(mtu >> 8), static_cast<std::uint8_t>(mtu)},
       quoted});
}

// What one flow's dissector said, and who asked it.
struct Said {
  State state;
  Reason reason;
  bool reversed, is_error;
  std::string method, summary, request, response;
  TimeNs asked, answered;
};

std::string text_of(std::span<const Field> fields) {
  std::string text;
  for (const Field& f : fields)
    text += std::string(f.name) + "=" +
            (f.kind == Field::Kind::text ? std::string(f.text) : std::to_string(f.integer)) + " ";
  return text;
}

class Flow final : Sink, FlowErrors {
 public:
  explicit Flow(const Descriptor& protocol, Limits limits = {})
      : limits_(limits), slot_(protocol.slot_bytes + 64) {
    auto* at = slot_.data() + (64 - reinterpret_cast<std::uintptr_t>(slot_.data()) % 64) % 64;
    dissector_ = protocol.create(at, workshop_);
  }

  Flow& say(Direction from, const Octets& bytes) {
    now_ += kMillisecondNs;
    const Answer answer = dissector_->on_data(from, {.bytes = bytes, .time = now_}, *this);
    EXPECT_EQ(answer.consumed, bytes.size());
    return *this;
  }
  Flow& pass(DurationNs time) {
    now_ += time;
    dissector_->on_time(now_, *this);
    return *this;
  }
  std::vector<Said> close(End end = End::capture_ended) {
    dissector_->on_close(end, now_, *this);
    return said;
  }
  bool rests() const {
    Memo memo;
    return dissector_->park({}, memo);
  }
  TimeNs next_deadline() const { return dissector_->next_deadline(); }

  std::vector<Said> said;
  std::vector<QuotedPacket> errors;
  std::uint64_t known_flow = 0;
  DissectorCounters counters;

 private:
  void emit(const Transaction& call) override {
    said.push_back({call.state, call.reason, call.reversed, call.is_error, std::string(call.method),
                    std::string(call.summary), text_of(call.request.fields), text_of(call.response.fields),
                    call.request.first_byte, call.response.first_byte});
  }
  std::uint64_t on_error(const QuotedPacket& quoted) override {
    errors.push_back(quoted);
    return known_flow;
  }

  Limits limits_;
  SlabPool pool_{1U << 16};
  Workshop workshop_{pool_, pool_, limits_, counters, nullptr, this};
  std::vector<std::uint8_t> slot_;
  Dissector* dissector_ = nullptr;
  TimeNs now_ = 1'000 * kSecondNs;
};

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

TEST(Icmp, APingIsACall) {
  Flow flow(kDescriptor);
  flow.say(kC, echo(8, 5, 1)).say(kS, echo(0, 5, 1));
  EXPECT_TRUE(flow.rests());
  const auto said = flow.close();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].state, State::complete);
  EXPECT_EQ(said[0].method, "echo");
  EXPECT_EQ(said[0].request, "type=8 code=0 id=5 seq=1 ");
  EXPECT_EQ(said[0].response, "type=0 code=0 id=5 seq=1 ");
  EXPECT_EQ(said[0].answered - said[0].asked, kMillisecondNs);
  EXPECT_FALSE(said[0].reversed);
}

TEST(Icmp, PairedByIdAndNumberNotByOrder) {
  Flow flow(kV6Descriptor);
  flow.say(kC, echo(128, 5, 1)).say(kC, echo(128, 5, 2)).say(kC, echo(128, 6, 1));
  EXPECT_FALSE(flow.rests());
  flow.say(kS, echo(129, 6, 1)).say(kS, echo(129, 5, 2));
  const auto said = flow.close();
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[0].request, "type=128 code=0 id=6 seq=1 ");
  EXPECT_EQ(said[1].request, "type=128 code=0 id=5 seq=2 ");
  EXPECT_EQ(said[2].state, State::no_response);
  EXPECT_EQ(said[2].reason, Reason::capture_ended);
}

TEST(Icmp, BothEndsMayPing) {
  Flow flow(kDescriptor);
  flow.say(kC, echo(8, 1, 1)).say(kS, echo(8, 1, 1)).say(kS, echo(0, 1, 1)).say(kC, echo(0, 1, 1));
  const auto said = flow.close();
  ASSERT_EQ(said.size(), 2u);
  EXPECT_FALSE(said[0].reversed);
  EXPECT_TRUE(said[1].reversed);
}

TEST(Icmp, AnAnswerNobodyAskedFor) {
  Flow flow(kDescriptor);
  flow.say(kS, echo(0, 5, 1)).say(kC, echo(0, 5, 1));
  ASSERT_EQ(flow.said.size(), 2u);
  EXPECT_EQ(flow.said[0].state, State::no_request);
  EXPECT_EQ(flow.said[0].reason, Reason::unsolicited);
  EXPECT_FALSE(flow.said[0].reversed);
  EXPECT_TRUE(flow.said[1].reversed);
}

TEST(Icmp, SilenceIsAnErrorAfterAWhile) {
  Flow flow(kDescriptor);
  flow.say(kC, echo(8, 5, 1)).say(kC, echo(8, 5, 2));
  flow.pass(59 * kSecondNs);
  EXPECT_EQ(flow.said.size(), 0u);
  flow.pass(2 * kSecondNs);
  ASSERT_EQ(flow.said.size(), 2u);
  EXPECT_EQ(flow.said[0].reason, Reason::unanswered);
  EXPECT_TRUE(flow.said[0].is_error);
  EXPECT_EQ(flow.next_deadline(), kNever);
}

TEST(Icmp, TheOldestLeavesWhenTooManyWait) {
  Flow flow(kDescriptor, {.open_calls_max = 2});
  for (std::uint16_t seq = 1; seq <= 3; ++seq) flow.say(kC, echo(8, 5, seq));
  ASSERT_EQ(flow.said.size(), 1u);
  EXPECT_EQ(flow.said[0].reason, Reason::evicted);
  EXPECT_EQ(flow.said[0].request, "type=8 code=0 id=5 seq=1 ");
  EXPECT_EQ(flow.counters.open_calls_exceeded, 1u);
  EXPECT_EQ(flow.close().size(), 3u);
}

TEST(Icmp, AnErrorNamesItsFlow) {
  Flow flow(kDescriptor);
  flow.known_flow = 0xab;
  flow.say(kS, error_v4(3, 3, quoted_v4(17)));
  ASSERT_EQ(flow.said.size(), 1u);
  const Said& said = flow.said[0];
  EXPECT_EQ(said.state, State::one_way);
  EXPECT_TRUE(said.is_error);
  EXPECT_TRUE(said.reversed);
  EXPECT_EQ(said.summary, "Destination unreachable: port");
  EXPECT_EQ(said.request,
            "type=3 code=3 quoted_protocol=udp quoted_src=10.0.0.1 quoted_src_port=40000 quoted_dst=10.0.0.2 "
            "quoted_dst_port=53 quoted_conn_id=00000000000000ab ");
  ASSERT_EQ(flow.errors.size(), 1u);
  EXPECT_EQ(flow.errors[0].dst_port, 53);
}

TEST(Icmp, QuotesInAllShapes) {
  const struct {
    const char* name;
    bool v6;
    Octets message;
    std::string fields;
  } cases[] = {
      {"too_big", false, error_v4(3, 4, quoted_v4(6), 1'400),
       "type=3 code=4 mtu=1400 quoted_protocol=tcp quoted_src=10.0.0.1 quoted_src_port=40000 "
       "quoted_dst=10.0.0.2 "
       "quoted_dst_port=53 "},
      {"no_ports", false, error_v4(11, 0, quoted_v4(47)),
       "type=11 code=0 quoted_protocol=47 quoted_src=10.0.0.1 quoted_dst=10.0.0.2 "},
      {"later_fragment", false, error_v4(11, 1, quoted_v4(17, 100)),
       "type=11 code=1 quoted_protocol=udp quoted_src=10.0.0.1 quoted_dst=10.0.0.2 "},
      {"not_ip", false, error_v4(3, 1, Octets(28, 0)), "type=3 code=1 "},
      {"cut", false, error_v4(3, 1, {0x45, 0}), "type=3 code=1 "},
      {"bare", false, {3, 1, 0, 0}, "type=3 code=1 "},
      {"v6_behind_extension", true,
       joined({{2, 0, 0, 0, 0, 0, 5, 0},
               {0x60, 0, 0, 0, 0, 16, 0, 64},
               Octets(15, 0),
               {1},
               Octets(15, 0),
               {2},
               {6, 0, 0, 0, 0, 0, 0, 0},
               {0, 80, 0x9c, 0x40}}),
       "type=2 code=0 mtu=1280 quoted_protocol=tcp quoted_src=::1 quoted_src_port=80 quoted_dst=::2 "
       "quoted_dst_port=40000 "},
      {"v6_later_fragment", true,
       joined({{3, 1, 0, 0, 0, 0, 0, 0},
               {0x60, 0, 0, 0, 0, 16, 44, 64},
               Octets(15, 0),
               {1},
               Octets(15, 0),
               {2},
               {17, 0, 0, 8, 0, 0, 0, 1},
               {0, 80, 0x9c, 0x40}}),
       "type=3 code=1 quoted_protocol=udp quoted_src=::1 quoted_dst=::2 "},
      {"notice", true, {135, 0, 0, 0, 0, 0, 0, 0}, "type=135 code=0 "},
      {"short_echo", false, {8, 0, 0, 0, 1}, "type=8 code=0 "},
      {"unknown", false, {200, 7, 0, 0}, "type=200 code=7 "},
  };
  for (const auto& one : cases) {
    Flow flow(one.v6 ? kV6Descriptor : kDescriptor);
    flow.say(kC, one.message);
    ASSERT_EQ(flow.said.size(), 1u) << one.name;
    EXPECT_EQ(flow.said[0].request, one.fields) << one.name;
    EXPECT_EQ(flow.said[0].state, State::one_way) << one.name;
  }
}

TEST(Icmp, ARedirectIsNoError) {
  Flow flow(kDescriptor);
  flow.say(kS, error_v4(5, 1, quoted_v4(17)));
  EXPECT_FALSE(flow.said[0].is_error);
  EXPECT_NE(flow.said[0].request.find("quoted_dst=10.0.0.2"), std::string::npos);
}

TEST(Icmp, TooShortIsMalformed) {
  for (std::size_t n = 0; n < 4; ++n) {
    const Octets whole = echo(8, 1, 1);
    EXPECT_EQ(parse(Bytes(whole).first(n), false).fault, Fault::short_input);
  }
  Flow flow(kDescriptor);
  flow.say(kC, {8, 0});
  EXPECT_EQ(flow.counters.malformed, 1u);
  EXPECT_EQ(flow.said.size(), 0u);
}

TEST(Icmp, NoQuoteIsReadBeyondItsEnd) {
  const Octets whole = error_v4(3, 3, quoted_v4(17));
  for (std::size_t n = 4; n <= whole.size(); ++n) {
    const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));  // its own allocation
    EXPECT_EQ(parse(cut, false).fault, Fault::none);
  }
}

TEST(Icmp, EachEndHasItsReason) {
  const std::pair<End, Reason> cases[] = {{End::idle, Reason::unanswered},
                                          {End::evicted, Reason::evicted},
                                          {End::capture_ended, Reason::capture_ended},
                                          {End::shed, Reason::lost_in_sensor}};
  for (const auto& [end, reason] : cases) {
    Flow flow(kDescriptor);
    flow.say(kC, echo(13, 1, 1));
    EXPECT_EQ(flow.close(end).at(0).reason, reason);
  }
}

TEST(Icmp, AddressesAsPeopleWriteThem) {
  using Address = std::array<std::uint8_t, 16>;
  const std::pair<Address, const char*> cases[] = {
      {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 10}, "192.168.0.10"},
      {{}, "::"},
      {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:db8::1"},
      {{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},
      {{0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, "1:0:1:1:1:1:1:1"},
      {{0xfe, 0x80}, "fe80::"},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [address, text] : cases) EXPECT_EQ(AddressText(address).view(), text);
}

}  // namespace
}  // namespace spanlight::icmp
