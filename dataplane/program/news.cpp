#include "program/news.h"

#include <algorithm>

namespace spanlight {

void News::add_lines(Topic& topic, TimeNs now) {
  const TimeNs due = (now - topic.counted) / kLineEveryNs;
  topic.lines = static_cast<unsigned>(std::min<TimeNs>(topic.lines + due, kLinesAtOnce));
  topic.counted = topic.lines == kLinesAtOnce ? now : topic.counted + due * kLineEveryNs;
}

std::optional<std::string> News::look(const std::string& name, const std::string& sentence,
                                      const std::string& well, TimeNs now) {
  Topic& topic = topics_[name];
  add_lines(topic, now);
  if (sentence != topic.sentence) {
    topic.sentence = sentence;
    ++topic.changes;
  }
  if (topic.changes == 0 || topic.lines == 0) return std::nullopt;
  --topic.lines;
  std::string line = sentence.empty() ? well : sentence;
  if (topic.changes > 1)
    line +=
        " (it came or went " + std::to_string(topic.changes - 1) + " times more since the last word of it)";
  topic.changes = 0;
  return line;
}

}  // namespace spanlight
