// One function for each kind of object, down the document as the API reference has it.
#include "kubernetes/json_fields.h"

namespace spanlight::json {
namespace {

constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";
constexpr std::string_view kInitialEnd = "k8s.io/initial-events-end";

void owner_references(od::value value, Owner& owner) {
  each_item(value, [&](od::value item) {
    Owner candidate;
    bool controller = false;
    each_field(item, [&](std::string_view key, od::value v) {
      if (key == "kind")
        candidate.kind = owned(v);
      else if (key == "name")
        candidate.name = owned(v);
      else if (key == "uid")
        candidate.uid = uid_of(text(v));
      else if (key == "controller")
        controller = flag(v);
    });
    if (controller) owner = std::move(candidate);
  });
}

// Everything but `metadata`.
template <typename Take>
void body(od::object from, Meta& meta, MetaExtras& extras, Take take) {
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    od::value value = field.value();
    if (key == "metadata")
      metadata(value, meta, extras);
    else
      take(key, value);
  }
}

Pod pod(od::object from, MetaExtras& extras) {
  Pod pod;
  body(from, pod.meta, extras, [&](std::string_view key, od::value value) {
    if (key == "spec") pod_spec(value, pod);
    if (key == "status") pod_status(value, pod);
  });
  pod.labels = std::move(extras.labels);
  pod.owner = std::move(extras.owner);
  return pod;
}

void service_spec(od::value value, Service& service) {
  std::string single;
  each_field(value, [&](std::string_view key, od::value v) {
    if (key == "selector") {
      service.selector = labels(v);
    } else if (key == "clusterIP") {
      append_address(text(v), service.cluster_addresses);
    } else if (key == "clusterIPs") {
      each_item(v, [&](od::value item) { append_address(text(item), service.cluster_addresses); });
    } else if (key == "externalIPs") {
      each_item(v, [&](od::value item) { append_address(text(item), service.external_addresses); });
    } else if (key == "loadBalancerIP") {
      append_address(text(v), service.external_addresses);
    } else if (key == "externalName") {
      service.external_name = owned(v);
    } else if (key == "ports") {
      each_item(v, [&](od::value item) {
        ServicePort ports;
        each_field(item, [&](std::string_view name, od::value n) {
          if (name == "port") ports.port = port(n);
          if (name == "nodePort") ports.node_port = port(n);
        });
        service.ports.push_back(ports);
      });
    }
  });
  for (char& c : service.external_name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (service.external_name.ends_with('.')) service.external_name.pop_back();
}

void service_status(od::value value, Service& service) {
  each_field(value, [&](std::string_view key, od::value balancer) {
    if (key != "loadBalancer") return;
    each_field(balancer, [&](std::string_view name, od::value ingress) {
      if (name != "ingress") return;
      each_item(ingress, [&](od::value item) {
        each_field(item, [&](std::string_view field, od::value v) {
          if (field == "ip") append_address(text(v), service.external_addresses);
        });
      });
    });
  });
}

Service service(od::object from, MetaExtras& extras) {
  Service service;
  body(from, service.meta, extras, [&](std::string_view key, od::value value) {
    if (key == "spec") service_spec(value, service);
    if (key == "status") service_status(value, service);
  });
  service.labels = std::move(extras.labels);
  return service;
}

void endpoint(od::value value, std::vector<Endpoint>& out) {
  std::vector<Address> addresses;
  std::string pod, kind;
  each_field(value, [&](std::string_view key, od::value v) {
    if (key == "addresses") {
      each_item(v, [&](od::value item) { append_address(text(item), addresses); });
    } else if (key == "targetRef") {
      each_field(v, [&](std::string_view name, od::value n) {
        if (name == "kind") kind = owned(n);
        if (name == "name") pod = owned(n);
      });
    }
  });
  if (kind != "Pod") pod.clear();
  for (const Address& address : addresses) out.push_back({address, pod});
}

EndpointSlice endpoint_slice(od::object from, MetaExtras& extras) {
  EndpointSlice slice;
  body(from, slice.meta, extras, [&](std::string_view key, od::value value) {
    if (key == "endpoints") {
      each_item(value, [&](od::value item) { endpoint(item, slice.endpoints); });
    } else if (key == "ports") {
      each_item(value, [&](od::value item) {
        each_field(item, [&](std::string_view name, od::value n) {
          if (name == "port" && port(n) != 0) slice.ports.push_back(port(n));
        });
      });
    }
  });
  for (const Label& label : extras.labels)
    if (label.name == kServiceNameLabel) slice.service = label.value;
  return slice;
}

void append_prefix(std::string_view from, std::vector<Prefix>& to) {
  const std::optional<Prefix> prefix = parse_prefix(from);
  if (prefix && std::find(to.begin(), to.end(), *prefix) == to.end()) to.push_back(*prefix);
}

Node node(od::object from, MetaExtras& extras) {
  Node node;
  body(from, node.meta, extras, [&](std::string_view key, od::value value) {
    if (key != "spec" && key != "status") return;
    each_field(value, [&](std::string_view name, od::value v) {
      if (key == "spec" && name == "podCIDR") append_prefix(text(v), node.pod_prefixes);
      if (key == "spec" && name == "podCIDRs")
        each_item(v, [&](od::value item) { append_prefix(text(item), node.pod_prefixes); });
      if (key == "status" && name == "addresses")
        each_item(v, [&](od::value item) {
          each_field(item, [&](std::string_view field, od::value n) {
            if (field == "address") append_address(text(n), node.addresses);  // host names are not addresses
          });
        });
    });
  });
  node.labels = std::move(extras.labels);
  return node;
}

Controller controller(od::object from, Kind kind, MetaExtras& extras) {
  Controller controller;
  controller.kind = kind;
  body(from, controller.meta, extras, [](std::string_view, od::value) {});
  controller.owner = std::move(extras.owner);
  return controller;
}

}  // namespace

std::vector<Label> labels(od::value value) {
  std::vector<Label> labels;
  each_field(value, [&](std::string_view key, od::value v) {
    labels.push_back({std::string(key), owned(v)});
  });
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
  return labels;
}

void metadata(od::value value, Meta& meta, MetaExtras& extras) {
  each_field(value, [&](std::string_view key, od::value v) {
    if (key == "name")
      meta.name = owned(v);
    else if (key == "namespace")
      meta.name_space = owned(v);
    else if (key == "uid")
      meta.uid = uid_of(text(v));
    else if (key == "resourceVersion")
      extras.resource_version = owned(v);
    else if (key == "creationTimestamp")
      meta.created_ns = parse_time(text(v));
    else if (key == "deletionTimestamp")
      meta.deletion_ns = parse_time(text(v));
    else if (key == "labels")
      extras.labels = labels(v);
    else if (key == "ownerReferences")
      owner_references(v, extras.owner);
    else if (key == "annotations")
      each_field(v, [&](std::string_view name, od::value n) {
        if (name == kInitialEnd) extras.initial_end = text(n) == "true";
      });
  });
}

Object object(Kind kind, od::object from, std::string& resource_version) {
  MetaExtras extras;
  Object made;
  switch (kind) {
    case Kind::pod:
      made = pod(from, extras);
      break;
    case Kind::service:
      made = service(from, extras);
      break;
    case Kind::endpoint_slice:
      made = endpoint_slice(from, extras);
      break;
    case Kind::node:
      made = node(from, extras);
      break;
    case Kind::name_space: {
      Namespace name_space;
      body(from, name_space.meta, extras, [](std::string_view, od::value) {});
      made = std::move(name_space);
      break;
    }
    case Kind::replica_set:
    case Kind::job:
      made = controller(from, kind, extras);
      break;
  }
  resource_version = std::move(extras.resource_version);
  if (meta_of(made)->uid == Uid{} || meta_of(made)->name.empty()) return {};
  return made;
}

}  // namespace spanlight::json
