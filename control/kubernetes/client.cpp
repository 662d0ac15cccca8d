#include "kubernetes/client.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <thread>

#include "kubernetes/kind_watch.h"

namespace spanlight {

namespace asio = boost::asio;

std::string_view state_name(KindStatus::State state) {
  constexpr std::string_view kNames[] = {"starting", "listing", "watching", "waiting", "denied"};
  return kNames[static_cast<std::size_t>(state)];
}

class KubernetesClient::Impl {
 public:
  Impl(ClusterAccess access, ClientOptions options, ClusterSink& sink, Say say)
      : shared_{std::move(access), options, sink, std::move(say), [this] { changed(); }}, batch_(context_) {
    shared_.status.origin = shared_.access.origin;
    for (std::size_t i = 0; i < kKinds; ++i) {
      KindStatus status;
      status.kind = static_cast<Kind>(i);
      shared_.status.kinds.push_back(status);
      watches_.push_back(std::make_unique<KindWatch>(context_, shared_, status.kind, i));
    }
  }
  // Asio throws where there is no memory left, which ends the process in any case.
  ~Impl() { stop(); }  // NOLINT(bugprone-exception-escape)
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start() {
    for (const std::string& warning : shared_.access.warnings)
      if (shared_.say) shared_.say(warning);
    asio::post(context_, [this] {
      for (const auto& watch : watches_) watch->start();
    });
    thread_ = std::thread([this] { context_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] {
      for (const auto& watch : watches_) watch->stop();
      batch_.cancel();
      work_.reset();
    });
    thread_.join();
  }

  ClientStatus status() const {
    const std::lock_guard lock(shared_.guard);
    return shared_.status;
  }

  void run(std::function<void()> work) { asio::post(context_, std::move(work)); }

 private:
  void changed() {
    if (batch_pending_) return;
    batch_pending_ = true;
    batch_.expires_after(shared_.options.batch);
    batch_.async_wait([this](const boost::system::error_code& error) {
      batch_pending_ = false;
      if (!error) shared_.sink.batch_end();
    });
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  WatchShared shared_;
  asio::steady_timer batch_;
  bool batch_pending_ = false;
  std::vector<std::unique_ptr<KindWatch>> watches_;
  std::thread thread_;
};

KubernetesClient::KubernetesClient(ClusterAccess access, ClientOptions options, ClusterSink& sink, Say say)
    : impl_(std::make_unique<Impl>(std::move(access), options, sink, std::move(say))) {}
KubernetesClient::~KubernetesClient() = default;
void KubernetesClient::start() {
  impl_->start();
}
void KubernetesClient::stop() {
  impl_->stop();
}
ClientStatus KubernetesClient::status() const {
  return impl_->status();
}
void KubernetesClient::run(std::function<void()> work) {
  impl_->run(std::move(work));
}

}  // namespace spanlight
