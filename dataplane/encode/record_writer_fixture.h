#pragma once
// What the tests of RecordWriter share: two protocols, a call, a connection, and a writer whose batches are
// verified as they are taken. Owned by one test case.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "encode/record_writer.h"
#include "schema/record_generated.h"

namespace spanlight {

inline constexpr Descriptor kAlpha{.name = "alpha", .title = "Alpha"};
inline constexpr Descriptor kBeta{.name = "beta", .title = "Beta", .transport = Transport::udp};
inline constexpr Descriptor kStranger{.name = "stranger", .title = "Not in the list"};
inline constexpr const Descriptor* kProtocols[] = {&kAlpha, &kBeta};

inline std::unique_ptr<Redactor> redactor_for(const Settings& settings) {
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

inline Pairs headers_of(const wire::Message* message) {
  Pairs pairs;
  if (message == nullptr || message->headers() == nullptr) return pairs;
  const auto* bytes = message->header_bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (const wire::HeaderSpan* span : *message->headers())
    pairs.emplace_back(text.substr(span->name_offset(), span->name_length()),
                       text.substr(span->value_offset(), span->value_length()));
  return pairs;
}

inline std::string text_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? "(none)" : std::string(bytes->begin(), bytes->end());
}

// Every text that the pattern rules promise to search. Not the names of headers.
inline std::vector<std::string> texts_of(const wire::Record* r) {
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

inline Transaction small_call(const Descriptor& protocol = kAlpha) {
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

inline ConnectionInfo connection() {
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
    EXPECT_EQ(message->topic()->str(), "record." + std::string(record_name(*protocols[batch->topic])) + ".");
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

  std::span<const Descriptor* const> protocols = kProtocols;
  Batch taken;  // what next() saw: the pool clears the batch itself
  Settings settings;
  std::unique_ptr<Redactor> redactor;
  std::unique_ptr<BatchPool> pool;
  EncodeCounters counters;
  std::unique_ptr<RecordWriter> writer;
  Batch* batch = nullptr;
};

}  // namespace spanlight
