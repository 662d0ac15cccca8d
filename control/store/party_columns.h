#pragma once
// The columns that say who an end is, for both ends of a call and for the table of names.

#include <array>
#include <string>
#include <string_view>

#include "record/call.h"
#include "store/native_block.h"

namespace spanlight {

class PartyColumns {
 public:
  void append(const Party* party) {
    const Places& places = places_of(party);
    for (std::size_t column = 0; column < kNames; ++column) names_[column].append_place(places.names[column]);
    labels_.append(places.labels);
    if (places.labels > 0) append_labels(*party);
  }

  // Each hands its columns to write(name, type, content), in the order of the tables.
  template <typename Write>
  void write_names(const Write& write) const {
    static constexpr std::string_view kNameOf[kNames] = {"name",          "namespace", "pod", "service",
                                                         "workload_kind", "workload",  "node"};
    for (std::size_t column = 0; column < kNames; ++column)
      write(kNameOf[column], "LowCardinality(String)", [&, column](TextBuffer& out) {
        native::Dictionary::write_prefix(out);
        names_[column].write(out);
      });
  }
  template <typename Write>
  void write_labels(const Write& write) const {
    write("labels", "Map(LowCardinality(String), String)", [this](TextBuffer& out) {
      native::Dictionary::write_prefix(out);
      labels_.write(out);
      label_names_.write(out);
      label_values_.write(out);
    });
  }
  void clear();

 private:
  static constexpr std::size_t kNames = 7;
  static constexpr std::size_t kRemembered = 1'024;
  struct Places {
    const Party* party = nullptr;
    std::array<std::uint32_t, kNames> names{};
    std::uint32_t labels = 0;
  };

  // A party is an immutable object that thousands of calls share: looked up by its address.
  const Places& places_of(const Party* party) {
    Places& at = remembered_[reinterpret_cast<std::uintptr_t>(party) / alignof(Party) / 8 % kRemembered];
    if (at.party != party) learn(at, *party);
    return at;
  }
  void learn(Places& at, const Party& party);
  void append_labels(const Party& party);

  std::array<native::Dictionary, kNames> names_;
  native::Ends labels_;
  native::Dictionary label_names_;
  native::Texts label_values_;
  std::array<Places, kRemembered> remembered_{};
};

}  // namespace spanlight
