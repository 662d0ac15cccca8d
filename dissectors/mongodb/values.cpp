#include "mongodb/values.h"

#include <algorithm>
#include <bit>

#include "core/reader.h"

namespace spanlight::mongodb {
namespace {

std::uint32_t u32_of(Bytes bytes) {
  return Reader(bytes).le<std::uint32_t>();
}

}  // namespace

std::uint64_t size_of(std::uint8_t type, Bytes value) {
  constexpr std::uint32_t kLengthMax = kDocumentBytesMax;
  switch (type) {
    case kUndefined:
    case kNull:
    case kMaxKey:
    case kMinKey:
      return 0;
    case kBoolean:
      return 1;
    case kInt32:
      return 4;
    case kDouble:
    case kDate:
    case kTimestamp:
    case kInt64:
      return 8;
    case kObjectId:
      return 12;
    case kDecimal:
      return 16;
    case kRegex: {
      const auto zero = std::find(value.begin(), value.end(), 0);
      if (zero == value.end()) return kShort;
      const auto second = std::find(zero + 1, value.end(), 0);
      return second == value.end() ? kShort : static_cast<std::uint64_t>(second - value.begin()) + 1;
    }
    default:
      break;
  }
  const bool counted = type == kString || type == kDocument || type == kArray || type == kBinary ||
                       type == kPointer || type == kCode || type == kSymbol || type == kScopedCode;
  if (!counted) return kUnknown;
  if (value.size() < 4) return kShort;
  const std::uint32_t length = u32_of(value);
  if (length > kLengthMax) return kUnknown;
  switch (type) {
    case kDocument:
    case kArray:
    case kScopedCode:
      return length < kDocumentBytesMin ? kUnknown : length;
    case kBinary:
      return std::uint64_t{length} + 5;
    case kPointer:
      return length == 0 ? kUnknown : std::uint64_t{length} + 4 + 12;
    default:
      return length == 0 ? kUnknown : std::uint64_t{length} + 4;
  }
}

double number_of(std::uint8_t type, Bytes value) {
  Reader r(value);
  switch (type) {
    case kDouble:
      return std::bit_cast<double>(r.le<std::uint64_t>());
    case kInt32:
      return static_cast<std::int32_t>(r.le<std::uint32_t>());
    case kInt64:
      return static_cast<double>(static_cast<std::int64_t>(r.le<std::uint64_t>()));
    case kBoolean:
      return r.u8();
    default:
      return 0;
  }
}

std::int64_t integer_of(std::uint8_t type, Bytes value) {
  if (type == kInt64) return static_cast<std::int64_t>(Reader(value).le<std::uint64_t>());
  const double number = number_of(type, value);
  constexpr double kMax = 9e18;
  return number > -kMax && number < kMax ? static_cast<std::int64_t>(number) : 0;
}

bool is_number(std::uint8_t type) {
  return type == kDouble || type == kInt32 || type == kInt64 || type == kBoolean;
}

std::string_view text_of(Bytes value) {
  if (value.size() < 4) return {};
  const std::uint32_t length = u32_of(value);
  const std::size_t n = std::min<std::size_t>(length == 0 ? 0 : length - 1, value.size() - 4);
  return as_text(value.subspan(4, n));
}

bool is_secret(std::string_view name) {
  return name == "payload" || name == "pwd" || name == "key" || name == "nonce" || name == "password";
}

}  // namespace spanlight::mongodb
