// Records as they are laid out here against records as the generated builders make them: whatever a dissector
// says, every accessor answers the same. And what stands between headers' names and values.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "encode/field_cache.h"
#include "encode/header_copy.h"
#include "encode/record_writer.h"
#include "encode/tables.h"
#include "encode/text_cache.h"
#include "record/reader.h"
#include "schema/record_generated.h"

namespace spanlight {
namespace {

constexpr Descriptor kProtocol{.name = "alpha", .title = "Alpha"};
constexpr const Descriptor* kProtocols[] = {&kProtocol};

std::unique_ptr<Redactor> redactor_for(const Settings& settings) {
  auto made = Redactor::create(settings);
  if (auto* sentence = std::get_if<std::string>(&made)) ADD_FAILURE() << *sentence;
  return std::move(std::get<std::unique_ptr<Redactor>>(made));
}

Settings without_redaction() {
  Settings settings;
  settings.redaction_enabled = false;
  return settings;
}

// What a dissector could say, in valid UTF-8, each member there or not at random.
class RandomCall {
 public:
  explicit RandomCall(std::uint64_t seed) : random_(seed) {}

  const Transaction& call() {
    call_.protocol = &kProtocol;
    call_.state = static_cast<State>(below(4));
    call_.reason = static_cast<Reason>(below(8));
    call_.flags = below(2) == 0 ? 0 : kFlagGap | kFlagMidstream;
    for (std::string_view* member :
         {&call_.version, &call_.method, &call_.url, &call_.path, &call_.query_string, &call_.error,
          &call_.summary, &call_.trace_id, &call_.request_id})
      *member = text();
    if (below(3) == 0) call_.path = call_.url;
    call_.has_status = below(2) == 0;
    call_.status_code = below(2) == 0 ? 0 : static_cast<std::int32_t>(random_());
    call_.is_error = below(2) == 0;
    fill(call_.request);
    fill(call_.response);
    return call_;
  }

  ConnectionInfo connection() {
    ConnectionInfo info;
    for (IpAddress* ip : {&info.client, &info.server})
      for (auto& byte : ip->bytes) byte = static_cast<std::uint8_t>(random_());
    info.client_port = static_cast<std::uint16_t>(below(3) == 0 ? 0 : random_());
    info.server_port = static_cast<std::uint16_t>(random_());
    constexpr std::uint8_t kIpProtocols[] = {0, 1, 6, 17, 58, 132};
    info.protocol = kIpProtocols[below(std::size(kIpProtocols))];
    info.tunnel = static_cast<Tunnel>(below(8));
    info.tunnel_id = below(2) == 0 ? 0 : static_cast<std::uint32_t>(random_());
    info.vlan_count = static_cast<std::uint8_t>(below(5));
    for (std::uint16_t& vlan : info.vlans) vlan = static_cast<std::uint16_t>(below(4'096));
    info.conn_id = random_();
    return info;
  }

  std::uint32_t below(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }

 private:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  std::string_view text() {
    constexpr std::string_view kFew[] = {"GET", "POST", "1.1", "application/json", "x-www-form-urlencoded",
                                         "a"};
    switch (below(4)) {
      case 0:
        return {};
      case 1:
        return kFew[below(std::size(kFew))];
      default:
        break;
    }
    std::string text;
    for (std::size_t size = below(8) == 0 ? 300 : below(40); size > 0; --size)
      text += below(60) == 0 ? "\xc3\xa9" : std::string(1, static_cast<char>('!' + below(90)));
    return keep(std::move(text));
  }
  void fill(Message& message) {
    message.present = below(5) != 0;
    message.first_byte = below(4) == 0 ? 0 : random_();
    message.last_byte = random_();
    message.size = below(4) == 0 ? 0 : random_();
    message.body_size = below(2) == 0 ? 0 : random_();
    const Bytes body = as_bytes(text());
    const std::size_t cut = body.empty() ? 0 : below(static_cast<std::uint32_t>(body.size()));
    message.body = Pieces(pieces_.emplace_back(std::array{body.first(cut), body.subspan(cut)}));
    message.content_type = text();
    message.content_encoding = text();
    std::vector<HeaderSpan>& spans = spans_.emplace_back();
    std::string head;
    const auto append = [&head](std::string_view piece, std::uint32_t& offset, std::uint32_t& length) {
      offset = static_cast<std::uint32_t>(head.size());
      length = static_cast<std::uint32_t>(piece.size());
      head += piece;
    };
    for (std::uint32_t i = below(8); i > 0; --i) {
      HeaderSpan& span = spans.emplace_back();
      append(text(), span.name_offset, span.name_length);
      head += below(9) == 0 ? " : junk " : ": ";
      append(text(), span.value_offset, span.value_length);
      head += "\r\n";
    }
    if (below(4) == 0) std::shuffle(spans.begin(), spans.end(), random_);
    message.headers = {as_bytes(keep(std::move(head))), spans};
    std::vector<Field>& fields = fields_.emplace_back();
    for (std::uint32_t i = below(6); i > 0; --i) {
      Field& field = fields.emplace_back();
      field = {.name = text(), .kind = static_cast<Field::Kind>(below(5))};
      std::vector<std::string_view>& list = lists_.emplace_back();
      switch (field.kind) {
        case Field::Kind::text:
          field.text = text();
          break;
        case Field::Kind::integer:
        case Field::Kind::boolean:
          field.integer = below(3) == 0 ? 0 : static_cast<std::int64_t>(random_());
          break;
        case Field::Kind::number:
          field.number = below(3) == 0 ? 0 : static_cast<double>(random_()) / 7;
          break;
        case Field::Kind::list:
          for (std::uint32_t n = below(4); n > 0; --n) list.push_back(text());
          field.list = list;
          break;
      }
    }
    message.fields = fields;
  }

  std::mt19937_64 random_;
  Transaction call_;
  std::deque<std::string> texts_;  // a deque: what lives there does not move
  std::deque<std::array<Bytes, 2>> pieces_;
  std::deque<std::vector<HeaderSpan>> spans_;
  std::deque<std::vector<Field>> fields_;
  std::deque<std::vector<std::string_view>> lists_;
};

// The same call through the generated builders. Headers keep the dissector's own bytes and spans.
class Reference {
 public:
  const wire::Record* build(std::uint64_t id, const Transaction& call, const ConnectionInfo& connection) {
    const auto request = message_of(call.request), response = message_of(call.response);
    const auto protocol = builder_.CreateString(std::string(call.protocol->name));
    const Text version = text_of(call.version), method = text_of(call.method), url = text_of(call.url),
               path = text_of(call.path), query = text_of(call.query_string), error = text_of(call.error),
               summary = text_of(call.summary), trace_id = text_of(call.trace_id),
               request_id = text_of(call.request_id);
    flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> vlans;
    if (connection.vlan_count > 0) vlans = builder_.CreateVector(connection.vlans, connection.vlan_count);
    const wire::Address src = address_of(connection.client), dst = address_of(connection.server);
    constexpr std::pair<std::uint8_t, wire::Transport> kTransports[] = {
        {0, wire::Transport::tcp},  {1, wire::Transport::icmp},  {6, wire::Transport::tcp},
        {17, wire::Transport::udp}, {58, wire::Transport::icmp}, {132, wire::Transport::sctp}};
    auto transport = wire::Transport::tcp;
    for (const auto& [number, name] : kTransports)
      if (number == connection.protocol) transport = name;
    builder_.Finish(wire::CreateRecord(
        builder_, id, protocol, version, static_cast<wire::State>(call.state),
        static_cast<wire::Reason>(call.reason), call.flags,
        call.request.present ? call.request.first_byte : 0,
        call.response.present ? call.response.first_byte : 0, transport, connection.conn_id, vlans,
        static_cast<wire::Tunnel>(connection.tunnel), connection.tunnel_id, &src, connection.client_port,
        &dst, connection.server_port, method, url, path, query, call.has_status, call.status_code,
        call.is_error, error, summary, trace_id, request_id, request, response));
    return flatbuffers::GetRoot<wire::Record>(builder_.GetBufferPointer());
  }

 private:
  Text text_of(std::string_view text) {
    return text.empty() ? Text{} : builder_.CreateString(text.data(), text.size());
  }
  static wire::Address address_of(const IpAddress& ip) {
    std::uint64_t halves[2] = {0, 0};
    for (std::size_t i = 0; i < 16; ++i) halves[i / 8] = halves[i / 8] << 8 | ip.bytes[i];
    return {halves[0], halves[1]};
  }
  flatbuffers::Offset<wire::Message> message_of(const Message& message) {
    if (!message.present) return {};
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> header_bytes, body;
    flatbuffers::Offset<flatbuffers::Vector<const wire::HeaderSpan*>> headers;
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<wire::Field>>> fields;
    if (!message.headers.spans.empty()) {
      std::vector<wire::HeaderSpan> spans;
      for (const HeaderSpan& span : message.headers.spans)
        spans.emplace_back(span.name_offset, span.name_length, span.value_offset, span.value_length);
      header_bytes = builder_.CreateVector(message.headers.bytes.data(), message.headers.bytes.size());
      headers = builder_.CreateVectorOfStructs(spans);
    }
    if (!message.body.empty()) {
      std::vector<std::uint8_t> bytes(message.body.size());
      message.body.copy_to(bytes.data());
      body = builder_.CreateVector(bytes);
    }
    if (!message.fields.empty()) {
      std::vector<flatbuffers::Offset<wire::Field>> made;
      for (const Field& field : message.fields) made.push_back(field_of(field));
      fields = builder_.CreateVector(made);
    }
    return wire::CreateMessage(builder_, message.size, message.last_byte, header_bytes, headers,
                               message.body_size, body, text_of(message.content_type),
                               text_of(message.content_encoding), fields);
  }
  flatbuffers::Offset<wire::Field> field_of(const Field& field) {
    flatbuffers::Offset<flatbuffers::Vector<Text>> list;
    if (!field.list.empty()) {
      std::vector<Text> texts;
      for (const std::string_view text : field.list)
        texts.push_back(builder_.CreateString(text.data(), text.size()));
      list = builder_.CreateVector(texts);
    }
    return wire::CreateField(builder_, builder_.CreateString(field.name.data(), field.name.size()),
                             static_cast<wire::FieldKind>(field.kind), text_of(field.text), field.integer,
                             field.number, list);
  }

  flatbuffers::FlatBufferBuilder builder_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs headers_of(const wire::Message& message) {
  Pairs pairs;
  if (message.headers() == nullptr) return pairs;
  const std::string bytes(message.header_bytes()->begin(), message.header_bytes()->end());
  for (const wire::HeaderSpan* span : *message.headers())
    pairs.emplace_back(bytes.substr(span->name_offset(), span->name_length()),
                       bytes.substr(span->value_offset(), span->value_length()));
  return pairs;
}

template <typename Contents>
void expect_same(const Contents* is, const Contents* wanted) {
  ASSERT_EQ(is == nullptr, wanted == nullptr);
  if (is == nullptr) return;
  ASSERT_EQ(is->size(), wanted->size());
  EXPECT_EQ(std::memcmp(is->Data(), wanted->Data(), is->size() * sizeof(*is->begin())), 0);
}

void expect_same(const wire::Field& is, const wire::Field& wanted) {
  expect_same(is.name(), wanted.name());
  EXPECT_EQ(is.kind(), wanted.kind());
  expect_same(is.text(), wanted.text());
  EXPECT_EQ(is.integer(), wanted.integer());
  EXPECT_EQ(is.number(), wanted.number());
  ASSERT_EQ(is.list() == nullptr, wanted.list() == nullptr);
  if (is.list() == nullptr) return;
  ASSERT_EQ(is.list()->size(), wanted.list()->size());
  for (std::uint32_t i = 0; i < is.list()->size(); ++i) expect_same(is.list()->Get(i), wanted.list()->Get(i));
}

void expect_same_message(const wire::Message* is, const wire::Message* wanted) {
  ASSERT_EQ(is == nullptr, wanted == nullptr);
  if (is == nullptr) return;
  EXPECT_EQ(is->size(), wanted->size());
  EXPECT_EQ(is->last_byte(), wanted->last_byte());
  EXPECT_EQ(headers_of(*is), headers_of(*wanted));
  EXPECT_EQ(is->header_bytes() == nullptr, wanted->header_bytes() == nullptr);
  EXPECT_EQ(is->body_size(), wanted->body_size());
  expect_same(is->body(), wanted->body());
  expect_same(is->content_type(), wanted->content_type());
  expect_same(is->content_encoding(), wanted->content_encoding());
  ASSERT_EQ(is->fields() == nullptr, wanted->fields() == nullptr);
  if (is->fields() == nullptr) return;
  ASSERT_EQ(is->fields()->size(), wanted->fields()->size());
  for (std::uint32_t i = 0; i < is->fields()->size(); ++i)
    expect_same(*is->fields()->Get(i), *wanted->fields()->Get(i));
}

void expect_same_record(const wire::Record& is, const wire::Record& wanted) {
  EXPECT_EQ(is.id(), wanted.id());
  expect_same(is.protocol(), wanted.protocol());
  expect_same(is.version(), wanted.version());
  EXPECT_EQ(is.state(), wanted.state());
  EXPECT_EQ(is.reason(), wanted.reason());
  EXPECT_EQ(is.flags(), wanted.flags());
  EXPECT_EQ(is.timestamp(), wanted.timestamp());
  EXPECT_EQ(is.response_timestamp(), wanted.response_timestamp());
  EXPECT_EQ(is.transport(), wanted.transport());
  EXPECT_EQ(is.conn_id(), wanted.conn_id());
  expect_same(is.vlans(), wanted.vlans());
  EXPECT_EQ(is.tunnel(), wanted.tunnel());
  EXPECT_EQ(is.tunnel_id(), wanted.tunnel_id());
  EXPECT_EQ(std::memcmp(is.src(), wanted.src(), sizeof(wire::Address)), 0);
  EXPECT_EQ(is.src_port(), wanted.src_port());
  EXPECT_EQ(std::memcmp(is.dst(), wanted.dst(), sizeof(wire::Address)), 0);
  EXPECT_EQ(is.dst_port(), wanted.dst_port());
  expect_same(is.method(), wanted.method());
  expect_same(is.url(), wanted.url());
  expect_same(is.path(), wanted.path());
  expect_same(is.query_string(), wanted.query_string());
  EXPECT_EQ(is.has_status(), wanted.has_status());
  EXPECT_EQ(is.status_code(), wanted.status_code());
  EXPECT_EQ(is.is_error(), wanted.is_error());
  expect_same(is.error(), wanted.error());
  expect_same(is.summary(), wanted.summary());
  expect_same(is.trace_id(), wanted.trace_id());
  expect_same(is.request_id(), wanted.request_id());
  expect_same_message(is.request(), wanted.request());
  expect_same_message(is.response(), wanted.response());
}

constexpr std::size_t kBufferBytes = 262'144;

TEST(RecordTables, ReadAsTheGeneratedBuildersWriteThem) {
  const auto redactor = redactor_for(without_redaction());
  BatchPool pool(3, kBufferBytes, 2);
  EncodeCounters counters;
  RecordWriter writer(3, "rack12", 99, pool, *redactor, {.batch_bytes = kBufferBytes / 4, .batch_ns = kNever},
                      counters, kProtocols);
  std::deque<RandomCall> calls;
  std::deque<Reference> references;
  std::vector<const wire::Record*> wanted;
  const auto check = [&] {
    Batch* batch = pool.next();
    ASSERT_NE(batch, nullptr);
    const std::uint8_t* data = batch->storage + batch->data_offset;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 8, 0u);
    flatbuffers::Verifier verifier(data, batch->data_bytes);
    ASSERT_TRUE(wire::VerifyRecordBatchBuffer(verifier));
    const wire::RecordBatch* message = wire::GetRecordBatch(data);
    EXPECT_EQ(message->sensor()->str(), "rack12");
    EXPECT_EQ(message->sensor_epoch(), 99u);
    EXPECT_EQ(message->worker(), 3);
    EXPECT_EQ(message->topic()->str(), "record.alpha.");
    ASSERT_EQ(message->records()->size(), wanted.size());
    for (std::uint32_t i = 0; i < wanted.size(); ++i)
      expect_same_record(*message->records()->Get(i), *wanted[i]);
    pool.release(batch);
    calls.clear(), references.clear(), wanted.clear();
  };
  for (std::uint64_t i = 0; i < 5'000 && !::testing::Test::HasFailure(); ++i) {
    RandomCall& random = calls.emplace_back(i);
    const Transaction& call = random.call();
    const ConnectionInfo connection = random.connection();
    wanted.push_back(references.emplace_back().build((std::uint64_t{3} << 48) + i + 1, call, connection));
    writer.write(call, connection, 0);
    if (pool.waiting() > 0) check();
  }
  writer.flush();
  check();
  EXPECT_EQ(counters.records, 5'000u);
}

// A buffer's earlier contents show nowhere: not in padding, not where something was taken back.
TEST(RecordTables, BytesDependOnTheCallsAlone) {
  Settings settings;
  settings.redact_json_keys = {"password"};  // bodies that claim to be encoded are withheld
  settings.redact_patterns = {"a[0-9]"};
  const auto redactor = redactor_for(settings);
  std::string batches[2];
  for (const int before : {0x00, 0xee}) {
    BatchPool pool(3, kBufferBytes, 1);
    Batch* batch = pool.take();
    std::memset(batch->storage, before, batch->storage_bytes);
    pool.release(batch);
    EncodeCounters counters;
    RecordWriter writer(3, "rack12", 99, pool, *redactor, {.batch_bytes = kBufferBytes, .batch_ns = kNever},
                        counters, kProtocols);
    for (std::uint64_t i = 0; i < 150; ++i) {
      RandomCall random(i);
      writer.write(random.call(), random.connection(), 0);
    }
    writer.flush();
    EXPECT_GT(counters.bodies_withheld, 10u);
    batch = pool.next();
    ASSERT_NE(batch, nullptr);
    batches[before == 0 ? 0 : 1].assign(batch->storage + batch->data_offset,
                                        batch->storage + batch->data_offset + batch->data_bytes);
  }
  EXPECT_GT(batches[0].size(), 20'000u);
  EXPECT_TRUE(batches[0] == batches[1]);
}

// Texts and fields that are written once make a message stand for more than its size. Readers refuse eight
// times as much, and more tables than one for each eight bytes.
TEST(RecordTables, WhatIsSharedStaysBelowWhatReadersAccept) {
  const auto redactor = redactor_for(without_redaction());
  BatchPool pool(3, 4 * kBufferBytes, 1);
  EncodeCounters counters;
  RecordWriter writer(3, "rack12", 99, pool, *redactor, {.batch_bytes = 2 * kBufferBytes, .batch_ns = kNever},
                      counters, kProtocols);
  const std::string text(TextCache::kTextBytesMax, 't');
  const std::string long_name(TextCache::kTextBytesMax, 'n'), short_name(TextCache::kKeyBytesMax, 'n');
  const struct {
    const char* name;
    Field field;
    bool bare;  // nothing else in the record
  } cases[] = {{"long texts", {.name = long_name, .text = text}, false},
               {"short texts", {.name = short_name, .text = short_name}, false},
               {"short texts alone", {.name = short_name, .text = short_name}, true},
               {"a letter each", {.name = "n", .text = "t"}, true},
               {"names alone", {.name = "n"}, true},
               {"numbers", {.name = "n", .kind = Field::Kind::integer, .integer = 7}, true}};
  for (const auto& c : cases) {
    for (const std::size_t count : {0u, 1u, 8u, 15u, 16u, 17u, 64u}) {
      SCOPED_TRACE(c.name + std::string(" ") + std::to_string(count));
      const std::vector<Field> fields(count, c.field);
      Transaction call;
      call.protocol = &kProtocol;
      if (!c.bare) call.version = call.method = call.url = call.path = text;
      for (Message* message : {&call.request, &call.response}) {
        message->present = true;
        if (!c.bare) message->content_type = message->content_encoding = text;
        message->fields = fields;
      }
      for (int i = 0; i < 100; ++i) writer.write(call, {}, 0);
      writer.flush();
      Batch* batch = pool.next();
      ASSERT_NE(batch, nullptr);
      EXPECT_EQ(batch->records, 100u);
      const auto opened = open_batch({batch->storage + batch->data_offset, batch->data_bytes});
      EXPECT_EQ(opened.fault, ReadFault::none) << fault_name(opened.fault);
      pool.release(batch);
    }
  }
}

// A field that was said before is the same table; one that differs in anything is not.
TEST(RecordTables, FieldsAreSharedWhereTheySayTheSame) {
  const auto redactor = redactor_for(without_redaction());
  BatchPool pool(1, kBufferBytes, 1);
  EncodeCounters counters;
  RecordWriter writer(3, "rack12", 99, pool, *redactor, {.batch_bytes = kBufferBytes, .batch_ns = kNever},
                      counters, kProtocols);
  const std::string longer(TextCache::kKeyBytesMax + 1, 't');
  const Field fields[] = {{.name = "type", .text = "A"},
                          {.name = "type", .text = "AAAA"},
                          {.name = "typE", .text = "A"},
                          {.name = "type"},
                          {.name = "type", .text = longer},
                          {.name = longer, .text = "A"},
                          {.name = "size", .kind = Field::Kind::integer, .integer = 1},
                          {.name = "size", .kind = Field::Kind::integer, .integer = -1},
                          {.name = "size", .kind = Field::Kind::boolean, .integer = 1},
                          {.name = "size", .kind = Field::Kind::number, .number = 1.0}};
  Transaction call;
  call.protocol = &kProtocol;
  call.request.present = true;
  call.request.fields = fields;
  for (int i = 0; i < 2; ++i) writer.write(call, {}, 0);
  writer.flush();
  Batch* batch = pool.next();
  ASSERT_NE(batch, nullptr);
  const auto opened = open_batch({batch->storage + batch->data_offset, batch->data_bytes});
  ASSERT_EQ(opened.fault, ReadFault::none);
  const auto& records = *opened->records();
  ASSERT_EQ(records.size(), 2u);
  const auto &first = *records[0]->request()->fields(), &second = *records[1]->request()->fields();
  ASSERT_EQ(first.size(), std::size(fields));
  std::set<const wire::Field*> apart;
  for (unsigned i = 0; i < first.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_TRUE(apart.insert(first[i]).second);
    EXPECT_EQ(first[i] == second[i], FieldCache::takes(fields[i]));
    EXPECT_EQ(second[i]->name()->string_view(), fields[i].name);
    EXPECT_EQ(second[i]->text() == nullptr ? "" : second[i]->text()->string_view(), fields[i].text);
    EXPECT_EQ(second[i]->integer(), fields[i].integer);
    EXPECT_EQ(static_cast<int>(second[i]->kind()), static_cast<int>(fields[i].kind));
  }
  pool.release(batch);
}

// The forms hold every member of the schema, each once, apart from each other and aligned.
TEST(RecordTables, FormsAreComplete) {
  const struct {
    const char* name;
    const TableForm& form;
    std::size_t members;
  } cases[] = {{"record", kForm<RecordHead>, 30},       {"message", kForm<MessageHead>, 9},
               {"batch", kForm<BatchHead>, 6},          {"text", kForm<TextFieldHead>, 2},
               {"integer", kForm<IntegerFieldHead>, 3}, {"number", kForm<NumberFieldHead>, 3},
               {"list", kForm<ListFieldHead>, 4}};
  std::set<int> numbers;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(numbers.insert(c.form.number).second);
    std::set<flatbuffers::voffset_t> slots, places;
    for (const MemberPlace& member : c.form.head) {
      EXPECT_TRUE(slots.insert(member.slot).second);
      EXPECT_TRUE(places.insert(member.at).second);
      EXPECT_LT(member.at, c.form.head_bytes);
      EXPECT_GE(member.at, sizeof(flatbuffers::soffset_t));
    }
    for (const flatbuffers::voffset_t slot : c.form.children) EXPECT_TRUE(slots.insert(slot).second);
    EXPECT_EQ(slots.size(), c.members);
    EXPECT_EQ(*slots.rbegin() + sizeof(flatbuffers::voffset_t), c.form.vtable_bytes);
  }
}

TEST(HeaderCopy, WhatStandsBetweenNamesAndValues) {
  // `[name|value]` marks a header; what stands outside of the brackets stands between.
  const struct {
    const char* name;
    std::string_view marked, bytes;
    Pairs pairs;
  } cases[] = {
      {"touching", "[a|1][b|2]", "a1b2", {{"a", "1"}, {"b", "2"}}},
      {"a raw head",
       "GET / HTTP/1.1\r\n[a|: |1]\r\n[b|: |2]\r\n\r\n",
       "a: 1\r\nb: 2",
       {{"a", "1"}, {"b", "2"}}},
      {"blanks and no blanks", "[a|:|1] \t\n[b|:\t  |2]", "a:1 \t\nb:\t  2", {{"a", "1"}, {"b", "2"}}},
      {"an empty value", "[a|:|]\r\n[b|: |2]", "a:\r\nb: 2", {{"a", ""}, {"b", "2"}}},
      {"an empty name", "[|: |1]\r\n[b|: |2]", "1\r\nb: 2", {{"", "1"}, {"b", "2"}}},
      {"all empty", "[|:|][|:|]", "", {{"", ""}, {"", ""}}},
      {"something between", "[a|: |1]\r\nSECRET\r\n[b|=|2]", "a: 1b2", {{"a", "1"}, {"b", "2"}}},
      {"more blanks than a gap has", "[a|: |1]         [b|: |2]", "a: 1b: 2", {{"a", "1"}, {"b", "2"}}},
      {"hidden",
       "[a|: |1]\r\n[Cookie|: |SECRET]\r\n[b|: |2]\r\n",
       "a: 1\r\nCookieb: 2[redacted]",
       {{"a", "1"}, {"Cookie", "[redacted]"}, {"b", "2"}}},
      {"hidden first and last",
       "[Cookie|: |SECRET]\r\n[b|: |2]\r\n[cookie|:|SECRET]",
       "Cookieb: 2\r\ncookie[redacted]",
       {{"Cookie", "[redacted]"}, {"b", "2"}, {"cookie", "[redacted]"}}},
      {"hidden, of separators only",
       "[Cookie|: |::]\r\n[b|: |2]",
       "Cookieb: 2[redacted]",
       {{"Cookie", "[redacted]"}, {"b", "2"}}},
  };
  const auto redactor = redactor_for({});
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string bytes;
    std::vector<HeaderSpan> spans;
    HeaderSpan span;
    // Parts of one bracket: name, what stands between (if there are three), value.
    for (std::size_t i = 0; i < c.marked.size(); ++i) {
      if (c.marked[i] != '[') {
        bytes += c.marked[i];
        continue;
      }
      const std::size_t close = c.marked.find(']', i);
      const std::string_view inside = c.marked.substr(i + 1, close - i - 1);
      const std::size_t first = inside.find('|'), last = inside.rfind('|');
      span.name_offset = static_cast<std::uint32_t>(bytes.size());
      span.name_length = static_cast<std::uint32_t>(first);
      bytes += inside.substr(0, first);
      if (last > first) bytes += inside.substr(first + 1, last - first - 1);
      span.value_offset = static_cast<std::uint32_t>(bytes.size());
      span.value_length = static_cast<std::uint32_t>(inside.size() - last - 1);
      bytes += inside.substr(last + 1);
      spans.push_back(span);
      i = close;
    }
    alignas(8) std::uint8_t storage[1'024];
    BatchBuilder builder(storage, sizeof(storage));
    const Headers headers{as_bytes(bytes), spans};
    MessageChildren children;
    copy_headers(builder, headers, *redactor, children);
    EXPECT_LE(builder.size(), headers_bound(headers));
    EXPECT_LE(headers_bound(headers), headers_bound_quick(headers));
    const auto message = builder.table<MessageHead>(children);
    EXPECT_EQ(headers_of(*reinterpret_cast<const wire::Message*>(&message.head)), c.pairs);
    const auto* copied = reinterpret_cast<const wire::Message*>(&message.head)->header_bytes();
    EXPECT_EQ(std::string(copied->begin(), copied->end()), c.bytes);
  }
}

}  // namespace
}  // namespace spanlight
