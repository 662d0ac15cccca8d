#!/usr/bin/env python3
"""Writes the seeds of kubernetes_fuzz: kubernetes_seeds.py DIRECTORY. The format is told in kubernetes_fuzz.cpp."""
import json
import pathlib
import sys

POD, SERVICE, SLICE, NODE, NAMESPACE, REPLICA_SET, JOB = range(7)


def meta(name="web", **more):
    return {"name": name, "namespace": "shop", "uid": "01234567-89ab-cdef-0123-456789abcdef", "resourceVersion": "42",
            "creationTimestamp": "2026-11-26T09:00:00Z", "labels": {"b": "2", "a": "1"}, **more}


POD_OBJECT = {
    "metadata": meta(ownerReferences=[{"kind": "ReplicaSet", "name": "web-7", "uid": "r", "controller": True}], deletionTimestamp="2026-11-26T10:00:00Z"),
    "spec": {"nodeName": "n1", "hostNetwork": True, "containers": [{"ports": [{"containerPort": 80, "hostPort": 8080}]}]},
    "status": {"phase": "Succeeded", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "hostIP": "192.168.0.1",
               "hostIPs": [{"ip": "192.168.0.1"}], "startTime": "2026-11-26T09:00:01Z",
               "conditions": [{"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": "2026-11-26T09:00:02Z"}],
               "initContainerStatuses": [{"state": {"terminated": {"startedAt": "2026-11-26T09:00:03Z", "finishedAt": "2026-11-26T09:00:04Z"}}}],
               "containerStatuses": [{"restartCount": 1, "state": {"running": {"startedAt": "2026-11-26T09:00:05Z"}},
                                      "lastState": {"terminated": {"startedAt": "2026-11-26T09:00:03Z"}}}]}}
SERVICE_OBJECT = {"metadata": meta("cart"),
                  "spec": {"type": "LoadBalancer", "selector": {"app": "x"}, "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9", "fd00::9"],
                           "externalIPs": ["1.2.3.4"], "loadBalancerIP": "1.2.3.5", "ports": [{"port": 80, "nodePort": 30080}]},
                  "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.6"}, {"hostname": "x"}]}}}
SLICE_OBJECT = {"metadata": meta("cart-x", labels={"kubernetes.io/service-name": "cart"}), "addressType": "IPv4", "ports": [{"port": 80}],
                "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "web"}}, {"addresses": ["1.1.1.1"]}]}
NODE_OBJECT = {"metadata": meta("n1"), "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24", "fd00::/64", "x"]},
               "status": {"addresses": [{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "192.168.0.1"}]}}
OWNED = {"metadata": meta("web-7", ownerReferences=[{"kind": "Deployment", "name": "web", "uid": "d", "controller": True}])}


def events(*pairs):
    return "".join(json.dumps({"type": kind, "object": thing}) + "\n" for kind, thing in pairs)


def page(*items, **more):
    return json.dumps({"kind": "List", "metadata": {"resourceVersion": "7", **more}, "items": list(items)})


BOOKMARK = {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}}
GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old", "metadata": {"continue": "c"}, "details": {"retryAfterSeconds": 3}}
SEEDS = {
    "pods": (POD, events(("ADDED", POD_OBJECT), ("MODIFIED", POD_OBJECT), ("DELETED", POD_OBJECT), ("BOOKMARK", BOOKMARK))),
    "services": (SERVICE, events(("ADDED", SERVICE_OBJECT))),
    "external_name": (SERVICE, events(("ADDED", {"metadata": meta(), "spec": {"type": "ExternalName", "externalName": "DB.Example."}}))),
    "headless": (SERVICE, events(("ADDED", {"metadata": meta(), "spec": {"clusterIP": "None"}}))),
    "slices": (SLICE, events(("ADDED", SLICE_OBJECT))),
    "nodes": (NODE, events(("ADDED", NODE_OBJECT))),
    "namespaces": (NAMESPACE, events(("ADDED", {"metadata": meta("shop", namespace="")}))),
    "replica_sets": (REPLICA_SET, events(("ADDED", OWNED))),
    "jobs": (JOB, events(("ADDED", OWNED))),
    "type_behind": (POD, '{"object":' + json.dumps(POD_OBJECT) + ',"type":"ADDED"}\n'),
    "list": (POD, page(POD_OBJECT, {"metadata": {"name": "nameless"}}, **{"continue": "next"})),
    "list_services": (SERVICE, page(SERVICE_OBJECT)),
    "list_slices": (SLICE, page(SLICE_OBJECT)),
    "list_nodes": (NODE, page(NODE_OBJECT)),
    "list_odd": (POD, '{"metadata":{"resourceVersion":7},"items":[1]}'),
    "error": (POD, events(("ERROR", GONE))),
    "status": (POD, json.dumps(GONE)),
    "odd": (POD, '{"type":"ADDED","object":{"metadata":{"name":"n","uid":"u","labels":7,"ownerReferences":"x"},"spec":[],'
                 '"status":{"podIPs":{"ip":1},"podIP":5,"phase":{},"conditions":[3,null,{"type":1}]}}}\n'),
    "too_long": (POD, events(("ADDED", {"metadata": meta(annotations={"x": "y" * 5000})}), ("ADDED", POD_OBJECT))),
    "unknown": (POD, '{"type":"NEW","object":{}}\n{"type":5}\n\nno json\n'),
    "time": (POD, "2026-11-26T10:00:00.123456+01:00"),
    "time_far": (POD, "9999-12-31T23:59:59Z"),
}


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, (kind, text) in SEEDS.items():
        (out / name).write_bytes(bytes([kind, 6]) + text.encode())


if __name__ == "__main__":
    main()
