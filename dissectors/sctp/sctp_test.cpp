#include "sctp/sctp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/sctp/parse.h"
#include "core/slab.h"

namespace spanlight::sctp {
namespace {

using Octets = std::vector<std::uint8_t>;

void put(Octets& to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> 8 * (bytes - 1 - i)));
}

Octets chunk(std::uint8_t type, std::uint8_t flags, const Octets& value, int length = -1) {
  Octets out{type, flags};
  put(out, length >= 0 ? static_cast<std::uint64_t>(length) : 4 + value.size(), 2);
  out.insert(out.end(), value.begin(), value.end());
  while (out.size() % 4 != 0) out.push_back(0);
  return out;
}

Octets init(std::uint8_t type, std::uint32_t tag) {
  Octets value;
  put(value, tag, 4);
  put(value, 65'536, 4);
  put(value, 10, 2);
  put(value, 12, 2);
  put(value, 1'000, 4);
  return chunk(type, 0, value);
}

Octets data(std::uint32_t tsn, std::string_view payload, std::uint8_t flags = 3) {
  Octets value;
  put(value, tsn, 4);
  put(value, 2, 2);
  put(value, 7, 2);
  put(value, 46, 4);
  value.insert(value.end(), payload.begin(), payload.end());
  return chunk(0, flags, value);
}

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Said {
  State state;
  Reason reason;
  std::uint32_t flags;
  bool reversed, is_error;
  std::string summary, error, request, response, body;
  std::uint64_t body_size;
};

std::string text_of(std::span<const Field> fields) {
  std::string text;
  for (const Field& f : fields)
    text += std::string(f.name) + "=" +
            (f.kind == Field::Kind::text ? std::string(f.text) : std::to_string(f.integer)) + " ";
  return text;
}

class Flow final : Sink {
 public:
  explicit Flow(Limits limits = {}) : limits_(limits), slot_(kDescriptor.slot_bytes + 64) {
    auto* at = slot_.data() + (64 - reinterpret_cast<std::uintptr_t>(slot_.data()) % 64) % 64;
    dissector_ = kDescriptor.create(at, workshop_);
  }
  Flow& say(Direction from, const Octets& bytes) {
    now_ += kMillisecondNs;
    EXPECT_EQ(dissector_->on_data(from, {.bytes = bytes, .time = now_}, *this).consumed, bytes.size());
    return *this;
  }
  Flow& pass(DurationNs time) {
    now_ += time;
    dissector_->on_time(now_, *this);
    return *this;
  }
  void close(End end) { dissector_->on_close(end, now_, *this); }
  bool rests() const {
    Memo memo;
    return dissector_->park({}, memo);
  }

  std::vector<Said> said;
  DissectorCounters counters;

 private:
  void emit(const Transaction& call) override {
    std::string body(call.request.body.size(), '\0');
    call.request.body.copy_to(reinterpret_cast<std::uint8_t*>(body.data()));
    said.push_back({call.state, call.reason, call.flags, call.reversed, call.is_error,
                    std::string(call.summary), std::string(call.error), text_of(call.request.fields),
                    text_of(call.response.fields), body, call.request.body_size});
  }

  Limits limits_;
  SlabPool pool_{1U << 16};
  Workshop workshop_{pool_, pool_, limits_, counters};
  std::vector<std::uint8_t> slot_;
  Dissector* dissector_ = nullptr;
  TimeNs now_ = 1'000 * kSecondNs;
};

constexpr Direction kC = Direction::c2s, kS = Direction::s2c;

TEST(Sctp, AnAssociationOpens) {
  Flow flow;
  flow.say(kC, init(1, 77)).say(kC, init(1, 77));
  EXPECT_FALSE(flow.rests());
  flow.say(kS, init(2, 99)).say(kC, chunk(10, 0, {1, 2, 3})).say(kS, chunk(11, 0, {}));
  EXPECT_TRUE(flow.rests());
  ASSERT_EQ(flow.said.size(), 3u);
  EXPECT_EQ(flow.said[0].state, State::complete);
  EXPECT_EQ(flow.said[0].request,
            "chunk=INIT initiate_tag=77 out_streams=10 in_streams=12 initial_tsn=1000 ");
  EXPECT_EQ(flow.said[0].response,
            "chunk=INIT_ACK initiate_tag=99 out_streams=10 in_streams=12 initial_tsn=1000 ");
  EXPECT_EQ(flow.said[1].request, "chunk=COOKIE_ECHO direction=c2s ");
  EXPECT_EQ(flow.said[2].request, "chunk=COOKIE_ACK direction=s2c ");
  EXPECT_FALSE(flow.said[1].reversed);
  EXPECT_TRUE(flow.said[2].reversed);
}

TEST(Sctp, TheHandshakeSaysWhoIsTheClient) {
  const auto probed = [](const Octets& packet) { return kDescriptor.probe(packet, {}); };
  EXPECT_EQ(probed(init(1, 77)), Verdict::client);
  EXPECT_EQ(probed(init(2, 99)), Verdict::server);
  EXPECT_EQ(probed(chunk(10, 0, {1, 2, 3}) + data(5, "hello")), Verdict::client);
  EXPECT_EQ(probed(chunk(11, 0, {})), Verdict::server);
  EXPECT_EQ(probed(data(5, "hello")), Verdict::either);
  EXPECT_EQ(probed({}), Verdict::either);
}

TEST(Sctp, EachDataChunkIsTold) {
  Flow flow;
  flow.say(kS, data(5, "hello") + chunk(3, 0, Octets(12, 0)) + data(6, "", 4));
  ASSERT_EQ(flow.said.size(), 2u);
  EXPECT_EQ(flow.said[0].request,
            "chunk=DATA direction=s2c tsn=5 sid=2 ssn=7 ppid=46 length=5 begin=1 end=1 ");
  EXPECT_EQ(flow.said[0].body, "hello");
  EXPECT_EQ(flow.said[0].state, State::one_way);
  EXPECT_EQ(flow.said[1].request,
            "chunk=DATA direction=s2c tsn=6 sid=2 ssn=7 ppid=46 length=0 begin=0 end=0 unordered=1 ");
}

// A watchdog of Diameter, or its answer: a header and Origin-Host.
std::string watchdog(bool request) {
  Octets out;
  put(out, 1u << 24 | 32, 4);
  put(out, (request ? 0x80u : 0u) << 24 | 280, 4);
  put(out, 0, 4);
  put(out, 7, 4);
  put(out, 8, 4);
  put(out, 264, 4);
  put(out, 0x40u << 24 | 9, 4);
  put(out, std::uint64_t{'a'} << 24, 4);
  return {out.begin(), out.end()};
}

TEST(Sctp, DiameterInItsChunksIsToldBesideThem) {
  Flow flow;
  flow.say(kC, data(5, watchdog(true)));
  EXPECT_FALSE(flow.rests());
  flow.say(kS, data(9, watchdog(false))).say(kC, data(6, watchdog(true)));
  ASSERT_EQ(flow.said.size(), 4u);
  EXPECT_EQ(flow.said[0].summary, "DATA");
  EXPECT_EQ(flow.said[2].summary, "DWR a");
  EXPECT_EQ(flow.said[2].state, State::complete);
  flow.close(End::fin);
  EXPECT_EQ(flow.said.back().reason, Reason::closed);
  EXPECT_EQ(flow.said.back().error, "no response: connection closed");
}

TEST(Sctp, InterleavedData) {
  Octets value;
  put(value, 9, 4);
  put(value, 1, 4);
  put(value, 33, 4);
  put(value, 46, 4);
  value.push_back('x');
  Flow flow;
  flow.say(kC, chunk(64, 3, value));
  EXPECT_EQ(flow.said.at(0).request,
            "chunk=I_DATA direction=c2s tsn=9 sid=0 mid=33 ppid=46 length=1 begin=1 end=1 ");
}

TEST(Sctp, PreviewsAreBounded) {
  Flow flow({.body_preview_bytes = 3});
  flow.say(kC, data(5, "hello"));
  EXPECT_EQ(flow.said.at(0).body, "hel");
  EXPECT_EQ(flow.said[0].body_size, 5u);
  EXPECT_EQ(flow.said[0].flags, kFlagTruncatedBody);
  Flow shed({.previews_shed = true});
  shed.say(kC, data(5, "hello"));
  EXPECT_EQ(shed.said.at(0).flags, kFlagTruncatedBody | kFlagShedBody);
}

TEST(Sctp, AnAbortIsAnError) {
  Flow flow;
  flow.say(kS, chunk(6, 0, {0, 12, 0, 4})).say(kS, chunk(6, 0, {}));
  ASSERT_EQ(flow.said.size(), 2u);
  EXPECT_EQ(flow.said[0].error, "user initiated abort");
  EXPECT_EQ(flow.said[1].error, "association aborted");
  EXPECT_TRUE(flow.said[1].is_error);
}

TEST(Sctp, AnInitWithoutAnswer) {
  Flow flow;
  flow.say(kC, init(1, 77)).say(kC, init(1, 78));
  ASSERT_EQ(flow.said.size(), 1u);  // another attempt
  flow.pass(61 * kSecondNs);
  ASSERT_EQ(flow.said.size(), 2u);
  EXPECT_EQ(flow.said[1].reason, Reason::unanswered);
  flow.say(kS, init(1, 5));
  flow.close(End::capture_ended);
  ASSERT_EQ(flow.said.size(), 3u);
  EXPECT_EQ(flow.said[2].reason, Reason::capture_ended);
  EXPECT_TRUE(flow.said[2].reversed);
}

TEST(Sctp, AnAnswerAlone) {
  Flow flow;
  flow.say(kS, init(2, 99));
  EXPECT_EQ(flow.said.at(0).state, State::no_request);
  EXPECT_EQ(flow.said[0].reason, Reason::unsolicited);
}

TEST(Sctp, WhatCannotBeEndsThePacket) {
  const struct {
    const char* name;
    Octets packet;
    std::size_t said;
    std::uint64_t malformed;
  } cases[] = {
      {"length_0", chunk(7, 0, {}, 0) + data(1, "x"), 0, 1},
      {"length_3", chunk(0, 0, {}, 3), 0, 1},
      {"data_too_short", chunk(0, 3, Octets(8, 0), 12), 0, 1},
      {"data_length_too_short", chunk(0, 3, Octets(12, 0), 12), 0, 1},
      {"cut_in_payload", chunk(0, 3, Octets(16, 1), 200), 1, 0},
      {"cut_in_head", {1, 0, 0, 20, 0, 0}, 0, 1},
      {"head_alone", {1, 0}, 0, 1},
      {"good_then_bad", data(1, "x") + chunk(7, 0, {}, 1), 1, 1},
  };
  for (const auto& one : cases) {
    Flow flow;
    flow.say(kC, one.packet);
    EXPECT_EQ(flow.said.size(), one.said) << one.name;
    EXPECT_EQ(flow.counters.malformed, one.malformed) << one.name;
  }
}

TEST(Sctp, EveryPrefixIsShort) {
  for (const Octets& whole : {data(1, "hello"), init(1, 7), chunk(6, 0, {0, 12, 0, 4})}) {
    const std::size_t length = std::size_t{whole[2]} * 256 + whole[3];
    for (std::size_t n = 1; n < length; ++n) {
      const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));  // its own allocation
      EXPECT_EQ(parse_chunk(cut).fault, Fault::short_input) << n;
    }
    EXPECT_EQ(parse_chunk(whole).fault, Fault::none);
  }
}

}  // namespace
}  // namespace spanlight::sctp
