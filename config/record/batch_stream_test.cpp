#include "record/batch_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>

#include "record/sample.h"

namespace spanlight {
namespace {

std::string frame(std::string_view topic, std::string_view message) {
  std::string out(StreamHead(topic, message.size()).bytes());
  out += message;
  out += stream_padding(message.size());
  return out;
}

std::string frame(std::string_view topic, const sample::Bytes& message) {
  return frame(topic, {reinterpret_cast<const char*>(message.data()), message.size()});
}

sample::Bytes batch_of(std::uint64_t sequence, std::size_t records = 2) {
  sample::Batch batch;
  batch.sequence = sequence;
  batch.records.assign(records, sample::usual_call());
  return sample::build(batch);
}

std::string whole_stream() {
  std::string out(kStreamMagic);
  out += frame("capture.", "a file.pcap") + frame("hello.", sample::build_hello("rack12", 7));
  out += frame("record.http.", batch_of(0)) + frame("record.http.", batch_of(1, 40));
  out += frame("stats.", sample::build_stats("rack12", 7, {{0, "record.http.", 2}}));
  return out + frame("end.", std::string_view("\1", 1));
}

struct Heard {
  std::string kinds;  // a letter for each item
  std::size_t records = 0, series = 0;
  std::uint64_t epoch = 0;
  StreamFault fault = StreamFault::none;
  bool ended = false, whole = false;
  std::uint64_t malformed = 0, unknown = 0;
};

// As many bytes at a time as `most` says, each view looked at before more comes.
Heard hear(std::string_view bytes, const std::function<std::size_t()>& most) {
  BatchStream stream;
  Heard heard;
  for (bool closed = false; !closed;) {
    const std::span<std::uint8_t> space = stream.space();
    const std::size_t n = std::min({space.size(), bytes.size(), most()});
    if (n == 0) {
      stream.closed();
      closed = true;
    } else {
      std::memcpy(space.data(), bytes.data(), n);
      bytes.remove_prefix(n);
      stream.received(n);
    }
    while (const auto item = stream.next()) {
      heard.kinds += "chbse"[static_cast<int>(item->kind)];
      if (item->kind == StreamItem::Kind::batch)
        for (const wire::Record* record : *item->batch->records())
          heard.records += text_of(record->path()) == "/api/items/7" ? 1 : 0;
      if (item->kind == StreamItem::Kind::hello) heard.epoch = item->hello->sensor_epoch();
      if (item->kind == StreamItem::Kind::stats) heard.series = size_of(item->stats->next_sequences());
      if (item->kind == StreamItem::Kind::end) heard.whole = item->whole;
    }
  }
  heard.fault = stream.fault();
  heard.ended = stream.ended();
  heard.malformed = stream.malformed();
  heard.unknown = stream.unknown();
  return heard;
}

Heard hear(std::string_view bytes) {
  return hear(bytes, [] { return SIZE_MAX; });
}

TEST(BatchStream, IsTheSameHoweverItComes) {
  const std::string stream = whole_stream();
  std::mt19937 random(1);
  const std::function<std::size_t()> ways[] = {[] { return std::size_t{1}; }, [] { return std::size_t{7}; },
                                               [] { return SIZE_MAX; },
                                               [&] { return std::size_t{1} + random() % 5'000; }};
  for (const auto& way : ways) {
    const Heard heard = hear(stream, way);
    EXPECT_EQ(heard.kinds, "chbbse");
    EXPECT_EQ(heard.records, 42u);
    EXPECT_EQ(heard.epoch, 7u);
    EXPECT_EQ(heard.series, 1u);
    EXPECT_EQ(heard.fault, StreamFault::none);
    EXPECT_TRUE(heard.ended);
    EXPECT_TRUE(heard.whole);
    EXPECT_EQ(heard.malformed + heard.unknown, 0u);
  }
}

TEST(BatchStream, EveryPrefixIsCut) {
  const std::string stream = whole_stream();
  for (std::size_t n = 0; n < stream.size(); n += n < 200 ? 1 : 13) {
    const Heard heard = hear(std::string_view(stream).substr(0, n));
    EXPECT_EQ(heard.fault, StreamFault::cut) << n;
    EXPECT_FALSE(heard.ended);
  }
}

TEST(BatchStream, TellsWhatItIsNot) {
  EXPECT_EQ(hear("").fault, StreamFault::cut);
  EXPECT_EQ(hear("{\"id\":1}\n").fault, StreamFault::not_a_stream);
  EXPECT_EQ(hear("SLSTRM02").fault, StreamFault::not_a_stream);
  EXPECT_EQ(hear("X").fault, StreamFault::not_a_stream);
  EXPECT_EQ(hear(whole_stream() + "x").fault, StreamFault::goes_on);
  EXPECT_EQ(hear(whole_stream() + whole_stream()).fault, StreamFault::goes_on);
}

TEST(BatchStream, LengthsThatCannotBe) {
  const auto lengths = [](std::uint32_t topic, std::uint32_t message) {
    std::string out(kStreamMagic);
    out.append(reinterpret_cast<const char*>(&topic), 4).append(reinterpret_cast<const char*>(&message), 4);
    return out + std::string(100, 'x');
  };
  const std::uint32_t wire_max = static_cast<std::uint32_t>(kWireBytesMax);
  for (const auto& [topic, message] : {std::pair{0u, 8u},
                                       {65u, 8u},
                                       {0xffffffffu, 8u},
                                       {4u, wire_max + 1},
                                       {4u, 0xffffffffu},
                                       {0xffffffffu, 0xffffffffu}}) {
    const Heard heard = hear(lengths(topic, message));
    EXPECT_EQ(heard.fault, StreamFault::malformed) << topic << " " << message;
    EXPECT_EQ(heard.kinds, "");
  }
  EXPECT_EQ(hear(lengths(64, wire_max)).fault, StreamFault::cut);  // may be, and did not come
}

TEST(BatchStream, MessagesThatAreNotWhatTheirTopicSaysArePassedOverAndCounted) {
  std::string stream(kStreamMagic);
  stream += frame("hello.", batch_of(0)) + frame("record.http.", "no batch") + frame("record.http.", "");
  stream += frame("record.redis.", batch_of(0));  // it says record.http. itself
  stream += frame("stats.", std::string(100, '\xff')) +
            frame("capture.", std::string(kStreamNameBytesMax + 1, 'n'));
  stream += frame("end.", "") + frame("end.", "\x02") + frame("end.", "\1\1");
  stream += frame("new.", "from a later version") + frame("record.http.", batch_of(1));
  stream += frame("end.", std::string_view("\0", 1));
  const Heard heard = hear(stream);
  EXPECT_EQ(heard.kinds, "be");
  EXPECT_EQ(heard.malformed, 9u);
  EXPECT_EQ(heard.unknown, 1u);
  EXPECT_EQ(heard.fault, StreamFault::none);
  EXPECT_TRUE(heard.ended);
  EXPECT_FALSE(heard.whole);
}

// Under the sanitizers: whatever is changed, nothing outside of what came is read.
TEST(BatchStream, AnyByteChangedIsSurvived) {
  const std::string stream = whole_stream();
  std::mt19937 random(2);
  for (int round = 0; round < 3'000; ++round) {
    std::string changed = stream;
    for (unsigned i = 0; i <= random() % 4; ++i)
      changed[random() % (round % 2 == 0 ? 200 : changed.size())] = static_cast<char>(random());
    hear(changed, [&] { return std::size_t{1} + random() % 2'000; });
  }
}

// A large message takes what it needs and no more; small ones do not grow the buffer.
TEST(BatchStream, HoldsNoMoreThanAMessage) {
  BatchStream stream;
  std::string bytes(kStreamMagic);
  for (int i = 0; i < 2'000; ++i) bytes += frame("record.http.", batch_of(static_cast<std::uint64_t>(i)));
  std::size_t largest = 0, batches = 0;
  for (std::string_view left = bytes; !left.empty();) {
    const auto space = stream.space();
    largest = std::max(largest, space.size());
    const std::size_t n = std::min(space.size(), left.size());
    std::memcpy(space.data(), left.data(), n);
    left.remove_prefix(n);
    stream.received(n);
    while (stream.next()) ++batches;
  }
  EXPECT_EQ(batches, 2'000u);
  EXPECT_LE(largest, 300'000u);
}

}  // namespace
}  // namespace spanlight
