#pragma once
// The targets that were chosen at run time, in a file, so that a restart does not forget them: JSON, mode
// 0600, replaced as a whole. Each call does its own opening and closing; one caller at a time.

#include <cstdint>
#include <optional>
#include <string>

#include "settings/control.h"

namespace spanlight {

struct KeptChoice {
  TapSettings chosen;
  // What the settings file said when it was made: a file that says something else by now is newer than the
  // choice.
  TapSettings settings;
  std::uint64_t made_ns = 0;

  bool operator==(const KeptChoice&) const = default;
};

class ChoiceFile {
 public:
  explicit ChoiceFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // Nothing where there is none; `fault` is a sentence where there is one that cannot be read.
  std::optional<KeptChoice> read(std::string& fault) const;
  // A sentence where it cannot be; then what was there before is there still.
  std::string write(const KeptChoice& choice) const;
  std::string remove() const;  // none there is well

 private:
  const std::string path_;
};

}  // namespace spanlight
