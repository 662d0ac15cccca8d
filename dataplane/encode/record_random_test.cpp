// Calls at random: every batch is valid, no secret gets through, and nothing is taken from the system
// allocator.

#include <cstdlib>
#include <new>
#include <random>

#include "encode/record_writer_fixture.h"
#include "encode/recycle.h"

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

class RecordRandomTest : public RecordWriterTest {};

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
                        .list = list_,
                        .objects = below(2) == 0});
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

TEST_F(RecordRandomTest, RandomCallsMakeValidBatchesInSmallBuffers) {
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

TEST_F(RecordRandomTest, NothingIsAllocatedAfterConstruction) {
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

}  // namespace
}  // namespace spanlight
