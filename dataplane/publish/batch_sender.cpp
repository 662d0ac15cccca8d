#include "publish/batch_sender.h"

#include <zmq.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace spanlight {

namespace {

// Stands in front of the bytes of a copy.
struct alignas(64) Copy {
  std::shared_ptr<std::atomic<std::uint64_t>> in_flight;
  std::size_t bytes;
};

// ZeroMQ frees a message on this thread, before zmq_msg_send() returns, exactly when no queue took it:
// whatever a queue took is freed by the thread that reads it. So the free functions tell what PUB sockets
// otherwise hide.
thread_local const void* tl_sending = nullptr;
thread_local bool tl_came_back = false;

void came_back(const void* hint) {
  if (hint == tl_sending) tl_came_back = true;
}

void free_lent(void*, void* hint) {
  auto* batch = static_cast<Batch*>(hint);
  came_back(batch);
  batch->pool->give_back(batch);
}

void free_copy(void*, void* hint) {
  auto* copy = static_cast<Copy*>(hint);
  came_back(copy);
  copy->in_flight->fetch_sub(copy->bytes, std::memory_order_relaxed);
  copy->~Copy();
  std::free(copy);
}

// True when a queue took it.
bool send_frames(void* socket, std::string_view topic, zmq_msg_t& body, const void* hint) {
  tl_sending = hint;
  tl_came_back = false;
  const bool failed = zmq_send(socket, topic.data(), topic.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
                      zmq_msg_send(&body, socket, ZMQ_DONTWAIT) < 0;
  if (failed) zmq_msg_close(&body);  // the context is ending; frees
  tl_sending = nullptr;
  return !failed && !tl_came_back;
}

}  // namespace

BatchSender::Result BatchSender::send(void* socket, std::string_view topic, Batch* batch) {
  BatchPool& pool = *batch->pool;
  if (pool.lent() * 2 >= pool.count()) return send_copy(socket, topic, batch);
  zmq_msg_t body;
  if (zmq_msg_init_data(&body, batch->storage + batch->data_offset, batch->data_bytes, free_lent, batch) !=
      0) {
    pool.release(batch);
    return {Outcome::no_memory, false};
  }
  pool.lend();
  return {send_frames(socket, topic, body, batch) ? Outcome::sent : Outcome::unsent, false};
}

BatchSender::Result BatchSender::send_copy(void* socket, std::string_view topic, Batch* batch) {
  const std::size_t bytes = batch->data_bytes;
  const std::uint64_t in_flight = copied_bytes();
  void* memory = nullptr;
  if (in_flight <= copied_bytes_max_ && bytes <= copied_bytes_max_ - in_flight)
    memory = std::aligned_alloc(alignof(Copy),
                                (sizeof(Copy) + bytes + alignof(Copy) - 1) / alignof(Copy) * alignof(Copy));
  zmq_msg_t body;
  auto* data = static_cast<std::uint8_t*>(memory) + (memory != nullptr ? sizeof(Copy) : 0);
  if (memory == nullptr || zmq_msg_init_data(&body, data, bytes, free_copy, memory) != 0) {
    std::free(memory);
    batch->pool->release(batch);
    return {Outcome::no_memory, false};
  }
  auto* copy = new (memory) Copy{copied_bytes_, bytes};
  std::memcpy(data, batch->storage + batch->data_offset, bytes);
  copied_bytes_->fetch_add(bytes, std::memory_order_relaxed);
  batch->pool->release(batch);
  return {send_frames(socket, topic, body, copy) ? Outcome::sent : Outcome::unsent, true};
}

}  // namespace spanlight
