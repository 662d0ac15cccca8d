#include "conn/conn.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace spanlight::conn {
namespace {

struct Seen final : Sink {
  State state{};
  Reason reason{};
  std::uint32_t flags = 0;
  std::string protocol, summary, error;
  bool is_error = false;
  std::uint64_t request_size = 0, response_size = 0;
  std::map<std::string, std::string> fields;

  void emit(const Transaction& call) override {
    state = call.state;
    reason = call.reason;
    flags = call.flags;
    protocol = call.protocol->name;
    summary = call.summary;
    error = call.error;
    is_error = call.is_error;
    request_size = call.request.size;
    response_size = call.response.size;
    const Message& message = call.request.present ? call.request : call.response;
    for (const Field& field : message.fields) {
      std::string text(field.text);
      if (field.kind == Field::Kind::integer || field.kind == Field::Kind::boolean)
        text = std::to_string(field.integer);
      for (const std::string_view item : field.list) text += std::string(item) + ";";
      EXPECT_TRUE(fields.emplace(field.name, text).second) << field.name;
      bool known = false;
      for (const FieldSpec& spec : call.protocol->fields) known = known || spec.name == field.name;
      EXPECT_TRUE(known) << field.name << " is not in the catalog";
    }
  }
};

Seen seen(const Summary& summary) {
  Seen out;
  emit(summary, out);
  return out;
}

// What the two ends did, by letters: client S F R, server A (SYN-ACK) f r.
Summary of(std::string_view story) {
  Summary s;
  s.over = true;
  s.first_seen = 1'000 * kSecondNs;
  s.last_seen = s.first_seen + 5 * kMillisecondNs;
  const auto has = [story](char c) { return story.find(c) != std::string_view::npos; };
  s.end[0] = {.packets = has('S') || has('F') || has('R') || has('d') ? 2u : 0u, .bytes = 10};
  s.end[1] = {.packets = has('A') || has('f') || has('r') || has('D') ? 3u : 0u, .bytes = 20};
  s.end[0].syn = has('S');
  s.end[1].syn_ack = has('A');
  s.end[0].fin = has('F');
  s.end[1].fin = has('f');
  s.end[0].resets = has('R');
  s.end[1].resets = has('r');
  return s;
}

TEST(Conn, StatesAreZeeks) {
  const std::pair<const char*, const char*> cases[] = {
      {"S", "S0"},     {"SA", "S1"},    {"SAFf", "SF"},   {"Sr", "REJ"},   {"SAF", "S2"},    {"SAf", "S3"},
      {"SAR", "RSTO"}, {"SAr", "RSTR"}, {"SR", "RSTOS0"}, {"Ar", "RSTRH"}, {"SF", "SH"},     {"Af", "SHR"},
      {"dD", "OTH"},   {"FfdD", "OTH"}, {"A", "OTH"},     {"SAFfR", "SF"}, {"SAFR", "RSTO"},
  };
  for (const auto& [story, state] : cases) EXPECT_EQ(zeek_state(of(story)), state) << story;
  Summary udp = of("d");
  udp.tcp = false;
  EXPECT_EQ(zeek_state(udp), "S0");
  udp.end[1].packets = 1;
  EXPECT_EQ(zeek_state(udp), "SF");
}

TEST(Conn, EachEndHasAState) {
  struct Case {
    bool over;
    End end;
    const char *state, *ended_by;
  };
  const Case cases[] = {
      {false, End::fin, "open", ""},
      {true, End::fin, "closed", "fin"},
      {true, End::reset, "closed", "reset"},
      {true, End::idle, "closed", "idle"},
      {true, End::evicted, "in_progress", "evicted"},
      {true, End::capture_ended, "in_progress", "capture_ended"},
      {true, End::shed, "in_progress", "shed"},
  };
  for (const Case& one : cases) {
    Summary s = of("SA");
    s.over = one.over;
    s.ended_by = one.end;
    Seen out = seen(s);
    EXPECT_EQ(out.fields["state"], one.state);
    EXPECT_EQ(out.fields["ended_by"], one.ended_by);
    EXPECT_EQ(out.state, State::complete);
    EXPECT_EQ(out.reason, Reason::none);
  }
}

TEST(Conn, OneDirectionAloneSaysWhy) {
  Summary s = of("S");
  s.ended_by = End::idle;
  Seen out = seen(s);
  EXPECT_EQ(out.state, State::no_response);
  EXPECT_EQ(out.reason, Reason::unanswered);
  EXPECT_TRUE(out.is_error);
  s = of("D");
  s.ended_by = End::capture_ended;
  out = seen(s);
  EXPECT_EQ(out.state, State::no_request);
  EXPECT_EQ(out.reason, Reason::capture_ended);
  EXPECT_EQ(out.fields["remote_bytes"], "20");
}

TEST(Conn, ARefusalIsAnError) {
  Summary s = of("Sr");
  s.ended_by = End::reset;
  const Seen out = seen(s);
  EXPECT_EQ(out.error, "connection refused");
  EXPECT_EQ(out.state, State::complete);
  EXPECT_FALSE(seen(of("SAr")).is_error);
}

TEST(Conn, WhatIsNotKnownIsAbsent) {
  Seen out = seen(of("SA"));
  for (const char* name : {"handshake_time", "rtt_min", "rtt_p95", "local_rtt_min", "first_byte_time",
                           "l7_detected", "icmp_errors", "encrypted"})
    EXPECT_EQ(out.fields.count(name), 0u) << name;
  EXPECT_EQ(out.fields["local_retransmissions"], "0");
  EXPECT_EQ(out.fields["duration"], "5000");
}

TEST(Conn, EverythingKnownIsTold) {
  constexpr std::string_view kProtocols[] = {"http", "ws"};
  Summary s = of("SAFf");
  s.handshake_us = 900;
  s.first_byte_us = 1'200;
  s.rtt = {.samples = 3, .min_us = 800, .avg_us = 1'000, .p95_us = 1'500};
  s.end[1].rtt_min_us = 700;
  s.end[0].retransmissions = 2;
  s.end[1].missing_bytes = 1'448;
  s.calls = 4;
  s.errors = 1;
  s.icmp_errors = 1;
  s.encrypted = true;
  s.protocols = kProtocols;
  Seen out = seen(s);
  EXPECT_EQ(out.protocol, "conn");
  EXPECT_EQ(out.request_size, 10u);
  EXPECT_EQ(out.response_size, 20u);
  EXPECT_EQ(out.flags, kFlagGap | kFlagConnection);
  EXPECT_EQ(out.fields["rtt_p95"], "1500");
  EXPECT_EQ(out.fields["remote_rtt_min"], "700");
  EXPECT_EQ(out.fields["l7_detected"], "http;ws;");
  EXPECT_EQ(out.fields["call_errors"], "1");
  EXPECT_EQ(out.fields["remote_missing_bytes"], "1448");
  EXPECT_EQ(out.fields["encrypted"], "1");
}

TEST(Conn, AFlowHasRates) {
  Summary s = of("dD");
  s.tcp = false;
  s.ended_by = End::idle;
  s.last_seen = s.first_seen + 2 * kSecondNs;
  Seen out = seen(s);
  EXPECT_EQ(out.protocol, "flow");
  EXPECT_EQ(out.fields["local_pps"], "1");
  EXPECT_EQ(out.fields["remote_bps"], "10");
  EXPECT_EQ(out.fields.count("local_retransmissions"), 0u);
  s.last_seen = s.first_seen;
  EXPECT_EQ(seen(s).fields.count("local_pps"), 0u);
}

}  // namespace
}  // namespace spanlight::conn
