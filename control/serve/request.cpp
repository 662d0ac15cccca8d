// What a connection does with a request: judged by its head before its body is read, then handed to a worker.

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "serve/connection.h"

namespace spanlight::serve {
namespace {

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

// Headers that decide who asks and where must not be there twice: who stands between us and the client may
// have read the other one.
bool has_twice(const http::request<http::string_body>& request, std::string_view name) {
  const auto range = request.equal_range(beast::string_view(name.data(), name.size()));
  return range.first != range.second && std::next(range.first) != range.second;
}

bool takes_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    const std::size_t comma = accepted.find(',');
    std::string_view coding = accepted.substr(0, comma);
    accepted = comma == accepted.npos ? std::string_view{} : accepted.substr(comma + 1);
    coding.remove_prefix(std::min(coding.find_first_not_of(" \t"), coding.size()));
    const std::size_t semicolon = coding.find(';');
    const std::string_view weight =
        semicolon == coding.npos ? std::string_view{} : coding.substr(semicolon + 1);
    coding = coding.substr(0, coding.find_first_of(" \t;"));
    const bool refused =
        weight.find("q=0") != weight.npos && weight.find_first_of("123456789") == weight.npos;
    if ((coding == "gzip" || coding == "*") && !refused) return true;
  }
  return false;
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  return content_type.substr(0, content_type.find(';')).find(wanted) == 0;
}

std::optional<Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head:
      return Method::get;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view Connection::header(http::field name) const {
  return view_of(parser_->get()[name]);
}

RequestHead Connection::head_of(const http::request<http::string_body>& request) const {
  RequestHead head;
  head.from = from_;
  head.is_loopback_only = core_.on_loopback;
  head.changes_state = request.method() == http::verb::post || request.method() == http::verb::put;
  head.is_socket = boost::beast::websocket::is_upgrade(request);
  head.host = header(http::field::host);
  head.origin = header(http::field::origin);
  head.fetch_site = view_of(request["Sec-Fetch-Site"]);
  head.authorization = header(http::field::authorization);
  if (!core_.gate->proxy_header().empty()) head.proxy_user = view_of(request[core_.gate->proxy_header()]);
  head.forwarded_host = view_of(request["X-Forwarded-Host"]);
  head.protocols = header(http::field::sec_websocket_protocol);
  return head;
}

ExchangeTerms Connection::terms_of(const http::request<http::string_body>& request) const {
  ExchangeTerms terms;
  terms.takes_gzip = takes_gzip(header(http::field::accept_encoding));
  terms.head_only = request.method() == http::verb::head;
  terms.keep_alive = request.keep_alive() && !core_.stopping;
  terms.old_client = request.version() < 11;
  terms.over_tls = channel_->is_tls();
  return terms;
}

void Connection::judge() {
  const http::request<http::string_body>& request = parser_->get();
  has_body_ = !parser_->is_done();
  std::optional<Target> target = parse_target(view_of(request.target()));
  if (!target) {
    ++core_.counts.malformed;
    refuse(400, "bad_target", "The request's target is not a path with a query that can be read.");
    return;
  }
  target_ = *std::move(target);
  const bool host_is_there = request.version() < 11 || request.count(http::field::host) == 1;
  const bool twice = has_twice(request, "Host") || has_twice(request, "Authorization") ||
                     has_twice(request, "Origin") ||
                     (!core_.gate->proxy_header().empty() && has_twice(request, core_.gate->proxy_header()));
  if (!host_is_there || twice) {
    ++core_.counts.malformed;
    refuse(400, "bad_head",
           "Host must be there once; so must Authorization, Origin and the proxy's header, if at all.");
    return;
  }
  const RequestHead head = head_of(request);
  if (const Refusal refusal = core_.gate->check_site(head); refusal.status != 0) {
    ++core_.counts.refused_site;
    refuse(refusal.status, refusal.code, refusal.sentence);
    return;
  }
  const std::optional<Method> method = method_of(request.method());
  RouteTable::Match match = core_.table.find(method.value_or(Method::get), target_.path);
  if (method && match.route != nullptr) {
    judge_route(head, std::move(match));
  } else if (match.route != nullptr || !match.allowed.empty()) {
    refuse(405, "wrong_method", "This cannot be asked so.",
           {{"Allow", match.allowed.empty() ? std::string("GET, HEAD") : match.allowed}});
  } else if (target_.path.starts_with("/api/") || !method || *method != Method::get || has_body_) {
    refuse(404, "not_found", "There is nothing of this name.");
  } else {
    answer_asset();
  }
}

bool Connection::identify(const RequestHead& head, Principal& principal) {
  if (route_->needs == Needs::nothing) return true;
  Refusal refusal;
  std::optional<Principal> known = core_.gate->identify(head, refusal);
  std::uint32_t retry_after_s = 0;
  // Who cannot say who they are is counted by address: guessing tokens has a pace. One IPv6 machine has a
  // /64.
  Ip network = from_;
  if (!network.is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  const std::string client =
      known && known->how != "loopback" ? "user " + known->name : "ip " + network.text();
  if ((route_->limited || !known) && !core_.rate.take(client, now_ns(), retry_after_s)) {
    ++core_.counts.refused_rate;
    refuse(429, "too_many_requests", "More requests than serve.requestsPerSecond; come again in a moment.",
           {{"Retry-After", std::to_string(retry_after_s)}});
    return false;
  }
  if (!known) {
    ++core_.counts.refused_identity;
    ExtraHeaders headers;
    if (refusal.status == 401) headers.emplace_back("WWW-Authenticate", "Bearer realm=\"spanlight\"");
    refuse(refusal.status, refusal.code, refusal.sentence, std::move(headers));
    return false;
  }
  principal = *std::move(known);
  if (const std::string lack = lacks(principal, route_->needs); !lack.empty()) {
    ++core_.counts.refused_permission;
    request_.principal = principal;
    refuse(403, "not_allowed", lack);
    return false;
  }
  return true;
}

void Connection::judge_route(const RequestHead& head, RouteTable::Match match) {
  route_ = match.route;
  Principal principal;
  if (!identify(head, principal)) return;
  if (route_->is_socket) {
    if (!head.is_socket)
      refuse(426, "upgrade_required", "This is a WebSocket.", {{"Upgrade", "websocket"}});
    else
      upgrade(*route_, std::move(principal));
    return;
  }
  const bool takes_body = !route_->body_type.empty();
  if (has_body_ && !takes_body) {
    refuse(400, "unexpected_body", "This takes no body.");
    return;
  }
  if (takes_body && !is_type(header(http::field::content_type), route_->body_type)) {
    refuse(415, "wrong_type", "The body must be " + route_->body_type + ", and say so.");
    return;
  }
  request_.query = std::move(target_.query);
  const bool is_busy = core_.waiting >= core_.limits.waiting_requests_max ||
                       (asks_for_long_answer() && core_.long_answers >= core_.limits.long_answers_max);
  if (is_busy) {
    ++core_.counts.refused_busy;
    refuse(503, "busy", "Too much is asked at once; come again in a moment.", {{"Retry-After", "2"}});
    return;
  }
  request_.method = route_->method;
  request_.path = target_.path;
  request_.captured = std::move(match.captured);
  request_.content_type = header(http::field::content_type);
  request_.principal = std::move(principal);
  request_.from = from_;
  if (!has_body_) {
    run_handler();
    return;
  }
  if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
    phase_ = Phase::body;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    expire(core_.limits.body);
    asio::async_write(*channel_, asio::buffer(kContinue),
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error)
                          self->broken(error);
                        else
                          self->read_body();
                      });
    return;
  }
  read_body();
}

// Before anything was checked: a flag that is none counts as set, and is refused by the handler.
bool Connection::asks_for_long_answer() const {
  const auto is_set = [this](const std::string& flag) {
    const std::string_view value = request_.parameter(flag);
    return request_.has_parameter(flag) && value != "false" && value != "0";
  };
  const std::vector<std::string>& flags = route_->long_with;
  return route_->is_long || (!flags.empty() && std::all_of(flags.begin(), flags.end(), is_set));
}

void Connection::run_handler() {
  phase_ = Phase::answering;
  request_.body = std::move(parser_->get().body());
  flow_ = std::make_shared<Flow>();
  const bool is_long = asks_for_long_answer();
  if (is_long) ++core_.long_answers;
  ++core_.waiting;
  channel_->expires_never();
  watch_client();
  auto job = std::make_shared<Job>(Job{shared_from_this(), flow_, route_, is_long, std::move(request_),
                                       terms_of(parser_->get()), began_ns_});
  request_ = {};
  asio::thread_pool& workers = route_->is_slow || is_long ? core_.slow : core_.quick;
  asio::post(workers, [job = std::move(job), &core = core_]() mutable {
    run_job(core, *job);
    --core.waiting;
    // Sockets end on their own thread: the connection's last owner must not be this one.
    asio::post(core.io, [job = std::move(job), &core] {
      if (job->is_long) --core.long_answers;
    });
  });
}

// On a worker.
void Connection::run_job(Core& core, const Job& job) {
  WorkerExchange exchange(job.connection, job.flow, job.terms);
  std::string fault;
  exchange.run(*job.route, job.request, fault);
  if (!fault.empty()) {
    ++core.counts.handler_faults;
    core.log(LogLevel::error, "request " + job.route->id + " failed: " + fault);
  }
  if (exchange.cut()) ++core.counts.answers_cut;
  const std::uint64_t elapsed_us = (now_ns() - job.began_ns) / 1'000;
  core.counts.answered(static_cast<std::size_t>(job.route - core.table.routes().data()), exchange.status(),
                       elapsed_us);
  if (!job.route->audited) return;
  const Principal& who = job.request.principal;
  core.audit.write({now_ns(), who.name, who.how, job.request.from.text(),
                    std::string(method_name(job.request.method)), job.request.path, exchange.status(),
                    exchange.audit(), elapsed_us});
}

void Connection::answer(int status, std::string_view content_type, std::string body, ExtraHeaders headers,
                        bool is_api, bool gzipped) {
  const http::request<http::string_body>& request = parser_->get();
  const ExchangeTerms terms = terms_of(request);
  AnswerHead head{status, content_type, body.size(), std::move(headers)};
  // What of a body was not read would be taken for the next request.
  const bool whole = parser_->is_header_done() && parser_->is_done() && terms.keep_alive;
  head.keep_alive = whole;
  head.over_tls = terms.over_tls;
  head.is_api = is_api;
  head.gzipped = gzipped;
  head.varies = !is_api;
  std::string bytes = answer_head(head);
  if (!terms.head_only && status != 304) bytes += body;
  phase_ = Phase::answering;
  then_ = whole ? Then::next : Then::close;
  out_.push_back(std::move(bytes));
  send_next();
}

void Connection::refuse(int status, std::string code, const std::string& sentence, ExtraHeaders headers) {
  const std::uint64_t elapsed_us = (now_ns() - began_ns_) / 1'000;
  const std::size_t index =
      route_ == nullptr ? kNoRoute : static_cast<std::size_t>(route_ - core_.table.routes().data());
  core_.counts.answered(index, status, elapsed_us);
  const bool concerns_access = status == 401 || status == 403 || status == 421;
  if (concerns_access) {
    AuditNote note;
    note.what = code;
    const Principal& who = request_.principal;
    core_.audit.write({now_ns(), who.name, who.how, from_.text(),
                       std::string(view_of(parser_->get().method_string())), target_.path, status,
                       std::move(note), elapsed_us});
  }
  const std::string body = ApiError(status, std::move(code), sentence).json();
  answer(status, Exchange::kJson, body, std::move(headers), true);
}

void Connection::answer_asset() {
  const std::shared_ptr<const Assets> assets = core_.assets();
  const Asset* const asset = assets->find(target_.path);
  if (asset == nullptr) {
    refuse(404, "not_found", "There is nothing of this name.");
    return;
  }
  // A page is asked for anew each time, so that a new version is seen at once; what has its hash in its name
  // is kept.
  ExtraHeaders headers = {
      {"ETag", asset->etag},
      {"Cache-Control", asset->immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  const bool same = header(http::field::if_none_match).find(asset->etag) != std::string_view::npos;
  const bool packed = !asset->gzipped.empty() && takes_gzip(header(http::field::accept_encoding));
  const int status = same ? 304 : 200;
  core_.counts.answered(kNoRoute, status, (now_ns() - began_ns_) / 1'000);
  answer(status, asset->content_type, same ? std::string{} : (packed ? asset->gzipped : asset->bytes),
         std::move(headers), false, packed && !same);
}

void Connection::upgrade(const Route&, Principal principal) {
  if (buffer_.size() > 0 || core_.streams >= core_.limits.streams_max) {
    ++core_.counts.refused_busy;
    refuse(503, "busy", "Too many live clients; come again in a moment.", {{"Retry-After", "5"}});
    return;
  }
  phase_ = Phase::ended;  // of the HTTP part
  serve_stream(core_, std::move(channel_), parser_->release(), std::move(principal), from_);
}

}  // namespace spanlight::serve
