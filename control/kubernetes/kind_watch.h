#pragma once
// List and watch of one kind: a state machine over one HttpStream. Internal to client.cpp; on its thread.
//
//   WatchList ──initial events, bookmark──► watching ◄── LIST, page by page (fallback)
//   watching ──ends cleanly──► watching from the last resourceVersion
//   watching ──410──► lists anew and compares     anything ──fault──► waits, longer each time ──► goes on

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <mutex>
#include <random>
#include <string>
#include <unordered_map>

#include "kubernetes/client.h"
#include "kubernetes/http_stream.h"
#include "kubernetes/lines.h"
#include "kubernetes/parse.h"

namespace spanlight {

constexpr std::uint64_t kNsPerS = 1'000'000'000, kNsPerMs = 1'000'000;
// The Date header says whole seconds: the middle of its second is the best guess.
constexpr std::int64_t kDateMiddleNs = 500'000'000;

// What the watches of one client share; all on the client's thread but `guard`'s.
struct WatchShared {
  ClusterAccess access;
  ClientOptions options;
  ClusterSink& sink;
  Say say;
  std::function<void()> changed;  // a batch is to end soon
  ObjectParser parser;
  std::minstd_rand random{std::random_device{}()};
  std::int64_t server_offset_ns = 0;  // 0 where it is too small to be measured

  mutable std::mutex guard;  // of what status() reads
  ClientStatus status;
};

class KindWatch final : public HttpStream::Reader {
 public:
  KindWatch(boost::asio::io_context& context, WatchShared& shared, Kind kind, std::size_t place);

  void start() { next(); }
  void stop();

  void on_head(const HttpHead& head) override;
  bool on_body(std::string_view piece) override;
  void on_end(const std::string& fault, bool closed) override;

 private:
  enum class Phase : std::uint8_t { idle, list, watch_list, watch };
  // What is to be done when the answer under way is over.
  enum class Verdict : std::uint8_t { none, relist, no_watch_list, retry };

  void next();
  void ask_list();
  void ask_watch(bool initial);
  bool on_line(std::string_view line);
  bool on_event_error(const WatchEvent& event);
  bool on_bookmark(WatchEvent& event);
  void on_object(WatchEvent& event);
  void on_nameless(WatchEvent& event);
  void goes_well();
  void on_list_end();
  void on_status_end();
  void answered(const std::string& fault);
  void upsert(Object&& object, const Moment& moment);
  void sweep();  // what the list did not have is gone
  void list_done(const std::string& version);
  void relist();
  void wait(std::chrono::milliseconds at_least, bool denied);
  void told(const std::string& sentence);
  void observe_clock(const HttpHead& head);
  Moment moment() const;
  std::uint64_t jitter(std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(shared_.random);
  }
  template <typename Change>
  void count(Change change) {
    const std::lock_guard lock(shared_.guard);
    change(shared_.status.kinds[place_]);
  }

  WatchShared& shared_;
  const Kind kind_;
  const std::size_t place_;  // in the status
  HttpStream stream_;
  boost::asio::steady_timer timer_;
  LineSplitter lines_;

  Phase phase_ = Phase::idle;
  Verdict verdict_ = Verdict::none;
  HttpHead head_;
  std::string body_;  // a page of a list, or a Status
  bool too_large_ = false;
  std::uint64_t asked_ns_ = 0;     // when the request left
  std::uint64_t contact_ns_ = 0;   // until then all is known
  std::uint64_t gap_from_ns_ = 0;  // before this watch: known until then
  std::uint64_t catching_up_until_ns_ = 0;
  std::string version_;      // resourceVersion to watch from; empty: list
  std::string continue_;     // next page
  bool whole_list_ = false;  // no pages: the last one's token was stale
  bool watch_list_ = true;
  bool progress_ = false;  // this answer brought something
  unsigned failures_ = 0;  // in a row
  unsigned relists_ = 0;   // since a watch last brought something
  bool stopped_ = false;

  std::unordered_map<Uid, std::uint32_t, UidHash> known_;  // uid → the list it was last in
  std::uint32_t list_number_ = 0;
};

}  // namespace spanlight
