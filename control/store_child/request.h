#pragma once
// What a request to the HTTP interface asks for: a pure reading of its target, and how a statement is handed
// to libchdb. Hostile input is refused with a sentence; nothing here touches a file.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::store_child {

struct Request {
  std::string path;   // without the parameters
  std::string query;  // ?query=
  std::string query_id;
  std::string database;  // empty: the server's default
  std::string format = "TabSeparated";
  std::vector<std::pair<std::string, std::string>> parameters;  // param_x=…, without param_
  std::vector<std::pair<std::string, std::string>> settings;    // whatever else there is
};

constexpr std::size_t kParametersMax = 256;

// Fills `request` from "/path?a=b&c=d", or gives what is wrong with it.
std::string read_target(std::string_view target, Request& request);

// INSERT … FORMAT X, whose data follows: what stands before FORMAT, and X.
struct Insert {
  std::string head;
  std::string format;
};
std::optional<Insert> read_insert(std::string_view sql);

// Does the statement ask, so that its answer can be streamed? (SELECT, WITH, and what begins with a
// parenthesis.)
bool is_question(std::string_view sql);

}  // namespace spanlight::store_child
