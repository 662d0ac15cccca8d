#pragma once
// Messages of gRPC as they stand in a body, for tests and seeds.

#include <cstdint>
#include <string>
#include <string_view>

namespace spanlight::grpc::testing {

inline std::string grpc_message(std::string_view bytes, char flags = 0) {
  std::string out(1, flags);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes.size() >> shift & 0xff);
  return out + std::string(bytes);
}

}  // namespace spanlight::grpc::testing
