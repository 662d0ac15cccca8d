// Calls: a page of them, one of them whole, its connection, its trace, its packets; and the live stream's
// line.

#include <algorithm>
#include <string>

#include "body/view.h"
#include "body/words.h"
#include "record/reader.h"
#include "serve/api.h"
#include "serve/api_parts.h"
#include "serve/clock.h"
#include "serve/questions.h"

namespace spanlight::serve {
namespace {

CallQuery call_query_of(const Request& request, const Backend& backend, std::uint64_t now_ns,
                        AuditNote& note) {
  CallQuery query;
  static_cast<Scope&>(query) = scope_of(request, backend, now_ns, note);
  query.limit = number_of(request, "limit", 1, kPageCallsMax, 100);
  query.cursor = request.parameter("cursor");
  const std::string_view order = request.parameter("order");
  if (!order.empty() && order != "newest" && order != "oldest")
    throw ApiError(400, "bad_parameter", "\"order\" must be newest or oldest");
  query.newest_first = order != "oldest";
  query.payloads = flag_of(request, "payloads", false);
  if (query.payloads && !request.principal.payloads)
    throw ApiError(403, "no_payloads", "You may not see headers and bodies.");
  note.payloads = query.payloads;
  return query;
}

// The call as one JSON object; a writer of its own for each answer.
class CallText {
 public:
  std::string_view operator()(const Call& call, bool payloads) {
    writer_.clear();
    writer_.append(call, payloads ? Payloads::shown : Payloads::withheld);
    std::string_view line = writer_.text();
    line.remove_suffix(1);  // its newline
    return line;
  }

 private:
  JsonWriter writer_;
};

void answer_page(History& history, const CallQuery& query, Exchange& exchange) {
  TextBuffer out;
  JsonOut json(out);
  CallText text;
  json.open_object().key("calls").open_array();
  bool first = true;
  const auto on_call = [&](StoredCall&& stored) {
    if (!first) out.append(',');
    first = false;
    out.append(text(stored.call(), query.payloads));
    return out.size() < kPageBytesMax;
  };
  const Page page = history.page(
      query, on_call, [](const Progress&) {}, exchange.cancelled());
  json.close_array().member("next_cursor", page.next_cursor).close_object();
  exchange.audit().calls = page.calls;
  exchange.send_json(std::string(out.view()));
}

// A line for each call and for each step of the search: a slow one shows what it found so far, and ends when
// the client leaves. The last one says which moments were meant, so that further pages can ask for the same
// range: "1h" is another one by then.
void stream_page(History& history, const CallQuery& query, std::uint64_t now_ns, Exchange& exchange) {
  exchange.begin(200, "application/x-ndjson");
  TextBuffer out;
  CallText text;
  const auto on_call = [&](StoredCall&& stored) {
    out.clear();
    out.append("{\"call\":");
    out.append(text(stored.call(), query.payloads));
    out.append("}\n");
    ++exchange.audit().calls;  // as they go: who leaves before the end took these
    return exchange.write(out.view());
  };
  const auto on_progress = [&](const Progress& progress) {
    out.clear();
    JsonOut json(out);
    json.open_object().key("progress").open_object().member("searched", progress.searched);
    append_time(json, "searched_to", progress.searched_ns);
    json.member("calls", progress.calls).close_object().close_object();
    out.append('\n');
    exchange.write(out.view());
    exchange.flush();
  };
  out.clear();
  JsonOut json(out);
  try {
    const Page page = history.page(query, on_call, on_progress, exchange.cancelled());
    out.clear();
    json.open_object().key("end").open_object().member("next_cursor", page.next_cursor);
    json.member("calls", page.calls);
    append_time(json, "since", query.since_ns);
    append_time(json, "until", query.until_ns != 0 ? query.until_ns : std::max(now_ns, query.since_ns + 1));
    json.close_object().close_object();
  } catch (const QueryError& error) {
    if (error.kind() == QueryError::Kind::cancelled) throw;
    // The head went out as a success, so the last line says that it was none.
    out.clear();
    out.append(ApiError(503, "search_failed", error.what()).json());
  }
  out.append('\n');
  exchange.write(out.view());
  exchange.end();
}

CallId id_of(const Request& request, AuditNote& note) {
  const std::string& text = request.captured.at("id");
  const std::optional<CallId> id = CallId::parse(text);
  if (!id) throw ApiError(400, "bad_id", "The id of a call has 32 hex digits.");
  note.ids.push_back(text);
  return *id;
}

StoredCall stored_call(const Request& request, const Backend& backend, Exchange& exchange) {
  const CallId id = id_of(request, exchange.audit());
  std::optional<StoredCall> stored =
      history_of(backend).call(id, request.principal.namespaces, exchange.cancelled());
  // The store was asked so already; what is not for this asker must not leave by a fault there either.
  if (!stored || !request.principal.may_see(stored->call()))
    throw ApiError(404, "no_such_call", "There is no such call, or not any more.");
  return *std::move(stored);
}

std::string_view grpc_encoding_of(const wire::Message& message) {
  HeaderReader headers(message);
  while (const std::optional<Header> header = headers.next()) {
    if (body::equals_folded(header->name, "grpc-encoding")) return header->value;
  }
  return {};
}

using MessageType = const google::protobuf::Descriptor*;

// What a body's protobuf is: of a gRPC call by its method, else if its Content-Type says so.
MessageType type_of(const body::Schemas* schemas, const wire::Record& record, const wire::Message* message) {
  if (schemas == nullptr || message == nullptr) return nullptr;
  if (text_of(record.protocol()) == "grpc") {
    const body::Schemas::Method method = schemas->method(text_of(record.path()));
    return message == record.request() ? method.request : method.response;
  }
  return schemas->message(body::message_type_of(text_of(message->content_type())));
}

void append_decoded(TextBuffer& out, std::string_view key, const wire::Message* message, MessageType type,
                    ServerCounts& counts) {
  out.append(key);
  if (message == nullptr) {
    out.append("null");
    return;
  }
  body::ViewCounts views;
  body::append_view(out,
                    {bytes_of(message->body()), message->body_size(), text_of(message->content_type()),
                     text_of(message->content_encoding()), grpc_encoding_of(*message), type},
                    views);
  counts.bodies_viewed += views.views;
  counts.bodies_over_limit += views.over_limit;
  counts.bodies_corrupt += views.corrupt;
}

// When its two messages ended; they began at `timestamp` and `response_timestamp`.
void append_timing(TextBuffer& out, const wire::Record& record) {
  const auto last_byte = [](const wire::Message* message) {
    return message == nullptr ? std::uint64_t{0} : message->last_byte();
  };
  out.append(",\"timing\":");
  JsonOut json(out);
  json.open_object();
  append_time(json, "request_last_byte", last_byte(record.request()));
  append_time(json, "response_last_byte", last_byte(record.response()));
  json.close_object();
}

// What its sensor says of the connection that the call was on; it holds counts and times, no payload.
void append_connection(TextBuffer& out, const StoredCall& stored, const Request& request,
                       const Backend& backend, const Exchange& exchange) {
  ConnectionQuery query;
  query.epoch = stored.id().epoch;
  query.conn_id = stored.call().record->conn_id();
  query.time_ns = stored.time_ns();
  query.namespaces = request.principal.namespaces;
  const std::optional<StoredCall> found = history_of(backend).connection(query, exchange.cancelled());
  out.append(",\"connection\":");
  if (found && request.principal.may_see(found->call()))
    out.append(CallText()(found->call(), true));
  else
    out.append("null");
}

void answer_call(const Request& request, const Backend& backend, ServerCounts& counts, Exchange& exchange) {
  const StoredCall stored = stored_call(request, backend, exchange);
  const bool payloads = request.principal.payloads;
  TextBuffer out;
  out.append("{\"call\":");
  out.append(CallText()(stored.call(), payloads));
  out.append(",\"source\":");
  append_json_string(out, stored.source());
  if (payloads) {
    const wire::Record& record = *stored.call().record;
    const std::shared_ptr<const body::Schemas> schemas =
        backend.schemas == nullptr ? nullptr : backend.schemas->schemas();
    append_decoded(out, ",\"decoded\":{\"request\":", record.request(),
                   type_of(schemas.get(), record, record.request()), counts);
    append_decoded(out, ",\"response\":", record.response(),
                   type_of(schemas.get(), record, record.response()), counts);
    out.append('}');
  } else {
    out.append(",\"decoded\":null");
  }
  append_timing(out, *stored.call().record);
  append_connection(out, stored, request, backend, exchange);
  out.append('}');
  exchange.audit().calls = 1;
  exchange.audit().payloads = payloads;
  exchange.send_json(std::string(out.view()));
}

// `more`: further members of the answer.
void answer_list(const std::vector<StoredCall>& stored, Exchange& exchange, const Principal& principal,
                 std::string_view more = {}) {
  TextBuffer out;
  CallText text;
  out.append("{\"calls\":[");
  std::uint64_t shown = 0;
  for (const StoredCall& each : stored) {
    if (!principal.may_see(each.call())) continue;
    if (shown++ > 0) out.append(',');
    out.append(text(each.call(), false));
  }
  out.append(']');
  out.append(more);
  out.append('}');
  exchange.audit().calls = shown;
  exchange.send_json(std::string(out.view()));
}

void answer_connection(const Request& request, const Backend& backend, Exchange& exchange) {
  constexpr std::uint32_t kAroundMax = 500;
  const StoredCall stored = stored_call(request, backend, exchange);
  ConnectionQuery query;
  query.epoch = stored.id().epoch;
  query.conn_id = stored.call().record->conn_id();
  query.time_ns = stored.time_ns();
  query.record_id = stored.id().record_id;
  query.before = number_of(request, "before", 0, kAroundMax, 50);
  query.after = number_of(request, "after", 0, kAroundMax, 50);
  query.namespaces = request.principal.namespaces;
  query.payloads = false;
  answer_list(history_of(backend).around(query, exchange.cancelled()), exchange, request.principal);
}

void answer_trace(const Request& request, const Backend& backend, Exchange& exchange) {
  const std::string& trace_id = request.captured.at("trace_id");
  exchange.audit().ids.push_back(trace_id.substr(0, 64));
  const std::uint32_t limit = number_of(request, "limit", 1, kPageCallsMax, kPageCallsMax);
  // One more than is shown tells whether there are more.
  std::vector<StoredCall> stored =
      history_of(backend).by_trace(trace_id, request.principal.namespaces, limit + 1, exchange.cancelled());
  const bool all = stored.size() <= limit;
  if (!all) stored.pop_back();
  answer_list(stored, exchange, request.principal, all ? ",\"all\":true" : ",\"all\":false");
}

void answer_packets(const Request& request, const Backend& backend, Exchange& exchange) {
  const StoredCall stored = stored_call(request, backend, exchange);
  if (backend.packets == nullptr) throw ApiError(404, "packets_off", "No sensor keeps packets.");
  bool begun = false;
  const auto on_bytes = [&](std::string_view bytes) {
    if (!begun) {
      exchange.begin(
          200, "application/x-pcapng",
          {{"Content-Disposition", "attachment; filename=\"call-" + stored.id().text() + ".pcapng\""}});
      begun = true;
    }
    return exchange.write(bytes);
  };
  exchange.audit().payloads = true;
  exchange.audit().calls = 1;
  switch (backend.packets->fetch(stored, on_bytes, exchange.cancelled())) {
    case PacketsEnd::complete:
    case PacketsEnd::truncated:  // the file itself says so
      if (!begun) throw ApiError(404, "packets_gone", "No packet of this connection is there any more.");
      exchange.end();
      return;
    case PacketsEnd::gone:
      throw ApiError(404, "packets_gone", "The packets of this connection are not there any more.");
    case PacketsEnd::switched_off:
      throw ApiError(404, "packets_off",
                     "The sensor keeps no packets; packets.ringMb in its settings makes it.");
    case PacketsEnd::unreachable:
      throw ApiError(503, "sensor_unreachable", "The sensor that saw this call cannot be reached.");
  }
}

Parameter id_parameter() {
  return {"id", In::path, "string", "32 hex digits: `id` of the call.", "{id}", {}};
}

Route page_route(const Backend& backend) {
  Route route;
  route.path = "/api/calls";
  route.id = "calls";
  route.summary = "Calls of the store, newest first";
  route.is_slow = true;
  // Megabytes, at the client's pace; without payloads they fit into what may wait for it.
  route.long_with = {"stream", "payloads"};
  route.parameters = {
      filter_parameter(),
      since_parameter("1h"),
      until_parameter(),
      source_parameter(),
      {"limit", In::query, "integer", "At most so many, 1 to 1000.", "10", {}},
      {"cursor", In::query, "string", "next_cursor of the page before.", "", {}},
      {"order", In::query, "string", "Which come first.", "newest", {"newest", "oldest"}},
      {"payloads", In::query, "boolean", "With headers, bodies and fields.", "false", {}},
      {"stream",
       In::query,
       "boolean",
       "As lines of JSON while the search goes on: {\"call\"}, {\"progress\"}, at last {\"end\"} or "
       "{\"error\"}. With payloads only few at once, as exports.",
       "false",
       {}}};
  route.outcomes = {{200, "application/json", "A page.", {"calls", "next_cursor"}},
                    {200, "application/x-ndjson", "Lines, where `stream` was asked for.", {}},
                    {400,
                     "application/json",
                     "A parameter or the filter is wrong; faults of the filter with their "
                     "position and a suggestion.",
                     {"error"}}};
  route.handler = [&backend](const Request& request, Exchange& exchange) {
    const std::uint64_t now = now_ns();
    const CallQuery query = call_query_of(request, backend, now, exchange.audit());
    if (flag_of(request, "stream", false))
      stream_page(history_of(backend), query, now, exchange);
    else
      answer_page(history_of(backend), query, exchange);
  };
  return route;
}

Route route_of_call(std::string path, std::string id, std::string summary, Handler handler) {
  Route route;
  route.path = std::move(path);
  route.id = std::move(id);
  route.summary = std::move(summary);
  route.is_slow = true;
  route.parameters = {id_parameter()};
  route.outcomes = {{200, "application/json", "Calls.", {"calls"}},
                    {400, "application/json", "The id or a parameter is wrong.", {"error"}},
                    {404, "application/json", "No such call.", {"error"}}};
  route.handler = std::move(handler);
  return route;
}

void add_stream_route(RouteTable& table) {
  Route route;
  route.path = "/api/stream";
  route.id = "stream";
  route.summary =
      "Live calls, over a WebSocket. Send {\"filter\":\"…\",\"limit_per_second\":100,\"payloads\":false}, at "
      "any time "
      "again; receive {\"ready\":{…}}, then {\"calls\":[…],\"missed\":n,\"skipped\":n}, or {\"error\":{…}}";
  route.is_socket = true;
  route.outcomes = {{101, "", "The WebSocket is open.", {}},
                    {426, "application/json", "No WebSocket was asked for.", {"error"}}};
  table.add(std::move(route));
}

}  // namespace

void add_call_routes(RouteTable& table, const Backend& backend, ServerCounts& counts) {
  table.add(page_route(backend));
  Route whole = route_of_call("/api/calls/{id}", "call", "One call, whole, with its bodies decoded",
                              [&backend, &counts](const Request& request, Exchange& exchange) {
                                answer_call(request, backend, counts, exchange);
                              });
  whole.outcomes[0] = {200,
                       "application/json",
                       "The call; `decoded` is null for who may not see bodies. `connection` is the record "
                       "of the connection it was on, null where none is stored.",
                       {"call", "source", "decoded", "timing", "connection"}};
  table.add(std::move(whole));
  Route connection = route_of_call("/api/calls/{id}/connection", "call_connection",
                                   "The calls before and after it on its connection",
                                   [&backend](const Request& request, Exchange& exchange) {
                                     answer_connection(request, backend, exchange);
                                   });
  connection.parameters.push_back({"before", In::query, "integer", "So many before it, 0 to 500.", "10", {}});
  connection.parameters.push_back(
      {"after", In::query, "integer", "So many from it on, itself included, 0 to 500.", "10", {}});
  table.add(std::move(connection));
  Route packets = route_of_call(
      "/api/calls/{id}/pcap", "call_packets", "The packets of its connection, as far as its sensor has them",
      [&backend](const Request& request, Exchange& exchange) { answer_packets(request, backend, exchange); });
  packets.needs = Needs::packets;
  packets.is_long = true;
  packets.outcomes[0] = {200, "application/x-pcapng", "pcapng.", {}};
  table.add(std::move(packets));
  Route trace = route_of_call(
      "/api/traces/{trace_id}", "trace", "The calls of one trace, in the order of time",
      [&backend](const Request& request, Exchange& exchange) { answer_trace(request, backend, exchange); });
  trace.parameters = {
      {"trace_id", In::path, "string", "`trace_id` of a call.", "0af7651916cd43dd8448eb211c80319c", {}},
      {"limit", In::query, "integer", "At most so many, 1 to 1000.", "100", {}}};
  trace.outcomes = {{200,
                     "application/json",
                     "The calls; `all` is false where the trace has more than `limit`.",
                     {"calls", "all"}},
                    {400, "application/json", "A parameter is wrong.", {"error"}}};
  table.add(std::move(trace));
  add_stream_route(table);
}

}  // namespace spanlight::serve
