#pragma once
// What is kept of the objects of an API server: the fields that name addresses, and no others. Plain values;
// once they are in a Cluster they are shared and immutable. Times are nanoseconds since the Unix epoch as the
// object has them (the clock of the API server or of a kubelet, mostly whole seconds, cut); 0: not given.

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "address/address.h"
#include "record/call.h"

namespace spanlight {

enum class Kind : std::uint8_t {
  pod,
  service,
  endpoint_slice,
  node,
  name_space,
  replica_set,
  job,
};
constexpr std::size_t kKinds = 7;
std::string_view kind_name(Kind kind);  // "pods", as in RBAC rules

// The 128 bits of a UUID; other texts, which no API server gives, are hashed.
struct Uid {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Uid&) const = default;
};
Uid uid_of(std::string_view text);
struct UidHash {
  std::size_t operator()(const Uid& uid) const { return uid.low ^ (uid.high * 0x9e3779b97f4a7c15ULL); }
};

struct Meta {
  Uid uid;
  std::string name_space;
  std::string name;
  std::uint64_t created_ns = 0;
  std::uint64_t deletion_ns = 0;  // when it is to be gone; set: it is being deleted
};

// The object's controller, of its owner references.
struct Owner {
  std::string kind;  // empty: none
  std::string name;
  Uid uid;
};

struct PodPort {
  std::uint16_t container = 0;
  std::uint16_t host = 0;  // 0: none
  bool operator==(const PodPort&) const = default;
};

struct Pod {
  Meta meta;
  std::vector<Label> labels;  // sorted by name
  Owner owner;
  std::string node;
  bool host_network = false;
  bool finished = false;                // Succeeded or Failed: its address may already be another pod's
  bool restarted = false;               // a container was started anew: the first start is not known any more
  std::vector<PodPort> ports;           // of all containers
  std::vector<Address> addresses;       // status.podIPs
  std::vector<Address> host_addresses;  // status.hostIPs
  std::uint64_t start_ns = 0;           // the kubelet took it: before it had an address
  std::uint64_t network_ns = 0;         // PodReadyToStartContainers: its network was made
  std::uint64_t first_container_ns = 0;  // the earliest start that is still told
  std::uint64_t finished_ns = 0;         // the last end of a container
};

struct ServicePort {
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;  // 0: none
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  Meta meta;
  std::vector<Label> labels;
  std::vector<Label> selector;              // empty: its EndpointSlices say who is behind it
  std::vector<Address> cluster_addresses;   // none: headless
  std::vector<Address> external_addresses;  // externalIPs and the load balancer's
  std::vector<ServicePort> ports;
  std::string external_name;  // of type ExternalName: a DNS name, in lower case
};

struct Endpoint {
  Address address;
  std::string pod;  // empty: a machine outside
};

struct EndpointSlice {
  Meta meta;
  std::string service;  // kubernetes.io/service-name
  std::vector<Endpoint> endpoints;
  std::vector<std::uint16_t> ports;
};

struct Node {
  Meta meta;
  std::vector<Label> labels;
  std::vector<Address> addresses;
  std::vector<Prefix> pod_prefixes;  // spec.podCIDRs
};

struct Namespace {
  Meta meta;
};

// A ReplicaSet or a Job: a step between a pod and what people deployed.
struct Controller {
  Meta meta;
  Kind kind = Kind::replica_set;
  Owner owner;
};

using Object = std::variant<std::monostate, Pod, Service, EndpointSlice, Node, Namespace, Controller>;
const Meta* meta_of(const Object& object);  // nullptr of monostate

}  // namespace spanlight
