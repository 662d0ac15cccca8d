#include "serve/live_talk.h"

#include "serve/json_out.h"
#include "serve/questions.h"
#include "serve/wishes.h"

namespace spanlight::serve {
namespace {

std::string_view object_of(const std::string& line) {
  return line.ends_with('\n') ? std::string_view(line).substr(0, line.size() - 1) : std::string_view(line);
}

}  // namespace

LiveTalk::LiveTalk(const Backend& backend, ServerCounts& counts, Principal principal,
                   std::function<void()> wake)
    : backend_(backend), counts_(counts), principal_(std::move(principal)), wake_(std::move(wake)) {}

LiveTalk::Heard LiveTalk::hear(std::string_view message) {
  try {
    const StreamWish wish = parse_stream_wish(message);
    if (backend_.live == nullptr) throw ApiError(503, "no_live", "Live calls are not available.");
    if (wish.payloads && !principal_.payloads)
      throw ApiError(403, "no_payloads", "You may not see headers and bodies.");
    LiveRequest request{checked_filter(backend_, wish.filter, principal_), principal_, wish.payloads,
                        wish.limit_per_second};
    if (wish.payloads) with_payloads_ = true;
    if (feed_ == nullptr) {
      feed_ = backend_.live->join(std::move(request), wake_);
    } else {
      feed_->change(std::move(request));
      feed_->take();  // what waits is of the old filter
    }
    TextBuffer out;
    JsonOut json(out);
    json.open_object().key("ready").open_object().member("filter", wish.filter);
    json.member("limit_per_second", wish.limit_per_second).member("payloads", wish.payloads);
    json.close_object().close_object();
    return {std::string(out.view()), wish.filter, feed_};
  } catch (const ApiError& error) {
    ++counts_.stream_faults;
    return {error.json(), std::nullopt, feed_};
  }
}

std::optional<std::string> LiveTalk::next_message(bool& more) {
  more = false;
  if (feed_in_use_ == nullptr) return std::nullopt;
  if (pending_at_ == pending_.lines.size()) {
    pending_ = feed_in_use_->take();
    pending_at_ = 0;
  }
  if (pending_.lines.empty() && pending_.missed == 0 && pending_.skipped == 0) return std::nullopt;
  const std::size_t begin = pending_at_;
  std::string message = "{\"calls\":[";
  while (pending_at_ < pending_.lines.size()) {
    const std::string_view call = object_of(*pending_.lines[pending_at_]);
    if (pending_at_ > begin && message.size() + call.size() > kStreamBatchBytes) break;
    if (pending_at_ > begin) message += ',';
    message += call;
    pending_.lines[pending_at_++].reset();
  }
  message += ']';
  if (pending_.missed > 0) message += ",\"missed\":" + std::to_string(pending_.missed);
  if (pending_.skipped > 0) message += ",\"skipped\":" + std::to_string(pending_.skipped);
  message += '}';
  calls_sent_ += pending_at_ - begin;
  counts_.stream_calls += pending_at_ - begin;
  counts_.stream_missed += pending_.missed;
  counts_.stream_skipped += pending_.skipped;
  pending_.missed = pending_.skipped = 0;
  more = pending_at_ < pending_.lines.size();
  return message;
}

}  // namespace spanlight::serve
