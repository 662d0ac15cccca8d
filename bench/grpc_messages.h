#pragma once
// The mix `grpc`: unary calls on one HTTP/2 connection, one after the other, their headers compressed as real
// ends do it: both tables live as long as the connection.

#include <cstdint>
#include <memory>
#include <random>

#include "messages.h"

struct nghttp2_hd_deflater;

namespace spanlight::bench {

class GrpcTalk {
 public:
  GrpcTalk();
  ~GrpcTalk();
  GrpcTalk(const GrpcTalk&) = delete;
  GrpcTalk& operator=(const GrpcTalk&) = delete;

  Call next(std::mt19937_64& random);  // the first brings the preface and both ends' SETTINGS

 private:
  nghttp2_hd_deflater* client_ = nullptr;
  nghttp2_hd_deflater* server_ = nullptr;
  std::uint32_t stream_ = 1;
};

}  // namespace spanlight::bench
