#pragma once
// One request to the control process's API and its answer, over http or https. Blocking; one thread. Faults
// are ApiFault with one sentence for people.

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanlight::client {

class ApiFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Server {
  std::string url = "http://127.0.0.1:8899";
  std::string token_file;  // holds a bearer token; empty: none is sent
  std::string ca_file;     // PEM; empty: the system's authorities
};

using Query = std::vector<std::pair<std::string, std::string>>;

// "/api/calls" + parameters, each percent-encoded (RFC 3986).
std::string target(std::string_view path, const Query& query);

class ApiClient {
 public:
  explicit ApiClient(const Server& server);  // throws where the URL or a file cannot be right
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  std::string get(const std::string& target);
  std::string send(std::string_view method, const std::string& target, const std::string& json);

  // An answer of lines, each handed on as it comes; false: enough.
  void get_lines(const std::string& target, const std::function<bool(std::string_view)>& on_line);

  // A body of unknown length, in pieces: fill `buffer` and say how much; 0 ends it.
  using Source = std::function<std::size_t(char* buffer, std::size_t size)>;
  std::string post_stream(const std::string& target, std::string_view content_type, const Source& source);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanlight::client
