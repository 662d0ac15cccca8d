#pragma once
// Where the API server is and how to be let in: from a kubeconfig file, or in the pod. Files that may change
// while we run (tokens, certificates) are named here and read for each connection and request
// (read_credentials()).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spanlight {

struct ClusterAccess {
  std::string origin;  // for people: "context prod of FILE", "the pod's service account"

  bool tls = true;
  std::string host;  // without brackets
  std::string port;
  std::string base_path;        // "/k8s/clusters/c-1"; empty in most
  std::string tls_server_name;  // the name the certificate must have, where it is not the host
  bool insecure = false;        // insecure-skip-tls-verify: whoever answers is believed

  // Each either as text or as a file; the file is read again when it is needed.
  std::string ca_pem, ca_file;                    // both empty: the system's authorities
  std::string certificate_pem, certificate_file;  // ours
  std::string key_pem, key_file;
  std::string token, token_file;

  // The kubeconfig that this is of, and the context in it; none: it is of a pod.
  std::vector<std::string> kubeconfig;
  std::string context;

  std::vector<std::string> warnings;  // sentences to be said once
};

// What ClusterAccess names, as it stands now.
struct Credentials {
  std::string ca_pem, certificate_pem, key_pem, token;
};
// False and one sentence where a file cannot be read.
bool read_credentials(const ClusterAccess& access, Credentials& out, std::string& fault);

struct AccessQuery {
  std::string kubeconfig;  // setting; empty: it is looked for as kubectl does
  std::string context;     // empty: the file's current one
};
// Where a process finds itself: what its environment says, and a pod's files.
struct Surroundings {
  std::string kubeconfig_list;  // $KUBECONFIG: files with colons between
  std::string home;
  std::string service_host, service_port;  // $KUBERNETES_SERVICE_…: set in every pod
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};
Surroundings surroundings_of_process();  // at start, before there are other threads

// In kubectl's order (client-go's): the files of $KUBECONFIG where it is set, otherwise ~/.kube/config; where
// none of these is there or all are empty, the pod's service account. nullopt with an empty `fault`: there is
// no cluster here. nullopt with a sentence: there is one and it cannot be used.
std::optional<ClusterAccess> find_cluster(const AccessQuery& query, const Surroundings& around,
                                          std::string& fault);

// The parts. `files` as $KUBECONFIG has them: the first that has an entry wins.
std::optional<ClusterAccess> read_kubeconfig(const std::vector<std::string>& files,
                                             const std::string& context, std::string& fault);
// Neither clusters, users, contexts nor a current context: for kubectl such a file is as good as none.
bool says_nothing(const std::string& kubeconfig);
// Texts that were in the kubeconfig may be newer in it now: takes the credentials of the same context, for
// the same server alone. Where they cannot be read they stay; the server says what it thinks of them.
void renew_credentials(ClusterAccess& access);
std::optional<ClusterAccess> read_service_account(const std::string& directory, const std::string& host,
                                                  const std::string& port, std::string& fault);

// "https://[fd00::1]:6443/base" → tls, host, port, base_path. False: it is none.
bool split_server(const std::string& url, ClusterAccess& access);

}  // namespace spanlight
