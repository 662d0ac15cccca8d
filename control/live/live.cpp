#include "live/live.h"

#include <algorithm>

#include "record/json.h"

namespace spanlight {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

bool sees(const serve::LiveRequest& request, const Call& call) {
  return request.principal.may_see(call) && request.filter.matches(call);
}

Payloads payloads_of(const serve::LiveRequest& request) {
  return request.payloads && request.principal.payloads ? Payloads::shown : Payloads::withheld;
}

using Line = std::shared_ptr<const std::string>;

// The calls of one batch as lines, each written once for all clients that see it.
class Lines {
 public:
  explicit Lines(const std::vector<Call>& calls) : calls_(calls) {}

  const Line& of(std::size_t call, Payloads payloads) {
    std::vector<Line>& lines = payloads == Payloads::shown ? whole_ : brief_;
    if (lines.empty()) lines.resize(calls_.size());
    if (lines[call] == nullptr) {
      writer_.clear();
      writer_.append(calls_[call], payloads);
      lines[call] = std::make_shared<const std::string>(writer_.text().substr(0, writer_.text().size() - 1));
    }
    return lines[call];
  }

 private:
  const std::vector<Call>& calls_;
  std::vector<Line> whole_, brief_;
  JsonWriter writer_;
};

}  // namespace

LiveClient::LiveClient(serve::LiveRequest request, std::size_t queue_max, std::function<void()> wake)
    : request_(std::make_shared<const serve::LiveRequest>(std::move(request))),
      queue_max_(queue_max),
      wake_(std::move(wake)) {}

void LiveClient::change(serve::LiveRequest request) {
  request_.store(std::make_shared<const serve::LiveRequest>(std::move(request)));
}

std::size_t LiveClient::allowance(std::uint32_t calls_per_second, std::uint64_t now_ns, std::size_t wanted) {
  if (calls_per_second == 0) return wanted;
  const std::lock_guard held(lock_);
  if (allowance_.second != now_ns / kSecondNs) allowance_ = {now_ns / kSecondNs, 0};
  const std::size_t left = calls_per_second > allowance_.used ? calls_per_second - allowance_.used : 0;
  const std::size_t given = std::min(wanted, left);
  allowance_.used += static_cast<std::uint32_t>(given);
  return given;
}

std::size_t LiveClient::push(const std::vector<Line>& lines, std::uint64_t skipped) {
  bool was_empty = false;
  std::size_t missed = 0;
  {
    const std::lock_guard held(lock_);
    was_empty = queue_.lines.empty() && queue_.missed == 0 && queue_.skipped == 0;
    const std::size_t room = std::min(queue_max_ - queue_.lines.size(), lines.size());
    queue_.lines.insert(queue_.lines.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(room));
    missed = lines.size() - room;
    queue_.missed += missed;
    queue_.skipped += skipped;
  }
  if (was_empty) wake_();
  return missed;
}

serve::LiveFeed::Taken LiveClient::take() {
  Taken taken;
  const std::lock_guard held(lock_);
  std::swap(taken, queue_);
  return taken;
}

std::shared_ptr<serve::LiveFeed> LiveHub::join(serve::LiveRequest request, std::function<void()> wake) {
  auto client = std::make_shared<LiveClient>(std::move(request), queue_max_, std::move(wake));
  const std::lock_guard held(join_);
  auto clients = std::make_shared<Clients>();
  for (const std::weak_ptr<LiveClient>& known : *clients_.load())
    if (!known.expired()) clients->push_back(known);
  clients->push_back(client);
  clients_.store(std::move(clients));
  return client;
}

void LiveHub::take(const std::shared_ptr<const NamedBatch>& batch) {
  const std::shared_ptr<const Clients> clients = clients_.load();
  if (clients->empty()) return;
  Lines lines(batch->calls);
  std::vector<std::size_t> matching;
  std::vector<Line> chosen;
  for (const std::weak_ptr<LiveClient>& known : *clients) {
    const std::shared_ptr<LiveClient> client = known.lock();
    if (client == nullptr) continue;
    const std::shared_ptr<const serve::LiveRequest> request = client->request_.load();
    matching.clear();
    for (std::size_t i = 0; i < batch->calls.size(); ++i)
      if (sees(*request, batch->calls[i])) matching.push_back(i);
    if (matching.empty()) continue;

    const std::size_t given =
        client->allowance(request->calls_per_second, batch->received_ns, matching.size());
    chosen.clear();
    // Spread over the batch: the newest count as much as the oldest.
    for (std::size_t i = 0; i < given; ++i)
      chosen.push_back(lines.of(matching[i * matching.size() / given], payloads_of(*request)));
    const std::size_t missed = client->push(chosen, matching.size() - given);
    matched_ += matching.size();
    sent_ += given - missed;
    missed_ += missed;
    skipped_ += matching.size() - given;
  }
}

LiveHub::Counters LiveHub::counters() const {
  return {matched_.load(), sent_.load(), missed_.load(), skipped_.load()};
}

std::size_t LiveHub::clients() const {
  const std::shared_ptr<const Clients> clients = clients_.load();
  return static_cast<std::size_t>(
      std::count_if(clients->begin(), clients->end(), [](const auto& client) { return !client.expired(); }));
}

}  // namespace spanlight
