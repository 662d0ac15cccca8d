#pragma once
// Live calls on their way to the store. Never waits: what the writer has no room for it drops and counts.

#include "ingest/named_batch.h"
#include "store/writer.h"

namespace spanlight {

class StoreSink final : public CallSink {
 public:
  explicit StoreSink(StoreWriter& writer) : writer_(writer) {}

  void take(const std::shared_ptr<const NamedBatch>& batch) override {
    if (batch->calls.empty()) return;
    auto stored = std::make_shared<StoredBatch>();
    stored->message = batch->bytes;
    stored->message_bytes = batch->bytes_size;
    stored->batch = batch->batch;
    stored->calls = batch->calls;
    stored->parties = batch->names;
    writer_.offer(std::move(stored));
  }

 private:
  StoreWriter& writer_;
};

}  // namespace spanlight
