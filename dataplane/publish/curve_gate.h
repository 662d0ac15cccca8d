#pragma once
// Decides which CURVE clients may connect (ZAP 1.0, ZeroMQ RFC 27): those whose public key is listed. Served
// by the publishing thread between batches; ZeroMQ's I/O thread waits for its answer before a connection
// opens.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace spanlight {

class CurveGate {
 public:
  ~CurveGate() { close(); }

  // `clients`: Z85 public keys, not empty. Before any socket that asks the gate is bound. A sentence, or
  // empty.
  std::string open(void* zmq_context, const std::vector<std::string>& clients);
  void* socket() const { return socket_; }
  void serve();  // all requests that wait
  void close();
  std::uint64_t refused() const { return refused_; }

 private:
  using Key = std::array<std::uint8_t, 32>;
  bool knows(const std::uint8_t* key, std::size_t bytes) const;

  void* socket_ = nullptr;
  std::vector<Key> clients_;
  std::uint64_t refused_ = 0;
};

}  // namespace spanlight
