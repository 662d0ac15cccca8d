// What a watch does when it was not given what it asked for: faults, refusals, waiting, and the server's
// clock.
#include <algorithm>

#include "kubernetes/kind_watch.h"

namespace spanlight {
namespace {

constexpr std::chrono::milliseconds kRetryAfterMax{120'000};
constexpr std::uint64_t kDateRoundTripMaxNs = 2 * kNsPerS;
// Below this the header's half second and the way to the server are all that is measured.
constexpr std::int64_t kOffsetMinNs = 1'500'000'000;

}  // namespace

// The connection failed.
void KindWatch::answered(const std::string& fault) {
  if (phase_ == Phase::watch_list &&
      wall_clock_ns() - asked_ns_ >
          static_cast<std::uint64_t>(shared_.options.list_silence_max.count()) * kNsPerMs &&
      head_.status == 200)
    watch_list_ = false;
  told(fault);
  wait({}, false);
}

void KindWatch::relist() {
  version_.clear();
  continue_.clear();
  // At once the first time; a server that forgets us over and over is asked less and less often, also where
  // its lists come whole in between.
  if (relists_++ == 0) return next();
  failures_ = std::max(failures_, std::min(relists_ - 1, 32U));
  wait({}, false);
}

// Anything but 200.
void KindWatch::on_status_end() {
  body_.append(kJsonPaddingBytes, ' ');
  const StatusText status =
      shared_.parser.status(std::string_view(body_).substr(0, body_.size() - kJsonPaddingBytes));
  const std::string kind(kind_name(kind_));
  const std::string words = status.message.empty() ? std::string() : " (" + status.message + ")";
  const unsigned code = head_.status;
  if (code == 410) {
    count([](KindStatus& s) { ++s.gone; });
    // A stale token: the list is begun anew, in one piece, since its pages outlived the server's memory.
    if (phase_ == Phase::list) whole_list_ = !continue_.empty();
    return relist();
  }
  if ((code == 422 || code == 400) && phase_ == Phase::watch_list) {
    watch_list_ = false;
    return next();
  }
  const std::uint64_t after_s = std::max(head_.retry_after_s, status.retry_after_s);
  const auto after =
      std::min(kRetryAfterMax, std::chrono::milliseconds(std::min<std::uint64_t>(after_s, 3'600) * 1'000));
  if (code == 401) {
    stream_.hang_up();  // a certificate is shown once for each connection
    renew_credentials(shared_.access);
    told("The API server does not accept our credentials (401) for " + kind +
         "; the token or the certificate of " + shared_.access.origin + " is wrong or has expired" + words +
         ".");
  } else if (code == 403) {
    told("We may not list and watch " + kind + " (403)" + words +
         "; give the user a role with the verbs list and watch on them.");
    return wait(after, true);
  } else if (code == 404 || code == 406) {
    told("The API server does not serve " + kind + " (" + std::to_string(code) + ")" + words + "; is " +
         shared_.access.origin + " a Kubernetes of version 1.21 or newer?");
    return wait(after, true);
  } else if (code == 429) {
    told("The API server asks us to come back later (429) for " + kind + words + ".");
  } else {
    told("The API server answers " + std::to_string(code) + " for " + kind + words + ".");
  }
  wait(after, false);
}

// Full jitter above a floor: many watches that failed together do not come back together.
void KindWatch::wait(std::chrono::milliseconds at_least, bool denied) {
  const auto first = static_cast<std::uint64_t>(shared_.options.backoff_first.count());
  const auto most = static_cast<std::uint64_t>(denied ? shared_.options.denied_retry.count()
                                                      : shared_.options.backoff_max.count());
  const std::uint64_t grown = denied ? most : std::min(most, first << std::min(failures_, 16U));
  failures_ = std::min(failures_ + 1, 32U);
  const std::uint64_t ms = std::max<std::uint64_t>(
      grown / 2 + jitter(grown / 2 + 1), static_cast<std::uint64_t>(at_least.count()) + jitter(first));
  // A list that was broken off is begun anew: its pages would be of different times.
  if (version_.empty()) continue_.clear();
  if (denied) {
    shared_.sink.denied(kind_);
    shared_.changed();
  }
  count(
      [denied](KindStatus& s) { s.state = denied ? KindStatus::State::denied : KindStatus::State::waiting; });
  phase_ = Phase::idle;
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) next();
  });
}

// Into the status always; said aloud once until something else is wrong or all was well again.
void KindWatch::told(const std::string& sentence) {
  bool is_new = false;
  count([&](KindStatus& s) {
    ++s.faults;
    is_new = s.last_fault != sentence;
    s.last_fault = sentence;
  });
  if (is_new && shared_.say) shared_.say(sentence);
}

void KindWatch::observe_clock(const HttpHead& head) {
  const std::uint64_t now = wall_clock_ns();
  // Midway between request and answer; a slow answer says too little.
  if (head.date_s == 0 || now < asked_ns_ || now - asked_ns_ > kDateRoundTripMaxNs) return;
  const auto local = static_cast<std::int64_t>(asked_ns_ + (now - asked_ns_) / 2);
  const std::int64_t offset = static_cast<std::int64_t>(head.date_s * kNsPerS) + kDateMiddleNs - local;
  shared_.server_offset_ns = offset > kOffsetMinNs || offset < -kOffsetMinNs ? offset : 0;
  const std::lock_guard lock(shared_.guard);
  shared_.status.clock_known = true;
  shared_.status.clock_offset_ns = offset;
}

}  // namespace spanlight
