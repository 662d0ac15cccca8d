#include "program/chosen_targets.h"

#include "process/clock.h"
#include "settings/control_load.h"

namespace spanlight {

ChosenTargets::ChosenTargets(ClusterSide& cluster, const TapSettings& settings, const std::string& file,
                             Say say)
    : cluster_(cluster),
      say_(std::move(say)),
      file_(file.empty() ? std::nullopt : std::optional<ChoiceFile>(std::in_place, file)),
      settings_(settings) {}

void ChosenTargets::restore() {
  if (!file_) return;
  const std::lock_guard held(lock_);
  std::string fault;
  const std::optional<KeptChoice> choice = file_->read(fault);
  if (!choice) {
    if (!fault.empty()) say_(LogLevel::warning, fault + ": the settings' targets (tap) hold");
    return;
  }
  if (choice->settings != settings_) {
    say_(LogLevel::info,
         "the settings' targets (tap) have changed since targets were chosen at run time: the settings hold");
    return forget();
  }
  if (fault = cluster_.begin_with(choice->chosen); !fault.empty())
    return say_(LogLevel::warning, "targets that were chosen at run time cannot be any more: " + fault);
  state_ = {true, true};
  say_(LogLevel::info, "targets that were chosen at run time are in force again, from " + file_->path());
}

std::string ChosenTargets::choose(const TapSettings& tap) {
  const std::lock_guard held(lock_);
  if (std::string fault = cluster_.change(tap); !fault.empty()) return fault;
  if (tap == settings_) {  // nothing that the settings do not say
    forget();
    return {};
  }
  const std::string fault = file_ ? file_->write({tap, settings_, wall_clock_ns()}) : std::string();
  if (!fault.empty()) say_(LogLevel::warning, "targets are in force, and lost at a restart: " + fault);
  state_ = {true, file_ && fault.empty()};
  return {};
}

std::string ChosenTargets::settings_changed(const TapSettings& tap) {
  const std::lock_guard held(lock_);
  if (std::string fault = cluster_.change(tap); !fault.empty()) return fault;
  settings_ = tap;
  if (state_.chosen)
    say_(LogLevel::info, "the settings' targets (tap) replace those that were chosen at run time");
  forget();
  return {};
}

// What stays behind would hold again after a restart, as long as the settings are as they were then.
void ChosenTargets::forget() {
  state_ = {false, true};
  const std::string fault = file_ ? file_->remove() : std::string();
  if (!fault.empty()) say_(LogLevel::warning, fault);
}

ChosenTargets::State ChosenTargets::state() const {
  const std::lock_guard held(lock_);
  return state_;
}

}  // namespace spanlight
