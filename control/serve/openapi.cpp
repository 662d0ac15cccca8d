#include <nlohmann/json.hpp>

#include "serve/route.h"

namespace spanlight::serve {
namespace {

using Json = nlohmann::ordered_json;

std::string_view needs_words(Needs needs) {
  switch (needs) {
    case Needs::nothing:
      return "nothing";
    case Needs::viewer:
      return "viewer";
    case Needs::whole_view:
      return "viewer of all namespaces";
    case Needs::packets:
      return "viewer who may fetch packets";
    case Needs::operator_:
      return "operator of all namespaces";
  }
  return "unknown";
}

// The JSON form of a record (config/record/README.md), with names. What has no value is left out.
constexpr const char* kCall =
    R"({"type":"object","required":["id","protocol","state","flags","src","dst"],"properties":{
  "id":{"type":"string"},"sensor":{"type":"string"},"protocol":{"type":"string"},"version":{"type":"string"},
  "state":{"type":"string","enum":["complete","no_response","no_request","one_way","unknown"]},
  "reason":{"type":"string"},"flags":{"type":"array","items":{"type":"string"}},
  "timestamp":{"type":"string","format":"date-time"},
  "response_timestamp":{"type":"string","format":"date-time","nullable":true},
  "elapsed_time":{"type":"integer","nullable":true,"description":"Microseconds from the request's first byte to the response's."},
  "transport":{"type":"string"},"conn_id":{"type":"string"},"vlan":{"type":"array","items":{"type":"integer"}},
  "tunnel":{"type":"object"},"src":{"type":"object"},"dst":{"type":"object"},
  "method":{"type":"string"},"url":{"type":"string"},"path":{"type":"string"},"query_string":{"type":"string"},
  "status_code":{"type":"integer"},
  "is_error":{"type":"boolean","description":"The protocol calls the outcome an error; left out where it does not."},
  "error":{"type":"string"},"summary":{"type":"string"},"trace_id":{"type":"string"},"request_id":{"type":"string"},
  "request":{"type":"object"},"response":{"type":"object"}}})";

Json schema_of_key(const std::string& key) {
  Json call = {{"$ref", "#/components/schemas/Call"}};
  if (key == "call") return call;
  if (key == "calls") return {{"type", "array"}, {"items", call}};
  return Json::object();
}

Json schema_of(const Outcome& outcome) {
  if (outcome.content_type != "application/json") return {{"type", "string"}};
  Json schema = {{"type", "object"}};
  for (const std::string& key : outcome.keys) schema["properties"][key] = schema_of_key(key);
  if (!outcome.keys.empty()) schema["required"] = outcome.keys;
  return schema;
}

Json response_of(const Outcome& outcome) {
  Json response = {{"description", outcome.meaning}};
  if (!outcome.content_type.empty()) response["content"][outcome.content_type]["schema"] = schema_of(outcome);
  return response;
}

Json parameter_of(const Parameter& parameter) {
  const bool in_path = parameter.in == In::path;
  Json schema = {{"type", parameter.type}};
  if (!parameter.values.empty()) schema["enum"] = parameter.values;
  Json json = {{"name", parameter.name},
               {"in", in_path ? "path" : "query"},
               {"required", in_path},
               {"description", parameter.meaning},
               {"schema", schema}};
  if (!parameter.example.empty()) json["example"] = parameter.example;
  return json;
}

void add_error(Json& responses, const char* status, const char* meaning) {
  if (responses.contains(status)) return;
  responses[status] = {
      {"description", meaning},
      {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
}

Json operation_of(const Route& route) {
  Json operation = {{"operationId", route.id},
                    {"summary", route.summary},
                    {"description", "Needs: " + std::string(needs_words(route.needs)) + "."}};
  if (!route.parameters.empty()) {
    operation["parameters"] = Json::array();
    for (const Parameter& parameter : route.parameters)
      operation["parameters"].push_back(parameter_of(parameter));
  }
  if (!route.body_type.empty()) {
    const bool is_json = !route.body_example.empty();
    operation["requestBody"]["required"] = true;
    auto& media = operation["requestBody"]["content"][route.body_type];
    media["schema"]["type"] = is_json ? "object" : "string";
    if (is_json) media["example"] = Json::parse(route.body_example);
    if (!is_json) media["schema"]["format"] = "binary";
  }
  Json& responses = operation["responses"];
  for (const Outcome& outcome : route.outcomes) {
    const std::string status = std::to_string(outcome.status);
    if (!responses.contains(status))
      responses[status] = response_of(outcome);
    else  // the same in another form
      responses[status]["content"][outcome.content_type]["schema"] = schema_of(outcome);
  }
  if (route.needs != Needs::nothing) {
    add_error(responses, "401", "Nobody we know: no token, a wrong one, or no user of the proxy.");
    add_error(responses, "403", "Known, but not allowed to; or a request that another site's page made.");
    add_error(responses, "429", "Too many requests of this client; Retry-After says when to come again.");
    add_error(responses, "503", "Too busy, or a part that is needed is not there.");
  }
  add_error(responses, "500", "A fault of the server; the log has it.");
  return operation;
}

}  // namespace

std::string openapi_document(const RouteTable& table, std::string_view version) {
  Json document = {
      {"openapi", "3.0.3"},
      {"info",
       {{"title", "Spanlight"},
        {"version", version},
        {"description",
         "API calls as they happen. Times in queries: RFC 3339, nanoseconds since the epoch, or so long "
         "ago (5m, 1h30m)."}}},
      {"security", Json::array({Json::object(), {{"bearer", Json::array()}}})}};
  document["components"]["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  document["components"]["schemas"]["Error"] = Json::parse(R"({"type":"object","required":["error"],
    "properties":{"error":{"type":"object","required":["code","message"],
    "properties":{"code":{"type":"string"},"message":{"type":"string"}}}}})");
  document["components"]["schemas"]["Call"] = Json::parse(kCall);
  for (const Route& route : table.routes()) {
    std::string method(method_name(route.method));
    for (char& c : method) c = static_cast<char>(c | 0x20);
    document["paths"][route.path][method] = operation_of(route);
  }
  return document.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace spanlight::serve
