#pragma once
// Follows one API server: list and watch of every kind of objects.h, on one thread of its own. What changes
// is told to a ClusterSink on that thread. Faults of the server, the network or of permissions never end it:
// they are in status(), told once in words, and it goes on by itself. Owned by the program; ends with its
// destruction.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kubernetes/access.h"
#include "kubernetes/objects.h"
#include "process/clock.h"

namespace spanlight {

// When something was learned, by our own clock.
struct Moment {
  std::uint64_t seen_ns = 0;
  // Until then what was known before held for certain: the same as seen_ns while we watch, earlier when the
  // change happened somewhere in a time that we did not see, 0 where nothing was known before (the first
  // list).
  std::uint64_t known_ns = 0;
  std::int64_t server_offset_ns =
      0;  // how far the server's clock, and so its objects' times, is ahead of ours
};

class ClusterSink {
 public:
  virtual ~ClusterSink() = default;
  virtual void upsert(Object&& object, const Moment& moment) = 0;
  // `last`: as the server told it at last; monostate where a list found it gone.
  virtual void remove(Kind kind, const Uid& uid, Object&& last, const Moment& moment) = 0;
  virtual void synced(Kind kind) = 0;  // everything of this kind has been told; again after each list
  virtual void denied(Kind kind) = 0;  // we may not list it; asked for again, so it may come yet
  // What was told until now belongs together: publish it.
  virtual void batch_end() = 0;
};

struct ClientOptions {
  bool watch_list = true;  // ask for WatchList first; servers without it are listed
  unsigned page_objects = 500;
  std::chrono::milliseconds watch_length{300'000};  // of one watch; up to twice as long, drawn anew each time
  // The server sends a bookmark each minute; a watch that is silent for more than twice as long is dead.
  std::chrono::milliseconds watch_silence_max{150'000};
  std::chrono::milliseconds list_silence_max{60'000};
  std::chrono::milliseconds backoff_first{250};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds denied_retry{60'000};      // a kind that we may not see, or that is not served
  std::chrono::milliseconds batch{20};                 // changes within it are told together
  std::size_t line_bytes_max = std::size_t{8} << 20;   // one watch event; etcd holds objects of 1.5 MiB
  std::size_t page_bytes_max = std::size_t{64} << 20;  // one page of a list, inflated
};

struct KindStatus {
  Kind kind = Kind::pod;
  enum class State : std::uint8_t { starting, listing, watching, waiting, denied } state = State::starting;
  bool synced = false;  // was listed whole at least once
  std::size_t objects = 0;
  std::string last_fault;        // empty: none since it last worked
  std::uint64_t contact_ns = 0;  // what is known is known as of then
  std::uint64_t lists = 0, watches = 0, events = 0, bookmarks = 0, faults = 0;
  std::uint64_t gone = 0;       // 410: the server forgot where we were
  std::uint64_t malformed = 0;  // lines and lists that are not as the API has them, objects without a name
  std::uint64_t too_long = 0;   // lines that were left out
  std::uint64_t bytes = 0;      // of bodies, as received
};
std::string_view state_name(KindStatus::State state);

struct ClientStatus {
  std::string origin;
  std::vector<KindStatus> kinds;
  bool clock_known = false;
  std::int64_t clock_offset_ns = 0;   // the server's clock minus ours, ± half a second: from the Date header
  std::int64_t object_offset_ns = 0;  // creationTimestamp of the newest object minus the time we saw it
};

// One sentence for people: a level-less log line. Called on the client's thread.
using Say = std::function<void(const std::string&)>;

class KubernetesClient {
 public:
  KubernetesClient(ClusterAccess access, ClientOptions options, ClusterSink& sink, Say say);
  ~KubernetesClient();
  KubernetesClient(const KubernetesClient&) = delete;
  KubernetesClient& operator=(const KubernetesClient&) = delete;

  void start();
  void stop();                  // waits for the thread; the sink is not called any more
  ClientStatus status() const;  // any thread
  // Runs `work` on the client's thread, where the sink is called: for what must not meet a change half-way.
  void run(std::function<void()> work);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanlight
