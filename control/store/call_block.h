#pragma once
// Calls → one block of the table `calls`, as an INSERT … FORMAT Native takes it. Pure: no store, no clock.
// One thread; reused, so that after the first blocks nothing is allocated. Whatever the calls point into must
// live until the block is cleared: who an end is, is recognised by the Party's address.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "record/call.h"
#include "record/text_buffer.h"

namespace spanlight {

// When a call is ordered: its request's first byte, else its response's. Times that ClickHouse's calendar
// does not reach (a sensor without a clock) are its last.
std::uint64_t order_time(const wire::Record& record);
constexpr std::uint64_t kOrderTimeMax = 9'223'372'036'854'775'807;  // 2262-04-11

class CallBlock {
 public:
  CallBlock();
  ~CallBlock();
  CallBlock(CallBlock&&) noexcept;
  CallBlock& operator=(CallBlock&&) noexcept;

  // All rows of a block were stored at the same time and come from one source, so that they make one part:
  // the store takes a part as a whole or not at all.
  void begin(std::uint32_t stored_s, std::string_view source);
  void add(const Call& call);
  std::size_t rows() const { return rows_; }
  std::uint64_t header_spans_skipped() const { return header_spans_skipped_; }

  // The block; valid until begin().
  std::string_view finish();

 private:
  struct Content;

  std::unique_ptr<Content> content_;
  std::size_t rows_ = 0;
  std::uint64_t header_spans_skipped_ = 0;
  TextBuffer out_;
};

// "INSERT INTO calls (…) FORMAT Native"
const std::string& insert_calls_statement();

}  // namespace spanlight
