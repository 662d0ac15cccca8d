#pragma once
// For tests of this room and of the command room: a directory of their own, a worker that fills batches, a
// subscriber on raw ZeroMQ. Waits are generous deadlines, never sleeps that a test depends on.

#include <gtest/gtest.h>
#include <zmq.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "publish/batch_pool.h"
#include "publish/publisher.h"

namespace spanlight::fakes {

constexpr std::chrono::seconds kPatience{30};

inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class TempDirectory {
 public:
  TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "spanlight-XXXXXX").string();
    path_ = mkdtemp(name.data()) != nullptr ? name : std::string{};
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string ipc(const std::string& name) const { return "ipc://" + file(name); }

 private:
  std::string path_;
};

class Context {
 public:
  Context() : context_(zmq_ctx_new()) {}
  ~Context() { zmq_ctx_term(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

// What the worker's batches hold here: enough to know each by sight, and a byte pattern that shows a buffer
// reused too early.
struct Mark {
  std::uint64_t sequence;
  std::uint32_t worker;
  std::uint32_t topic;
};

inline void fill(Batch* batch, std::uint16_t topic, std::uint64_t sequence, std::size_t bytes) {
  batch->topic = topic;
  batch->sequence = sequence;
  batch->records = 1;
  batch->data_bytes = bytes;
  batch->data_offset = batch->storage_bytes - bytes;
  std::uint8_t* data = batch->storage + batch->data_offset;
  std::memset(data, static_cast<int>(sequence & 0xff), bytes);
  const Mark mark{sequence, batch->worker, topic};
  std::memcpy(data, &mark, sizeof(mark));
}

struct Message {
  std::string topic;
  std::vector<std::uint8_t> body;

  Mark mark() const {
    Mark mark{};
    if (body.size() >= sizeof(mark)) std::memcpy(&mark, body.data(), sizeof(mark));
    return mark;
  }
  bool intact() const {
    for (std::size_t i = sizeof(Mark); i < body.size(); ++i)
      if (body[i] != static_cast<std::uint8_t>(mark().sequence)) return false;
    return body.size() >= sizeof(Mark);
  }
};

class Subscriber {
 public:
  // `set_up`: socket options before connecting (high-water mark, CURVE keys).
  Subscriber(void* context, const std::string& endpoint, const std::vector<std::string>& topics,
             const std::function<void(void*)>& set_up = {}) {
    socket_ = zmq_socket(context, ZMQ_SUB);
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof(linger));
    if (set_up) set_up(socket_);
    for (const std::string& topic : topics)
      zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
    EXPECT_EQ(zmq_connect(socket_, endpoint.c_str()), 0) << zmq_strerror(zmq_errno()) << " " << endpoint;
  }
  ~Subscriber() { close(); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void close() {
    if (socket_ != nullptr) zmq_close(socket_);
    socket_ = nullptr;
  }
  void* socket() const { return socket_; }

  std::optional<Message> receive(std::chrono::milliseconds patience = kPatience) {
    const int timeout = static_cast<int>(patience.count());
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
    Message message;
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, socket_, 0) < 0) return std::nullopt;
    message.topic.assign(static_cast<const char*>(zmq_msg_data(&frame)), zmq_msg_size(&frame));
    EXPECT_TRUE(zmq_msg_more(&frame));
    zmq_msg_recv(&frame, socket_, 0);
    EXPECT_FALSE(zmq_msg_more(&frame));
    const auto* data = static_cast<const std::uint8_t*>(zmq_msg_data(&frame));
    message.body.assign(data, data + zmq_msg_size(&frame));
    zmq_msg_close(&frame);
    return message;
  }

  std::optional<Message> receive_topic(const std::string& topic) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      auto message = receive();
      if (!message || message->topic == topic) return message;
    }
    return std::nullopt;
  }

 private:
  void* socket_ = nullptr;
};

inline void set_option(void* socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof(value));
}

inline SensorIdentity identity() {
  return {"rack12", 77, "0.1.0", 1'700'000'000'000'000'000ULL, 1};
}

inline PublisherOptions options() {
  PublisherOptions out;
  out.topics = {"record.http.", "record.redis."};
  out.stats_period_ms = 50;
  return out;
}

}  // namespace spanlight::fakes
