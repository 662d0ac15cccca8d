#include "record/reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "record/names.h"
#include "record/sample.h"

namespace spanlight {
namespace {

// An aligned copy that may be changed.
struct Copy {
  explicit Copy(const sample::Bytes& bytes) : words((bytes.size() + 7) / 8), size(bytes.size()) {
    std::memcpy(words.data(), bytes.data(), size);
  }
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(words.data()); }
  std::span<const std::uint8_t> bytes() { return {data(), size}; }
  std::vector<std::uint64_t> words;
  std::size_t size;
};

sample::Bytes usual_batch() {
  sample::Batch batch;
  batch.records = {sample::usual_call(), sample::usual_call()};
  return sample::build(batch);
}

TEST(Reader, OpensWhatASensorSends) {
  const sample::Bytes bytes = usual_batch();
  const auto batch = open_batch({bytes.data(), bytes.size()});
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->records()->size(), 2u);
  EXPECT_EQ(text_of(batch->records()->Get(1)->path()), "/api/items/7");
  EXPECT_EQ(text_of(batch->records()->Get(1)->error()), "");
}

TEST(Reader, RefusesAnotherMessageByItsIdentifier) {
  const sample::Bytes hello = sample::build_hello("rack12", 1), batch = usual_batch();
  EXPECT_EQ(open_batch({hello.data(), hello.size()}).fault, ReadFault::wrong_identifier);
  EXPECT_EQ(open_hello({batch.data(), batch.size()}).fault, ReadFault::wrong_identifier);
  EXPECT_EQ(open_stats({batch.data(), batch.size()}).fault, ReadFault::wrong_identifier);
  EXPECT_EQ(open_batch({}).fault, ReadFault::wrong_identifier);
  EXPECT_TRUE(open_hello({hello.data(), hello.size()}));
}

TEST(Reader, RefusesEveryPrefixWithoutReadingBehindIt) {
  Copy whole(usual_batch());
  for (std::size_t size = 0; size < whole.size; ++size) {
    std::vector<std::uint64_t> cut((size + 7) / 8 + 1);
    std::memcpy(cut.data(), whole.data(), size);
    const auto opened = open_batch({reinterpret_cast<const std::uint8_t*>(cut.data()), size});
    // FlatBuffers are built from the back, but alignment may leave bytes at the end that nothing refers to.
    if (opened) {
      EXPECT_GT(size + 8, whole.size);
    } else {
      EXPECT_EQ(opened.fault, size < 8 ? ReadFault::wrong_identifier : ReadFault::malformed) << size;
    }
  }
}

TEST(Reader, RefusesMisalignedBytesAndMessagesThatAreTooLarge) {
  Copy whole(usual_batch());
  std::vector<std::uint64_t> shifted(whole.words.size() + 1);
  auto* const at = reinterpret_cast<std::uint8_t*>(shifted.data()) + 4;
  std::memcpy(at, whole.data(), whole.size);
  EXPECT_EQ(open_batch({at, whole.size}).fault, ReadFault::misaligned);

  std::vector<std::uint64_t> large(kWireBytesMax / 8 + 1);
  std::memcpy(large.data(), whole.data(), whole.size);
  EXPECT_EQ(open_batch({reinterpret_cast<const std::uint8_t*>(large.data()), kWireBytesMax + 1}).fault,
            ReadFault::too_large);
}

TEST(Reader, SurvivesEveryChangedByte) {
  const sample::Bytes original = usual_batch();
  std::mt19937 random(3);
  for (int turn = 0; turn < 20'000; ++turn) {
    Copy copy(original);
    for (int n = 0; n < 3; ++n)
      copy.data()[8 + random() % (copy.size - 8)] = static_cast<std::uint8_t>(random());
    const auto opened = open_batch(copy.bytes());
    if (!opened) continue;
    for (const wire::Record* record : elements_of(opened->records())) {
      if (record->request() == nullptr) continue;
      HeaderReader headers(*record->request());
      while (headers.next()) {
      }
    }
  }
}

// One table named a thousand times: each record seems to carry the whole body.
TEST(Reader, RefusesASmallMessageThatStandsForAHugeOne) {
  const auto message_with = [](std::size_t shared) {
    flatbuffers::FlatBufferBuilder builder;
    const auto protocol = builder.CreateString("http");
    const auto path = builder.CreateString(std::string(10'000, 'a'));
    const wire::Address address;
    wire::RecordBuilder out(builder);
    out.add_protocol(protocol);
    out.add_path(path);
    out.add_src(&address);
    out.add_dst(&address);
    const auto record = out.Finish();
    const std::vector<flatbuffers::Offset<wire::Record>> records(shared, record);
    const auto list = builder.CreateVector(records);
    const auto sensor = builder.CreateString("s"), topic = builder.CreateString("record.http.");
    wire::FinishRecordBatchBuffer(builder, wire::CreateRecordBatch(builder, sensor, 0, 0, 0, topic, list));
    return builder.Release();
  };
  const sample::Bytes some = message_with(4), many = message_with(1'000);
  EXPECT_EQ(open_batch({some.data(), some.size()}).fault, ReadFault::none);
  EXPECT_EQ(open_batch({many.data(), many.size()}).fault, ReadFault::amplified);
}

TEST(Names, AddressesAsInRfc5952) {
  struct Case {
    const char* text;
    std::uint64_t high, low;
  };
  const Case cases[] = {
      {"10.244.1.7", 0, 0x0000'ffff'0af4'0107},
      {"255.255.255.255", 0, 0x0000'ffff'ffff'ffff},
      {"::", 0, 0},
      {"::1", 0, 1},
      {"::1:0", 0, 0x1'0000},  // IPv4-compatible is not IPv4
      {"2001:db8::1", 0x2001'0db8'0000'0000, 1},
      {"2001:db8::1:0:0:1", 0x2001'0db8'0000'0000, 0x0001'0000'0000'0001},     // the first of equals
      {"2001:db8:0:1:1:1:1:1", 0x2001'0db8'0000'0001, 0x0001'0001'0001'0001},  // one group is not shortened
      {"2001:0:0:1::1", 0x2001'0000'0000'0001, 1},                             // the longer one
      {"1::", 0x0001'0000'0000'0000, 0},
      {"fe80::ffff:a00:1", 0xfe80'0000'0000'0000, 0x0000'ffff'0a00'0001},
      {"abcd:ef01:2345:6789:abcd:ef01:2345:6789", 0xabcd'ef01'2345'6789, 0xabcd'ef01'2345'6789},
  };
  for (const Case& c : cases) {
    char text[kAddressTextMax];
    const char* const end = write_address(text, wire::Address(c.high, c.low));
    EXPECT_EQ(std::string_view(text, static_cast<std::size_t>(end - text)), c.text);
  }
}

TEST(Names, TimesAsInRfc3339) {
  struct Case {
    const char* text;
    std::uint64_t time_ns;
  };
  const Case cases[] = {
      {"1970-01-01T00:00:00.000000000Z", 0},
      {"2000-02-29T23:59:59.999999999Z", 951'868'799'999'999'999},
      {"2000-03-01T00:00:00.000000000Z", 951'868'800'000'000'000},
      {"2026-11-23T04:20:00.123456789Z", 1'795'407'600'123'456'789},
      {"2100-02-28T12:00:00.000000001Z", 4'107'499'200'000'000'001},
      {"2554-07-21T23:34:33.709551615Z", ~std::uint64_t{0}},
  };
  for (const Case& c : cases) {
    char text[kTimeTextBytes];
    ASSERT_EQ(write_time(text, c.time_ns), text + kTimeTextBytes);
    EXPECT_EQ(std::string_view(text, kTimeTextBytes), c.text);
  }
}

}  // namespace
}  // namespace spanlight
