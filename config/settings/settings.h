#pragma once
// Everything a sensor can be told, typed, with its default. Loaded from YAML by load(); the commented default
// file config/default/sensor.yaml says each key's range and reason, and a test keeps the two equal.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "settings/shared.h"

namespace spanlight {

struct PortSettings {
  // One of: a PCI address ("0000:3b:00.0"), a DPDK vdev string ("net_af_packet0,iface=eth1"), "pcap:eth1" or
  // a bare kernel interface ("eth1"), or a capture file ("file:/path" or a path that has a slash or ends in
  // .pcap/.pcapng).
  std::string source;
  std::string name;  // for people and counters; default: the source
  std::string pair;  // the other port of a TAP, by name: same key and indirection table
  bool promiscuous = true;
};

enum class Hugepages : std::uint8_t { automatic, always, never };
enum class Idle : std::uint8_t { back_off, poll };
enum class ConnectionRecords : std::uint8_t { none, sampled, all };

struct Settings {
  // sensor
  std::string sensor_name;        // default: the host name
  std::string run_as = "nobody";  // user to become after set-up when started as root; empty = stay

  // ports
  std::vector<PortSettings> ports;
  std::string bpf;  // capture filter (libpcap syntax) on every port; empty = everything

  // lcores
  std::vector<unsigned> workers;  // CPU ids; empty = all but one of the process's CPUs, at least one
  int main_cpu = -1;              // CPU of the main and publishing threads; -1 = any
  Idle idle = Idle::back_off;

  // dpdk
  Hugepages hugepages = Hugepages::automatic;
  std::uint32_t memory_mb = 0;  // 0 = computed from mbufs
  std::uint16_t rx_descriptors = 4'096;
  std::uint32_t mbufs = 0;          // per port; 0 = computed: descriptors × queues + bursts
  std::uint32_t ring_size = 4'096;  // hand-over between workers

  // decode
  bool vlan_in_key = false;
  bool decapsulate = true;
  std::uint16_t vxlan_ports[2] = {4789, 8472};
  std::uint16_t geneve_port = 6081;
  bool remove_duplicates = true;

  // flow table, per worker
  std::uint32_t flows_max = 262'144;
  std::uint32_t tcp_idle_s = 300;
  std::uint32_t tcp_closed_s = 5;    // after both FINs or a RST
  std::uint32_t tcp_opening_s = 30;  // only a SYN seen
  std::uint32_t udp_idle_s = 60;

  // connections: records of TCP connections and UDP flows themselves
  ConnectionRecords connection_records = ConnectionRecords::none;
  std::uint32_t connection_one_of = 16;      // sampled: one connection of so many
  std::uint32_t connection_interval_s = 60;  // a report while it lasts; 0 = only at its end

  // sampling: of so many connections, so many are looked at, by a hash of their ends
  std::uint32_t sample_keep = 1;
  std::uint32_t sample_of = 1;

  // shedding: what a worker leaves out while it has more to do than it can
  bool shedding_enabled = true;
  std::vector<std::string> low_priority;   // protocols
  std::uint32_t shedding_one_of = 64;      // at the worst one flow of so many is looked at
  std::uint32_t shedding_patience_ms = 5;  // a queue that was not empty for so long is too much
  std::uint32_t shedding_calm_ms = 100;    // nothing was too much for so long: one level down

  // reassembly, per worker unless said otherwise
  std::uint32_t state_memory_mb = 256;   // out-of-order segments, heads of messages, fragments
  std::uint32_t preview_memory_mb = 64;  // body previews
  std::uint32_t lent_buffers = 4'096;    // received buffers that wait in previews instead of a copy
  std::uint32_t skew_allowance_ms = 20;
  std::uint32_t hole_timeout_ms = 2'000;
  std::uint32_t held_bytes_max = 8'388'608;  // per direction
  std::uint32_t held_segments_max = 16'384;  // per direction

  // packets: what each worker keeps of recent packets, as they were captured
  std::uint32_t packet_ring_mb = 0;  // 0: nothing
  std::uint32_t packet_keep_s = 600;
  std::uint32_t packet_snap_bytes = 65'536;

  // dissectors
  std::vector<std::string> enabled_dissectors;                     // empty = all
  std::map<std::string, std::vector<std::uint16_t>> port_mapping;  // protocol → port hints
  struct UserPattern {
    std::string protocol;
    std::string regex;
  };
  std::vector<UserPattern> user_patterns;  // beside a protocol's own: a head that matches is a candidate
  std::uint32_t body_preview_bytes = 16'384;
  std::uint32_t head_bytes_max = 65'536;
  std::uint32_t headers_max = 256;
  std::uint32_t open_calls_max = 1'024;
  std::uint32_t answer_timeout_s = 60;

  // redaction
  bool redaction_enabled = true;
  bool redact_credentials = true;  // what protocols log in with: passwords, tokens, SASL's answers
  std::vector<std::string> redact_headers = {
      "authorization", "proxy-authorization",   "cookie", "set-cookie", "x-api-key",
      "x-auth-token",  "sec-websocket-protocol"};
  std::vector<std::string> redact_cookies;  // by name; only matters where the header itself is not redacted
  std::vector<std::string> redact_query_values;  // query parameters and form fields
  std::vector<std::string> redact_json_keys;
  std::vector<std::string> redact_patterns;  // Hyperscan, over header values, URLs and bodies

  // publishing
  std::string records_endpoint = "ipc:///run/spanlight/records.sock";
  std::string command_endpoint = "ipc:///run/spanlight/command.sock";
  std::string ipc_group;  // group of the ipc sockets; empty = that of run_as
  std::uint32_t batch_bytes = 262'144;
  std::uint32_t batch_ms = 10;
  std::uint32_t batches_per_worker = 64;           // buffers in flight
  std::uint32_t high_water_mark = 1'000;           // batches per subscriber
  std::string curve_public_key, curve_secret_key;  // Z85; needed for TCP beyond loopback
  std::vector<std::string> curve_clients;          // public keys that may connect; empty = any that has ours
  std::string metrics_address = "127.0.0.1:9464";  // empty = off

  // logging
  LogLevel log_level = LogLevel::info;
  bool log_json = false;

  using Origin = SettingsOrigin;
  Origin origin;
};

}  // namespace spanlight
