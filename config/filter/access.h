#pragma once
// Reading a record for the predicate: variables, fields, maps. Views into the record, or into Scratch where a
// value has to be put together. One for each match, on the stack; allocates only for values beyond Scratch's
// room.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "filter/types.h"
#include "record/call.h"
#include "record/names.h"
#include "record/reader.h"

namespace spanlight::filter {

// Memory for values that stand nowhere in the record. Freed as a whole, or back to a mark.
class Scratch {
 public:
  char* room(std::size_t bytes) {
    if (bytes <= inline_.size() - used_) {
      char* at = inline_.data() + used_;
      used_ += bytes;
      return at;
    }
    return more(bytes);
  }
  std::string_view join(std::string_view a, std::string_view between, std::string_view b);
  std::string_view copy(std::string_view text) { return join(text, {}, {}); }

  struct Mark {
    std::size_t used;
    std::size_t blocks;
  };
  Mark mark() const { return {used_, blocks_.size()}; }
  void back_to(Mark mark) {
    used_ = mark.used;
    blocks_.resize(mark.blocks);
  }

 private:
  char* more(std::size_t bytes);

  std::array<char, 512> inline_;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

class RecordView {
 public:
  RecordView(const Call& call, Scratch& scratch) : call_(call), scratch_(scratch) {}

  std::string_view text(Var var) const;  // also addresses, as their text
  std::int64_t integer(Var var) const;   // also times
  bool boolean(Var var) const;
  const wire::Address& address(Var var) const;

  // The field where the record has it, in the order of `ref.side`.
  const wire::Field* field(const FieldRef& ref) const;

  std::optional<std::string_view> map_get(Var map, std::string_view key) const;
  std::int64_t map_size(Var map) const;

  // Each element of a list, each key of a map; until `take` answers true, which is then the answer.
  template <typename Take>
  bool any_text(Var list, Take take) const;
  template <typename Take>
  bool any_key(Var map, Take take) const;
  const flatbuffers::Vector<std::uint16_t>* vlans() const { return call_.record->vlans(); }

 private:
  std::string_view word(Var var) const;
  std::string_view message_text(Var var) const;
  std::string_view end_text(Var var) const;
  std::string_view enumeration(Var var) const;
  std::int64_t code(Var var) const;
  std::string_view hex(std::uint64_t high, bool both, std::uint64_t low) const;
  std::optional<std::string_view> header(const wire::Message* message, std::string_view name) const;
  const std::vector<Label>* labels(Var map) const;

  const Call& call_;
  Scratch& scratch_;
};

bool equal_folded(std::string_view a, std::string_view b);  // whatever the case of A-Z
char folded(char c);

// name=value pieces of a Cookie or Set-Cookie header, or of a query.
struct Piece {
  std::string_view name;
  std::string_view value;
};
// Calls `take` for each piece of each text; `first_only`: what stands behind the first separator is not one.
class Pieces {
 public:
  Pieces(std::string_view text, char separator, bool first_only)
      : rest_(text), separator_(separator), first_only_(first_only) {}
  // The next text between separators; false: there is none.
  bool next(std::string_view& piece) {
    if (done_) return false;
    const std::size_t end = rest_.find(separator_);
    piece = rest_.substr(0, end);
    done_ = end == std::string_view::npos || first_only_;
    if (!done_) rest_.remove_prefix(end + 1);
    return true;
  }

 private:
  std::string_view rest_;
  char separator_;
  bool first_only_;
  bool done_ = false;
};

// A cookie: blanks around it do not count, one without "=" is none.
bool cookie_of(std::string_view text, Piece& piece);
// A parameter: without "=" its value is empty; an empty one is none.
bool parameter_of(std::string_view text, Piece& piece);

template <typename Take>
bool any_cookie(const wire::Message* message, bool request, Take take) {
  if (message == nullptr) return false;
  HeaderReader headers(*message);
  while (const std::optional<Header> header = headers.next()) {
    if (!equal_folded(header->name, request ? "cookie" : "set-cookie")) continue;
    Pieces pieces(header->value, ';', !request);
    std::string_view text;
    for (Piece piece; pieces.next(text);)
      if (cookie_of(text, piece) && take(piece)) return true;
  }
  return false;
}

template <typename Take>
bool any_parameter(std::string_view query, Take take) {
  Pieces pieces(query, '&', false);
  std::string_view text;
  for (Piece piece; pieces.next(text);)
    if (parameter_of(text, piece) && take(piece)) return true;
  return false;
}

template <typename Take>
bool RecordView::any_text(Var list, Take take) const {
  const auto both = [&](Var a, Var b) {
    const std::string_view first = text(a), second = text(b);
    if (!first.empty() && take(first)) return true;
    return !second.empty() && second != first && take(second);
  };
  switch (list) {
    case Var::flags:
      for (std::size_t bit = 0; bit < kFlagCount; ++bit)
        if ((call_.record->flags() >> bit & 1u) != 0 && take(flag_name(bit))) return true;
      return false;
    case Var::namespaces:
      return both(Var::src_namespace, Var::dst_namespace);
    case Var::pods:
      return both(Var::src_pod, Var::dst_pod);
    case Var::services:
      return both(Var::src_service, Var::dst_service);
    case Var::dns_resolutions:
      return both(Var::src_dns, Var::dst_dns);
    default:
      return false;
  }
}

template <typename Take>
bool RecordView::any_key(Var map, Take take) const {
  switch (map) {
    case Var::request_headers:
    case Var::response_headers: {
      const bool request = map == Var::request_headers;
      const wire::Message* message = request ? call_.record->request() : call_.record->response();
      if (message == nullptr) return false;
      HeaderReader headers(*message);
      while (const std::optional<Header> header = headers.next()) {
        const Scratch::Mark mark = scratch_.mark();
        char* lower = scratch_.room(header->name.size());
        for (std::size_t i = 0; i < header->name.size(); ++i) lower[i] = folded(header->name[i]);
        if (take(std::string_view(lower, header->name.size()))) return true;
        scratch_.back_to(mark);
      }
      return false;
    }
    case Var::request_cookies:
      return any_cookie(call_.record->request(), true, [&](const Piece& p) { return take(p.name); });
    case Var::response_cookies:
      return any_cookie(call_.record->response(), false, [&](const Piece& p) { return take(p.name); });
    case Var::query_parameters:
      return any_parameter(text_of(call_.record->query_string()),
                           [&](const Piece& p) { return take(p.name); });
    default: {
      const std::vector<Label>* list = labels(map);
      if (list == nullptr) return false;
      for (const Label& label : *list)
        if (take(std::string_view(label.name))) return true;
      return false;
    }
  }
}

}  // namespace spanlight::filter
