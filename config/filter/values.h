#pragma once
// What the predicate does with values: comparison, arithmetic, search. Pure; the same answers as ClickHouse
// gives.

#include <compare>
#include <cstdint>
#include <string_view>

#include "filter/program.h"

namespace spanlight::filter {

using Ordering = std::partial_ordering;

bool holds(Comparison comparison, Ordering order);

// Exactly, as ClickHouse does: not by rounding the integer.
Ordering compare_mixed(std::int64_t integer, double number);

// Two's complement, without undefined behaviour; by zero, and the least number by -1: 0.
std::int64_t wrapping(Op op, std::int64_t a, std::int64_t b);
double of_numbers(Op op, double a, double b);

bool has_substring(std::string_view text, std::string_view part);
bool has_folded(std::string_view text, std::string_view part);  // `part` is lower case

// As ClickHouse's lengthUTF8: every byte that does not continue a character.
std::int64_t characters(std::string_view text);

bool inside(const wire::Address& address, const Network& network);

// What of a field can be compared with: one kind, or, where it is absent, the zero of every kind.
struct Comparable {
  bool is_text = true, is_numeric = true, is_boolean = true;
  bool is_number = false;  // numeric, and not an integer
  std::string_view text;
  std::int64_t integer = 0;
  double number = 0;
};
Comparable comparable(const wire::Field* field);

// Unlike kinds: unordered, which is unequal.
Ordering compare_values(const Comparable& a, const Comparable& b);

}  // namespace spanlight::filter
