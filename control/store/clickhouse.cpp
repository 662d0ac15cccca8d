#include "store/clickhouse.h"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <fstream>
#include <optional>

#include "store/beast_channel.h"

namespace spanlight {
namespace {

namespace http = boost::beast::http;
using Kind = StoreError::Kind;

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::size_t kErrorTextMax = std::size_t{16} << 10;
constexpr std::size_t kTailBytes = 4'096;  // of an answer, where an error's text may stand

void append_percent_encoded(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-' || c == '.';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
}

// The form that parameters of a query have in ClickHouse's HTTP interface: as in a column of TSV.
std::string escaped_parameter(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        out += c;
    }
  }
  return out;
}

TcpTarget parse_url(const std::string& url, const std::string& ca_file) {
  TcpTarget target;
  target.ca_file = ca_file;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    target.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    throw std::runtime_error("store: \"" + url +
                             "\" is no URL of a ClickHouse server; like http://host:8123");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  const std::size_t colon = bracket == std::string_view::npos ? rest.find(':') : rest.find(':', bracket);
  std::string_view host = rest.substr(0, colon);
  if (bracket != std::string_view::npos) host = rest.substr(1, bracket - 1);
  target.host = host;
  target.port = colon == std::string_view::npos ? (target.tls ? "8443" : "8123") : rest.substr(colon + 1);
  const bool number =
      !target.port.empty() && target.port.size() <= 5 &&
      std::all_of(target.port.begin(), target.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (host.empty() || !number || host.find('/') != std::string_view::npos)
    throw std::runtime_error("store: \"" + url +
                             "\" is no URL of a ClickHouse server; like http://host:8123");
  return target;
}

std::string password_in(const std::string& file) {
  if (file.empty()) return {};
  std::ifstream in(file);
  std::string password;
  if (!in || !std::getline(in, password))
    throw StoreError(Kind::unreachable, 0, "cannot read the store's password from " + file);
  return password;
}

// "Code: 241. DB::Exception: …" → 241
int code_in(std::string_view text) {
  int code = 0;
  if (const std::size_t at = text.find("Code: "); at != std::string_view::npos)
    std::from_chars(text.data() + at + 6, text.data() + text.size(), code);
  return code;
}

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  return text.substr(0, 1'000);
}

// Receives one answer. The head decides: data is handed on, an error's text is thrown.
class Receiver {
 public:
  Receiver(Channel& channel, std::chrono::milliseconds silence, const ClickHouse::OnData& on_data)
      : channel_(channel), silence_(silence), on_data_(on_data) {
    parser_.body_limit(boost::none);
    buffer_.reserve(kPieceBytes);  // Beast reads as much as there is room for, and begins with 4 KiB
  }

  void run() {
    BeastChannel stream(channel_);
    boost::system::error_code error;
    patience();
    http::read_header(stream, buffer_, parser_, error);
    check(error);
    const bool good = parser_.get().result() == http::status::ok;
    std::string said;
    piece_.resize(kPieceBytes);
    while (!parser_.is_done()) {
      parser_.get().body().data = piece_.data();
      parser_.get().body().size = piece_.size();
      patience();
      http::read_some(stream, buffer_, parser_, error);
      if (error == http::error::need_buffer) error = {};
      check(error);
      const std::string_view got(piece_.data(), piece_.size() - parser_.get().body().size);
      if (got.empty()) continue;
      keep_tail(got);
      if (!good) {
        said.append(got.substr(0, kErrorTextMax - std::min(kErrorTextMax, said.size())));
      } else if (!on_data_(got)) {
        return;
      }
    }
    if (!good) throw refused(said);
  }

 private:
  void patience() { channel_.set_deadline(Channel::Clock::now() + silence_); }

  StoreError refused(std::string_view said) {
    int code = code_in(said);
    if (const auto header = parser_.get()["X-ClickHouse-Exception-Code"]; !header.empty())
      std::from_chars(header.data(), header.data() + header.size(), code);
    std::string sentence(first_line(said));
    if (sentence.empty()) sentence = "the store answered " + std::to_string(parser_.get().result_int());
    return {Kind::refused, code, sentence};
  }

  // An error that comes behind the first data can only stand in the data; then the answer has no proper end.
  void check(const boost::system::error_code& error) {
    if (!error) return;
    if (channel_.interrupted()) throw StoreError(Kind::interrupted, 0, "interrupted");
    if (const std::size_t at = tail_.rfind("DB::Exception"); at != std::string::npos) {
      const std::size_t begin = tail_.rfind("Code: ", at);
      const std::string text = tail_.substr(begin == std::string::npos ? at : begin);
      throw StoreError(Kind::refused, code_in(text), std::string(first_line(text)));
    }
    throw StoreError(Kind::broken, 0,
                     channel_.fault() == ChannelFault::timed_out
                         ? "the store was silent for " + std::to_string(silence_.count()) + " ms"
                         : "the connection to the store was lost (" + error.message() + ")");
  }

  void keep_tail(std::string_view got) {
    tail_.append(got.substr(got.size() - std::min(got.size(), kTailBytes)));
    if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  }

  Channel& channel_;
  std::chrono::milliseconds silence_;
  const ClickHouse::OnData& on_data_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::string piece_;
  std::string tail_;
};

}  // namespace

ClickHouse::ClickHouse(Options options) : options_(std::move(options)) {
  if (options_.socket.empty()) tcp_ = parse_url(options_.url, options_.ca_file);
}

std::string ClickHouse::target() const {
  return options_.socket.empty() ? options_.url : options_.socket;
}

void ClickHouse::connect(Channel& channel, const std::stop_token& stop) const {
  try {
    channel.set_deadline(Channel::Clock::now() + options_.silence);
    if (options_.socket.empty())
      channel.connect_tcp(tcp_);
    else
      channel.connect_unix(options_.socket);
  } catch (const std::runtime_error& error) {
    throw StoreError(stop.stop_requested() ? Kind::interrupted : Kind::unreachable, 0, error.what());
  }
}

std::string ClickHouse::path_of(const Statement& statement) const {
  std::string path = "/?default_format=RowBinary";
  const auto add = [&path](std::string_view key, std::string_view value) {
    path += '&';
    append_percent_encoded(path, key);
    path += '=';
    append_percent_encoded(path, value);
  };
  if (statement.in_database) add("database", options_.database);
  if (!statement.query_id.empty()) add("query_id", statement.query_id);
  for (const auto& [name, value] : statement.settings) add(name, value);
  for (const auto& [name, value] : statement.parameters) add("param_" + name, escaped_parameter(value));
  // A SELECT that nobody waits for any more ends. (Servers only: the child always does so.)
  if (options_.socket.empty() && statement.data.empty())
    add("cancel_http_readonly_queries_on_client_close", "1");
  if (!statement.data.empty()) add("query", statement.sql);
  return path;
}

void ClickHouse::stream(const Statement& statement, const OnData& on_data,
                        const std::stop_token& stop) const {
  Channel channel;
  const std::stop_callback interrupt(stop, [&channel] { channel.interrupt(); });
  const std::string_view body = statement.data.empty() ? std::string_view(statement.sql) : statement.data;

  http::request<http::buffer_body> request(http::verb::post, path_of(statement), 11);
  request.set(http::field::host, options_.socket.empty() ? tcp_.host + ":" + tcp_.port : "localhost");
  request.set(http::field::user_agent, "spanlight");
  request.set(http::field::connection, "close");
  if (!options_.user.empty()) request.set("X-ClickHouse-User", options_.user);
  if (const std::string password = password_in(options_.password_file); !password.empty())
    request.set("X-ClickHouse-Key", password);
  request.content_length(body.size());
  request.body().data = const_cast<char*>(body.data());  // Beast reads it only
  request.body().size = body.size();
  request.body().more = false;

  connect(channel, stop);
  BeastChannel beast(channel);
  boost::system::error_code error;
  channel.set_deadline(Channel::Clock::now() + options_.silence);
  http::write(beast, request, error);
  // A store that refuses a statement may close before it has read all of it: then its answer says more than
  // our fault.
  if (error && channel.fault() != ChannelFault::closed)
    throw StoreError(channel.interrupted() ? Kind::interrupted : Kind::broken, 0,
                     "sending to the store failed (" + error.message() + ")");
  Receiver(channel, options_.silence, on_data).run();
}

std::string ClickHouse::ask(const Statement& statement, const std::stop_token& stop) const {
  std::string answer;
  stream(
      statement,
      [&answer](std::string_view piece) {
        if (piece.size() > kAnswerBytesMax - answer.size())
          throw StoreError(Kind::refused, store_code::kTooManyBytes,
                           "the store's answer is longer than " + std::to_string(kAnswerBytesMax) + " bytes");
        answer += piece;
        return true;
      },
      stop);
  return answer;
}

std::string sql_text(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string sql_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`' || c == '\\') out += '\\';
    out += c;
  }
  return out + "`";
}

}  // namespace spanlight
