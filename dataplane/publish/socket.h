#pragma once
// What all that hold a ZeroMQ socket need of it.

#include <zmq.h>

#include <cstddef>

namespace spanlight {

constexpr std::size_t kZ85KeyChars = 40;  // a CURVE key as text

inline void set_int(void* socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof(value));
}

}  // namespace spanlight
