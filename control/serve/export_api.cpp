// Calls in a file: streamed as the store gives them, none is kept, the client's pace is the store's.

#include <string>

#include "serve/api.h"
#include "serve/api_parts.h"
#include "serve/clock.h"
#include "serve/csv.h"
#include "serve/har.h"
#include "serve/questions.h"

namespace spanlight::serve {
namespace {

enum class Format : std::uint8_t { json, csv, har };

Format format_of(const Request& request) {
  const std::string_view format = request.parameter("format");
  if (format.empty() || format == "json") return Format::json;
  if (format == "csv") return Format::csv;
  if (format == "har") return Format::har;
  throw ApiError(400, "bad_parameter", "\"format\" must be json, csv or har");
}

std::string_view type_of(Format format) {
  if (format == Format::csv) return "text/csv; charset=utf-8; header=present";
  return format == Format::har ? "application/json" : "application/x-ndjson";
}

std::string_view ending_of(Format format) {
  if (format == Format::csv) return "csv";
  return format == Format::har ? "har" : "ndjson";
}

class ExportWriter {
 public:
  ExportWriter(Exchange& exchange, Format format, bool payloads)
      : exchange_(exchange), format_(format), payloads_(payloads) {}

  void begin(std::string_view version) {
    if (format_ == Format::csv) append_csv_head(out_);
    if (format_ == Format::har) append_har_head(out_, version);
    pass();
  }
  bool call(const StoredCall& stored) {
    if (format_ == Format::csv) {
      append_csv(out_, stored);
    } else if (format_ == Format::json) {
      lines_.clear();
      lines_.append(stored.call(), payloads_ ? Payloads::shown : Payloads::withheld);
      out_.append(lines_.text());
    } else if (fits_har(stored.call())) {
      if (written_ > 0) out_.append(",\n");
      append_har_entry(out_, stored, payloads_);
    } else {
      ++left_out_;
      return true;
    }
    exchange_.audit().calls = ++written_;  // as they go: who leaves before the end took these
    return pass();
  }
  void end() {
    if (format_ == Format::har) append_har_end(out_, left_out_);
    pass();
    exchange_.end();
  }

 private:
  bool pass() {
    const bool there = exchange_.write(out_.view());
    out_.clear();
    return there;
  }

  Exchange& exchange_;
  const Format format_;
  const bool payloads_;
  TextBuffer out_;
  JsonWriter lines_;
  std::uint64_t written_ = 0;
  std::uint64_t left_out_ = 0;
};

void answer_export(const Request& request, const Backend& backend, std::string_view version,
                   Exchange& exchange) {
  History& history = history_of(backend);
  const Format format = format_of(request);
  CallQuery query;
  static_cast<Scope&>(query) = scope_of(request, backend, now_ns(), exchange.audit());
  query.limit = number_of(request, "limit", 0, 1'000'000'000, 0);
  query.newest_first = false;
  const bool asked = flag_of(request, "payloads", format != Format::csv && request.principal.payloads);
  if (asked && !request.principal.payloads)
    throw ApiError(403, "no_payloads", "You may not see headers and bodies.");
  query.payloads = asked && format != Format::csv;
  exchange.audit().payloads = query.payloads;
  ExportWriter writer(exchange, format, query.payloads);
  // Nothing is begun before the store has understood the question, so that its refusal is an answer of its
  // own.
  bool begun = false;
  const auto begin = [&] {
    if (begun) return;
    begun = true;
    exchange.begin(
        200, type_of(format),
        {{"Content-Disposition", "attachment; filename=\"calls." + std::string(ending_of(format)) + '"'}});
    writer.begin(version);
  };
  history.page(
      query,
      [&](StoredCall&& stored) {
        begin();
        return writer.call(stored);
      },
      [&](const Progress&) {}, exchange.cancelled());
  begin();
  writer.end();
}

}  // namespace

void add_export_route(RouteTable& table, const Backend& backend, std::string_view version) {
  Route route;
  route.path = "/api/export";
  route.id = "export";
  route.summary = "Calls as a file, oldest first";
  route.is_long = true;
  route.parameters = {
      filter_parameter(),
      since_parameter("1h"),
      until_parameter(),
      source_parameter(),
      {"format",
       In::query,
       "string",
       "json: a call each line. har: HTTP calls only.",
       "json",
       {"json", "csv", "har"}},
      {"limit", In::query, "integer", "At most so many; 0: all.", "100", {}},
      {"payloads", In::query, "boolean", "With headers, bodies and fields; never in CSV.", "", {}}};
  route.outcomes = {{200,
                     std::string(type_of(Format::json)),
                     "The file. An answer that breaks off without its last chunk is not whole.",
                     {}},
                    {200, std::string(type_of(Format::csv)), "", {}},
                    {200, std::string(type_of(Format::har)), "", {"log"}},
                    {400, "application/json", "A parameter or the filter is wrong.", {"error"}}};
  route.handler = [&backend, version = std::string(version)](const Request& request, Exchange& exchange) {
    answer_export(request, backend, version, exchange);
  };
  table.add(std::move(route));
}

}  // namespace spanlight::serve
