#include "store/store.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "settings/control.h"

namespace spanlight {
namespace {

constexpr std::chrono::milliseconds kTryTablesEvery{300};
constexpr std::chrono::seconds kLookForRoomEvery{20};

Layout layout_of(const ControlSettings& settings) {
  Layout layout;
  layout.database = settings.store_database;
  layout.cluster = settings.store_url.empty() ? std::string{} : settings.store_cluster;
  layout.keep_hours = settings.store_keep_hours;
  layout.keep_bytes = std::uint64_t{settings.store_keep_gb} << 30;
  layout.fsync = settings.store_fsync;
  return layout;
}

WriterOptions writer_options(const ControlSettings& settings) {
  WriterOptions options;
  options.batch_rows = settings.store_batch_rows;
  options.batch_ms = settings.store_batch_ms;
  options.queue_bytes = std::size_t{settings.store_queue_mb} << 20;
  // Replicas note a token together with its part; one that is asked may lag behind.
  options.asks_after_trouble = layout_of(settings).cluster.empty();
  if (settings.store_url.empty()) options.merge_pause.emplace();
  return options;
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Calls take(first column, rest) for each line of an answer in TabSeparated.
template <typename Take>
void each_line(std::string_view answer, const Take& take) {
  while (!answer.empty()) {
    const std::string_view line = answer.substr(0, answer.find('\n'));
    answer.remove_prefix(std::min(answer.size(), line.size() + 1));
    const std::size_t tab = line.find('\t');
    take(line.substr(0, tab), tab == std::string_view::npos ? std::string_view{} : line.substr(tab + 1));
  }
}

}  // namespace

Store::Store(const ControlSettings& settings, Log log, const std::string& program)
    : layout_(layout_of(settings)), log_(std::move(log)) {
  ClickHouse::Options options;
  options.database = settings.store_database;
  if (settings.store_url.empty()) {
    std::filesystem::create_directories(settings.store_directory);
    process_ = std::make_unique<StoreProcess>(
        StoreProcessOptions{
            .program = program, .directory = settings.store_directory, .memory_mb = settings.store_memory_mb},
        log_);
    options.socket = process_->socket();
  } else {
    options.url = settings.store_url;
    options.user = settings.store_user;
    options.password_file = settings.store_password_file;
  }
  client_ = std::make_unique<ClickHouse>(options);
  writer_ = std::make_unique<StoreWriter>(*client_, writer_options(settings), log_);
  thread_ = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
}

Store::~Store() {
  writer_->stop();
  thread_.request_stop();
  thread_.join();
}

StoreStatus Store::status() const {
  const std::lock_guard lock(mutex_);
  StoreStatus status = status_;
  if (process_ != nullptr) {
    status.child_starts = process_->starts();
    status.child_hangs = process_->hangs();
    if (!process_->healthy()) {
      status.ready = false;
      status.trouble = process_->trouble();
    }
  }
  return status;
}

bool Store::wait_ready(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return status_.ready; });
}

void Store::set_well() {
  const std::lock_guard lock(mutex_);
  status_.ready = true;
  status_.trouble.clear();
}

void Store::set_trouble(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  // A child that is not up yet says for itself why.
  const bool news = status_.trouble != sentence && (process_ == nullptr || process_->healthy());
  status_.trouble = sentence;
  if (news && log_) log_("store: " + sentence);
}

// Brings the tables to what this version and these settings want. False: try again.
bool Store::make_tables(const std::stop_token& stop) {
  const auto run = [&](const std::string& sql) {
    return client_->ask({.sql = sql, .in_database = false}, stop);
  };
  int version = 0;
  bool found = false;
  each_line(run(version_question(layout_)), [&](std::string_view first, std::string_view) {
    found = true;
    version = static_cast<int>(number_in(first));
  });
  if (version > kSchemaVersion) {
    set_trouble("its tables are of version " + std::to_string(version) +
                ", made by a newer Spanlight; this one knows " + std::to_string(kSchemaVersion));
    return false;
  }
  Layout layout = layout_;
  each_line(run(settings_question()),
            [&](std::string_view name, std::string_view) { layout.known_settings.emplace_back(name); });
  for (const std::string& sql : create_statements(layout)) run(sql);
  if (found)
    for (const std::string& sql : upgrade_statements(layout, version)) run(sql);
  return true;
}

void Store::make_room(const std::stop_token& stop) {
  std::vector<std::pair<std::string, std::uint64_t>> parts;
  std::uint64_t total = 0;
  each_line(client_->ask({.sql = parts_question(layout_), .in_database = false}, stop),
            [&](std::string_view name, std::string_view bytes) {
              parts.emplace_back(name, number_in(bytes));
              total += parts.back().second;
            });
  std::uint64_t dropped = 0;
  for (const auto& [name, bytes] : parts) {
    if (layout_.keep_bytes == 0 || total <= layout_.keep_bytes || dropped + 1 == parts.size()) break;
    try {
      client_->ask({.sql = drop_statement(layout_, name), .in_database = false}, stop);
    } catch (const StoreError& error) {
      // A part that was merged meanwhile is part of another: the next look finds that.
      if (error.kind() != StoreError::Kind::refused) throw;
      break;
    }
    total -= bytes;
    ++dropped;
  }
  const std::lock_guard lock(mutex_);
  status_.bytes = total;
  status_.parts_dropped += dropped;
}

void Store::keep_house(const std::stop_token& stop) {
  std::uint64_t tables_of = ~std::uint64_t{0};  // the child's start that they were made in
  while (!stop.stop_requested()) {
    const std::uint64_t start = process_ == nullptr ? 0 : process_->starts();
    bool away = false;
    try {
      if (start != tables_of && make_tables(stop)) {
        tables_of = start;
        set_well();
      }
      if (start == tables_of) {
        make_room(stop);
        set_well();
      }
    } catch (const StoreError& error) {
      away = error.kind() != StoreError::Kind::refused;
      if (!stop.stop_requested()) set_trouble(error.what());
      // Whether a child is up its process knows; of a server this is all that tells.
      const std::lock_guard lock(mutex_);
      if (away && process_ == nullptr) status_.ready = false;
    }
    changed_.notify_all();
    std::unique_lock lock(mutex_);
    const auto begun = std::chrono::steady_clock::now();
    const bool settled = start == tables_of && !away;
    changed_.wait_for(lock, stop, settled ? kLookForRoomEvery : kTryTablesEvery, [&] {
      const bool restarted = process_ != nullptr && process_->starts() != tables_of;
      return restarted && std::chrono::steady_clock::now() - begun >= kTryTablesEvery;
    });
  }
}

}  // namespace spanlight
