#pragma once
// A handler's side of one request: what it answers becomes bytes, packed where the client takes that, and
// goes to the connection. One for each request, on a worker thread.

#include <memory>
#include <string>

#include "serve/answer.h"
#include "serve/audit.h"
#include "serve/counts.h"
#include "serve/flow.h"
#include "serve/gzip.h"
#include "serve/http.h"
#include "serve/route.h"

namespace spanlight::serve {

struct ExchangeTerms {
  bool takes_gzip = false;
  bool head_only = false;  // HEAD
  bool keep_alive = true;
  bool old_client = false;  // HTTP/1.0
  bool over_tls = false;
};

class WorkerExchange final : public Exchange {
 public:
  WorkerExchange(std::shared_ptr<Outlet> outlet, std::shared_ptr<Flow> flow, const ExchangeTerms& terms)
      : outlet_(std::move(outlet)), flow_(std::move(flow)), terms_(terms) {}

  void send(int status, std::string_view content_type, std::string body, ExtraHeaders headers) override;
  void begin(int status, std::string_view content_type, ExtraHeaders headers) override;
  bool write(std::string_view bytes) override;
  bool flush() override;
  void end() override;
  std::stop_token cancelled() const override { return flow_->token(); }
  AuditNote& audit() override { return note_; }

  // Runs the handler; whatever it throws becomes an answer, or the end of the connection where an answer had
  // begun. `fault` gets the sentence of what is our own fault.
  void run(const Route& route, const Request& request, std::string& fault);

  int status() const { return status_; }  // 0: none was sent
  bool cut() const { return cut_; }

 private:
  void send_error(const ApiError& error);
  void fail(const ApiError& error);
  bool put_pending(bool all);

  std::shared_ptr<Outlet> outlet_;
  std::shared_ptr<Flow> flow_;
  ExchangeTerms terms_;
  AuditNote note_;
  std::unique_ptr<GzipStream> packer_;
  std::string pending_;  // written, not yet handed on: chunks have a sensible size so
  int status_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool cut_ = false;
};

constexpr std::size_t kPackedFromBytes = 1'024;  // smaller answers are not worth packing

}  // namespace spanlight::serve
