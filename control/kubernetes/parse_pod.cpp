// A pod's spec and status: its addresses, its ports, and when it had them.
#include "kubernetes/json_fields.h"

namespace spanlight::json {
namespace {

void containers(od::value value, Pod& pod) {
  each_item(value, [&](od::value container) {
    each_field(container, [&](std::string_view key, od::value v) {
      if (key != "ports") return;
      each_item(v, [&](od::value item) {
        PodPort ports;
        each_field(item, [&](std::string_view name, od::value n) {
          if (name == "containerPort") ports.container = port(n);
          if (name == "hostPort") ports.host = port(n);
        });
        pod.ports.push_back(ports);
      });
    });
  });
}

// {"running":{"startedAt":…}} or {"terminated":{"startedAt":…,"finishedAt":…}}
void container_state(od::value value, Pod& pod) {
  each_field(value, [&](std::string_view, od::value state) {
    each_field(state, [&](std::string_view key, od::value v) {
      if (key == "startedAt") {
        const std::uint64_t at = parse_time(text(v));
        if (at != 0 && (pod.first_container_ns == 0 || at < pod.first_container_ns))
          pod.first_container_ns = at;
      } else if (key == "finishedAt") {
        pod.finished_ns = std::max(pod.finished_ns, parse_time(text(v)));
      }
    });
  });
}

void container_statuses(od::value value, Pod& pod) {
  each_item(value, [&](od::value status) {
    each_field(status, [&](std::string_view key, od::value v) {
      if (key == "state" || key == "lastState") container_state(v, pod);
      if (key == "restartCount" && number(v) > 0) pod.restarted = true;
    });
  });
}

void conditions(od::value value, Pod& pod) {
  each_item(value, [&](od::value condition) {
    std::string_view type;
    bool is_true = false;
    std::uint64_t at = 0;
    each_field(condition, [&](std::string_view key, od::value v) {
      if (key == "type") type = text(v);
      if (key == "status") is_true = text(v) == "True";
      if (key == "lastTransitionTime") at = parse_time(text(v));
    });
    if (type == "PodReadyToStartContainers" && is_true) pod.network_ns = at;
  });
}

void addresses(od::value value, std::vector<Address>& out) {
  each_item(value, [&](od::value item) {
    each_field(item, [&](std::string_view name, od::value v) {
      if (name == "ip") append_address(text(v), out);
    });
  });
}

}  // namespace

void pod_spec(od::value value, Pod& pod) {
  each_field(value, [&](std::string_view key, od::value v) {
    if (key == "nodeName")
      pod.node = owned(v);
    else if (key == "hostNetwork")
      pod.host_network = flag(v);
    else if (key == "containers" || key == "initContainers")
      containers(v, pod);
  });
}

void pod_status(od::value value, Pod& pod) {
  each_field(value, [&](std::string_view key, od::value v) {
    if (key == "phase") {
      const std::string_view phase = text(v);
      pod.finished = phase == "Succeeded" || phase == "Failed";
    } else if (key == "podIP") {
      append_address(text(v), pod.addresses);
    } else if (key == "podIPs") {
      addresses(v, pod.addresses);
    } else if (key == "hostIP") {
      append_address(text(v), pod.host_addresses);
    } else if (key == "hostIPs") {
      addresses(v, pod.host_addresses);
    } else if (key == "startTime") {
      pod.start_ns = parse_time(text(v));
    } else if (key == "conditions") {
      conditions(v, pod);
    } else if (key == "containerStatuses" || key == "initContainerStatuses" ||
               key == "ephemeralContainerStatuses") {
      container_statuses(v, pod);
    }
  });
}

}  // namespace spanlight::json
