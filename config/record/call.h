#pragma once
// A call with who its ends are: what filters, the store and the views look at. Cheap to copy and short-lived:
// views into a verified batch and into a state of the address map, both of which the caller keeps alive.
// Where nobody knows names (`dissect`, `tail`) the parties are nullptr.

#include <string>
#include <string_view>
#include <vector>

#include "schema/record_generated.h"

namespace spanlight {

struct Label {
  std::string name;
  std::string value;
};

// Who an address was during one stretch of time: a pod, a service, a node, or a machine of the static map.
// Immutable and shared by all that was captured in that time. What is not known is empty.
struct Party {
  std::string name;        // what people call it: pod, else service, else node or machine
  std::string name_space;  // Kubernetes namespace of pod or service
  std::string pod;
  std::vector<Label> labels;  // of the pod, else of the service; sorted by name
  std::string service;        // in `name_space`
  std::string workload_kind;  // "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", ...
  std::string workload;       // its name
  std::string node;
};

struct CallEnd {
  const Party* party = nullptr;
  std::string_view dns;  // a name that a DNS answer on the wire gave the address
};

struct Call {
  const wire::RecordBatch* batch = nullptr;
  const wire::Record* record = nullptr;
  CallEnd src;  // client
  CallEnd dst;  // server
};

}  // namespace spanlight
