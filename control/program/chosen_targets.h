#pragma once
// Who decides what is captured: the settings file, or somebody at run time; and that the latter outlives a
// restart. The rule: what was said last holds. A choice of the API holds until the settings' `tap` says
// something else than when the choice was made, then the settings do, whether they are read again on HUP or
// at the next start. Any thread.

#include <mutex>
#include <optional>
#include <string>

#include "program/cluster_side.h"
#include "targets/choice_file.h"

namespace spanlight {

class ChosenTargets {
 public:
  using Say = ClusterSide::Say;

  // `file` empty: choices are not kept. Both outlive it.
  ChosenTargets(ClusterSide& cluster, const TapSettings& settings, const std::string& file, Say say);

  // Puts what was chosen in an earlier life into force, if it still holds. Once, before the cluster starts.
  void restore();
  // From the API: a sentence where these targets cannot be, and then nothing has changed.
  std::string choose(const TapSettings& tap);
  // From a reload: they say something else than before. A sentence where they cannot be, and then nothing has
  // changed.
  std::string settings_changed(const TapSettings& tap);

  struct State {
    bool chosen = false;  // at run time, not by the settings
    bool kept = true;     // and in force again after a restart
  };
  State state() const;

 private:
  void forget();

  ClusterSide& cluster_;
  const Say say_;
  const std::optional<ChoiceFile> file_;
  mutable std::mutex lock_;  // one change after the other, in force and in the file alike
  TapSettings settings_;
  State state_;
};

}  // namespace spanlight
