#pragma once
// A GraphQL request or response as it travels in JSON ("GraphQL over HTTP", draft; the sub-protocols of
// WebSocket graphql-transport-ws and graphql-ws), in a query string, or bare. What is looked at is a preview:
// it may be cut off, and what cannot be told then is left out and said to be. Pure.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/gql/document.h"
#include "core/gql/json.h"

namespace spanlight::gql {

// Bytes of a body, and of a document without its escapes, that are looked at.
constexpr std::size_t kLookedAtMax = 16'384;
constexpr std::size_t kVariablesMax = 16;   // listed; more are counted
constexpr std::size_t kOperationsMax = 16;  // of a batch, listed
constexpr std::size_t kErrorsMax = 1'000;   // counted

struct Request {
  bool found = false;  // it is GraphQL's
  bool cut = false;    // what was seen does not say all that is said here
  OperationType type = OperationType::none;
  std::string_view name;
  std::string_view persisted;  // hash or id of a document that the server has
  std::uint32_t variables = 0;
  std::array<std::string_view, kVariablesMax> variable_names;
  std::uint32_t batch = 0;  // requests in it; 0: it is none
  std::array<std::string_view, kOperationsMax> batch_names;
};

// Room for a document that had escapes. Names point into it.
using Room = std::array<std::uint8_t, kLookedAtMax>;

// Whether a body in JSON begins as a request does: a test of its first key.
bool may_be_request(std::string_view body);

// `whole`: `body` is all of it.
void read_request(std::string_view body, bool whole, Room& room, Request& out);  // JSON, one or a batch
void read_document(std::string_view document, bool whole, Request& out);         // application/graphql
// multipart/form-data, which uploads files ("GraphQL multipart request"): the part of that name is JSON.
constexpr std::string_view kFormPart = " name=\"operations\"";
void read_form(std::string_view form, Room& room, Request& out);
void read_query_string(std::string_view query_string, Room& room, Request& out);  // GET

struct Response {
  bool cut = false;  // errors may stand behind what was seen
  std::uint32_t errors = 0;
  std::string_view message;  // of the first one, with its escapes
  std::string_view code;     // extensions.code of it
};
void read_response(std::string_view body, bool whole, Response& out);
// Several results that come one after the other: multipart/mixed, and server-sent events.
void read_parts(std::string_view body, bool whole, Response& out);
void read_events(std::string_view body, bool whole, Response& out);

// A message of the sub-protocols: {"type": …, "id": …, "payload": …}.
struct SocketMessage {
  std::string_view type;  // empty: it is none
  std::string_view id;
  bool logs_in = false;  // connection_init with a payload
  Request request;
  Response response;
};
void read_socket_message(std::string_view text, bool whole, Room& room, SocketMessage& out);

}  // namespace spanlight::gql
