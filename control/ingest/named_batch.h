#pragma once
// A received batch whose calls have names: what ingest hands to everything behind it. Immutable, shared by
// all who look at it (the store's queue may hold it for seconds); it keeps alive whatever its calls point
// into.

#include <cstdint>
#include <memory>
#include <vector>

#include "record/call.h"

namespace spanlight {

struct NamedBatch {
  std::shared_ptr<const void> bytes;  // of the message; its root is `batch`
  std::shared_ptr<const void> names;  // the state of the address map that the parties and DNS names are of
  const wire::RecordBatch* batch = nullptr;
  std::vector<Call> calls;     // all of the batch, or those that waited for a name
  std::size_t bytes_size = 0;  // of the message; parts of a batch share it by their calls
  std::uint64_t received_ns = 0;
};

// What becomes of calls. take() is called on the threads that receive, one for each sensor, at the same time:
// it must not wait.
class CallSink {
 public:
  virtual ~CallSink() = default;
  virtual void take(const std::shared_ptr<const NamedBatch>& batch) = 0;
};

}  // namespace spanlight
