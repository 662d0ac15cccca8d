// kubeconfig files: clusters, users, contexts. Several files are one: the first that has an entry wins.
#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "kubernetes/access.h"

namespace spanlight {
namespace {

constexpr std::uintmax_t kConfigBytesMax = std::uintmax_t{4} << 20;

// One file, opened; paths in it are relative to its folder.
struct File {
  std::string path;
  YAML::Node root;
};

// An entry of `clusters`, `users` or `contexts`.
struct Entry {
  YAML::Node node;
  const File* file = nullptr;
  std::string title;  // "user \"ann\" of FILE", for sentences
};

std::string text_at(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return {};
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

bool has(const YAML::Node& node, const char* key) {
  return node.IsMap() && node[key] && !node[key].IsNull();
}

std::optional<Entry> find_entry(const std::vector<File>& files, const char* list, const char* item,
                                const std::string& name) {
  for (const File& file : files) {
    const YAML::Node entries = file.root.IsMap() ? file.root[list] : YAML::Node();
    if (!entries || !entries.IsSequence()) continue;
    for (const auto& entry : entries) {
      if (text_at(entry, "name") != name) continue;
      const YAML::Node node = entry[item];
      return Entry{node ? node : YAML::Node(YAML::NodeType::Map), &file,
                   std::string(item) + " \"" + name + "\" of " + file.path};
    }
  }
  return std::nullopt;
}

bool decode_base64(const std::string& text, std::string& out) {
  std::string packed;
  for (const char c : text)
    if (c != '\n' && c != '\r' && c != ' ') packed += c;
  if (packed.size() % 4 != 0) return false;
  out.resize(packed.size() / 4 * 3);
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(packed.data()), static_cast<int>(packed.size()));
  if (size < 0) return false;
  std::size_t bytes = static_cast<std::size_t>(size);
  for (std::size_t i = packed.size(); i > 0 && packed[i - 1] == '='; --i) --bytes;
  out.resize(bytes);
  return true;
}

std::string beside(const File& file, const std::string& path) {
  if (path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(file.path).parent_path() / path).string();
}

// "x-data" (base64) wins over "x" (a path), as kubectl has it.
bool material(const Entry& entry, const std::string& name, std::string& pem, std::string& path,
              std::string& fault) {
  const std::string data_key = name + "-data";
  const std::string data = text_at(entry.node, data_key.c_str());
  if (data.empty()) {
    path = beside(*entry.file, text_at(entry.node, name.c_str()));
    return true;
  }
  if (decode_base64(data, pem)) return true;
  fault = "The " + data_key + " of " + entry.title + " is not base64.";
  return false;
}

bool open_files(const std::vector<std::string>& paths, std::vector<File>& files, std::string& fault) {
  for (const std::string& path : paths) {
    std::error_code error;
    // Of several files in $KUBECONFIG some may not be there.
    if (paths.size() > 1 && !std::filesystem::exists(path, error)) continue;
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error || bytes > kConfigBytesMax) {
      fault = "The kubeconfig \"" + path +
              "\" cannot be read: " + (error ? error.message() : "it is larger than 4 MiB") + ".";
      return false;
    }
    try {
      files.push_back({path, YAML::LoadFile(path)});
    } catch (const YAML::Exception& wrong) {
      fault = path + (wrong.mark.is_null() ? std::string() : ":" + std::to_string(wrong.mark.line + 1)) +
              ": the kubeconfig is not readable YAML: " + wrong.msg + ".";
      return false;
    }
  }
  if (files.empty()) fault = "None of the files in $KUBECONFIG is there.";
  return !files.empty();
}

std::optional<Entry> context_of(const std::vector<File>& files, const std::string& wanted, std::string& name,
                                std::string& fault) {
  name = wanted;
  for (const File& file : files)
    if (name.empty()) name = text_at(file.root, "current-context");
  if (name.empty()) {
    fault =
        "The kubeconfig " + files.front().path + " has no current-context; name one with kubernetes.context.";
    return std::nullopt;
  }
  std::optional<Entry> context = find_entry(files, "contexts", "context", name);
  if (!context)
    fault = "The kubeconfig " + files.front().path + " has no context \"" + name +
            "\"; `kubectl config get-contexts` lists them.";
  return context;
}

bool read_cluster(const Entry& cluster, ClusterAccess& access, std::string& fault) {
  const std::string server = text_at(cluster.node, "server");
  if (!split_server(server, access)) {
    // What may hold a password is not repeated.
    const bool may_be_shown = server.find('@') == std::string::npos;
    fault = "The server " + (may_be_shown ? "\"" + server + "\" of " : std::string("of ")) + cluster.title +
            " is not a URL such as https://10.0.0.1:6443.";
    return false;
  }
  if (has(cluster.node, "proxy-url")) {
    fault = "The " + cluster.title +
            " has a proxy-url; Spanlight does not go through proxies: give the API server's own address.";
    return false;
  }
  access.tls_server_name = text_at(cluster.node, "tls-server-name");
  access.insecure = text_at(cluster.node, "insecure-skip-tls-verify") == "true";
  if (access.insecure)
    access.warnings.push_back("The " + cluster.title +
                              " says insecure-skip-tls-verify: whoever answers at that address is believed.");
  if (!access.tls)
    access.warnings.push_back(
        "The " + cluster.title +
        " is not reached through TLS: names and tokens can be read and forged on the way.");
  return material(cluster, "certificate-authority", access.ca_pem, access.ca_file, fault);
}

bool read_user(const Entry& user, ClusterAccess& access, std::string& fault) {
  const auto refuse = [&](const char* key, const char* mend) {
    if (!has(user.node, key)) return false;
    fault = "The " + user.title + " has \"" + key + "\": " + mend;
    return true;
  };
  if (refuse("exec",
             "credential plugins are not run, since they are programs that only this user may trust; make a "
             "service "
             "account for Spanlight and give its token or tokenFile.") ||
      refuse("auth-provider",
             "this way in was removed from Kubernetes; give a token, a tokenFile or a client certificate.") ||
      refuse(
          "username",
          "API servers since 1.19 know no passwords; give a token, a tokenFile or a client certificate.") ||
      refuse("as", "Spanlight does not impersonate; give the credentials of the user itself."))
    return false;
  access.token_file = beside(*user.file, text_at(user.node, "tokenFile"));
  access.token = text_at(user.node, "token");
  if (!access.token_file.empty()) access.token.clear();  // as kubectl: the file wins
  return material(user, "client-certificate", access.certificate_pem, access.certificate_file, fault) &&
         material(user, "client-key", access.key_pem, access.key_file, fault);
}

}  // namespace

bool says_nothing(const std::string& kubeconfig) {
  std::vector<File> files;
  std::string fault;
  if (!open_files({kubeconfig}, files, fault)) return false;  // whoever reads it tells what is wrong
  const YAML::Node& root = files.front().root;
  if (!root.IsDefined() || root.IsNull()) return true;
  if (!root.IsMap() || !text_at(root, "current-context").empty()) return false;
  const auto empty_list = [&](const char* key) {
    const YAML::Node list = root[key];
    return !list || list.IsNull() || (list.IsSequence() && list.size() == 0);
  };
  return empty_list("clusters") && empty_list("users") && empty_list("contexts");
}

std::optional<ClusterAccess> read_kubeconfig(const std::vector<std::string>& paths, const std::string& wanted,
                                             std::string& fault) {
  std::vector<File> files;
  std::string name;
  if (!open_files(paths, files, fault)) return std::nullopt;
  const std::optional<Entry> context = context_of(files, wanted, name, fault);
  if (!context) return std::nullopt;
  const std::string cluster_name = text_at(context->node, "cluster"),
                    user_name = text_at(context->node, "user");
  const std::optional<Entry> cluster = find_entry(files, "clusters", "cluster", cluster_name);
  const std::optional<Entry> user = find_entry(files, "users", "user", user_name);
  if (!cluster || (!user && !user_name.empty())) {
    fault = "The " + context->title + " names the " +
            (cluster ? "user \"" + user_name : "cluster \"" + cluster_name) + "\", which is not there.";
    return std::nullopt;
  }
  ClusterAccess access;
  access.kubeconfig = paths;
  access.context = name;
  access.origin = "context \"" + name + "\" of " + context->file->path;
  if (!read_cluster(*cluster, access, fault) || (user && !read_user(*user, access, fault)))
    return std::nullopt;
  Credentials credentials;  // what cannot be read is told now, not at the first connection
  if (!read_credentials(access, credentials, fault)) return std::nullopt;
  if (credentials.certificate_pem.empty() != credentials.key_pem.empty()) {
    fault = "The " + (user ? user->title : context->title) +
            " has only one of client-certificate and client-key; both are needed.";
    return std::nullopt;
  }
  return access;
}

void renew_credentials(ClusterAccess& access) {
  if (access.kubeconfig.empty()) return;
  std::string fault;
  std::optional<ClusterAccess> now = read_kubeconfig(access.kubeconfig, access.context, fault);
  const auto same_server = [&] {
    return std::tie(now->tls, now->host, now->port, now->base_path) ==
           std::tie(access.tls, access.host, access.port, access.base_path);
  };
  if (!now || !same_server()) return;
  access.certificate_pem = std::move(now->certificate_pem);
  access.certificate_file = std::move(now->certificate_file);
  access.key_pem = std::move(now->key_pem);
  access.key_file = std::move(now->key_file);
  access.token = std::move(now->token);
  access.token_file = std::move(now->token_file);
}

}  // namespace spanlight
