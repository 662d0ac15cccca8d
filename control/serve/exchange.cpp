#include "serve/exchange.h"

#include <exception>

#include "query/query.h"
#include "serve/questions.h"

namespace spanlight::serve {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{32} << 10;

bool packs(std::string_view content_type) {
  return content_type.starts_with("application/json") || content_type.starts_with("application/x-ndjson") ||
         content_type.starts_with("text/");
}

ApiError api_error_of(const QueryError& fault) {
  switch (fault.kind()) {
    case QueryError::Kind::cancelled:
      return {503, "cancelled", "The question was given up."};
    case QueryError::Kind::unavailable:
      return {503, "store_unavailable", fault.what()};
    case QueryError::Kind::too_heavy:
      return {422, "too_heavy", fault.what()};
    case QueryError::Kind::refused:
      return {400, "refused", fault.what()};
    case QueryError::Kind::bad_cursor:
      return {400, "bad_cursor", fault.what()};
  }
  return {500, "internal", "The store answered something unknown."};
}

}  // namespace

void WorkerExchange::send(int status, std::string_view content_type, std::string body, ExtraHeaders headers) {
  if (begun_ || ended_) return;
  ended_ = true;
  status_ = status;
  AnswerHead head{status, content_type, body.size(), std::move(headers)};
  head.varies = packs(content_type);
  if (head.varies && terms_.takes_gzip && body.size() >= kPackedFromBytes) {
    body = gzipped(body);
    head.gzipped = true;
    head.body_bytes = body.size();
  }
  head.keep_alive = terms_.keep_alive;
  head.over_tls = terms_.over_tls;
  std::string bytes = answer_head(head);
  if (!terms_.head_only) bytes += body;
  outlet_->put(std::move(bytes), terms_.keep_alive ? Outlet::Then::next : Outlet::Then::close);
}

void WorkerExchange::begin(int status, std::string_view content_type, ExtraHeaders headers) {
  if (begun_ || ended_) return;
  begun_ = true;
  status_ = status;
  // Without chunks only the connection's end says that the answer is whole.
  if (terms_.old_client) terms_.keep_alive = false;
  AnswerHead head{status, content_type, std::nullopt, std::move(headers)};
  head.varies = packs(content_type);
  head.gzipped = head.varies && terms_.takes_gzip && !terms_.head_only;
  head.keep_alive = terms_.keep_alive;
  head.old_client = terms_.old_client;
  head.over_tls = terms_.over_tls;
  if (head.gzipped) packer_ = std::make_unique<GzipStream>();
  std::string bytes = answer_head(head);
  flow_->add(bytes.size());
  outlet_->put(std::move(bytes), Outlet::Then::more);
}

bool WorkerExchange::put_pending(bool all) {
  if (terms_.head_only) {
    pending_.clear();
    return false;
  }
  if (pending_.empty() || (!all && pending_.size() < kPieceBytes)) return !flow_->gone();
  std::string piece = terms_.old_client ? std::move(pending_) : chunk(pending_);
  pending_.clear();
  if (!flow_->add(piece.size())) return false;
  outlet_->put(std::move(piece), Outlet::Then::more);
  return true;
}

bool WorkerExchange::write(std::string_view bytes) {
  if (!begun_ || ended_) return false;
  if (packer_ != nullptr)
    packer_->write(bytes, false, pending_);
  else
    pending_ += bytes;
  return put_pending(false);
}

bool WorkerExchange::flush() {
  if (!begun_ || ended_) return false;
  if (packer_ != nullptr) packer_->write({}, true, pending_);
  return put_pending(true);
}

void WorkerExchange::end() {
  if (!begun_ || ended_) return;
  ended_ = true;
  if (packer_ != nullptr) packer_->finish(pending_);
  put_pending(true);
  std::string last = terms_.old_client || terms_.head_only ? std::string{} : chunk({});
  flow_->add(last.size());
  outlet_->put(std::move(last), terms_.keep_alive ? Outlet::Then::next : Outlet::Then::close);
}

void WorkerExchange::send_error(const ApiError& error) {
  ExtraHeaders headers;
  if (error.status() == 503 || error.status() == 429) headers.emplace_back("Retry-After", "1");
  if (error.status() == 401) headers.emplace_back("WWW-Authenticate", "Bearer realm=\"spanlight\"");
  send(error.status(), kJson, error.json(), std::move(headers));
}

void WorkerExchange::fail(const ApiError& error) {
  if (ended_) return;
  if (!begun_) {
    send_error(error);
    return;
  }
  // Half an answer went out as a success: no last chunk, so that nobody takes it for the whole.
  ended_ = true;
  cut_ = true;
  outlet_->put({}, Outlet::Then::cut);
}

void WorkerExchange::run(const Route& route, const Request& request, std::string& fault) {
  try {
    refuse_unknown_parameters(request, route);
    route.handler(request, *this);
    if (begun_) end();
    if (ended_) return;
    fault = "no answer was made";
    fail({500, "internal", "The server has a fault; its log says more."});
  } catch (const ApiError& error) {
    fail(error);
  } catch (const QueryError& error) {
    if (error.kind() == QueryError::Kind::refused) fault = error.what();
    fail(api_error_of(error));
  } catch (const std::exception& error) {
    fault = error.what();
    fail({500, "internal", "The server has a fault; its log says more."});
  }
}

}  // namespace spanlight::serve
