// What a sensor publishes, from a script, for the tests of subscribers: `record_sample_publisher ENDPOINT
// [SCRIPT]`. Waits until one subscriber has subscribed to records, hello and stats; sends; prints "sent";
// ends when the subscriber has gone or after kStayMs. Scripts: "holes" (default) has a hole in the middle, a
// malformed message and a loss at the end; "flood" sends until the subscriber is gone; "restart" changes the
// epoch; "escapes" carries control characters.

#include <zmq.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "record/sample.h"

namespace {

using namespace spanlight;

constexpr int kStayMs = 10'000;
constexpr int kWaitMs = 20'000;
constexpr std::uint64_t kEpoch = 0x1122334455667788;
constexpr int kSubscriptions = 3;

class Publisher {
 public:
  explicit Publisher(const char* endpoint)
      : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_XPUB)) {
    ok_ = zmq_bind(socket_, endpoint) == 0;
  }
  ~Publisher() {
    const int linger_ms = 1'000;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  bool ok() const { return ok_; }

  // +1 for each subscription, −1 for each that was taken back; false when nothing came in time.
  bool wait_for(int subscriptions, int timeout_ms) {
    while (subscribed_ < subscriptions) {
      if (!take(timeout_ms)) return false;
    }
    return true;
  }
  bool wait_until_gone(int timeout_ms) {
    while (subscribed_ > 0) {
      if (!take(timeout_ms)) return false;
    }
    return true;
  }

  void send(std::string_view topic, const void* data, std::size_t bytes) {
    zmq_send(socket_, topic.data(), topic.size(), ZMQ_SNDMORE);
    zmq_send(socket_, data, bytes, 0);
  }
  void send(std::string_view topic, const sample::Bytes& bytes) { send(topic, bytes.data(), bytes.size()); }
  void send_records(std::uint64_t epoch, std::uint64_t sequence) {
    sample::Batch batch;
    batch.sensor = "sample";
    batch.sensor_epoch = epoch;
    batch.sequence = sequence;
    batch.records = {sample::usual_call()};
    batch.records[0].id = sequence;
    batch.records[0].path = "/call/" + std::to_string(sequence);
    send(batch.topic, sample::build(batch));
  }
  void send_stats(std::uint64_t epoch, std::uint64_t next) {
    send("stats.",
         sample::build_stats("sample", epoch, {{0, "record.http.", next}, {0, "record.redis.", 0}}));
  }

 private:
  bool take(int timeout_ms) {
    zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, timeout_ms) <= 0) return false;
    char message[256];
    const int bytes = zmq_recv(socket_, message, sizeof(message), 0);
    if (bytes > 0) subscribed_ += message[0] == 1 ? 1 : -1;
    return true;
  }

  void* context_;
  void* socket_;
  bool ok_ = false;
  int subscribed_ = 0;
};

void send_holes(Publisher& publisher) {
  publisher.send("hello.", sample::build_hello("sample", kEpoch));
  publisher.send_records(kEpoch, 0);
  publisher.send_records(kEpoch, 1);
  publisher.send_records(kEpoch, 3);  // 2 is missing
  publisher.send("record.http.", "this is no batch", 16);
  publisher.send_records(kEpoch, 4);
  publisher.send_stats(kEpoch, 7);  // 5 and 6 are missing
}

// What must not reach a terminal: it would turn it red, or do worse.
void send_escapes(Publisher& publisher) {
  sample::Batch batch;
  batch.records = {sample::usual_call()};
  batch.records[0].path = "/\x1b[31m\x07\xc2\x9b\x7f";
  publisher.send(batch.topic, sample::build(batch));
}

void send_restart(Publisher& publisher) {
  publisher.send("hello.", sample::build_hello("sample", kEpoch));
  publisher.send_records(kEpoch, 40);  // where we came in
  publisher.send_stats(kEpoch, 41);
  publisher.send("hello.", sample::build_hello("sample", kEpoch + 1));
  publisher.send_records(kEpoch + 1, 2);  // 0 and 1 are missing
  publisher.send_stats(kEpoch + 1, 3);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string_view script = argc > 2 ? argv[2] : "holes";
  Publisher publisher(argv[1]);
  if (!publisher.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], zmq_strerror(zmq_errno()));
    return 1;
  }
  std::puts("bound");
  std::fflush(stdout);
  if (!publisher.wait_for(kSubscriptions, kWaitMs)) return 1;
  if (script == "flood") {
    publisher.send("hello.", sample::build_hello("sample", kEpoch));
    for (std::uint64_t sequence = 0; !publisher.wait_until_gone(0) && sequence < 2'000'000; ++sequence) {
      publisher.send_records(kEpoch, sequence);
    }
    return 0;
  }
  if (script == "restart") {
    send_restart(publisher);
  } else if (script == "escapes") {
    send_escapes(publisher);
  } else {
    send_holes(publisher);
  }
  std::puts("sent");
  std::fflush(stdout);
  publisher.wait_until_gone(kStayMs);
  return 0;
}
