#include "kubernetes/kind_watch.h"

#include <time.h>
#include <algorithm>

namespace spanlight {
namespace {

constexpr std::size_t kStatusBytesMax = 65'536;
constexpr std::size_t kKeptBodyBytes = 1 << 20;
// After a gap the server first sends what we missed; what comes later than this is live.
constexpr std::uint64_t kCatchingUpNs = 2 * kNsPerS;
constexpr std::uint64_t kGapMinNs = 500 * kNsPerMs;

// Where a kind is, and whether metadata is all we need of it.
struct Place {
  const char* path;
  bool metadata_only;
};
Place place_of(Kind kind) {
  switch (kind) {
    case Kind::pod:
      return {"/api/v1/pods", false};
    case Kind::service:
      return {"/api/v1/services", false};
    case Kind::endpoint_slice:
      return {"/apis/discovery.k8s.io/v1/endpointslices", false};
    case Kind::node:
      return {"/api/v1/nodes", false};
    case Kind::name_space:
      return {"/api/v1/namespaces", true};
    case Kind::replica_set:
      return {"/apis/apps/v1/replicasets", true};
    case Kind::job:
      return {"/apis/batch/v1/jobs", true};
  }
  return {"", false};
}

std::string accept_of(Kind kind, bool list) {
  if (!place_of(kind).metadata_only) return "application/json";
  return std::string("application/json;as=PartialObjectMetadata") + (list ? "List" : "") +
         ";g=meta.k8s.io;v=v1,application/json";
}

std::string escaped(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace

KindWatch::KindWatch(boost::asio::io_context& context, WatchShared& shared, Kind kind, std::size_t place)
    : shared_(shared),
      kind_(kind),
      place_(place),
      stream_(context, shared.access, *this),
      timer_(context),
      lines_(shared.options.line_bytes_max),
      watch_list_(shared.options.watch_list) {}

void KindWatch::stop() {
  stopped_ = true;
  stream_.close();
  timer_.cancel();
}

void KindWatch::next() {
  if (stopped_) return;
  head_ = {};
  verdict_ = Verdict::none;
  body_.clear();
  if (body_.capacity() > kKeptBodyBytes) body_.shrink_to_fit();
  too_large_ = false;
  progress_ = false;
  lines_.clear();
  asked_ns_ = wall_clock_ns();
  if (!version_.empty()) return ask_watch(false);
  if (continue_.empty()) ++list_number_;
  if (watch_list_)
    ask_watch(true);
  else
    ask_list();
}

void KindWatch::ask_list() {
  phase_ = Phase::list;
  HttpRequest request;
  request.target = place_of(kind_).path;
  if (!whole_list_) request.target += "?limit=" + std::to_string(shared_.options.page_objects);
  if (!continue_.empty()) request.target += "&continue=" + escaped(continue_);
  request.accept = accept_of(kind_, true);
  request.compressed = true;
  request.silence_max = shared_.options.list_silence_max;
  count([](KindStatus& s) { s.state = KindStatus::State::listing; });
  stream_.get(request);
}

void KindWatch::ask_watch(bool initial) {
  phase_ = initial ? Phase::watch_list : Phase::watch;
  const auto least = static_cast<std::uint64_t>(shared_.options.watch_length.count());
  HttpRequest request;
  request.target = std::string(place_of(kind_).path) + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                   std::to_string(std::max<std::uint64_t>(1, (least + jitter(least)) / 1'000));
  // Without a resourceVersion a WatchList is as fresh as a list from etcd.
  request.target += initial ? "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                            : "&resourceVersion=" + escaped(version_);
  request.accept = accept_of(kind_, false);
  request.silence_max = initial ? shared_.options.list_silence_max : shared_.options.watch_silence_max;
  gap_from_ns_ = contact_ns_;
  count([initial](KindStatus& s) {
    if (initial) s.state = KindStatus::State::listing;
    ++s.watches;
  });
  stream_.get(request);
}

void KindWatch::on_head(const HttpHead& head) {
  head_ = head;
  observe_clock(head);
  const std::uint64_t now = wall_clock_ns();
  catching_up_until_ns_ = now > gap_from_ns_ + kGapMinNs ? now + kCatchingUpNs : 0;
  if (head.status == 200 && phase_ == Phase::watch)
    count([](KindStatus& s) { s.state = KindStatus::State::watching; });
}

bool KindWatch::on_body(std::string_view piece) {
  if (head_.status == 200 && phase_ != Phase::list) {
    // While a watch catches up, nothing tells how far it has come.
    if (phase_ == Phase::watch && wall_clock_ns() > catching_up_until_ns_) contact_ns_ = wall_clock_ns();
    const std::uint64_t too_long = lines_.too_long();
    const bool more = lines_.feed(piece, [this](std::string_view line) { return on_line(line); });
    if (lines_.too_long() != too_long) {
      told("An object of more than " + std::to_string(shared_.options.line_bytes_max) +
           " bytes was left out.");
      count([&](KindStatus& s) { s.too_long += lines_.too_long() - too_long; });
    }
    return more;
  }
  const std::size_t most = head_.status == 200 ? shared_.options.page_bytes_max : kStatusBytesMax;
  too_large_ = piece.size() > most - body_.size();
  if (!too_large_) body_ += piece;
  return !too_large_;
}

Moment KindWatch::moment() const {
  const std::uint64_t now = wall_clock_ns();
  const bool missed = phase_ == Phase::watch_list || now < catching_up_until_ns_;
  return {now, missed ? gap_from_ns_ : now, shared_.server_offset_ns};
}

// False: the answer is of no more use; on_end() goes by the verdict.
bool KindWatch::on_line(std::string_view line) {
  WatchEvent event = shared_.parser.event(kind_, line);
  switch (event.type) {
    case WatchEvent::Type::added:
    case WatchEvent::Type::modified:
    case WatchEvent::Type::deleted:
      on_object(event);
      return true;
    case WatchEvent::Type::nameless:
      on_nameless(event);
      return true;
    case WatchEvent::Type::bookmark:
      return on_bookmark(event);
    case WatchEvent::Type::error:
      return on_event_error(event);
    case WatchEvent::Type::unknown:  // of a server newer than we are
      return true;
    case WatchEvent::Type::malformed:
      break;
  }
  count([](KindStatus& s) { ++s.malformed; });
  told("The API server sent a line that is no watch event (" + event.message +
       "); everything is listed anew.");
  verdict_ = Verdict::relist;  // what it said is lost, so nothing less will do
  return false;
}

void KindWatch::on_object(WatchEvent& event) {
  progress_ = true;
  const Moment when = moment();
  count([&](KindStatus& s) {
    ++s.events;
    s.objects = known_.size();
    if (phase_ == Phase::watch) s.contact_ns = when.known_ns;
  });
  if (event.type == WatchEvent::Type::deleted) {
    const Uid uid = meta_of(event.object)->uid;
    known_.erase(uid);
    shared_.sink.remove(kind_, uid, std::move(event.object), when);
  } else {
    if (event.type == WatchEvent::Type::added && phase_ == Phase::watch && when.known_ns == when.seen_ns &&
        meta_of(event.object)->created_ns != 0) {
      const std::lock_guard lock(shared_.guard);
      shared_.status.object_offset_ns =
          static_cast<std::int64_t>(meta_of(event.object)->created_ns - when.seen_ns) + kDateMiddleNs;
    }
    upsert(std::move(event.object), when);
  }
  if (phase_ == Phase::watch) {
    goes_well();
    version_ = std::move(event.resource_version);
    shared_.changed();
  }
}

// As in a list: left out and counted.
void KindWatch::on_nameless(WatchEvent& event) {
  progress_ = true;
  count([](KindStatus& s) { ++s.malformed; });
  if (phase_ == Phase::watch && !event.resource_version.empty()) version_ = std::move(event.resource_version);
}

// A watch brings what it should: whatever was wrong is over.
void KindWatch::goes_well() {
  failures_ = relists_ = 0;
  count([](KindStatus& s) { s.last_fault.clear(); });
}

bool KindWatch::on_bookmark(WatchEvent& event) {
  progress_ = true;
  count([](KindStatus& s) { ++s.bookmarks; });
  if (phase_ == Phase::watch_list) {
    if (!event.initial_end) return true;
    list_done(event.resource_version);
    phase_ = Phase::watch;
    stream_.set_silence_max(shared_.options.watch_silence_max);
    gap_from_ns_ = contact_ns_;
    catching_up_until_ns_ = 0;
    count([](KindStatus& s) { s.state = KindStatus::State::watching; });
  } else {
    version_ = std::move(event.resource_version);
    catching_up_until_ns_ = 0;
    goes_well();
    contact_ns_ = wall_clock_ns();
    count([this](KindStatus& s) { s.contact_ns = contact_ns_; });
  }
  return true;
}

bool KindWatch::on_event_error(const WatchEvent& event) {
  if (event.code == 410) {
    count([](KindStatus& s) { ++s.gone; });
    verdict_ = Verdict::relist;
  } else if (phase_ == Phase::watch_list) {
    verdict_ = Verdict::no_watch_list;
  } else {
    told("The API server ended a watch: " + event.message + " (" + std::to_string(event.code) + ").");
    verdict_ = Verdict::retry;
  }
  return false;
}

void KindWatch::upsert(Object&& object, const Moment& when) {
  known_[meta_of(object)->uid] = list_number_;
  shared_.sink.upsert(std::move(object), when);
}

void KindWatch::sweep() {
  const Moment when{wall_clock_ns(), contact_ns_, shared_.server_offset_ns};
  for (auto it = known_.begin(); it != known_.end();) {
    if (it->second == list_number_) {
      ++it;
      continue;
    }
    shared_.sink.remove(kind_, it->first, Object{}, when);
    it = known_.erase(it);
  }
}

void KindWatch::list_done(const std::string& version) {
  sweep();
  version_ = version;
  continue_.clear();
  whole_list_ = false;
  failures_ = 0;
  contact_ns_ = wall_clock_ns();
  count([this](KindStatus& s) {
    ++s.lists;
    s.synced = true;
    s.last_fault.clear();
    s.objects = known_.size();
    s.contact_ns = contact_ns_;
  });
  shared_.sink.synced(kind_);
  shared_.changed();
}

void KindWatch::on_end(const std::string& fault, bool closed) {
  if (stopped_) return;
  // A server that closed a live watch had told all until then; one that fell silent had not.
  const bool live = phase_ == Phase::watch && head_.status == 200 && wall_clock_ns() > catching_up_until_ns_;
  if (live && closed && verdict_ == Verdict::none) contact_ns_ = wall_clock_ns();
  count([this](KindStatus& s) {
    s.bytes = stream_.bytes();
    s.objects = known_.size();
    s.contact_ns = contact_ns_;
  });
  if (verdict_ == Verdict::relist) return relist();
  if (verdict_ == Verdict::no_watch_list) {
    watch_list_ = false;
    return next();
  }
  if (verdict_ == Verdict::retry) return wait({}, false);
  if (!fault.empty()) return answered(fault);
  if (head_.status != 200) return on_status_end();
  if (phase_ == Phase::list) return on_list_end();
  if (phase_ == Phase::watch_list) {
    // A server that does not know the parameters would send events and no end of them.
    watch_list_ = false;
    return next();
  }
  // The server ends watches from time to time. One that ends at once, each time, is held back like a fault.
  if (progress_ || wall_clock_ns() - asked_ns_ > kNsPerS) return next();
  wait({}, false);
}

void KindWatch::on_list_end() {
  if (too_large_) {
    whole_list_ = false;
    count([](KindStatus& s) { ++s.malformed; });
    told("A page of " + std::string(kind_name(kind_)) + " has more than " +
         std::to_string(shared_.options.page_bytes_max) + " bytes; it cannot be read.");
    return wait({}, false);
  }
  const Moment when{wall_clock_ns(), contact_ns_, shared_.server_offset_ns};
  const std::size_t size = body_.size();
  body_.append(kJsonPaddingBytes, ' ');
  const ListResult result = shared_.parser.list(kind_, std::string_view(body_).substr(0, size),
                                                [&](Object&& object) { upsert(std::move(object), when); });
  if (!result.well_formed) {
    count([](KindStatus& s) { ++s.malformed; });
    told("The list of " + std::string(kind_name(kind_)) + " cannot be read: " + result.fault + ".");
    continue_.clear();
    return wait({}, false);
  }
  if (result.nameless > 0) count([&](KindStatus& s) { s.malformed += result.nameless; });
  continue_ = result.continue_token;
  if (continue_.empty()) list_done(result.resource_version);
  next();
}

}  // namespace spanlight
