#include "query/pages.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "query/call_rows.h"
#include "query/conditions.h"
#include "store/call_block.h"

namespace spanlight {
namespace {

// Up to so many calls their places are found first, in light columns, and then they alone are read: a row of
// headers and bodies weighs a hundred times its place.
constexpr std::uint64_t kPlacesMax = 2'000;
// A window is measured by the calls in it, which the store counts without reading them: a range of time may
// hold them all in one minute.
constexpr std::uint64_t kFirstShare = 64;           // of the range: the first window, if it holds
constexpr std::uint64_t kFirstWindowMax = 200'000;  // no more calls than this
constexpr std::uint64_t kWindowLeast = 2'000;
constexpr double kWidenMost = 16;
constexpr std::chrono::milliseconds kWindowQuick{80}, kWindowShort{250}, kWindowLong{1'000};
constexpr std::chrono::milliseconds kShowAfter{300};  // what was found is shown at least so often
constexpr std::size_t kHexOfNumber = 16;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

ClickHouse::Pairs settings_of_rows() {
  // Small blocks: rows are wide, come as they are found, and a slow reader holds few.
  return {{"max_block_size", "2048"},
          {"preferred_block_size_bytes", "4000000"},
          {"output_format_parallel_formatting", "0"}};
}

// As text that IN understands: hundreds of function calls would cost more than finding the rows.
std::string time_literal(std::uint64_t time_ns) {
  constexpr std::size_t kSecondsDigits = 10, kNanosDigits = 9;
  const auto padded = [](std::uint64_t value, std::size_t digits) {
    const std::string text = std::to_string(value);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
  };
  time_ns = std::min(time_ns, kOrderTimeMax);
  return "'" + padded(time_ns / kSecondNs, kSecondsDigits) + "." + padded(time_ns % kSecondNs, kNanosDigits) +
         "'";
}

std::string ordered(bool newest_first) {
  return newest_first ? " ORDER BY time DESC, epoch DESC, record_id DESC"
                      : " ORDER BY time, epoch, record_id";
}

std::string behind(const Place& place, bool newest_first) {
  const std::string time = sql_time(place.time_ns);
  // The first condition is what the primary key understands.
  return "time " + std::string(newest_first ? "<= " : ">= ") + time + " AND (time, epoch, record_id) " +
         (newest_first ? "< (" : "> (") + time + ", " + std::to_string(place.epoch) + ", " +
         std::to_string(place.record_id) + ")";
}

using Clock = std::chrono::steady_clock;

std::uint64_t first_width(std::uint64_t low, std::uint64_t high) {
  return std::max<std::uint64_t>(1, (high - low) / kFirstShare);
}

// A page under way.
class Search {
 public:
  Search(const ClickHouse& client, const CallQuery& query, const OnCall& on_call,
         const OnProgress& on_progress, const std::stop_token& stop)
      : client_(client), query_(query), on_call_(on_call), on_progress_(on_progress), stop_(stop) {}
  Page run();

 private:
  bool find_range();
  std::uint64_t calls_between(std::uint64_t since_ns, std::uint64_t until_ns) const;
  std::uint64_t narrow(std::uint64_t low, std::uint64_t high, std::uint64_t& width) const;
  void jump(std::uint64_t& low, std::uint64_t& high) const;
  void measure(std::uint64_t calls, Clock::duration took);
  std::uint64_t wider(std::uint64_t width, std::uint64_t calls) const;
  void search_window(std::uint64_t since_ns, std::uint64_t until_ns);
  void stream_window(const Scope& window);
  void show_found();
  void tell(std::uint64_t reached_ns) const;
  bool take(StoredCall&& call);
  bool by_places() const { return query_.limit != 0 && query_.limit <= kPlacesMax; }
  std::uint64_t left() const { return query_.limit - page_.calls - found_.size(); }

  const ClickHouse& client_;
  const CallQuery& query_;
  const OnCall& on_call_;
  const OnProgress& on_progress_;
  const std::stop_token& stop_;
  std::uint64_t since_ns_ = 0, until_ns_ = 0;  // what is to be searched
  std::uint64_t window_max_ = kFirstWindowMax;
  std::string condition_;  // of the cursor
  Page page_;
  Place last_;
  std::vector<Place> found_;  // not shown yet
  Clock::time_point shown_ = Clock::now();
  bool ended_ = false;  // full, or the asker has enough
};

// Only where there are calls: most ranges that people ask for are wider.
bool Search::find_range() {
  const auto range = range_of_calls(client_, query_, stop_);
  if (!range) return false;
  since_ns_ = std::max(query_.since_ns, range->first_ns);
  until_ns_ = query_.until_ns == 0 ? range->last_ns + 1 : std::min(query_.until_ns, range->last_ns + 1);
  if (!query_.cursor.empty()) {
    const Place place = read_cursor(query_.cursor, query_.newest_first);
    condition_ = behind(place, query_.newest_first);
    if (query_.newest_first)
      until_ns_ = std::min(until_ns_, place.time_ns + 1);
    else
      since_ns_ = std::max(since_ns_, place.time_ns);
  }
  return since_ns_ < until_ns_;
}

std::uint64_t Search::calls_between(std::uint64_t since_ns, std::uint64_t until_ns) const {
  std::uint64_t calls = 0;
  ask_rows(client_,
           {.sql = "SELECT count() FROM calls" + where({.since_ns = since_ns, .until_ns = until_ns})}, stop_,
           [&](RowCursor& row) {
             const auto value = row.number<std::uint64_t>();
             if (row.good()) calls = value;
             return true;
           });
  return calls;
}

// Makes the window at the end of [low, high) that comes next narrow enough; gives the calls in it.
std::uint64_t Search::narrow(std::uint64_t low, std::uint64_t high, std::uint64_t& width) const {
  for (;;) {
    const std::uint64_t calls =
        query_.newest_first ? calls_between(high - width, high) : calls_between(low, low + width);
    if (calls <= window_max_ || width == 1) return calls;
    const double share = static_cast<double>(window_max_) / static_cast<double>(calls);
    width = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(static_cast<double>(width) * std::min(0.5, share)));
  }
}

// Nothing here: on to the next call in [low, high), however far away.
void Search::jump(std::uint64_t& low, std::uint64_t& high) const {
  if (low == high) return;
  const auto rest = range_of_calls(client_, {.since_ns = low, .until_ns = high}, stop_);
  if (query_.newest_first)
    high = rest ? rest->last_ns + 1 : low;
  else
    low = rest ? rest->first_ns : high;
}

void Search::measure(std::uint64_t calls, Clock::duration took) {
  if (took > kWindowLong)
    window_max_ = std::max(kWindowLeast, std::min(window_max_, calls) / 2);
  else if (calls * 4 >= window_max_ && took < kWindowShort)  // else it says nothing
    window_max_ *= took < kWindowQuick ? 4 : 2;
}

// What comes after a window: as many calls as fit, if they lie as close as in that one.
std::uint64_t Search::wider(std::uint64_t width, std::uint64_t calls) const {
  const double factor = std::min(kWidenMost, static_cast<double>(window_max_) / static_cast<double>(calls));
  const double next = static_cast<double>(width) * factor;
  const std::uint64_t most = until_ns_ - since_ns_;
  return next < static_cast<double>(most) ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(next))
                                          : most;
}

bool Search::take(StoredCall&& call) {
  last_ = {call.time_ns(), call.id().epoch, call.id().record_id};
  ++page_.calls;
  ended_ = !on_call_(std::move(call)) || (query_.limit != 0 && page_.calls == query_.limit);
  return !ended_;
}

void Search::search_window(std::uint64_t since_ns, std::uint64_t until_ns) {
  Scope window = query_;
  window.since_ns = since_ns;
  window.until_ns = until_ns;
  if (!by_places()) return stream_window(window);
  const auto places = find_places(client_, window, condition_, query_.newest_first, left(), stop_);
  found_.insert(found_.end(), places.begin(), places.end());
  if (left() == 0 || Clock::now() - shown_ > kShowAfter) show_found();
}

// One question for the calls of several windows: that of a few costs as much as that of many.
void Search::show_found() {
  const auto places = std::exchange(found_, {});
  read_places(
      client_, places, query_, query_.newest_first, query_.payloads,
      [this](StoredCall&& call) { return take(std::move(call)); }, stop_);
  shown_ = Clock::now();
}

void Search::stream_window(const Scope& window) {
  CallRows rows;
  const std::string limit = query_.limit == 0 ? std::string{} : " LIMIT " + std::to_string(left());
  ask_rows(client_,
           {.sql = "SELECT " + call_select_list(query_.payloads) + " FROM calls" + where(window, condition_) +
                   ordered(query_.newest_first) + limit,
            .settings = settings_of_rows()},
           stop_, [&](RowCursor& row) {
             auto call = rows.read(row);
             return !call || take(std::move(*call));
           });
}

void Search::tell(std::uint64_t reached_ns) const {
  if (!on_progress_) return;
  const std::uint64_t done = query_.newest_first ? until_ns_ - reached_ns : reached_ns - since_ns_;
  on_progress_(
      {static_cast<double>(done) / static_cast<double>(until_ns_ - since_ns_), reached_ns, page_.calls});
}

Page Search::run() {
  if (!find_range()) return page_;
  std::uint64_t width = first_width(since_ns_, until_ns_);
  std::uint64_t low = since_ns_, high = until_ns_;
  while (low < high && !ended_) {
    width = std::min(width, high - low);
    const std::uint64_t calls = narrow(low, high, width);
    const auto begun = Clock::now();
    if (query_.newest_first) {
      if (calls > 0) search_window(high - width, high);
      high -= width;
    } else {
      if (calls > 0) search_window(low, low + width);
      low += width;
    }
    if (calls == 0) jump(low, high);
    tell(query_.newest_first ? high : low);
    measure(calls, Clock::now() - begun);
    width = calls == 0 ? first_width(low, high) : wider(width, calls);
  }
  if (!ended_ && !found_.empty()) show_found();
  if (ended_) page_.next_cursor = cursor_text(last_, query_.newest_first);
  return page_;
}

}  // namespace

std::string cursor_text(const Place& place, bool newest_first) {
  return (newest_first ? "n" : "o") + CallId{0, place.time_ns}.text().substr(kHexOfNumber) +
         CallId{place.epoch, place.record_id}.text();
}

Place read_cursor(const std::string& text, bool newest_first) {
  const std::string_view view = text;
  if (view.size() == 1 + 3 * kHexOfNumber && view[0] == (newest_first ? 'n' : 'o')) {
    const auto time = CallId::parse(std::string(kHexOfNumber, '0') + text.substr(1, kHexOfNumber));
    const auto id = CallId::parse(view.substr(1 + kHexOfNumber));
    if (time && id) return {time->record_id, id->epoch, id->record_id};
  }
  throw QueryError(QueryError::Kind::bad_cursor, "the cursor is none that a page of this order gave");
}

std::vector<Place> find_places(const ClickHouse& client, const Scope& scope, const std::string& condition,
                               bool newest_first, std::uint64_t limit, const std::stop_token& stop) {
  std::vector<Place> places;
  ask_rows(client,
           {.sql = "SELECT " + std::string(kTimeNs) + ", epoch, record_id FROM calls" +
                   where(scope, condition) + ordered(newest_first) + " LIMIT " + std::to_string(limit)},
           stop, [&](RowCursor& row) {
             Place place;
             place.time_ns = row.number<std::uint64_t>();
             place.epoch = row.number<std::uint64_t>();
             place.record_id = row.number<std::uint64_t>();
             if (row.good()) places.push_back(place);
             return true;
           });
  return places;
}

bool read_places(const ClickHouse& client, const std::vector<Place>& places, const Scope& scope,
                 bool newest_first, bool payloads, const OnCall& on_call, const std::stop_token& stop) {
  if (places.empty()) return true;
  std::string list;
  Scope range;
  range.namespaces = scope.namespaces;
  range.since_ns = ~std::uint64_t{0};
  for (const Place& place : places) {
    list += (list.empty() ? "(" : ", (") + time_literal(place.time_ns) + ", " + std::to_string(place.epoch) +
            ", " + std::to_string(place.record_id) + ")";
    range.since_ns = std::min(range.since_ns, place.time_ns);
    range.until_ns = std::max(range.until_ns, place.time_ns + 1);
  }
  CallRows rows;
  bool more = true;
  ask_rows(client,
           {.sql = "SELECT " + call_select_list(payloads) + " FROM calls" +
                   where(range, "(time, epoch, record_id) IN (" + list + ")") + ordered(newest_first),
            .settings = settings_of_rows()},
           stop, [&](RowCursor& row) {
             auto call = rows.read(row);
             if (call) more = on_call(std::move(*call));
             return more;
           });
  return more;
}

Page find_page(const ClickHouse& client, const CallQuery& query, const OnCall& on_call,
               const OnProgress& on_progress, const std::stop_token& stop) {
  return Search(client, query, on_call, on_progress, stop).run();
}

}  // namespace spanlight
