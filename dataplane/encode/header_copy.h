#pragma once
// The headers of one message in the batch: one vector of bytes and one of spans. Names and values that follow
// each other go in one piece, with what HTTP/1 writes between them; anything else between them is left
// behind, as no rule could look into it.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/transaction.h"
#include "encode/batch_builder.h"
#include "encode/redact.h"
#include "encode/tables.h"

namespace spanlight {

constexpr std::size_t kHeadersPerMessageMax = 4'096;  // beyond: left out, kFlagTruncatedHeaders

// Returns bits of Flag: something was left out, or masked.
std::uint32_t copy_headers(BatchBuilder& builder, const Headers& headers, Redactor& redactor,
                           MessageChildren& out);

// An upper bound of what it writes.
std::size_t headers_bound(const Headers& headers);
std::size_t headers_bound_quick(const Headers& headers);  // greater, and does not look at the bytes

}  // namespace spanlight
