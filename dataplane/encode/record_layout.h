#pragma once
// One transaction as a FlatBuffers record. Its size is bounded before: record_bound.h.

#include <cstddef>
#include <cstdint>

#include "core/transaction.h"
#include "encode/batch_builder.h"
#include "encode/field_cache.h"
#include "encode/record_writer.h"
#include "encode/text_cache.h"

namespace spanlight {

struct RecordShape {
  bool headers = true;
  bool bodies = true;
};

struct RecordTarget {
  BatchBuilder& builder;
  TextCache& texts;
  FieldCache& fields;
  Text protocol;  // its name, in the same batch
};

// What does not fit the bound of `shape` must not be asked for.
flatbuffers::Offset<wire::Record> write_record(RecordTarget& target, std::uint64_t id,
                                               const Transaction& call, const ConnectionInfo& connection,
                                               RecordShape shape, Redactor& redactor,
                                               EncodeCounters& counters);

}  // namespace spanlight
