#pragma once
// What one message says beyond its head, as views of it and of the room that its record's texts stand in.

#include <cstdint>
#include <string_view>

#include "core/listed.h"
#include "core/text_room.h"
#include "kafka/batches.h"
#include "kafka/parse.h"

namespace spanlight::kafka {

constexpr std::size_t kTopicsMax = 64;  // named in a record
constexpr std::size_t kErrorsMax = 32;  // told one by one
constexpr std::size_t kCodesMax = 128;
constexpr std::size_t kSecretBytesMax = 1'024;

// What one message says, as views of it.
struct Said {
  Listed<std::string_view, kTopicsMax> topics;
  Listed<std::string_view, kErrorsMax> errors;
  Listed<std::string_view, kCodesMax> codes;
  std::string_view group, member, transaction, key, mechanism, software, error_text;
  std::string_view secret;
  std::int64_t throttle_ms = 0;
  std::int64_t offset = -1;
  std::int32_t first_error = 0;
  bool has_code = false;
  bool has_secret = false;
  std::string_view first_error_text;  // "NOT_COORDINATOR", "orders-3: NOT_LEADER_OR_FOLLOWER"
  Batches batches;                    // of the first partition that has records
  bool has_batches = false;
  bool cut = false;  // more topics than are named
};

// `request`: the one that says how the body is laid out, its own or that which is answered.
void read_said(const Request& request, Layout layout, Bytes body, TextRoom& room, Said& said);

}  // namespace spanlight::kafka
