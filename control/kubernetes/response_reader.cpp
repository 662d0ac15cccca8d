#include "kubernetes/response_reader.h"

#include <charconv>
#include <ctime>

namespace spanlight {
namespace {

constexpr std::uint32_t kHeaderBytesMax = 65'536;
constexpr std::size_t kInflatedPieceBytes = 65'536;
constexpr int kGzipWindow = 15 + 16;

// "Thu, 26 Nov 2026 09:39:41 GMT" (RFC 9110, 5.6.7).
std::uint64_t date_of(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts);
  const std::time_t seconds = end == nullptr ? 0 : timegm(&parts);
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0;
}

}  // namespace

struct ResponseReader::Inflater {
  z_stream stream{};
  std::string out;
  bool ready = inflateInit2(&stream, kGzipWindow) == Z_OK;
  Inflater() : out(kInflatedPieceBytes, '\0') {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

ResponseReader::ResponseReader(HttpStream::Reader*& reader) : reader_(reader) {
  eager(true);
  body_limit(boost::none);  // a watch has no end; who listens bounds a line and a page
  header_limit(kHeaderBytesMax);
}
ResponseReader::~ResponseReader() = default;

void ResponseReader::on_response_impl(int code, View, int, Error&) {
  head_.status = static_cast<unsigned>(code);
}

void ResponseReader::on_field_impl(boost::beast::http::field name, View, View value, Error&) {
  namespace http = boost::beast::http;
  if (name == http::field::date) {
    head_.date_s = date_of(std::string(value));
  } else if (name == http::field::retry_after) {
    std::uint64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc{} && end == value.data() + value.size()) head_.retry_after_s = seconds;
  } else if (name == http::field::content_encoding) {
    gzip_ = value == "gzip";
    if (!gzip_ && value != "identity")
      fault_ = "The API server packs its answer as \"" + std::string(value) + "\", which was not asked for.";
  }
}

void ResponseReader::on_header_impl(Error&) {
  if (gzip_) inflater_ = std::make_unique<Inflater>();
  if (reader_ != nullptr) reader_->on_head(head_);
}

std::size_t ResponseReader::on_body_impl(View piece, Error&) {
  take(piece);
  return piece.size();
}
std::size_t ResponseReader::on_chunk_body_impl(std::uint64_t, View piece, Error&) {
  take(piece);
  return piece.size();
}
void ResponseReader::on_finish_impl(Error&) {
  if (gzip_ && !inflated_all_ && !enough_ && fault_.empty())
    fault_ = "The API server's gzip data end too early.";
}

void ResponseReader::take(View piece) {
  if (enough_ || !fault_.empty()) return;
  if (inflater_ != nullptr)
    inflate_piece(piece);
  else
    enough_ = reader_ == nullptr || !reader_->on_body({piece.data(), piece.size()});
}

void ResponseReader::inflate_piece(View piece) {
  z_stream& stream = inflater_->stream;
  if (!inflater_->ready || inflated_all_) {
    fault_ = "The API server's gzip data cannot be read.";
    return;
  }
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));  // zlib's interface; it only reads
  stream.avail_in = static_cast<uInt>(piece.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(inflater_->out.data());
    stream.avail_out = static_cast<uInt>(inflater_->out.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    inflated_all_ = status == Z_STREAM_END;
    if (status != Z_OK && !inflated_all_ && status != Z_BUF_ERROR) {
      fault_ = "The API server's gzip data cannot be read.";
      return;
    }
    const std::size_t made = inflater_->out.size() - stream.avail_out;
    if (made > 0) enough_ = reader_ == nullptr || !reader_->on_body({inflater_->out.data(), made});
    if (enough_) return;
    // Nothing stands behind the end: no server packs an answer in two parts.
    if (inflated_all_ && stream.avail_in > 0) fault_ = "The API server's gzip data go on behind their end.";
    if (inflated_all_) return;
    if (made == 0 && stream.avail_in > 0) {
      fault_ = "The API server's gzip data cannot be read.";
      return;
    }
  } while (stream.avail_in > 0 || stream.avail_out == 0);
}

}  // namespace spanlight
