#include "process/log.h"

#include <cstdio>
#include <ctime>
#include <mutex>

#include "record/json.h"

namespace spanlight {

namespace {

struct {
  LogLevel level = LogLevel::info;
  bool json = false;
  std::mutex mutex;
} g_log;

constexpr const char* kNames[] = {"error", "warning", "info", "debug"};

}  // namespace

void set_log(LogLevel level, bool json) {
  const std::lock_guard lock(g_log.mutex);
  g_log.level = level;
  g_log.json = json;
}

void log(LogLevel level, const std::string& sentence) {
  const std::lock_guard lock(g_log.mutex);
  if (level > g_log.level) return;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc;
  gmtime_r(&now.tv_sec, &utc);
  char time[40];
  const std::size_t n = std::strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(time + n, sizeof(time) - n, ".%03ldZ", now.tv_nsec / 1'000'000);
  const char* name = kNames[static_cast<std::size_t>(level)];
  TextBuffer text;
  append_json_string(text, sentence);
  const std::string_view quoted = text.view();
  if (g_log.json) {
    std::fprintf(stderr, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":%.*s}\n", time, name,
                 static_cast<int>(quoted.size()), quoted.data());
  } else {
    std::fprintf(stderr, "%s %s: %s\n", time, name, sentence.c_str());
  }
}

}  // namespace spanlight
