#include "serve/http.h"

#include <algorithm>
#include <array>

#include "serve/json_out.h"

namespace spanlight::serve {

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
  }
  return "GET";
}

bool Principal::may_see(const Call& call) const {
  if (namespaces.empty()) return true;
  const auto is_in = [&](const CallEnd& end) {
    return end.party != nullptr && !end.party->name_space.empty() &&
           std::find(namespaces.begin(), namespaces.end(), end.party->name_space) != namespaces.end();
  };
  return is_in(call.src) || is_in(call.dst);
}

std::string_view Request::parameter(std::string_view name) const {
  const auto found =
      std::find_if(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

bool Request::has_parameter(std::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& each) { return each.first == name; });
}

std::string ApiError::json() const {
  TextBuffer out;
  JsonOut json(out);
  json.open_object()
      .key("error")
      .open_object()
      .member("code", code_)
      .member("message", std::string_view(what()));
  if (!details_.empty()) {
    out.append(',');
    out.append(details_);
  }
  json.close_object().close_object();
  return std::string(out.view());
}

std::string_view status_words(int status) {
  struct Words {
    int status;
    std::string_view words;
  };
  static constexpr auto kWords = std::to_array<Words>({{200, "OK"},
                                                       {204, "No Content"},
                                                       {206, "Partial Content"},
                                                       {304, "Not Modified"},
                                                       {400, "Bad Request"},
                                                       {401, "Unauthorized"},
                                                       {403, "Forbidden"},
                                                       {404, "Not Found"},
                                                       {405, "Method Not Allowed"},
                                                       {408, "Request Timeout"},
                                                       {409, "Conflict"},
                                                       {410, "Gone"},
                                                       {413, "Content Too Large"},
                                                       {415, "Unsupported Media Type"},
                                                       {421, "Misdirected Request"},
                                                       {422, "Unprocessable Content"},
                                                       {426, "Upgrade Required"},
                                                       {429, "Too Many Requests"},
                                                       {431, "Request Header Fields Too Large"},
                                                       {500, "Internal Server Error"},
                                                       {502, "Bad Gateway"},
                                                       {503, "Service Unavailable"}});
  const auto* const found =
      std::find_if(kWords.begin(), kWords.end(), [&](const Words& each) { return each.status == status; });
  return found == kWords.end() ? "Unknown" : found->words;
}

}  // namespace spanlight::serve
