#include "client/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

namespace spanlight::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;

constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr std::size_t kTokenBytesMax = 16'384;

struct Place {
  bool tls = false;
  std::string host, port;
};

Place place_of(const std::string& url) {
  Place place;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    place.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    throw ApiFault("\"" + url + "\" is no URL: http://HOST:PORT or https://HOST:PORT");
  }
  rest = rest.substr(0, rest.find('/'));
  // [::1]:8899, host:8899, host
  const std::size_t bracket = rest.find(']');
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  place.host = rest.substr(0, colon);
  place.port =
      colon == std::string_view::npos ? (place.tls ? "443" : "80") : std::string(rest.substr(colon + 1));
  if (place.host.size() > 1 && place.host.front() == '[')
    place.host = place.host.substr(1, place.host.size() - 2);
  if (place.host.empty() || place.port.empty()) throw ApiFault("\"" + url + "\" names no host");
  return place;
}

std::string read_token(const std::string& path) {
  std::ifstream in(path);
  std::string token;
  if (!in || !std::getline(in, token)) throw ApiFault(path + " cannot be read, or holds no token");
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.size() > kTokenBytesMax) throw ApiFault(path + " holds no token: its first line is too long");
  return token;
}

// What the server says is wrong, or what can be said without.
std::string fault_of(unsigned status, const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    const auto& error = json["error"];
    std::string sentence = error.value("message", "");
    if (error.contains("faults") && error["faults"].is_array())
      for (const auto& fault : error["faults"]) {
        sentence +=
            "\n  at byte " + std::to_string(fault.value("position", 0)) + ": " + fault.value("message", "");
        const std::string suggestion = fault.value("suggestion", "");
        if (!suggestion.empty()) sentence += " " + suggestion;
      }
    if (!sentence.empty()) return sentence;
  }
  return "the server answered " + std::to_string(status);
}

}  // namespace

std::string target(std::string_view path, const Query& query) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out(path);
  const auto encode = [&out](std::string_view text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                         (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                         byte == '~';
      if (plain)
        out.push_back(c);
      else
        out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  };
  char before = '?';
  for (const auto& [name, value] : query) {
    out.push_back(before);
    before = '&';
    encode(name);
    out.push_back('=');
    encode(value);
  }
  return out;
}

struct ApiClient::Impl {
  explicit Impl(const Server& server)
      : place(place_of(server.url)), url(server.url), tls(asio::ssl::context::tls_client) {
    if (!server.token_file.empty()) token = read_token(server.token_file);
    if (!place.tls) return;
    beast::error_code fault;
    if (server.ca_file.empty())
      tls.set_default_verify_paths(fault);
    else
      tls.load_verify_file(server.ca_file, fault);
    if (fault) throw ApiFault(server.ca_file + " cannot be read as PEM certificates: " + fault.message());
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification(place.host));
  }

  // Calls `use` with a stream that is connected.
  template <typename Use>
  auto with_stream(Use use) {
    try {
      Tcp::resolver resolver(io);
      const auto found = resolver.resolve(place.host, place.port);
      if (!place.tls) {
        beast::tcp_stream stream(io);
        stream.connect(found);
        return use(stream);
      }
      beast::ssl_stream<beast::tcp_stream> stream(io, tls);
      // SSL_set_tlsext_host_name(), without the cast in its macro.
      std::string name = place.host;
      SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
      beast::get_lowest_layer(stream).connect(found);
      stream.handshake(asio::ssl::stream_base::client);
      return use(stream);
    } catch (const boost::system::system_error& error) {
      throw ApiFault("the control process at " + url + " cannot be asked: " + error.code().message() +
                     "; is it running, and is --server right?");
    }
  }

  template <typename Body>
  http::request<Body> request(http::verb verb, const std::string& target) const {
    http::request<Body> made{verb, target, 11};
    const bool v6 = place.host.find(':') != std::string::npos;
    made.set(http::field::host, (v6 ? "[" + place.host + "]" : place.host) + ":" + place.port);
    made.set(http::field::user_agent, "spanlight");
    made.set(http::field::connection, "close");
    if (!token.empty()) made.set(http::field::authorization, "Bearer " + token);
    return made;
  }

  template <typename Stream>
  static std::string read_answer(Stream& stream) {
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kAnswerBytesMax);
    http::read(stream, buffer, parser);
    if (http::to_status_class(parser.get().result()) != http::status_class::successful)
      throw ApiFault(fault_of(parser.get().result_int(), parser.get().body()));
    return std::move(parser.get().body());
  }

  const Place place;
  const std::string url;
  std::string token;
  asio::io_context io;
  asio::ssl::context tls;
};

ApiClient::ApiClient(const Server& server) : impl_(std::make_unique<Impl>(server)) {}
ApiClient::~ApiClient() = default;

std::string ApiClient::get(const std::string& target) {
  return impl_->with_stream([&](auto& stream) {
    http::write(stream, impl_->request<http::empty_body>(http::verb::get, target));
    return Impl::read_answer(stream);
  });
}

std::string ApiClient::send(std::string_view method, const std::string& target, const std::string& json) {
  return impl_->with_stream([&](auto& stream) {
    auto request = impl_->request<http::string_body>(
        http::string_to_verb(beast::string_view(method.data(), method.size())), target);
    request.set(http::field::content_type, "application/json");
    request.body() = json;
    request.prepare_payload();
    http::write(stream, request);
    return Impl::read_answer(stream);
  });
}

void ApiClient::get_lines(const std::string& target, const std::function<bool(std::string_view)>& on_line) {
  impl_->with_stream([&](auto& stream) {
    http::write(stream, impl_->request<http::empty_body>(http::verb::get, target));
    beast::flat_buffer buffer;
    buffer.reserve(kPieceBytes);  // Beast reads as much as there is room for, and begins with 4 KiB
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(stream, buffer, parser);
    const bool good = http::to_status_class(parser.get().result()) == http::status_class::successful;
    std::string text;
    std::vector<char> piece(kPieceBytes);
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      beast::error_code fault;
      http::read(stream, buffer, parser, fault);
      if (fault && fault != http::error::need_buffer) throw boost::system::system_error(fault);
      text.append(piece.data(), piece.size() - parser.get().body().size);
      if (text.size() > kAnswerBytesMax) throw ApiFault("the server's answer has a line that is too long");
      if (!good) continue;
      std::size_t begin = 0;
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        if (!on_line(std::string_view(text).substr(begin, end - begin))) return;
        begin = end + 1;
      }
      text.erase(0, begin);
    }
    if (!good) throw ApiFault(fault_of(parser.get().result_int(), text));
  });
}

std::string ApiClient::post_stream(const std::string& target, std::string_view content_type,
                                   const Source& source) {
  return impl_->with_stream([&](auto& stream) {
    auto request = impl_->request<http::empty_body>(http::verb::post, target);
    request.set(http::field::content_type, beast::string_view(content_type.data(), content_type.size()));
    request.chunked(true);
    http::request_serializer<http::empty_body> serializer(request);
    http::write_header(stream, serializer);
    std::vector<char> piece(kPieceBytes);
    beast::error_code gone;
    while (const std::size_t bytes = source(piece.data(), piece.size())) {
      asio::write(stream, http::make_chunk(asio::buffer(piece.data(), bytes)), gone);
      if (gone) break;  // it has answered already: what it says is worth more than that it went
    }
    if (!gone) asio::write(stream, http::make_chunk_last(), gone);
    return Impl::read_answer(stream);
  });
}

}  // namespace spanlight::client
