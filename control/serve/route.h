#pragma once
// The API's table: what can be asked, by whom, and what is answered. The server dispatches by it and the
// OpenAPI document is made of it, so the two cannot differ. Filled before the server starts, then read by any
// thread.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

namespace spanlight::serve {

enum class Needs : std::uint8_t {
  nothing,  // for load balancers: says nothing that is worth protecting
  viewer,
  whole_view,  // a viewer who is not limited to namespaces
  packets,     // a viewer who may fetch packets: headers and bodies, unredacted
  operator_,   // may change what is captured, for all
};

enum class In : std::uint8_t { path, query };

struct Parameter {
  std::string name;
  In in = In::query;
  std::string type;  // of JSON schema: "string", "integer", "boolean"
  std::string meaning;
  std::string example;              // what the test of the document asks with; empty: not given
  std::vector<std::string> values;  // the only ones, where there are few
};

// What may come back. Those that every route has (401, 403, 429, 500, 503) are added by the document.
struct Outcome {
  int status = 200;
  std::string content_type = "application/json";
  std::string meaning;
  std::vector<std::string> keys;  // of the JSON object that are always there
};

constexpr const char* kJsonBody = "application/json";

struct Route {
  Method method = Method::get;
  std::string path;  // "/api/calls/{id}": one segment for each brace
  std::string id;    // operationId
  std::string summary;
  Needs needs = Needs::viewer;
  std::vector<Parameter> parameters;
  std::vector<Outcome> outcomes;
  std::string body_type;     // "application/json"; empty: takes no body
  std::string body_example;  // of a JSON body
  Handler handler;
  bool is_slow = false;                // asks the store
  bool is_long = false;                // streams for long: only so many at once
  std::vector<std::string> long_with;  // so do others, where all of these flags are set
  bool is_socket = false;              // a WebSocket: the server itself answers
  bool limited = true;                 // counts against the client's requests per second
  bool audited = true;
};

class RouteTable {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> captured;
    std::string allowed;  // where the path is known but not for this method: "GET, PUT"
  };
  Match find(Method method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }
  const Route* by_id(std::string_view id) const;

 private:
  std::vector<Route> routes_;
};

// OpenAPI 3.0.3, JSON.
std::string openapi_document(const RouteTable& table, std::string_view version);

}  // namespace spanlight::serve
