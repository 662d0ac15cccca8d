#include "filter/values.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "filter/access.h"
#include "record/reader.h"

namespace spanlight::filter {

Comparison flipped(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return Comparison::greater;
    case Comparison::less_equal:
      return Comparison::greater_equal;
    case Comparison::greater:
      return Comparison::less;
    case Comparison::greater_equal:
      return Comparison::less_equal;
    default:
      return comparison;
  }
}

bool holds(Comparison comparison, Ordering order) {
  switch (comparison) {
    case Comparison::equal:
      return order == Ordering::equivalent;
    case Comparison::unequal:
      return order != Ordering::equivalent;
    case Comparison::less:
      return order == Ordering::less;
    case Comparison::less_equal:
      return order == Ordering::less || order == Ordering::equivalent;
    case Comparison::greater:
      return order == Ordering::greater;
    case Comparison::greater_equal:
      return order == Ordering::greater || order == Ordering::equivalent;
  }
  return false;
}

Ordering compare_mixed(std::int64_t integer, double number) {
  if (number != number) return Ordering::unordered;
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (number >= kBeyond) return Ordering::less;
  if (number < -kBeyond) return Ordering::greater;
  const auto whole = static_cast<std::int64_t>(number);  // towards zero
  if (integer != whole) return integer < whole ? Ordering::less : Ordering::greater;
  const double rest = number - static_cast<double>(whole);
  return rest == 0 ? Ordering::equivalent : rest > 0 ? Ordering::less : Ordering::greater;
}

std::int64_t wrapping(Op op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const bool undefined = b == 0 || (a == kLeast && b == -1);
  switch (op) {
    case Op::add:
      return static_cast<std::int64_t>(x + y);
    case Op::subtract:
      return static_cast<std::int64_t>(x - y);
    case Op::multiply:
      return static_cast<std::int64_t>(x * y);
    case Op::divide:
      return undefined ? 0 : a / b;
    case Op::modulo:
      return undefined ? 0 : a % b;
    default:
      return 0;
  }
}

double of_numbers(Op op, double a, double b) {
  switch (op) {
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;  // IEC 60559: by zero is infinite or not a number
    default:
      return 0;
  }
}

bool has_substring(std::string_view text, std::string_view part) {
  if (part.empty()) return true;
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool has_folded(std::string_view text, std::string_view part) {
  if (part.empty()) return true;
  if (text.size() < part.size()) return false;
  const char first = part[0];
  const char other = first >= 'a' && first <= 'z' ? static_cast<char>(first - 'a' + 'A') : first;
  const std::size_t last = text.size() - part.size();
  for (std::size_t i = 0; i <= last; ++i) {
    if (text[i] != first && text[i] != other) continue;
    if (equal_folded(text.substr(i, part.size()), part)) return true;
  }
  return false;
}

std::int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

bool inside(const wire::Address& address, const Network& network) {
  const auto not_before = [](const wire::Address& a, const wire::Address& b) {
    return a.high() != b.high() ? a.high() > b.high() : a.low() >= b.low();
  };
  return not_before(address, network.first) && not_before(network.last, address);
}

Comparable comparable(const wire::Field* field) {
  if (field == nullptr) return {};
  const wire::FieldKind kind = field->kind();
  Comparable out;
  out.is_text = kind == wire::FieldKind::text;
  out.is_boolean = kind == wire::FieldKind::boolean;
  out.is_number = kind == wire::FieldKind::number;
  out.is_numeric = out.is_number || kind == wire::FieldKind::integer;
  if (out.is_text) out.text = text_of(field->text());
  if (out.is_number) out.number = field->number();
  if (kind == wire::FieldKind::integer) out.integer = field->integer();
  if (out.is_boolean) out.integer = field->integer() != 0 ? 1 : 0;
  return out;
}

Ordering compare_values(const Comparable& a, const Comparable& b) {
  if (a.is_text && b.is_text) return a.text <=> b.text;
  if (a.is_numeric && b.is_numeric) {
    if (a.is_number && b.is_number) return a.number <=> b.number;
    if (b.is_number) return compare_mixed(a.integer, b.number);
    if (!a.is_number) return a.integer <=> b.integer;
    const Ordering order = compare_mixed(b.integer, a.number);
    return order == Ordering::less ? Ordering::greater : order == Ordering::greater ? Ordering::less : order;
  }
  if (a.is_boolean && b.is_boolean) return a.integer <=> b.integer;
  return Ordering::unordered;
}

}  // namespace spanlight::filter
