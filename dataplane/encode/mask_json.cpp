// JSON keys. Two readers: a strict one that knows where it is, and one without state for text that only
// contains JSON.

#include <algorithm>
#include <array>
#include <cstring>

#include "encode/mask.h"

namespace spanlight {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '+' || c == '.';
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_word(text[at])) ++at;
  return at;
}

// Backslashes right before `at`, not looking below `from`.
std::size_t backslashes_before(std::string_view text, std::size_t from, std::size_t at) {
  std::size_t count = 0;
  while (at - count > from && text[at - count - 1] == '\\') ++count;
  return count;
}

// Index of the quote that ends the string whose contents start at `from`; the size if the text ends first.
std::size_t string_end(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while ((at = text.find('"', at)) != std::string_view::npos) {
    if (backslashes_before(text, from, at) % 2 == 0) return at;
    ++at;
  }
  return text.size();
}

int hex4(std::string_view text, std::size_t at) {
  if (text.size() - at < 4) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = lower(text[i]);
    if (c >= '0' && c <= '9')
      value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + (c - 'a' + 10);
    else
      return -1;
  }
  return value;
}

// Escapes are resolved however many backslashes lead them in, and unknown ones stand for their letter:
// lenient parsers do the same. Surrogate pairs are not joined: a key with letters beyond U+FFFF is found in
// its plain spelling only.
bool named_key(std::string_view raw, const NameSet& names) {
  if (raw.find('\\') == std::string_view::npos) return names.contains(trimmed(raw));
  constexpr std::size_t kEscapeBytesMax = 12;  // a letter as \u0070, and as deep again inside a string
  if (raw.size() > kEscapeBytesMax * NameSet::kNameBytesMax) return false;
  std::array<char, NameSet::kNameBytesMax + 4> key;
  std::size_t size = 0;
  for (std::size_t i = 0; i < raw.size();) {
    if (size > NameSet::kNameBytesMax) return false;
    if (raw[i] != '\\') {
      key[size++] = raw[i++];
      continue;
    }
    while (i < raw.size() && raw[i] == '\\') ++i;
    if (i == raw.size()) break;
    const int code = lower(raw[i]) == 'u' ? hex4(raw, i + 1) : -1;
    if (code < 0) {
      key[size++] = raw[i++];
      continue;
    }
    i += 5;
    if (code >= 0x800) key[size++] = static_cast<char>(0xe0 | code >> 12);
    if (code >= 0x80) {
      key[size++] = static_cast<char>(code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6);
      key[size++] = static_cast<char>(0x80 | (code & 0x3f));
    } else {
      key[size++] = static_cast<char>(code);
    }
  }
  return names.contains(trimmed({key.data(), size}));
}

// A JSON literal, or at the text's end the start of one.
bool is_literal(std::string_view word, bool at_end) {
  if (word.empty()) return false;
  if (word[0] == '-' || (word[0] >= '0' && word[0] <= '9'))
    return word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  for (const std::string_view known : {"true", "false", "null"})
    if (word == known || (at_end && known.starts_with(word))) return true;
  return false;
}

// Past the object or array at `at`, or the size. Depth is counted, not remembered: the kinds of brackets may
// differ.
std::size_t nested_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at + 1);
      if (at == text.size()) break;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
    ++at;
  }
  return text.size();
}

// Writes a string of `*` over [from, to), which was a whole value: the text stays JSON. One byte cannot hold
// a string.
void mask_value(MutableBytes bytes, std::size_t from, std::size_t to, bool closed) {
  if (to - from == 1 && closed) {
    bytes[from] = '0';
    return;
  }
  mask_range(bytes, from, to);
  bytes[from] = '"';
  if (closed) bytes[to - 1] = '"';
}

// Masks the value at `at`; gives the index behind it, or nothing when no JSON value starts there.
bool mask_json_value(MutableBytes bytes, std::size_t& at) {
  const std::string_view text = as_text(bytes);
  if (at == text.size()) return true;
  const char c = text[at];
  std::size_t end = 0;
  bool closed = true;
  if (c == '"') {
    end = string_end(text, at + 1);
    closed = end < text.size();
    if (closed) ++end;
  } else if (c == '{' || c == '[') {
    end = nested_end(text, at);
    closed = end < text.size() || text.back() == '}' || text.back() == ']';
  } else {
    end = word_end(text, at);
    if (!is_literal(text.substr(at, end - at), end == text.size())) return false;
  }
  mask_value(bytes, at, end, closed);
  at = end;
  return true;
}

}  // namespace

bool looks_like_json(Bytes bytes) {
  std::string_view text = as_text(bytes);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::size_t at = skip_space(text, 0);
  return at < text.size() && (text[at] == '{' || text[at] == '[');
}

JsonOutcome mask_json(MutableBytes bytes, const NameSet& names) {
  const std::string_view text = as_text(bytes);
  bool changed = false;
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    const char c = text[at];
    if (is_space(c) || c == ',' || c == ':' || c == '{' || c == '}' || c == '[' || c == ']') {
      ++at;
    } else if (c == '"') {
      const std::size_t end = string_end(text, at + 1);
      if (end == text.size()) break;
      std::size_t next = skip_space(text, end + 1);
      if (next < text.size() && text[next] == ':' && named_key(text.substr(at + 1, end - at - 1), names)) {
        next = skip_space(text, next + 1);
        if (next < text.size()) changed = true;
        if (!mask_json_value(bytes, next)) return JsonOutcome::not_json;
        at = next;
      } else {
        at = end + 1;
      }
    } else {
      const std::size_t end = word_end(text, at);
      if (!is_literal(text.substr(at, end - at), end == text.size())) return JsonOutcome::not_json;
      at = end;
    }
  }
  return changed ? JsonOutcome::changed : JsonOutcome::unchanged;
}

namespace {

// Past the quoted value whose opening quote stands at `quote` behind `depth` backslashes: the next quote that
// is not escaped deeper than that.
std::size_t quoted_value_end(std::string_view text, std::size_t quote, std::size_t depth) {
  std::size_t at = quote + 1;
  while ((at = text.find('"', at)) != std::string_view::npos) {
    if (backslashes_before(text, quote + 1, at) <= depth) return at;
    ++at;
  }
  return text.size();
}

// Masks the values of named keys, up to the first that is an object or array: its end cannot be told. Gives
// where that begins; the size where there is none.
std::size_t mask_plain_values(MutableBytes bytes, const NameSet& names, bool& changed) {
  const std::string_view text = as_text(bytes);
  std::size_t open = text.find('"');
  while (open != std::string_view::npos) {
    const std::size_t close = text.find('"', open + 1);
    if (close == std::string_view::npos) break;
    const std::size_t key_end = close - backslashes_before(text, open + 1, close);
    std::size_t next = skip_space(text, close + 1);
    if (next == text.size() || text[next] != ':' ||
        !named_key(text.substr(open + 1, key_end - open - 1), names)) {
      open = close;
      continue;
    }
    next = skip_space(text, next + 1);
    if (next == text.size()) break;
    if (text[next] == '{' || text[next] == '[') return next;
    std::size_t depth = 0;
    while (next + depth < text.size() && text[next + depth] == '\\') ++depth;
    std::size_t end = 0;
    if (next + depth < text.size() && text[next + depth] == '"') {
      next += depth + 1;
      end = quoted_value_end(text, next - 1, depth);
      // The backslashes that belong to the closing quote stay, so that the text around keeps its shape.
      if (end < text.size()) end -= backslashes_before(text, next, end);
    } else {
      end = std::min(text.find_first_of(",}] \t\r\n\"\\", next), text.size());
    }
    changed |= mask_range(bytes, next, end);
    if (end - next == 1 && text[next - 1] != '"') bytes[next] = '0';  // as mask_value() does
    open = end < text.size() ? text.find('"', end) : std::string_view::npos;
    // Behind a quoted value its own closing quote is next: it opens no key.
    if (depth > 0 || (next > 0 && text[next - 1] == '"'))
      open = open == std::string_view::npos ? open : text.find('"', open + 1);
  }
  return text.size();
}

}  // namespace

JsonOutcome mask_quoted_keys(MutableBytes bytes, const NameSet& names) {
  bool changed = false;
  if (mask_plain_values(bytes, names, changed) < bytes.size()) return JsonOutcome::not_json;
  return changed ? JsonOutcome::changed : JsonOutcome::unchanged;
}

bool mask_keys_in_text(MutableBytes bytes, const NameSet& names) {
  bool changed = false;
  if (looks_like_json(bytes)) {
    const JsonOutcome strict = mask_json(bytes, names);
    changed = strict == JsonOutcome::changed;
    // In JSON only a string can hide further keys, and its quotes are escaped there.
    const bool nested = as_text(bytes).find("\\\"") != std::string_view::npos;
    if (strict != JsonOutcome::not_json && !nested) return changed;
  }
  const std::size_t open = mask_plain_values(bytes, names, changed);
  return mask_range(bytes, open, bytes.size()) || changed;
}

}  // namespace spanlight
