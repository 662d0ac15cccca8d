#pragma once
// One connection to an API server: GET requests, one after the other, whose bodies are handed out as they
// come. Lives on the thread that runs the io_context; nothing here blocks, nothing throws. Keeps the
// connection while the server does; a request on a kept connection that turns out to be dead is sent once
// more on a new one. The room's only file with Beast in it is http_stream.cpp.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kubernetes/access.h"

namespace boost::asio {
class io_context;
}

namespace spanlight {

struct HttpHead {
  unsigned status = 0;
  std::uint64_t date_s = 0;         // the Date header, in seconds since the epoch; 0: none
  std::uint64_t retry_after_s = 0;  // 0: none
};

struct HttpRequest {
  std::string target;
  std::string accept;
  bool compressed = false;                        // gzip is welcome
  std::chrono::milliseconds silence_max{30'000};  // so long without a byte, and the connection is given up
};

class HttpStream {
 public:
  // Called on the io_context's thread, never from within get(). After on_end() another get() may follow.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void on_head(const HttpHead& head) = 0;
    // A piece of the body, inflated. False: enough; the connection is closed and on_end() tells no fault.
    virtual bool on_body(std::string_view piece) = 0;
    // The request is over: whole, where `fault` is empty. Otherwise one sentence. `closed`: the server was
    // there until now and ended the connection itself; otherwise it may have been gone for longer.
    virtual void on_end(const std::string& fault, bool closed) = 0;
  };

  // `access` outlives it. A new connection reads the credentials anew.
  HttpStream(boost::asio::io_context& context, const ClusterAccess& access, Reader& reader);
  ~HttpStream();  // NOLINT(bugprone-exception-escape): see http_stream.cpp
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  void get(const HttpRequest& request);
  void set_silence_max(std::chrono::milliseconds time);  // of the request under way, from now on
  void hang_up();  // the next get() makes a new connection, with the credentials as they are then
  void close();    // no further calls to the reader
  std::uint64_t bytes() const;  // received bodies, as they came on the wire

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace spanlight
