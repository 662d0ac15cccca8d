#include "encode/record_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <random>
#include <set>

#include "encode/recycle.h"
#include "encode/utf8.h"
#include "schema/record_generated.h"

namespace {
std::size_t allocations = 0;
}

// Counts what the code under test takes from the system allocator. All forms, so that none meets another's
// free().
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* memory = operator new(bytes, std::nothrow)) return memory;
  std::abort();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return operator new(bytes, std::nothrow);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  operator delete(memory);
}

namespace spanlight {
namespace {

constexpr Descriptor kAlpha{.name = "alpha", .title = "Alpha"};
constexpr Descriptor kBeta{.name = "beta", .title = "Beta", .transport = Transport::udp};
constexpr Descriptor kStranger{.name = "stranger", .title = "Not in the list"};
constexpr const Descriptor* kProtocols[] = {&kAlpha, &kBeta};

std::unique_ptr<Redactor> redactor_for(const Settings& settings) {
  auto made = Redactor::create(settings);
  if (auto* sentence = std::get_if<std::string>(&made)) ADD_FAILURE() << *sentence;
  return std::move(std::get<std::unique_ptr<Redactor>>(made));
}

// Headers packed name by value, with the separators of HTTP between them or without.
struct HeaderText {
  std::string bytes;
  std::vector<HeaderSpan> spans;
  HeaderText& add(std::string_view name, std::string_view value, std::string_view between = "") {
    HeaderSpan span;
    span.name_offset = static_cast<std::uint32_t>(bytes.size());
    span.name_length = static_cast<std::uint32_t>(name.size());
    bytes += std::string(name) + std::string(between);
    span.value_offset = static_cast<std::uint32_t>(bytes.size());
    span.value_length = static_cast<std::uint32_t>(value.size());
    bytes += value;
    spans.push_back(span);
    return *this;
  }
  Headers view() const { return {as_bytes(bytes), spans}; }
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs headers_of(const wire::Message* message) {
  Pairs pairs;
  if (message == nullptr || message->headers() == nullptr) return pairs;
  const auto* bytes = message->header_bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (const wire::HeaderSpan* span : *message->headers())
    pairs.emplace_back(text.substr(span->name_offset(), span->name_length()),
                       text.substr(span->value_offset(), span->value_length()));
  return pairs;
}

std::string text_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? "(none)" : std::string(bytes->begin(), bytes->end());
}

// Every text that the pattern rules promise to search. Not the names of headers.
std::vector<std::string> texts_of(const wire::Record* r) {
  std::vector<std::string> texts;
  for (const auto* text : {r->version(), r->method(), r->url(), r->path(), r->query_string(), r->error(),
                           r->summary(), r->trace_id(), r->request_id()})
    if (text != nullptr) texts.push_back(text->str());
  for (const wire::Message* message : {r->request(), r->response()}) {
    if (message == nullptr) continue;
    for (const auto& [name, value] : headers_of(message)) texts.push_back(value);
    for (const auto* text : {message->content_type(), message->content_encoding()})
      if (text != nullptr) texts.push_back(text->str());
    texts.push_back(text_of(message->body()));
    if (message->fields() == nullptr) continue;
    for (const wire::Field* field : *message->fields()) {
      texts.push_back(field->name()->str());
      if (field->text() != nullptr) texts.push_back(field->text()->str());
    }
  }
  return texts;
}

Transaction small_call(const Descriptor& protocol = kAlpha) {
  Transaction call;
  call.protocol = &protocol;
  call.version = "1.1";
  call.method = "GET";
  call.url = "/api/items?id=7";
  call.path = "/api/items";
  call.query_string = "id=7";
  call.summary = "GET /api/items";
  call.has_status = true;
  call.status_code = 200;
  call.request.present = call.response.present = true;
  call.request.first_byte = 1'000;
  call.request.last_byte = 1'001;
  call.response.first_byte = 2'000;
  call.response.last_byte = 2'002;
  call.request.size = 80;
  call.response.size = 900;
  call.response.body_size = 700;
  return call;
}

ConnectionInfo connection() {
  ConnectionInfo info;
  info.client.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  info.server.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  info.client_port = 50'000;
  info.server_port = 80;
  info.protocol = 6;
  info.tunnel = Tunnel::vxlan;
  info.tunnel_id = 42;
  info.vlan_count = 2;
  info.vlans[0] = 100;
  info.vlans[1] = 7;
  info.conn_id = 77;
  return info;
}

class RecordWriterTest : public ::testing::Test {
 protected:
  void make(EncodeOptions options = {}, std::size_t buffer_bytes = 65'536, std::size_t buffers = 4) {
    writer.reset();  // gives buffers back to the pool it was made with
    redactor = redactor_for(settings);
    pool = std::make_unique<BatchPool>(3, buffer_bytes, buffers);
    writer = std::make_unique<RecordWriter>(3, "rack12", 99, *pool, *redactor, options, counters, kProtocols);
  }

  // The next submitted batch, verified; it stays valid until the buffer is filled again.
  const wire::RecordBatch* next() {
    Batch* given = pool->next();
    if (given == nullptr) return nullptr;
    taken = *given;
    batch = &taken;
    const std::uint8_t* data = batch->storage + batch->data_offset;
    EXPECT_LE(batch->data_offset + batch->data_bytes, batch->storage_bytes);
    flatbuffers::Verifier verifier(data, batch->data_bytes);
    EXPECT_TRUE(wire::VerifyRecordBatchBuffer(verifier));
    pool->release(given);
    const auto* message = wire::GetRecordBatch(data);
    EXPECT_EQ(message->records()->size(), batch->records);
    EXPECT_EQ(message->sequence(), batch->sequence);
    EXPECT_EQ(message->topic()->str(), "record." + std::string(kProtocols[batch->topic]->name) + ".");
    return message;
  }

  const wire::Record* only_record(const Transaction& call) {
    writer->write(call, connection(), 0);
    writer->flush();
    const auto* message = next();
    if (message == nullptr || message->records()->size() != 1) {
      ADD_FAILURE() << "no record";
      std::abort();
    }
    return message->records()->Get(0);
  }

  Batch taken;  // what next() saw: the pool clears the batch itself
  Settings settings;
  std::unique_ptr<Redactor> redactor;
  std::unique_ptr<BatchPool> pool;
  EncodeCounters counters;
  std::unique_ptr<RecordWriter> writer;
  Batch* batch = nullptr;
};

TEST_F(RecordWriterTest, EveryMemberArrives) {
  make();
  Transaction call = small_call();
  HeaderText request, response;
  request.add("Host", "shop", ": ").add("X-A", "1", ": ").add("x-a", "2", ": ").add("Empty", "", ":");
  response.add("Server", "nginx");
  const std::string_view topics[] = {"a", "", "c"};
  const Field fields[] = {{.name = "command", .text = "SET"},
                          {.name = "count", .kind = Field::Kind::integer, .integer = -5},
                          {.name = "ok", .kind = Field::Kind::boolean, .integer = 1},
                          {.name = "ratio", .kind = Field::Kind::number, .number = 0.25},
                          {.name = "topics", .kind = Field::Kind::list, .list = topics}};
  call.request.headers = request.view();
  call.request.fields = fields;
  call.response.headers = response.view();
  call.response.body = as_bytes("hello");
  call.response.content_type = "text/plain";
  call.response.content_encoding = "identity";
  call.flags = kFlagGap | kFlagTruncatedBody;
  call.state = State::complete;
  call.reason = Reason::none;
  call.is_error = true;
  call.error = "bad";
  call.trace_id = "t1";
  call.request_id = "r1";
  const wire::Record* r = only_record(call);

  EXPECT_EQ(r->id(), (std::uint64_t{3} << 48) + 1);
  EXPECT_EQ(r->protocol()->str(), "alpha");
  EXPECT_EQ(r->version()->str(), "1.1");
  EXPECT_EQ(r->state(), wire::State::complete);
  EXPECT_EQ(r->reason(), wire::Reason::none);
  EXPECT_EQ(r->flags(), kFlagGap | kFlagTruncatedBody);
  EXPECT_EQ(r->timestamp(), 1'000u);
  EXPECT_EQ(r->response_timestamp(), 2'000u);
  EXPECT_EQ(r->transport(), wire::Transport::tcp);
  EXPECT_EQ(r->conn_id(), 77u);
  ASSERT_EQ(r->vlans()->size(), 2u);
  EXPECT_EQ(r->vlans()->Get(0), 100);
  EXPECT_EQ(r->vlans()->Get(1), 7);
  EXPECT_EQ(r->tunnel(), wire::Tunnel::vxlan);
  EXPECT_EQ(r->tunnel_id(), 42u);
  EXPECT_EQ(r->src()->high(), 0u);
  EXPECT_EQ(r->src()->low(), 0x0000'ffff'0a01'0203u);
  EXPECT_EQ(r->dst()->high(), 0x2001'0db8'0000'0000u);
  EXPECT_EQ(r->dst()->low(), 9u);
  EXPECT_EQ(r->src_port(), 50'000);
  EXPECT_EQ(r->dst_port(), 80);
  EXPECT_EQ(r->method()->str(), "GET");
  EXPECT_EQ(r->url()->str(), "/api/items?id=7");
  EXPECT_EQ(r->path()->str(), "/api/items");
  EXPECT_EQ(r->query_string()->str(), "id=7");
  EXPECT_TRUE(r->has_status());
  EXPECT_EQ(r->status_code(), 200);
  EXPECT_TRUE(r->is_error());
  EXPECT_EQ(r->error()->str(), "bad");
  EXPECT_EQ(r->summary()->str(), "GET /api/items");
  EXPECT_EQ(r->trace_id()->str(), "t1");
  EXPECT_EQ(r->request_id()->str(), "r1");
  EXPECT_EQ(r->request()->size(), 80u);
  EXPECT_EQ(r->request()->last_byte(), 1'001u);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Host", "shop"}, {"X-A", "1"}, {"x-a", "2"}, {"Empty", ""}}));
  EXPECT_EQ(r->request()->body(), nullptr);
  ASSERT_EQ(r->request()->fields()->size(), 5u);
  EXPECT_EQ(r->request()->fields()->Get(0)->text()->str(), "SET");
  EXPECT_EQ(r->request()->fields()->Get(1)->integer(), -5);
  EXPECT_EQ(r->request()->fields()->Get(2)->kind(), wire::FieldKind::boolean);
  EXPECT_EQ(r->request()->fields()->Get(2)->integer(), 1);
  EXPECT_EQ(r->request()->fields()->Get(3)->number(), 0.25);
  const auto* list = r->request()->fields()->Get(4);
  EXPECT_EQ(list->name()->str(), "topics");
  ASSERT_EQ(list->list()->size(), 3u);
  EXPECT_EQ(list->list()->Get(1)->str(), "");
  EXPECT_EQ(list->list()->Get(2)->str(), "c");
  EXPECT_EQ(r->response()->size(), 900u);
  EXPECT_EQ(r->response()->body_size(), 700u);
  EXPECT_EQ(headers_of(r->response()), (Pairs{{"Server", "nginx"}}));
  EXPECT_EQ(text_of(r->response()->body()), "hello");
  EXPECT_EQ(r->response()->content_type()->str(), "text/plain");
  EXPECT_EQ(r->response()->content_encoding()->str(), "identity");
}

TEST_F(RecordWriterTest, WhatIsEmptyIsLeftOut) {
  make();
  Transaction call;
  call.protocol = &kBeta;
  call.state = State::no_request;
  call.reason = Reason::lost_in_mirror;
  call.response.present = true;
  call.response.first_byte = 5;
  call.request.first_byte = 4;  // not present: does not count
  ConnectionInfo bare;
  writer->write(call, bare, 0);
  writer->flush();
  const auto* message = next();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->sensor()->str(), "rack12");
  EXPECT_EQ(message->sensor_epoch(), 99u);
  EXPECT_EQ(message->worker(), 3);
  EXPECT_EQ(message->topic()->str(), "record.beta.");
  const wire::Record* r = message->records()->Get(0);
  EXPECT_EQ(r->state(), wire::State::no_request);
  EXPECT_EQ(r->reason(), wire::Reason::lost_in_mirror);
  EXPECT_EQ(r->transport(), wire::Transport::udp);  // no IP protocol known: the descriptor's
  EXPECT_EQ(r->timestamp(), 0u);
  EXPECT_EQ(r->response_timestamp(), 5u);
  EXPECT_EQ(r->method(), nullptr);
  EXPECT_EQ(r->url(), nullptr);
  EXPECT_EQ(r->vlans(), nullptr);
  EXPECT_EQ(r->request(), nullptr);
  ASSERT_NE(r->response(), nullptr);
  EXPECT_EQ(r->response()->headers(), nullptr);
  EXPECT_EQ(r->response()->body(), nullptr);
  EXPECT_EQ(r->response()->fields(), nullptr);
}

TEST_F(RecordWriterTest, SharedTextsAreWrittenOnceABatch) {
  make();
  for (int i = 0; i < 3; ++i) writer->write(small_call(), connection(), 0);
  writer->flush();
  const auto* message = next();
  ASSERT_EQ(message->records()->size(), 3u);
  const wire::Record *first = message->records()->Get(0), *last = message->records()->Get(2);
  EXPECT_EQ(first->method(), last->method());
  EXPECT_EQ(first->version(), last->version());
  EXPECT_EQ(first->protocol(), last->protocol());
  EXPECT_NE(first->url(), last->url());
  writer->write(small_call(), connection(), 0);  // a new batch starts without old offsets
  writer->flush();
  EXPECT_EQ(next()->records()->Get(0)->method()->str(), "GET");
}

TEST_F(RecordWriterTest, ClosesByBytesByAgeAndByCount) {
  make({.batch_bytes = 2'000, .batch_ns = 100});
  while (pool->waiting() == 0) writer->write(small_call(), connection(), 0);
  const auto* by_bytes = next();
  EXPECT_GE(batch->data_bytes, 2'000u);
  EXPECT_LT(batch->data_bytes, 3'000u);
  EXPECT_GT(by_bytes->records()->size(), 3u);

  writer->write(small_call(), connection(), 1'000);
  writer->write(small_call(kBeta), connection(), 1'050);
  writer->flush_due(1'099);
  EXPECT_EQ(pool->waiting(), 0u);
  writer->flush_due(1'100);
  ASSERT_EQ(pool->waiting(), 1u);
  EXPECT_EQ(next()->topic()->str(), "record.alpha.");
  writer->flush_due(1'150);
  EXPECT_EQ(next()->topic()->str(), "record.beta.");

  writer->write(small_call(), connection(), 2'000);  // a quiet worker that calls only write()
  writer->write(small_call(), connection(), 2'100);
  EXPECT_EQ(next()->records()->size(), 2u);

  writer->write(small_call(), connection(), 5'000);  // time steps back: neither stuck nor underflowing
  writer->write(small_call(), connection(), 4'000);
  EXPECT_EQ(pool->waiting(), 0u);
  writer->flush_due(4'100);
  EXPECT_EQ(pool->waiting(), 1u);
}

TEST_F(RecordWriterTest, ClosesAtTheGreatestCount) {
  make({.batch_bytes = 1'000'000, .batch_ns = kNever}, 2'000'000, 2);
  for (std::uint32_t i = 0; i < kRecordsPerBatchMax; ++i) writer->write(small_call(), connection(), 0);
  ASSERT_EQ(pool->waiting(), 1u);
  EXPECT_EQ(next()->records()->size(), kRecordsPerBatchMax);
}

TEST_F(RecordWriterTest, SequencesAreForEachTopicWithoutHolesAndIdsUnique) {
  make({.batch_bytes = 3'000, .batch_ns = kNever}, 8'192, 2);
  std::set<std::uint64_t> ids;
  std::uint64_t expected[2] = {0, 0};
  const auto drain = [&] {
    while (const auto* message = next()) {
      EXPECT_EQ(message->sequence(), expected[batch->topic]++);
      for (const wire::Record* record : *message->records()) {
        EXPECT_TRUE(ids.insert(record->id()).second);
        EXPECT_EQ(record->id() >> 48, 3u);
      }
    }
  };
  for (int i = 0; i < 500; ++i) {
    writer->write(small_call(i % 3 == 0 ? kBeta : kAlpha), connection(), 0);
    drain();
  }
  writer->flush();
  drain();
  EXPECT_EQ(ids.size(), 500u);
  EXPECT_GT(expected[0], 5u);
  EXPECT_EQ(writer->next_sequence(0), expected[0]);
  EXPECT_EQ(writer->next_sequence(1), expected[1]);
  EXPECT_EQ(writer->next_sequence(2), 0u);
  EXPECT_EQ(counters.records, 500u);
  EXPECT_EQ(counters.batches, expected[0] + expected[1]);
}

TEST_F(RecordWriterTest, WithoutABufferRecordsAreDroppedAndLeaveNoHole) {
  make({.batch_bytes = 1'000, .batch_ns = kNever}, 8'192, 1);
  int written = 0;
  while (pool->waiting() == 0) {
    writer->write(small_call(), connection(), 0);
    ++written;
  }
  for (int i = 0; i < 5; ++i) writer->write(small_call(), connection(), 0);
  EXPECT_EQ(counters.dropped_no_buffer, 5u);
  EXPECT_EQ(counters.records, static_cast<std::uint64_t>(written));
  EXPECT_EQ(next()->sequence(), 0u);
  writer->write(small_call(), connection(), 0);
  writer->flush();
  EXPECT_EQ(next()->sequence(), 1u);
  EXPECT_EQ(counters.dropped_no_buffer, 5u);
}

TEST_F(RecordWriterTest, ALargeRecordLosesItsBodiesThenItsHeadersThenItself) {
  make({.batch_bytes = 4'096, .batch_ns = kNever}, 8'192, 4);
  const std::string body(6'000, 'b'), value(4'000, 'v'), url(9'000, 'u');
  HeaderText headers;
  headers.add("Long", value);
  Transaction call = small_call();
  call.request.headers = headers.view();
  call.request.body = as_bytes(body);
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagTruncatedBody);
  EXPECT_EQ(r->request()->body(), nullptr);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Long", value}}));
  EXPECT_EQ(counters.bodies_left_out, 1u);
  EXPECT_EQ(counters.headers_left_out, 0u);

  call.response.headers = headers.view();  // twice 4,000 do not fit
  r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagTruncatedBody | kFlagTruncatedHeaders);
  EXPECT_EQ(r->request()->headers(), nullptr);
  EXPECT_EQ(r->response()->headers(), nullptr);
  EXPECT_EQ(r->url()->str(), "/api/items?id=7");
  EXPECT_EQ(counters.bodies_left_out, 2u);
  EXPECT_EQ(counters.headers_left_out, 1u);

  call.url = url;
  writer->write(call, connection(), 0);
  writer->flush();
  EXPECT_EQ(pool->waiting(), 0u);
  EXPECT_EQ(counters.dropped_too_large, 1u);
  EXPECT_EQ(counters.records, 2u);
  EXPECT_EQ(only_record(small_call())->url()->str(), "/api/items?id=7");
}

TEST_F(RecordWriterTest, UselessBuffersAndUnknownProtocolsAreCounted) {
  make({}, 40, 2);
  writer->write(small_call(), connection(), 0);
  EXPECT_EQ(counters.dropped_too_large, 1u);
  writer->write(small_call(kStranger), connection(), 0);
  EXPECT_EQ(counters.dropped_no_topic, 1u);
  writer->flush();
  EXPECT_EQ(pool->waiting(), 0u);
  EXPECT_NE(pool->take(), nullptr);
  EXPECT_NE(pool->take(), nullptr);  // both went back
}

TEST_F(RecordWriterTest, ADestroyedWriterGivesItsBuffersBack) {
  make({}, 8'192, 1);
  writer->write(small_call(), connection(), 0);
  EXPECT_EQ(pool->take(), nullptr);
  writer.reset();
  EXPECT_NE(pool->take(), nullptr);
}

TEST_F(RecordWriterTest, HeadersAreHiddenAndTheirBytesGone) {
  make();
  Transaction call = small_call();
  HeaderText headers;
  headers.add("Host", "shop", ": ")
      .add("AUTHORIZATION", "Bearer SECRET-1", ": ")
      .add("Cookie ", "sid=SECRET-2", ": ");
  headers.add("X-Api-Key", "", ": ").add("set-cookie", "SECRET-3", ": ").add("After", "z", "  SECRET-4  ");
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Host", "shop"},
                                             {"AUTHORIZATION", "[redacted]"},
                                             {"Cookie ", "[redacted]"},
                                             {"X-Api-Key", ""},
                                             {"set-cookie", "[redacted]"},
                                             {"After", "z"}}));
  EXPECT_EQ(r->flags(), kFlagRedacted);
  EXPECT_EQ(counters.redacted, 1u);
  const std::string all(batch->storage + batch->data_offset,
                        batch->storage + batch->data_offset + batch->data_bytes);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(RecordWriterTest, RedactionOffShowsEverything) {
  settings.redaction_enabled = false;
  settings.redact_patterns = {"shop"};
  make();
  Transaction call = small_call();
  HeaderText headers;
  headers.add("Authorization", "Bearer shop");
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"Authorization", "Bearer shop"}}));
  EXPECT_EQ(r->flags(), 0u);
}

TEST_F(RecordWriterTest, TheUrlIsMaskedWhereverItStands) {
  settings.redact_query_values = {"token"};
  settings.redact_patterns = {R"(/key/[0-9]+\?)", "eyJ[a-z]+"};
  make();
  Transaction call = small_call();
  const std::string url = "/key/123?token=SECRET&a=b";
  call.url = url;
  call.path = std::string_view(url).substr(0, 8);
  call.query_string = std::string_view(url).substr(9);
  const std::string summary = "GET /key/123";  // the pattern needs the question mark: only the URL has it
  call.summary = summary;
  call.error = "see /login?x=1&token=SECRET";
  call.method = "eyJabc";
  call.trace_id = "eyJdef";
  call.request.content_type = "a/eyJghi";
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->url()->str(), "*********token=******&a=b");
  EXPECT_EQ(r->path()->str(), "********");
  EXPECT_EQ(r->query_string()->str(), "token=******&a=b");
  EXPECT_EQ(r->summary()->str(), "GET ********");
  EXPECT_EQ(r->error()->str(), "see /login?x=1&token=******");
  EXPECT_EQ(r->method()->str(), "******");
  EXPECT_EQ(r->trace_id()->str(), "******");
  EXPECT_EQ(r->request()->content_type()->str(), "a/******");
  EXPECT_EQ(r->flags(), kFlagRedacted);
}

TEST_F(RecordWriterTest, FieldsAreTextToo) {
  settings.redact_patterns = {"SECRET"};
  make();
  Transaction call = small_call();
  const std::string_view list[] = {"a", "xSECRETx"};
  const Field fields[] = {{.name = "query", .text = "set SECRET"},
                          {.name = "keys", .kind = Field::Kind::list, .list = list}};
  call.request.fields = fields;
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->request()->fields()->Get(0)->text()->str(), "set ******");
  EXPECT_EQ(r->request()->fields()->Get(1)->list()->Get(1)->str(), "x******x");
  EXPECT_EQ(r->flags(), kFlagRedacted);
}

TEST_F(RecordWriterTest, AWithheldBodyLeavesNoByte) {
  settings.redact_json_keys = {"password"};
  make();
  Transaction call = small_call();
  call.request.body = as_bytes("SECRET");
  call.request.content_encoding = "gzip";
  call.response.body = as_bytes(R"({"password":"SECRET"})");
  call.response.body_size = 21;
  call.response.content_type = "application/json";
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->flags(), kFlagWithheldBody | kFlagRedacted);
  EXPECT_EQ(r->request()->body(), nullptr);
  EXPECT_EQ(text_of(r->response()->body()), R"({"password":"******"})");
  EXPECT_EQ(counters.bodies_withheld, 1u);
  const std::string all(batch->storage + batch->data_offset,
                        batch->storage + batch->data_offset + batch->data_bytes);
  EXPECT_EQ(all.find("SECRET"), std::string::npos);
}

TEST_F(RecordWriterTest, HostileBytesBecomeValidUtf8AndOddSpansStayInBounds) {
  make();
  Transaction call = small_call();
  call.method = "G\xff\xfe";
  call.path = "/\xc3\xa9/\xed\xa0\x80";
  call.error = std::string_view("a\0b", 3);
  HeaderText headers;
  headers.add("A", "1").add("B\xff", "2\x80");
  headers.spans.push_back({2, 4'000'000'000u, 4'000'000'000u, 5});
  headers.spans.push_back({0xffffffff, 0xffffffff, 0, 2});
  headers.spans.push_back({0, 2, 0, 2});
  call.request.headers = headers.view();
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->method()->str(), "G\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(r->path()->str(), "/\xc3\xa9/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(r->error()->size(), 3u);
  EXPECT_EQ(headers_of(r->request()), (Pairs{{"A", "1"},
                                             {"B\xff", "2\x80"},
                                             {"B\xff"
                                              "2\x80",
                                              ""},
                                             {"", "A1"},
                                             {"A1", "A1"}}));
}

TEST_F(RecordWriterTest, LimitsOfAMessageAreFlaggedOrCounted) {
  make({}, 1'000'000, 2);
  std::vector<HeaderSpan> spans(5'000, HeaderSpan{0, 1, 1, 1});
  const std::vector<Field> fields(100, Field{.name = "f", .text = "x"});
  const std::vector<std::string_view> texts(300, "t");
  const Field list{.name = "l", .kind = Field::Kind::list, .list = texts};
  Transaction call = small_call();
  call.request.headers = {as_bytes("ab"), spans};
  call.request.fields = fields;
  call.response.fields = {&list, 1};
  const wire::Record* r = only_record(call);
  EXPECT_EQ(r->request()->headers()->size(), 4'096u);
  EXPECT_EQ(r->flags(), kFlagTruncatedHeaders);
  EXPECT_EQ(r->request()->fields()->size(), 64u);
  EXPECT_EQ(r->response()->fields()->Get(0)->list()->size(), 256u);
  EXPECT_EQ(counters.fields_left_out, 2u);
}

// Everything a dissector could say, at random: small buffers, so that every bound is met.
class RandomCall {
 public:
  explicit RandomCall(std::uint32_t seed) : random_(seed) {}

  const Transaction& next() {
    texts_.clear();
    call_ = {};
    call_.protocol = below(2) == 0 ? &kAlpha : &kBeta;
    call_.state = static_cast<State>(below(4));
    call_.reason = static_cast<Reason>(below(8));
    call_.flags = below(256);
    for (std::string_view* text :
         {&call_.version, &call_.method, &call_.url, &call_.path, &call_.query_string, &call_.error,
          &call_.summary, &call_.trace_id, &call_.request_id})
      *text = text_of(below(20) == 0 ? 3'000 : 40);
    call_.has_status = below(2) == 0;
    call_.status_code = static_cast<std::int32_t>(random_());
    fill(call_.request, headers_[0], spans_[0], fields_[0]);
    fill(call_.response, headers_[1], spans_[1], fields_[1]);
    return call_;
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

 private:
  std::string_view text_of(std::uint32_t max) {
    static const std::string kBits[] = {
        "?token=", "&", ";", "\xff", "\xc3\xa9", "\"key\":", "{", "]", "SECRET", "a", "\\"};
    std::string text;
    const std::uint32_t size = below(3) == 0 ? 0 : below(max);
    while (text.size() < size)
      text += below(3) == 0 ? kBits[below(11)] : std::string(1, static_cast<char>(random_()));
    texts_.push_back(std::make_unique<std::string>(text));
    return *texts_.back();
  }
  void fill(Message& message, std::string& bytes, std::vector<HeaderSpan>& spans,
            std::vector<Field>& fields) {
    message.present = below(4) != 0;
    bytes = text_of(2'000);
    spans.clear();
    fields.clear();
    for (std::uint32_t i = below(20); i > 0; --i)
      spans.push_back({below(2'500), below(100), below(2'500), below(200)});
    for (std::uint32_t i = below(6); i > 0; --i)
      fields.push_back({.name = text_of(10),
                        .kind = static_cast<Field::Kind>(below(5)),
                        .text = text_of(30),
                        .integer = static_cast<std::int64_t>(random_()),
                        .list = list_});
    message.headers = {as_bytes(bytes), spans};
    message.body = as_bytes(text_of(3'000));
    message.body_size = message.body.size();
    message.size = random_();
    message.content_type = below(2) == 0 ? "application/json" : text_of(30);
    message.content_encoding = below(8) == 0 ? "gzip" : "";
    message.fields = fields;
  }

  std::mt19937_64 random_;
  Transaction call_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::string headers_[2];
  std::vector<HeaderSpan> spans_[2];
  std::vector<Field> fields_[2];
  const std::vector<std::string_view> list_{"x", "", "y\xff"};
};

TEST_F(RecordWriterTest, RandomCallsMakeValidBatchesInSmallBuffers) {
  settings.redact_query_values = {"token"};
  settings.redact_json_keys = {"key"};
  settings.redact_cookies = {"sid"};
  settings.redact_patterns = {"SECRET"};
  for (const std::size_t buffer_bytes : {2'500u, 6'001u, 9'000u, 30'000u}) {
    SCOPED_TRACE(buffer_bytes);
    counters = {};
    make({.batch_bytes = 20'000, .batch_ns = 50}, buffer_bytes, 3);
    RandomCall random(static_cast<std::uint32_t>(buffer_bytes));
    constexpr std::uint64_t kCalls = 3'000;
    std::uint64_t records = 0;
    for (std::uint64_t i = 0; i < kCalls; ++i) {
      writer->write(random.next(), connection(), i);
      while (const auto* message = next()) {
        records += message->records()->size();
        for (const wire::Record* record : *message->records())
          for (const std::string& text : texts_of(record))
            ASSERT_EQ(text.find("SECRET"), std::string::npos) << text;
      }
    }
    writer->flush();
    while (const auto* message = next()) records += message->records()->size();
    EXPECT_EQ(records, counters.records);
    EXPECT_EQ(counters.records + counters.dropped_too_large, kCalls);
    EXPECT_GT(counters.records, 100u);
    EXPECT_GT(counters.dropped_too_large + counters.bodies_left_out + counters.redacted, 0u);
  }
}

TEST_F(RecordWriterTest, NothingIsAllocatedAfterConstruction) {
  settings.redact_query_values = {"token"};
  settings.redact_json_keys = {"key"};
  settings.redact_patterns = {"SECRET[0-9]*"};
  make({.batch_bytes = 8'000, .batch_ns = 20}, 16'384, 4);
  std::vector<std::unique_ptr<RandomCall>> calls;
  std::vector<Transaction> transactions;
  for (std::uint32_t i = 0; i < 200; ++i) {
    calls.push_back(std::make_unique<RandomCall>(i));
    transactions.push_back(calls.back()->next());
  }
  const ConnectionInfo info = connection();
  const std::size_t before = allocations;
  for (TimeNs now = 0; now < 2'000; ++now) {
    writer->write(transactions[now % transactions.size()], info, now);
    writer->flush_due(now);
    recycle_all(*pool);
  }
  writer->flush();
  EXPECT_EQ(allocations, before);
  EXPECT_GT(counters.batches, 50u);
  std::string probe(100, 'x');  // the counter does count
  EXPECT_GT(allocations, before);
}

TEST(Utf8, TableOfSequences) {
  const std::string bad = "\xef\xbf\xbd";
  const struct {
    const char* name;
    std::string in, out;
  } cases[] = {
      {"empty", "", ""},
      {"ascii", "plain text, more than eight", "plain text, more than eight"},
      {"two, three, four", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"lone tail", "a\x80z", "a" + bad + "z"},
      {"cut two", "a\xc3", "a" + bad},
      {"cut four", "\xf0\x9f\x98", bad + bad + bad},
      {"overlong slash", "\xc0\xaf", bad + bad},
      {"overlong three", "\xe0\x9f\xbf", bad + bad + bad},
      {"overlong four", "\xf0\x8f\xbf\xbf", bad + bad + bad + bad},
      {"surrogate", "\xed\xa0\x80", bad + bad + bad},
      {"last", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"above last", "\xf4\x90\x80\x80", bad + bad + bad + bad},
      {"f5", "\xf5\x80\x80\x80", bad + bad + bad + bad},
      {"bad after eight",
       "12345678\xff"
       "9",
       "12345678" + bad + "9"},
      {"lead then ascii",
       "\xe2"
       "a\xac",
       bad + "a" + bad},
  };
  for (const auto& c : cases) {
    ASSERT_EQ(utf8_bytes(c.in), c.out.size()) << c.name;
    std::string out(c.out.size(), '?');
    copy_utf8(c.in, reinterpret_cast<std::uint8_t*>(out.data()));
    EXPECT_EQ(out, c.out) << c.name;
  }
}

}  // namespace
}  // namespace spanlight
