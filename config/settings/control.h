#pragma once
// Everything the control process can be told, typed, with its default. Loaded from YAML; the commented
// default file config/default/control.yaml says each key's range and reason, and a test keeps the two equal.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "settings/shared.h"

namespace spanlight {

// A sensor to subscribe to.
struct SensorLink {
  std::string records = "ipc:///run/spanlight/records.sock";
  std::string commands = "ipc:///run/spanlight/command.sock";  // empty: no targets are pushed to it
  std::string server_key;                                      // its public CURVE key, Z85; for tcp://
};

enum class UseKubernetes : std::uint8_t {
  automatic,  // where a cluster is found: by $KUBECONFIG, else ~/.kube/config, else in the pod
  always,     // refuse to start without
  never,
};

// Of tap.regex: who checks settings and who follows them refuse the same.
constexpr std::size_t kTapRegexBytesMax = 4'096;
constexpr std::int64_t kTapRegexMemoryMax = std::int64_t{4} << 20;  // RE2's, compiled

// What is worth capturing, in the words of people. All lists empty: everything.
struct TapSettings {
  std::vector<std::string> namespaces;           // empty: all
  std::vector<std::string> excluded_namespaces;  // wins over everything above and below
  std::string regex;                             // RE2, unanchored, on pod names
  std::vector<std::string> labels;               // Kubernetes label selectors, any of which may fit a pod
  std::vector<std::string> services;             // "name" or "namespace/name": the pods behind them
  std::string bpf_override;                      // libpcap syntax; replaces all of the above

  bool operator==(const TapSettings&) const = default;
};

enum class Role : std::uint8_t { viewer, operator_ };  // an operator may change targets

// A bearer token is at least so long; a shorter one could be guessed.
constexpr std::size_t kTokenBytesMin = 16;

// Somebody who may use the API.
struct Access {
  std::string name;        // as the audit log calls them
  std::string token_file;  // holds the bearer token; empty: by the proxy's user header
  Role role = Role::viewer;
  std::vector<std::string> namespaces;  // sees only calls with an end in these; empty: all
  bool payloads = true;                 // may see headers and bodies
  bool packets = false;                 // may fetch packets, in which nothing is redacted; needs payloads

  bool operator==(const Access&) const = default;
};

struct ControlSettings {
  // sensors
  std::vector<SensorLink> sensors = {SensorLink{}};
  std::string curve_public_key, curve_secret_key;  // our pair, Z85; empty: one is made for each connection

  // kubernetes
  UseKubernetes use_kubernetes = UseKubernetes::automatic;
  std::string kubeconfig;                 // empty: $KUBECONFIG, else ~/.kube/config, else the pod
  std::string context;                    // of the kubeconfig; empty: its current one
  std::string static_map;                 // YAML: names of machines outside of Kubernetes
  std::uint32_t hold_ms = 1'000;          // a call waits so long for its pod's watch event
  std::uint32_t hold_calls_max = 65'536;  // and so many wait at once
  std::uint32_t history_s = 86'400;       // the map remembers ended names for so long

  TapSettings tap;
  // Where targets that were chosen at run time are kept; empty: targets.json in the store's directory, where
  // the store is a child of ours, else nowhere.
  std::string targets_file;

  // protobuf
  std::vector<std::string> descriptor_sets;  // files that name the fields of messages

  // store
  bool store_enabled = true;
  std::string
      store_url;  // "http://host:8123" of a ClickHouse server; empty: the child process spanlight-store
  std::string store_user, store_password_file;
  std::string store_database = "spanlight";
  std::string store_cluster;  // its Replicated and Distributed tables; empty: one server
  std::string store_directory = "/var/lib/spanlight";  // of the child's data
  std::uint32_t store_memory_mb = 2'048;               // the child's cap
  std::uint32_t store_keep_hours = 72;
  std::uint32_t store_keep_gb = 50;         // 0: by age alone
  std::uint32_t store_batch_rows = 50'000;  // an insert waits for so many
  std::uint32_t store_batch_ms = 500;       // or for so long
  std::uint32_t store_queue_mb =
      256;                   // records that wait to be stored; beyond that they are dropped, counted
  bool store_fsync = false;  // survive power loss, not only kill -9

  // serve
  std::string listen = "127.0.0.1:8899";
  std::string tls_certificate, tls_key;  // PEM files
  std::vector<Access> access;            // empty: everybody on loopback is an operator; wider is refused
  std::string proxy_user_header;         // "X-Forwarded-User": trusted where it comes from `trusted_proxies`
  std::vector<std::string> trusted_proxies;  // CIDR
  std::string audit_log;                     // file; empty: with the other log lines
  std::uint32_t requests_per_second = 50;    // of one client; 0: no limit
  std::uint32_t request_bytes_max = 1'048'576;
  std::uint32_t stream_queue_calls =
      4'096;  // calls that wait for a slow live client; beyond that they are missed, and told
  std::string run_as = "nobody";

  // logging
  LogLevel log_level = LogLevel::info;
  bool log_json = false;

  SettingsOrigin origin;
};

}  // namespace spanlight
