#include "record/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "record/generated_verify.h"
#include "record/sample.h"

namespace spanlight {
namespace {

using Random = std::mt19937;

std::uint32_t below(Random& random, std::uint32_t n) {
  return static_cast<std::uint32_t>(random() % n);
}

std::string random_text(Random& random) {
  return std::string(below(random, 3) == 0 ? 0 : below(random, 40),
                     static_cast<char>('a' + below(random, 26)));
}

sample::Message random_message(Random& random) {
  sample::Message message;
  message.present = below(random, 3) != 0;
  message.size = random();
  message.body = random_text(random);
  for (std::uint32_t n = below(random, 4); n > 0; --n)
    message.headers.emplace_back(random_text(random), random_text(random));
  for (std::uint32_t n = below(random, 4); n > 0; --n) {
    sample::Field field;
    field.name = "f";
    field.kind = static_cast<wire::FieldKind>(below(random, 5));
    field.text = random_text(random);
    field.integer = static_cast<std::int64_t>(below(random, 2));
    field.number = below(random, 2);
    for (std::uint32_t list = below(random, 4); list > 0; --list) field.list.push_back(random_text(random));
    message.fields.push_back(std::move(field));
  }
  return message;
}

// Each member there or not, so that there are many vtables.
sample::Bytes random_batch(Random& random) {
  sample::Batch batch;
  for (std::uint32_t n = below(random, 6); n > 0; --n) {
    sample::Record r = below(random, 4) == 0 ? sample::usual_call() : sample::Record{};
    r.id = below(random, 3);
    r.flags = below(random, 3);
    r.timestamp = std::uint64_t{below(random, 2)} * 1'000;
    r.conn_id = below(random, 2);
    r.vlans.resize(below(random, 4));
    r.tunnel_id = below(random, 2);
    r.src_port = static_cast<std::uint16_t>(below(random, 2));
    r.status_code = static_cast<std::int32_t>(below(random, 2));
    r.is_error = below(random, 2) == 0;
    for (std::string* text : {&r.version, &r.method, &r.url, &r.path, &r.query_string, &r.error, &r.summary,
                              &r.trace_id, &r.request_id})
      *text = random_text(random);
    r.request = random_message(random);
    r.response = random_message(random);
    batch.records.push_back(std::move(r));
  }
  return sample::build(batch);
}

struct SpoiltCopy {
  SpoiltCopy(const std::uint8_t* bytes, std::size_t n) : words((n + 7) / 8), size(n) {
    std::memcpy(words.data(), bytes, n);
  }
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(words.data()); }
  std::span<const std::uint8_t> bytes() { return {data(), size}; }
  std::vector<std::uint64_t> words;
  std::size_t size;
};

// Small numbers and distances within the message are what offsets and lengths mean something by; wild ones
// are told from them at once.
void change(SpoiltCopy& copy, Random& random) {
  const auto at = [&](std::size_t width) {
    return below(random, static_cast<std::uint32_t>((copy.size - width) / width)) * width;
  };
  const auto put = [&](auto value) { std::memcpy(copy.data() + at(sizeof(value)), &value, sizeof(value)); };
  const auto near = [&] { return below(random, static_cast<std::uint32_t>(copy.size) + 16); };
  switch (below(random, 7)) {
    case 0:
      return put(static_cast<std::uint8_t>(random()));
    case 1:
      return put(static_cast<std::uint16_t>(below(random, 80)));  // a vtable's places
    case 2:
      return put(static_cast<std::uint16_t>(random()));
    case 3:
      return put(near());
    case 4:
      return put(-near());
    case 5: {  // a little more or less
      const std::size_t where = at(4);
      std::uint32_t value = 0;
      std::memcpy(&value, copy.data() + where, 4);
      value += below(random, 33) - 16;
      std::memcpy(copy.data() + where, &value, 4);
      return;
    }
    default: {  // what stands elsewhere
      const std::size_t from = at(4), to = at(4);
      std::memmove(copy.data() + to, copy.data() + from, 4);
    }
  }
}

TEST(Verify, agrees_with_the_generated_verifier) {
  Random random(11);
  unsigned accepted = 0, refused = 0;
  for (int round = 0; round < 1'500; ++round) {
    const sample::Bytes original = random_batch(random);
    ASSERT_EQ(verify_batch({original.data(), original.size()}), ReadFault::none);
    for (int turn = 0; turn < 100; ++turn) {
      const std::size_t size = below(random, 8) == 0
                                   ? 16 + below(random, static_cast<std::uint32_t>(original.size()) - 15)
                                   : original.size();
      SpoiltCopy copy(original.data(), size);
      for (std::uint32_t n = 1 + below(random, 3); n > 0; --n) change(copy, random);
      std::memcpy(copy.data() + 4, wire::RecordBatchIdentifier(), 4);
      const bool ours = verify_batch(copy.bytes()) == ReadFault::none;
      ASSERT_EQ(ours, generated_verify(copy.bytes())) << round << ' ' << turn;
      ++(ours ? accepted : refused);
    }
  }
  EXPECT_GT(accepted, 20'000u);  // neither answer is always right
  EXPECT_GT(refused, 20'000u);
}

// Where the bytes end right behind what is read, a sanitizer sees each byte too many.
TEST(Verify, agrees_on_messages_of_a_few_bytes) {
  Random random(12);
  for (int round = 0; round < 200'000; ++round) {
    SpoiltCopy copy(reinterpret_cast<const std::uint8_t*>("\0\0\0\0SLRB"), 8);
    copy.size = 8 + below(random, 57);
    copy.words.resize((copy.size + 7) / 8);
    for (std::size_t at = 8; at < copy.size; at += 2) {
      const auto value = static_cast<std::uint16_t>(below(random, 40));
      std::memcpy(copy.data() + at, &value, std::min<std::size_t>(2, copy.size - at));
    }
    copy.data()[0] = static_cast<std::uint8_t>(below(random, 64));
    ASSERT_EQ(verify_batch(copy.bytes()) == ReadFault::none, generated_verify(copy.bytes())) << round;
  }
}

// Three parts of a list that is named by every field: walking it each time would take for ever.
TEST(Verify, ends_early_where_parts_are_shared_without_measure) {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<flatbuffers::Offset<flatbuffers::String>> texts(100'000, builder.CreateString(""));
  const auto list = builder.CreateVector(texts);
  const auto name = builder.CreateString("n");
  constexpr std::size_t kFields = 20'000;
  std::vector<flatbuffers::Offset<wire::Field>> fields;
  fields.reserve(kFields);
  for (std::size_t i = 0; i < kFields; ++i)
    fields.push_back(wire::CreateField(builder, name, wire::FieldKind::list, 0, 0, 0, list));
  const auto message = wire::CreateMessage(builder, 0, 0, 0, 0, 0, 0, 0, 0, builder.CreateVector(fields));
  const auto protocol = builder.CreateString("http"), sensor = builder.CreateString("s"),
             topic = builder.CreateString("record.http.");
  const wire::Address address;
  wire::RecordBuilder record(builder);
  record.add_protocol(protocol);
  record.add_src(&address);
  record.add_dst(&address);
  record.add_request(message);
  const std::vector<flatbuffers::Offset<wire::Record>> records = {record.Finish()};
  const auto list_of_records = builder.CreateVector(records);
  wire::FinishRecordBatchBuffer(builder,
                                wire::CreateRecordBatch(builder, sensor, 0, 0, 0, topic, list_of_records));
  const sample::Bytes bytes = builder.Release();
  // 2 * 10^9 steps if it went on.
  EXPECT_EQ(verify_batch({bytes.data(), bytes.size()}), ReadFault::amplified);
}

}  // namespace
}  // namespace spanlight
