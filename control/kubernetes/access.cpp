#include "kubernetes/access.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace spanlight {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

bool read_file(const std::string& path, std::string& out, std::string& fault) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    fault = "\"" + path + "\" cannot be read; is the path right, and may this user read it?";
    return false;
  }
  out.assign(kFileBytesMax + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || out.size() > kFileBytesMax) {
    fault = "\"" + path + "\" cannot be a key, certificate or token: it is not a file of at most 1 MiB.";
    return false;
  }
  return true;
}

bool text_or_file(const std::string& text, const std::string& file, std::string& out, std::string& fault) {
  out = text;
  return file.empty() || read_file(file, out, fault);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at start, nobody sets any
  return value == nullptr ? std::string() : value;
}

std::vector<std::string> split_path_list(const std::string& list) {
  std::vector<std::string> files;
  std::istringstream in(list);
  for (std::string file; std::getline(in, file, ':');)
    if (!file.empty()) files.push_back(file);
  return files;
}

}  // namespace

bool read_credentials(const ClusterAccess& access, Credentials& out, std::string& fault) {
  if (!text_or_file(access.ca_pem, access.ca_file, out.ca_pem, fault) ||
      !text_or_file(access.certificate_pem, access.certificate_file, out.certificate_pem, fault) ||
      !text_or_file(access.key_pem, access.key_file, out.key_pem, fault) ||
      !text_or_file(access.token, access.token_file, out.token, fault))
    return false;
  const std::size_t end = out.token.find_last_not_of(" \t\r\n");
  out.token.resize(end == std::string::npos ? 0 : end + 1);
  // It becomes a header line: one with control characters would become several.
  for (const char c : out.token) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      fault = "The token" +
              (access.token_file.empty() ? std::string() : " in \"" + access.token_file + "\"") +
              " has spaces or control characters in it: it is no bearer token.";
      return false;
    }
  }
  return true;
}

bool split_server(const std::string& url, ClusterAccess& access) {
  std::string rest = url;
  if (rest.starts_with("https://")) {
    access.tls = true;
    rest.erase(0, 8);
  } else if (rest.starts_with("http://")) {
    access.tls = false;
    rest.erase(0, 7);
  } else if (rest.find("://") != std::string::npos) {
    return false;
  }
  const std::size_t slash = rest.find('/');
  access.base_path = slash == std::string::npos ? std::string() : rest.substr(slash);
  while (access.base_path.ends_with('/')) access.base_path.pop_back();
  rest.resize(std::min(slash, rest.size()));
  access.port = access.tls ? "443" : "80";
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string::npos) return false;
    access.host = rest.substr(1, close - 1);
    rest.erase(0, close + 1);
    if (!rest.empty() && rest[0] != ':') return false;
  } else {
    const std::size_t colon = rest.find(':');
    if (colon != std::string::npos && rest.find(':', colon + 1) != std::string::npos) return false;
    access.host = rest.substr(0, colon);
    rest.erase(0, access.host.size());
  }
  if (!rest.empty()) access.port = rest.substr(1);
  const bool odd = (url + access.port).find_first_of(" \t\r\n@?#") != std::string::npos;
  return !odd && !access.host.empty() && !access.port.empty() &&
         access.port.find_first_not_of("0123456789") == std::string::npos && access.port.size() <= 5;
}

std::optional<ClusterAccess> read_service_account(const std::string& directory, const std::string& host,
                                                  const std::string& port, std::string& fault) {
  ClusterAccess access;
  access.origin = "the pod's service account";
  access.host = host;
  access.port = port.empty() ? "443" : port;
  access.token_file = directory + "/token";
  access.ca_file = directory + "/ca.crt";
  Credentials credentials;
  if (!read_credentials(access, credentials, fault)) return std::nullopt;
  if (credentials.token.empty()) {
    fault = "\"" + access.token_file + "\" is empty: the pod has no service account token.";
    return std::nullopt;
  }
  return access;
}

Surroundings surroundings_of_process() {
  Surroundings around;
  around.kubeconfig_list = environment("KUBECONFIG");
  around.home = environment("HOME");
  around.service_host = environment("KUBERNETES_SERVICE_HOST");
  around.service_port = environment("KUBERNETES_SERVICE_PORT");
  return around;
}

std::optional<ClusterAccess> find_cluster(const AccessQuery& query, const Surroundings& around,
                                          std::string& fault) {
  fault.clear();
  if (!query.kubeconfig.empty()) return read_kubeconfig({query.kubeconfig}, query.context, fault);
  // With $KUBECONFIG the usual file is not looked at, also where none of the named ones is there.
  std::vector<std::string> files = split_path_list(around.kubeconfig_list);
  const bool named = !files.empty();
  if (!named && !around.home.empty()) files.push_back(around.home + "/.kube/config");
  std::error_code error;
  std::erase_if(files, [&](const std::string& file) { return !std::filesystem::exists(file, error); });
  if (!std::all_of(files.begin(), files.end(), says_nothing))
    return read_kubeconfig(files, query.context, fault);
  const bool in_pod =
      !around.service_host.empty() && std::filesystem::exists(around.service_account + "/token", error);
  if (!in_pod) {
    // Somebody meant a cluster: to go on without names in silence would be wrong.
    if (named)
      fault = "None of the files in $KUBECONFIG is there, or all are empty: " + around.kubeconfig_list + ".";
    return std::nullopt;
  }
  auto access = read_service_account(around.service_account, around.service_host, around.service_port, fault);
  if (access && named)
    access->warnings.push_back(
        "None of the files in $KUBECONFIG is there, or all are empty: " + around.kubeconfig_list + ".");
  return access;
}

}  // namespace spanlight
