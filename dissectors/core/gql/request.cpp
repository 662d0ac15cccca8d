#include "core/gql/request.h"

#include <algorithm>

#include "core/gql/multipart.h"

namespace spanlight::gql {
namespace {

// What one request says before its document is read.
struct Parts {
  std::string_view query, wanted, persisted;
  bool has_query = false, query_cut = false, has_wanted = false, hash = false;
};

void read_variables(Json& json, Request& out) {
  if (json.kind() != Json::Kind::object || !json.enter()) {
    json.skip();
    return;
  }
  std::string_view name;
  while (json.next_key(name)) {
    if (out.variables < kVariablesMax) out.variable_names[out.variables] = name;
    ++out.variables;
    json.skip();
  }
}

// {"persistedQuery": {"version": 1, "sha256Hash": …}}
void read_extensions(Json& json, Parts& parts) {
  if (json.kind() != Json::Kind::object || !json.enter()) {
    json.skip();
    return;
  }
  std::string_view key;
  while (json.next_key(key)) {
    if (key != "persistedQuery" || json.kind() != Json::Kind::object) {
      json.skip();
      continue;
    }
    json.enter();
    while (json.next_key(key)) {
      if (key == "sha256Hash" && json.kind() == Json::Kind::string)
        parts.hash = json.text(parts.persisted) || parts.hash;
      else
        json.skip();
    }
  }
}

void read_parts(Json& json, Parts& parts, Request& out) {
  json.enter();
  std::string_view key;
  while (json.next_key(key)) {
    const bool text = json.kind() == Json::Kind::string;
    if (key == "query" && text && !parts.has_query) {
      parts.has_query = true;
      parts.query_cut = !json.text(parts.query);
    } else if (key == "operationName" && text && !parts.has_wanted) {
      parts.has_wanted = json.text(parts.wanted);
    } else if (key == "documentId" && text) {
      json.text(parts.persisted);
    } else if (key == "variables") {
      read_variables(json, out);
    } else if (key == "extensions") {
      read_extensions(json, parts);
    } else {
      json.skip();
    }
  }
}

void take_document(const Parts& parts, std::string_view text, bool text_cut, bool json_cut, Request& out) {
  const Document document = parse_document(text, parts.wanted, text_cut);
  const bool short_of_it = document.fault == Fault::short_input;
  if (document.fault != Fault::none && !(short_of_it && text_cut)) return;
  // So little of it says nothing.
  if (document.operations == 0) return;
  out.found = true;
  // Another key may still choose among several.
  const bool open = document.type == OperationType::none;
  out.cut = out.cut || (open && (text_cut || json_cut));
  out.type = document.type;
  out.name = document.name;
}

void read_one(Json& json, Room& room, Request& out) {
  Parts parts;
  read_parts(json, parts, out);
  out.persisted = parts.persisted;
  out.cut = json.cut();
  if (!json.ok() && !json.cut()) return;
  if (parts.has_query) {
    bool whole = !parts.query_cut;
    const std::string_view text = unescape(parts.query, room, whole);
    return take_document(parts, text, !whole, json.cut(), out);
  }
  // Without a document the name that was asked for is all there is.
  const bool by_id = !parts.persisted.empty() && (parts.has_wanted || out.variables > 0);
  out.found = parts.hash || by_id;
  out.name = parts.wanted;
}

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// %XX and + as in forms; as much as fits.
std::string_view form_decode(std::string_view text, MutableBytes room) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size() && used < room.size(); ++i) {
    const bool escape = text[i] == '%' && text.size() - i > 2;
    const int high = escape ? hex_value(text[i + 1]) : -1;
    const int low = escape ? hex_value(text[i + 2]) : -1;
    const bool whole = high >= 0 && low >= 0;
    room[used++] = static_cast<std::uint8_t>(whole ? high * 16 + low : text[i] == '+' ? ' ' : text[i]);
    if (whole) i += 2;
  }
  return as_text(Bytes(room).first(used));
}

void read_errors(Json& json, Response& out) {
  json.enter();
  while (out.errors < kErrorsMax && json.next_item()) {
    if (++out.errors > 1 || json.kind() != Json::Kind::object) {
      json.skip();
      continue;
    }
    json.enter();
    std::string_view key;
    while (json.next_key(key)) {
      if (key == "message" && json.kind() == Json::Kind::string) {
        json.text(out.message);
      } else if (key == "extensions" && json.kind() == Json::Kind::object) {
        json.enter();
        while (json.next_key(key)) {
          if (key == "code" && json.kind() == Json::Kind::string)
            json.text(out.code);
          else
            json.skip();
        }
      } else {
        json.skip();
      }
    }
  }
}

void read_result(Json& json, Response& out) {
  json.enter();
  std::string_view key;
  while (json.next_key(key)) {
    if (key == "errors" && out.errors == 0 && json.kind() == Json::Kind::array)
      read_errors(json, out);
    else
      json.skip();
  }
}

// One result of several.
void add_result(Json& json, Response& out) {
  Response one;
  read_result(json, one);
  if (out.errors == 0) {
    out.message = one.message;
    out.code = one.code;
  }
  out.errors += one.errors;
}

// What comes piece by piece: a result, or what wraps it: "payload" in Apollo's subscriptions, "incremental"
// and "completed" behind @defer and @stream.
void read_piece(std::string_view text, Response& out) {
  Json wraps(text), json(text);
  if (json.kind() != Json::Kind::object) return;
  add_result(json, out);
  out.cut = out.cut || json.cut();
  wraps.enter();
  std::string_view key;
  while (wraps.next_key(key)) {
    const Json::Kind kind = wraps.kind();
    if (key == "payload" && kind == Json::Kind::object) {
      add_result(wraps, out);
    } else if ((key == "incremental" || key == "completed") && kind == Json::Kind::array) {
      wraps.enter();
      while (wraps.next_item() && wraps.kind() == Json::Kind::object) add_result(wraps, out);
    } else {
      wraps.skip();
    }
  }
}

constexpr std::string_view kTypes[] = {
    "connection_init",
    "connection_ack",
    "connection_error",
    "connection_terminate",
    "connection_keep_alive",
    "ka",
    "ping",
    "pong",
    "subscribe",
    "start",
    "stop",
    "next",
    "data",
    "error",
    "complete",
};

void read_payload(Json json, Room& room, SocketMessage& out) {
  const Json::Kind kind = json.kind();
  if (out.type == "subscribe" || out.type == "start") {
    if (kind == Json::Kind::object) read_one(json, room, out.request);
  } else if (out.type == "next" || out.type == "data") {
    if (kind == Json::Kind::object) read_result(json, out.response);
    out.response.cut = json.cut();
  } else if (out.type == "error") {
    if (kind == Json::Kind::array) read_errors(json, out.response);
    // The older sub-protocol sends one error as an object.
    if (kind != Json::Kind::object) return;
    out.response.errors = 1;
    json.enter();
    std::string_view key;
    while (json.next_key(key)) {
      if (key == "message" && json.kind() == Json::Kind::string)
        json.text(out.response.message);
      else
        json.skip();
    }
  }
}

}  // namespace

bool may_be_request(std::string_view body) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t at = body.find_first_not_of(kBlanks);
  if (at != std::string_view::npos && body[at] == '[') at = body.find_first_not_of(kBlanks, at + 1);
  if (at == std::string_view::npos || body[at] != '{') return false;
  at = body.find_first_not_of(kBlanks, at + 1);
  if (at == std::string_view::npos || body[at] != '"') return false;
  const std::string_view key = body.substr(at + 1);
  constexpr std::string_view kFirst[] = {"query\"",      "operationName\"", "variables\"",
                                         "extensions\"", "documentId\"",    "id\""};
  return std::any_of(std::begin(kFirst), std::end(kFirst),
                     [=](std::string_view first) { return key.starts_with(first); });
}

void read_request(std::string_view body, bool whole, Room& room, Request& out) {
  Json json(body);
  if (json.kind() != Json::Kind::array) {
    read_one(json, room, out);
    out.cut = out.cut || !whole;
    if (json.ok() && whole && !json.at_end()) out.found = false;
    if (!out.found) out = {};
    return;
  }
  json.enter();
  while (json.next_item()) {
    if (json.kind() != Json::Kind::object) {
      out.found = out.batch > 0 && json.cut();
      break;
    }
    // Only the first one's names stay: the room is one document's.
    Request one;
    Room other;
    read_one(json, out.batch == 0 ? room : other, one);
    if (out.batch == 0) out = one;
    if (!one.found) {
      out.found = out.batch > 0 && json.cut();
      break;
    }
    const bool lies_in_body = one.name.data() >= body.data() && one.name.data() < body.data() + body.size();
    if (out.batch < kOperationsMax && (out.batch == 0 || lies_in_body)) out.batch_names[out.batch] = one.name;
    ++out.batch;
  }
  out.cut = out.cut || json.cut() || !whole;
  if (!out.found) out = {};
}

void read_document(std::string_view document, bool whole, Request& out) {
  take_document({}, document, !whole, false, out);
}

void read_form(std::string_view form, Room& room, Request& out) {
  Part part;
  for (Multipart parts(form); parts.next(part);) {
    if (part.head.find(kFormPart) == std::string_view::npos) continue;
    if (may_be_request(part.text)) read_request(part.text, part.whole, room, out);
    return;
  }
}

void read_query_string(std::string_view query_string, Room& room, Request& out) {
  Parts parts;
  std::string_view extensions, query;
  MutableBytes left(room);
  const auto decode = [&](std::string_view value) {
    const std::string_view text = form_decode(value, left);
    left = left.subspan(text.size());
    return text;
  };
  while (!query_string.empty()) {
    const std::size_t end = std::min(query_string.find('&'), query_string.size());
    const std::string_view one = query_string.substr(0, end);
    query_string.remove_prefix(std::min(end + 1, query_string.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view name = one.substr(0, equals);
    const std::string_view value = one.substr(std::min(equals + 1, one.size()));
    if (name == "query") query = decode(value);
    if (name == "operationName") parts.wanted = decode(value);
    if (name == "extensions") extensions = decode(value);
    if (name == "variables") {
      Json json(decode(value));
      read_variables(json, out);
    }
  }
  if (!query.empty()) return take_document(parts, query, left.empty(), false, out);
  Json json(extensions);
  read_extensions(json, parts);
  out.found = parts.hash;
  out.persisted = parts.persisted;
  out.name = parts.wanted;
}

void read_response(std::string_view body, bool whole, Response& out) {
  Json json(body);
  if (json.kind() == Json::Kind::array) {  // of a batch
    json.enter();
    while (json.next_item() && json.kind() == Json::Kind::object) add_result(json, out);
  } else if (json.kind() == Json::Kind::object) {
    read_result(json, out);
  }
  out.cut = json.cut() || (!whole && json.ok());
}

void read_parts(std::string_view body, bool whole, Response& out) {
  Part part;
  for (Multipart parts(body); parts.next(part);) read_piece(part.text, out);
  out.cut = out.cut || !whole;
}

void read_events(std::string_view body, bool whole, Response& out) {
  std::string_view event;
  while (next_event(body, event)) read_piece(event, out);
  out.cut = out.cut || !whole;
}

// An object with keys, a list, a text.
bool holds_something(Json value) {
  std::string_view key;
  if (value.kind() == Json::Kind::object) return value.enter() && value.next_key(key);
  return value.kind() == Json::Kind::array || value.kind() == Json::Kind::string;
}

void read_socket_message(std::string_view text, bool whole, Room& room, SocketMessage& out) {
  Json json(text);
  if (json.kind() != Json::Kind::object || !json.enter()) return;
  std::string_view key, type;
  Json payload{{}};
  bool has_payload = false;
  while (json.next_key(key)) {
    const bool is_text = json.kind() == Json::Kind::string;
    if (key == "type" && is_text) {
      json.text(type);
    } else if (key == "id" && is_text) {
      json.text(out.id);
    } else if (key == "payload") {
      payload = json;
      has_payload = true;
      json.skip();
    } else {
      json.skip();
    }
  }
  if (!json.ok() && !(json.cut() && !whole)) return;
  const auto known = std::find(std::begin(kTypes), std::end(kTypes), type);
  if (known == std::end(kTypes)) return;
  out.type = *known;
  if (!has_payload) return;
  out.logs_in = type == "connection_init" && holds_something(payload);
  read_payload(payload, room, out);
}

}  // namespace spanlight::gql
