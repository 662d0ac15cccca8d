#pragma once
// What is worth a line in the log. Of each topic: what is true changes, and each change is news, also that it
// is over; but what comes and goes all the time gets some lines at once and one a minute from then on, which
// says how much was passed over. One thread's.

#include <map>
#include <optional>
#include <string>

#include "core/time_ns.h"

namespace spanlight {

class News {
 public:
  static constexpr unsigned kLinesAtOnce = 6;
  static constexpr DurationNs kLineEveryNs = 60 * kSecondNs;

  // What is true of the topic at this look; empty: all is well, for which the words are `well`. Answers the
  // line that is to be said. `now`: of a clock that never goes back.
  std::optional<std::string> look(const std::string& topic, const std::string& sentence,
                                  const std::string& well, TimeNs now);

 private:
  struct Topic {
    std::string sentence;
    unsigned changes = 0;           // since a line was said
    unsigned lines = kLinesAtOnce;  // that may still be said
    TimeNs counted = 0;             // when a line was last added to those
  };
  static void add_lines(Topic& topic, TimeNs now);

  std::map<std::string, Topic> topics_;
};

}  // namespace spanlight
