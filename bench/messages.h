#pragma once
// What the two ends of a connection say to each other in each mix, seeded.

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace spanlight::bench {

enum class Mix : std::uint8_t {
  rpc,         // 300 bytes there, 400 back
  web,         // 7 KB a call, 10 + 8 headers
  bulk,        // bodies of 1 MB
  pipelined,   // small calls, up to eight of them outstanding, answered in order
  chunked,     // bodies in chunks of 1 byte to 4 KB, most of answers, some of requests
  grpc,        // unary calls of gRPC on HTTP/2, 100 bytes there, 150 back (grpc_messages.h)
  dns,         // a name's two addresses, asked for in datagrams: a query and an answer each
  redis,       // GET, SET, INCR: one to four commands before the first answer
  postgresql,  // a statement prepared, bound and executed at once, two rows back (sql_messages.h)
  kafka,       // batches of records produced and fetched (sql_messages.h)
  headers,     // packets without payload on connections that stay open (standing.h)
};
std::optional<Mix> mix_of(std::string_view name);
std::string_view name_of(Mix mix);

struct Plan {
  std::uint32_t connections;  // of one lap, all open at once
  std::uint32_t calls;        // on each of them
  std::uint32_t outstanding;  // requests before the first answer, at most
};
Plan plan_of(Mix mix);

struct Call {
  std::string request, response;
};
Call make_call(Mix mix, std::mt19937_64& random);

}  // namespace spanlight::bench
