#include "serve/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace spanlight::serve {

struct GzipStream::State {
  z_stream stream{};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  constexpr int kGzipFrame = 15 + 16;  // zlib.h, deflateInit2
  if (deflateInit2(&state_->stream, 1, Z_DEFLATED, kGzipFrame, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot start: out of memory");
}

GzipStream::~GzipStream() {
  deflateEnd(&state_->stream);
}

void GzipStream::run(std::string_view bytes, int how, std::string& out) {
  std::array<char, 16'384> buffer;
  z_stream& stream = state_->stream;
  do {
    constexpr std::size_t kStepMax = std::numeric_limits<uInt>::max();
    const std::string_view step = bytes.substr(0, kStepMax);
    bytes.remove_prefix(step.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(step.data()));  // zlib does not write there
    stream.avail_in = static_cast<uInt>(step.size());
    const int now = bytes.empty() ? how : Z_NO_FLUSH;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      if (deflate(&stream, now) == Z_STREAM_ERROR) throw std::logic_error("zlib: used after its end");
      out.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
}

void GzipStream::write(std::string_view bytes, bool flush, std::string& out) {
  run(bytes, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
}

void GzipStream::finish(std::string& out) {
  run({}, Z_FINISH, out);
}

std::string gzipped(std::string_view bytes) {
  GzipStream stream;
  std::string out;
  stream.write(bytes, false, out);
  stream.finish(out);
  return out;
}

}  // namespace spanlight::serve
