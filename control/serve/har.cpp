#include "serve/har.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "body/charset.h"
#include "body/encodings.h"
#include "body/media.h"
#include "body/words.h"
#include "record/names.h"
#include "record/reader.h"
#include "serve/json_out.h"
#include "serve/url.h"

namespace spanlight::serve {
namespace {

constexpr std::size_t kHarBodyBytesMax = std::size_t{1} << 20;  // of one body, decoded

// Each header of a message; none where payloads are not to be seen.
template <typename OnHeader>
void each_header(const wire::Message* message, bool payloads, const OnHeader& on_header) {
  if (message == nullptr || !payloads) return;
  HeaderReader headers(*message);
  while (const std::optional<Header> header = headers.next()) on_header(*header);
}

std::string header_value(const wire::Message* message, bool payloads, std::string_view name) {
  std::string value;
  each_header(message, payloads, [&](const Header& header) {
    if (value.empty() && body::equals_folded(header.name, name)) value = header.value;
  });
  return value;
}

void append_headers(JsonOut& json, const wire::Message* message, bool payloads) {
  json.key("headers").open_array();
  each_header(message, payloads, [&](const Header& header) {
    json.open_object().member("name", header.name).member("value", header.value).close_object();
  });
  json.close_array();
}

// "a=1; b=2" of Cookie, or the first pair of each Set-Cookie.
void append_cookies(JsonOut& json, const wire::Message* message, bool payloads, bool is_request) {
  json.key("cookies").open_array();
  each_header(message, payloads, [&](const Header& header) {
    if (!body::equals_folded(header.name, is_request ? "cookie" : "set-cookie")) return;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = body::trimmed(rest.substr(0, end));
      rest = end == rest.npos || !is_request ? std::string_view{} : rest.substr(end + 1);
      const std::size_t equals = pair.find('=');
      if (equals == pair.npos) continue;
      json.open_object()
          .member("name", pair.substr(0, equals))
          .member("value", pair.substr(equals + 1))
          .close_object();
    }
  });
  json.close_array();
}

void append_query(JsonOut& json, std::string_view query) {
  json.key("queryString").open_array();
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
    json.open_object()
        .member("name", percent_decoded(name, true).value_or(std::string(name)))
        .member("value", percent_decoded(value, true).value_or(std::string(value)))
        .close_object();
  }
  json.close_array();
}

std::string host_of(const wire::Record& record, const Call& call, bool payloads) {
  std::string host = header_value(record.request(), payloads, "host");
  if (host.empty()) host = header_value(record.request(), payloads, ":authority");
  if (!host.empty()) return host;
  if (!call.dst.dns.empty()) return std::string(call.dst.dns);
  char text[kAddressTextMax];
  std::string address(text, write_address(text, *record.dst()));
  if (address.find(':') != address.npos) address = '[' + address + ']';
  return address + ':' + std::to_string(record.dst_port());
}

void append_request(JsonOut& json, const Call& call, bool payloads) {
  const wire::Record& record = *call.record;
  const wire::Message& request = *record.request();
  std::string url(text_of(record.url()));
  if (url.empty()) url = text_of(record.path());
  if (url.empty() || url.front() == '/') url = "http://" + host_of(record, call, payloads) + url;
  json.key("request").open_object().member("method", text_of(record.method())).member("url", url);
  json.member("httpVersion", "HTTP/" + std::string(text_of(record.version())));
  append_cookies(json, &request, payloads, true);
  append_headers(json, &request, payloads);
  append_query(json, text_of(record.query_string()));
  if (payloads && request.body_size() > 0) {
    const std::span<const std::uint8_t> bytes = bytes_of(request.body());
    const body::Decoded decoded =
        body::undo_encodings(bytes, text_of(request.content_encoding()), kHarBodyBytesMax);
    const body::Media media = body::media_of(text_of(request.content_type()), decoded.bytes);
    // The format has no place for bytes here: what is no text is left out, and said.
    const bool is_text = media.kind != body::Kind::binary && media.kind != body::Kind::image &&
                         media.kind != body::Kind::protobuf && media.kind != body::Kind::grpc;
    json.key("postData").open_object().member("mimeType", text_of(request.content_type()));
    json.key("params").open_array().close_array();
    json.member("text", is_text ? body::to_utf8(decoded.bytes, media.charset, true).text : std::string());
    if (!is_text) json.member("comment", "the body is no text");
    json.close_object();
  }
  json.member("headersSize", -1).member("bodySize", request.body_size()).close_object();
}

void append_content(JsonOut& json, const wire::Message* response, bool payloads) {
  json.key("content").open_object();
  if (response == nullptr) {
    json.member("size", 0).member("mimeType", "x-unknown").close_object();
    return;
  }
  const body::Decoded decoded = body::undo_encodings(bytes_of(response->body()),
                                                     text_of(response->content_encoding()), kHarBodyBytesMax);
  const bool cut =
      decoded.truncated || decoded.over_limit || bytes_of(response->body()).size() < response->body_size();
  json.member("size", cut || !payloads ? response->body_size() : decoded.bytes.size());
  const std::string_view type = text_of(response->content_type());
  json.member("mimeType", type.empty() ? std::string_view("x-unknown") : type);
  if (payloads && !decoded.bytes.empty()) {
    const body::Media media = body::media_of(type, decoded.bytes);
    const bool is_text =
        media.kind == body::Kind::json || media.kind == body::Kind::text || media.kind == body::Kind::form;
    if (is_text) {
      json.member("text", body::to_utf8(decoded.bytes, media.charset, cut).text);
    } else {
      TextBuffer base64;
      append_base64(base64, decoded.bytes);
      json.member("text", base64.view()).member("encoding", "base64");
    }
    if (cut) json.member("comment", "the beginning of the body: no more was captured");
  }
  json.close_object();
}

void append_response(JsonOut& json, const wire::Record& record, bool payloads) {
  const wire::Message* const response =
      record.state() == wire::State::no_response ? nullptr : record.response();
  json.key("response").open_object().member("status", record.has_status() ? record.status_code() : 0);
  json.member("statusText", "").member("httpVersion", "HTTP/" + std::string(text_of(record.version())));
  append_cookies(json, response, payloads, false);
  append_headers(json, response, payloads);
  append_content(json, response, payloads);
  json.member("redirectURL", header_value(response, payloads, "location"));
  json.member("headersSize", -1);
  json.member("bodySize",
              response == nullptr ? std::int64_t{-1} : static_cast<std::int64_t>(response->body_size()));
  json.close_object();
}

// Milliseconds from one moment to a later one; 0 where they are not both known or came the other way round.
double between_ms(std::uint64_t from_ns, std::uint64_t to_ns) {
  return from_ns == 0 || to_ns <= from_ns ? 0 : static_cast<double>(to_ns - from_ns) / 1e6;
}

void append_times(JsonOut& json, const wire::Record& record) {
  const std::uint64_t sent_ns = record.request()->last_byte();
  const std::uint64_t first_ns = record.response_timestamp();
  const std::uint64_t last_ns = record.response() == nullptr ? 0 : record.response()->last_byte();
  const double send = between_ms(record.timestamp(), sent_ns);
  const double wait = between_ms(sent_ns == 0 ? record.timestamp() : sent_ns, first_ns);
  const double receive = between_ms(first_ns, last_ns);
  json.member("time", send + wait + receive);
  json.key("timings")
      .open_object()
      .member("send", send)
      .member("wait", wait)
      .member("receive", receive)
      .close_object();
}

}  // namespace

void append_har_head(TextBuffer& out, std::string_view version) {
  out.append(R"({"log":{"version":"1.2","creator":{"name":"Spanlight","version":)");
  append_json_string(out, version);
  out.append("},\"pages\":[],\"entries\":[");
}

void append_har_end(TextBuffer& out, std::uint64_t left_out) {
  out.append(']');
  if (left_out > 0) {
    out.append(",\"comment\":");
    append_json_string(out, std::to_string(left_out) + " calls are no HTTP and were left out");
  }
  out.append("}}\n");
}

bool fits_har(const Call& call) {
  static constexpr std::array<std::string_view, 5> kProtocols = {"http", "http2", "grpc", "gql", "ws"};
  const wire::Record& record = *call.record;
  const bool is_http =
      std::find(kProtocols.begin(), kProtocols.end(), text_of(record.protocol())) != kProtocols.end();
  return is_http && record.request() != nullptr && record.state() != wire::State::no_request &&
         !text_of(record.method()).empty();
}

void append_har_entry(TextBuffer& out, const StoredCall& stored, bool payloads) {
  const Call& call = stored.call();
  const wire::Record& record = *call.record;
  JsonOut json(out);
  char time[kTimeTextBytes];
  write_time(time, record.timestamp() != 0 ? record.timestamp() : stored.time_ns());
  json.open_object().member("startedDateTime", std::string_view(time, sizeof(time)));
  append_times(json, record);
  append_request(json, call, payloads);
  append_response(json, record, payloads);
  json.key("cache").open_object().close_object();
  char address[kAddressTextMax];
  json.member("serverIPAddress", std::string_view(address, write_address(address, *record.dst())));
  json.member("connection", std::to_string(record.conn_id()));
  json.member("_id", stored.id().text()).close_object();
}

}  // namespace spanlight::serve
