#pragma once
// Words for people: the nearest word to a mistyped one, paragraphs wrapped to a width, numbers as people
// write them. Pure, except terminal_columns().

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spanlight::text {

// Edits (insert, delete, replace, swap neighbours) that make `b` of `a`; case does not count, nor do - and _.
std::size_t distance(std::string_view a, std::string_view b);

// The candidate that `word` was most likely meant to be, or empty if none is near enough to be worth a guess.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

// `text` in lines of at most `columns`, each behind `indent` spaces; a word that is longer stands alone. Ends
// in a newline.
std::string wrap(std::string_view text, unsigned columns, unsigned indent);

// "a, b or c"; empty for none.
std::string one_of(std::span<const std::string_view> words, std::string_view last = "or");

// A whole decimal number without sign, nothing else; false if it is not one or does not fit.
bool parse_number(std::string_view text, std::uint64_t& out);

// Columns of the terminal behind file descriptor `fd`, 80 if there is none, kColumnsMax at most.
constexpr unsigned kColumnsMax = 100;
unsigned terminal_columns(int fd);

}  // namespace spanlight::text
