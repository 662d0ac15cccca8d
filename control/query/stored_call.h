#pragma once
// A call as it came out of the store: the same record that the sensor published, with the names that its ends
// had at its time. Owns all that `call()` points into, so it may be moved and kept; the views stay valid.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "record/call.h"

namespace spanlight {

// What the JSON form calls `id`: 32 hex digits, the sensor's epoch, then the record.
struct CallId {
  std::uint64_t epoch = 0;
  std::uint64_t record_id = 0;

  bool operator==(const CallId&) const = default;
  std::string text() const;
  static std::optional<CallId> parse(std::string_view text);  // nothing unless it is 32 hex digits
};

class StoredCall {
 public:
  // `message`: bytes of a verified RecordBatch of one record, which `call` is of, and whatever keeps the
  // parties.
  StoredCall(std::shared_ptr<const void> keeper, const Call& call, std::string source, std::uint64_t time_ns)
      : keeper_(std::move(keeper)), call_(call), source_(std::move(source)), time_ns_(time_ns) {}

  const Call& call() const { return call_; }
  CallId id() const { return {call_.batch->sensor_epoch(), call_.record->id()}; }
  const std::string& source() const { return source_; }  // "live", or the name of an import
  std::uint64_t time_ns() const { return time_ns_; }     // what pages are ordered by

 private:
  std::shared_ptr<const void> keeper_;
  Call call_;
  std::string source_;
  std::uint64_t time_ns_;
};

}  // namespace spanlight
