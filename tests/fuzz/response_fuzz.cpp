// Bytes of a connection → head and body of one HTTP response, chunks taken apart and gzip inflated: the same
// however the bytes are cut, and no more than who listens wants. The first byte chooses the cuts, the second
// when the listener has enough.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "kubernetes/response_reader.h"

namespace {

using namespace spanlight;
namespace http = boost::beast::http;
using Error = boost::beast::error_code;

constexpr std::size_t kBodyBytesMax = std::size_t{1} << 20;  // an inflated page is bounded by who listens

void require(bool holds) {
  if (!holds) std::abort();
}

struct Listener final : HttpStream::Reader {
  explicit Listener(std::size_t most) : body_most(most) {}
  void on_head(const HttpHead& h) override {
    require(heads++ == 0);
    head = h;
  }
  bool on_body(std::string_view piece) override {
    require(heads == 1 && !had_enough);
    body += piece;
    had_enough = body.size() >= body_most;
    return !had_enough;
  }
  void on_end(const std::string&, bool) override {}

  const std::size_t body_most;
  HttpHead head;
  int heads = 0;
  bool had_enough = false;
  std::string body;
};

struct Outcome {
  std::string body;
  HttpHead head;
  bool has_head, done, wrong;  // wrong: the syntax or the compression
  bool enough;
};

// As http_stream.cpp does it.
Outcome outcome(const std::vector<std::uint8_t>& bytes, std::size_t cut, std::size_t body_most) {
  Listener listener(body_most);
  HttpStream::Reader* reader = &listener;
  ResponseReader response(reader);
  boost::beast::flat_buffer buffer;
  Error error;
  const auto goes_on = [&] {
    return !response.is_done() && !response.enough() && response.fault().empty() &&
           (!error || error == http::error::need_more);
  };
  for (std::size_t at = 0; at < bytes.size() && goes_on();) {
    const std::size_t n = std::min(cut, bytes.size() - at);
    boost::asio::buffer_copy(buffer.prepare(n), boost::asio::buffer(bytes.data() + at, n));
    buffer.commit(n);
    at += n;
    error = {};
    while (buffer.size() > 0 && !error && goes_on()) buffer.consume(response.put(buffer.data(), error));
  }
  const bool syntax_is_wrong = error && error != http::error::need_more;
  if (!syntax_is_wrong && goes_on() && response.got_some()) {
    Error at_end;
    response.put_eof(at_end);
    error = at_end;
  }
  require(listener.heads == (response.is_header_done() ? 1 : 0) || syntax_is_wrong);
  return {listener.body,
          listener.head,
          listener.heads == 1,
          response.is_done(),
          (error && error != http::error::need_more) || !response.fault().empty(),
          response.enough()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cut = std::size_t{1} + data[0];
  const std::vector<std::uint8_t> bytes(data + 2, data + size);
  const Outcome whole = outcome(bytes, bytes.size() + 1, kBodyBytesMax);
  const Outcome pieces = outcome(bytes, cut, kBodyBytesMax);
  require(whole.has_head == pieces.has_head);
  require(whole.wrong == pieces.wrong);
  require(whole.head.status == pieces.head.status && whole.head.date_s == pieces.head.date_s);
  // What came before a fault depends on the cuts: it is not used.
  if (!whole.wrong && !whole.enough && !pieces.enough)
    require(whole.body == pieces.body && whole.done == pieces.done);
  const std::size_t most = std::size_t{1} + data[1];
  const Outcome little = outcome(bytes, cut, most);
  require(little.body.size() < most || little.enough);
  return 0;
}
