"""An API server to test against, as real ones were seen to behave: chunked lists with the resourceVersion before the
items, pages and stale tokens, WatchList and its refusals, bookmarks, 410 as a status and as an event, tokens that
expire, 429 in plain text, gzip of large lists, connections that are killed in the middle of a body, TLS with client
certificates. One thread for each connection; what it is to do wrong is set on the Server, at any time.

As a program (`--pods N --change PER_SECOND`) it serves a cluster that changes, and prints its port.
"""
import argparse
import base64
import copy
import datetime
import gzip
import json
import pathlib
import socket
import ssl
import subprocess
import threading
import time
import uuid

KINDS = {
    "pods": ("/api/v1/pods", "v1", "Pod"),
    "services": ("/api/v1/services", "v1", "Service"),
    "endpointslices": ("/apis/discovery.k8s.io/v1/endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    "nodes": ("/api/v1/nodes", "v1", "Node"),
    "namespaces": ("/api/v1/namespaces", "v1", "Namespace"),
    "replicasets": ("/apis/apps/v1/replicasets", "apps/v1", "ReplicaSet"),
    "jobs": ("/apis/batch/v1/jobs", "batch/v1", "Job"),
}
GZIP_FROM_BYTES = 128 * 1024
INITIAL_END = "k8s.io/initial-events-end"


def timestamp(ns=None):
    """Whole seconds, as the API has them."""
    seconds = (time.time_ns() if ns is None else ns) // 1_000_000_000
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def metadata(name, namespace=None, labels=None, owner=None):
    made = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": timestamp(), "labels": labels or {},
            # A third of what a real object weighs; nobody wants it.
            "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {"f:podIP": {}, "f:phase": {}}}}] * 4}
    if namespace:
        made["namespace"] = namespace
    if owner:
        made["ownerReferences"] = [{"apiVersion": "x/v1", "kind": owner[0], "name": owner[1], "uid": owner[2], "controller": True,
                                    "blockOwnerDeletion": True}]
    return made


def pod(name, namespace="default", ips=(), node="node-1", host_ip="192.168.0.1", labels=None, owner=None, phase="Running", ports=(),
        host_network=False, started=None):
    """`started`: nanoseconds; with an address a container runs since then."""
    status = {"phase": phase, "hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": timestamp(started), "conditions": []}
    if ips:
        status["podIP"] = ips[0]
        status["podIPs"] = [{"ip": ip} for ip in ips]
        status["containerStatuses"] = [{"name": "main", "restartCount": 0, "ready": True,
                                        "state": {"running": {"startedAt": timestamp(started)}}}]
    spec = {"nodeName": node, "containers": [{"name": "main", "image": "x", "env": [{"name": "A", "value": "{\"b\": [1]}"}],
                                              "ports": [{"containerPort": c, **({"hostPort": h} if h else {})} for c, h in ports]}]}
    if host_network:
        spec["hostNetwork"] = True
    return {"metadata": metadata(name, namespace, labels, owner), "spec": spec, "status": status}


def service(name, namespace="default", cluster_ips=("None",), selector=None, ports=(80,), node_ports=(), external_ips=(), balancer_ips=(),
            external_name=None):
    spec = {"type": "ClusterIP", "clusterIP": cluster_ips[0], "clusterIPs": list(cluster_ips), "selector": selector,
            "ports": [{"port": p, "protocol": "TCP", **({"nodePort": node_ports[i]} if i < len(node_ports) else {})} for i, p in enumerate(ports)],
            "externalIPs": list(external_ips)}
    if external_name:
        spec = {"type": "ExternalName", "externalName": external_name}
    return {"metadata": metadata(name, namespace), "spec": spec,
            "status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in balancer_ips]} if balancer_ips else {}}}


def endpoint_slice(name, of, namespace="default", endpoints=(), ports=(80,)):
    """`endpoints`: (address, pod's name or None)."""
    return {"metadata": metadata(name, namespace, {"kubernetes.io/service-name": of}), "addressType": "IPv4",
            "endpoints": [{"addresses": [ip], "conditions": {"ready": True},
                           **({"targetRef": {"kind": "Pod", "name": p, "namespace": namespace}} if p else {})} for ip, p in endpoints],
            "ports": [{"name": "", "port": p, "protocol": "TCP"} for p in ports]}


def node(name, ips, cidrs=()):
    return {"metadata": metadata(name), "spec": {"podCIDR": cidrs[0] if cidrs else None, "podCIDRs": list(cidrs)},
            "status": {"addresses": [{"type": "InternalIP", "address": ip} for ip in ips] + [{"type": "Hostname", "address": name}]}}


def plain(name, namespace=None, owner=None):
    return {"metadata": metadata(name, namespace, None, owner), "spec": {"large": "x" * 200}, "status": {}}


class Server:
    """Serves until close(). Objects are put and deleted from any thread."""

    def __init__(self, context=None, listen=("127.0.0.1", 0)):
        self.changed = threading.Condition(threading.RLock())
        self.objects = {kind: {} for kind in KINDS}        # (namespace, name) -> object
        self.logs = {kind: [] for kind in KINDS}           # (version, type, object)
        self.version = 1000
        self.oldest = {kind: 0 for kind in KINDS}          # watches from before this are too old
        self.requests = []                                 # (method and path, headers)
        self.connections = set()
        # What it is to do.
        self.watch_list = True                             # False: 422; "error": 200 and an ERROR 500
        self.tokens = None                                 # None: everybody; else who may come
        self.forbidden = set()                             # kinds
        self.missing = set()                               # kinds that are not served
        self.busy = 0                                      # so many requests get 429
        self.retry_after = 1
        self.broken = 0                                    # so many requests get 500
        self.gone_as_status = False                        # 410 as a status; else as an ERROR event
        self.stale_tokens = 0                              # so many `continue` are stale
        self.bookmark_s = 60
        self.watch_s = None                                # watches end after so long; None: as they ask
        self.clock_offset_s = 0
        self.mute = False                                  # takes requests and answers nothing
        self.raw_lines = []                                # sent once, to the next pod watch, before all else
        self.context = context
        self.socket = socket.create_server(listen)
        self.port = self.socket.getsockname()[1]
        self.stopped = False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    # What a test does to the cluster.

    def put(self, kind, made):
        """New or changed: ADDED or MODIFIED."""
        with self.changed:
            self.version += 1
            made = copy.deepcopy(made)
            key = (made["metadata"].get("namespace", ""), made["metadata"]["name"])
            known = key in self.objects[kind] and self.objects[kind][key]["metadata"]["uid"] == made["metadata"]["uid"]
            made["metadata"]["resourceVersion"] = str(self.version)
            self.objects[kind][key] = made
            self.logs[kind].append((self.version, "MODIFIED" if known else "ADDED", made))
            self.changed.notify_all()
        return made

    def delete(self, kind, name, namespace="default"):
        with self.changed:
            self.version += 1
            made = copy.deepcopy(self.objects[kind].pop((namespace, name)))
            made["metadata"]["resourceVersion"] = str(self.version)
            self.logs[kind].append((self.version, "DELETED", made))
            self.changed.notify_all()

    def forget(self):
        """Compaction: who watches from an older version than now is too late."""
        with self.changed:
            self.version += 1
            for kind in KINDS:
                self.oldest[kind] = self.version
                self.logs[kind].clear()

    def kill(self):
        """Cuts every connection where it is."""
        with self.changed:
            connections, self.connections = self.connections, set()
        for connection in connections:
            cut(connection)

    def close(self):
        self.stopped = True
        cut(self.socket)
        self.kill()
        with self.changed:
            self.changed.notify_all()
        self.thread.join()

    def watches(self, kind):
        with self.changed:
            return sum(1 for line, _ in self.requests if line.startswith(KINDS[kind][0] + "?watch="))

    # The other side.

    def accept(self):
        while not self.stopped:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        plain_connection = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with self.changed:
                self.connections.add(connection)
            with connection.makefile("rb") as lines:
                while self.serve_one(Answer(self, connection), lines):
                    pass
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            with self.changed:
                self.connections.discard(connection)
            cut(connection)
            plain_connection.close()

    def serve_one(self, answer, lines):
        first = lines.readline().decode().split()
        if len(first) < 2:
            return False
        headers = {}
        for line in iter(lines.readline, b"\r\n"):
            if not line:
                return False
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        target = first[1]
        with self.changed:
            self.requests.append((target, headers))
        if self.mute:
            time.sleep(3600)
        path, _, query = target.partition("?")
        asked = dict(part.partition("=")[::2] for part in query.split("&") if part)
        answer.pretty = headers.get("user-agent", "").startswith(("curl", "Wget", "Mozilla/5.0"))
        answer.metadata_only = "as=PartialObjectMetadata" in headers.get("accept", "")
        answer.gzip = "gzip" in headers.get("accept-encoding", "")
        kind = next((k for k, (p, _, _) in KINDS.items() if p == path), None)
        if self.refuse(answer, kind, headers):
            return True
        if "watch" in asked:
            return self.watch(answer, kind, asked)
        self.list(answer, kind, asked)
        return True

    def refuse(self, answer, kind, headers):
        if self.busy > 0:
            self.busy -= 1
            answer.text(429, "Too many requests, please try again later.\n", {"Retry-After": str(self.retry_after)})
        elif self.broken > 0:
            self.broken -= 1
            answer.status(500, "InternalError", "etcdserver: request timed out")
        elif self.tokens is not None and "authorization" not in headers:
            answer.status(403, "Forbidden", 'is forbidden: User "system:anonymous" cannot list resource')
        elif self.tokens is not None and headers["authorization"].removeprefix("Bearer ") not in self.tokens:
            answer.status(401, "Unauthorized", "Unauthorized")
        elif kind is None or kind in self.missing:
            answer.text(404, "404 page not found\n")
        elif kind in self.forbidden:
            answer.status(403, "Forbidden", f'{kind} is forbidden: User "spanlight" cannot list resource "{kind}"')
        else:
            return False
        return True

    def list(self, answer, kind, asked):
        _, api, name = KINDS[kind]
        with self.changed:
            items = [self.objects[kind][key] for key in sorted(self.objects[kind])]
            version = self.version
        limit = int(asked.get("limit", 0)) if asked.get("resourceVersion") != "0" else 0
        start = 0
        if asked.get("continue"):
            token = json.loads(base64.urlsafe_b64decode(asked["continue"].replace("%3D", "=")))
            if self.stale_tokens > 0:
                self.stale_tokens -= 1
                return answer.status(410, "Expired", "The provided continue parameter is too old", {"continue": "replacement"})
            start, version = token["start"], token["version"]
        meta = {"resourceVersion": str(version)}
        page = items[start:start + limit] if limit else items[start:]
        if limit and start + limit < len(items):
            meta["continue"] = base64.urlsafe_b64encode(json.dumps({"start": start + limit, "version": version}).encode()).decode()
        if answer.metadata_only:
            page = [{"metadata": item["metadata"]} for item in page]
            api, name = "meta.k8s.io/v1", "PartialObjectMetadata"
        # Items of a list have no kind of their own.
        return answer.document(200, {"kind": name + "List", "apiVersion": api, "metadata": meta, "items": page})

    def watch(self, answer, kind, asked):
        initial = asked.get("sendInitialEvents") == "true"
        since = int(asked.get("resourceVersion") or 0)
        if initial and (asked.get("resourceVersionMatch") != "NotOlderThan" or "allowWatchBookmarks" not in asked):
            answer.status(422, "Invalid", "sendInitialEvents requires resourceVersionMatch=NotOlderThan and allowWatchBookmarks")
            return True
        if initial and not self.watch_list:
            answer.status(422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled")
            return True
        if not initial and since < self.oldest[kind] and self.gone_as_status:
            answer.status(410, "Expired", f"too old resource version: {since}")
            return True
        answer.begin(200)
        if initial and self.watch_list == "error":
            answer.event(kind, "ERROR", {"kind": "Status", "code": 500, "message": "etcd does not support it", "reason": "InternalError"})
            return answer.end()
        if not initial and since < self.oldest[kind]:
            answer.event(kind, "ERROR", {"kind": "Status", "code": 410, "message": f"too old resource version: {since}", "reason": "Expired"})
            return answer.end()
        with self.changed:
            if kind == "pods" and self.raw_lines:
                lines, self.raw_lines = self.raw_lines, []
                for line in lines:
                    answer.chunk(line)
            if initial:
                for key in sorted(self.objects[kind]):
                    answer.event(kind, "ADDED", self.objects[kind][key])
                since = self.version
                answer.bookmark(kind, since, True)
        return self.follow(answer, kind, since, float(self.watch_s or asked.get("timeoutSeconds", 1800)))

    def follow(self, answer, kind, since, seconds):
        until = time.monotonic() + seconds
        next_bookmark = time.monotonic() + self.bookmark_s
        at = 0
        while not self.stopped:
            with self.changed:
                log = self.logs[kind]
                at = min(at, len(log))
                while at > 0 and log[at - 1][0] > since:
                    at -= 1
                while at < len(log) and log[at][0] <= since:
                    at += 1
                events = log[at:]
                if not events:
                    left = min(until, next_bookmark) - time.monotonic()
                    if left > 0:
                        self.changed.wait(left)
                        continue
                now = self.version
            for version, change, made in events:
                answer.event(kind, change, made)
                since = version
            if time.monotonic() >= until:
                answer.bookmark(kind, max(since, now if not events else since))
                return answer.end()
            if not events and time.monotonic() >= next_bookmark:
                next_bookmark = time.monotonic() + self.bookmark_s
                since = now
                answer.bookmark(kind, since)
        return False


def cut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        connection.close()
    except OSError:
        pass


class Answer:
    """One response, chunked."""

    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.pretty = self.metadata_only = self.gzip = False

    def head(self, status, headers):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + self.server.clock_offset_s))
        lines = [f"HTTP/1.1 {status} X", f"Date: {date}", *(f"{k}: {v}" for k, v in headers.items())]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def begin(self, status, headers=None):
        self.head(status, {"Content-Type": "application/json", "Transfer-Encoding": "chunked", **(headers or {})})

    def chunk(self, data):
        if data:
            self.connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.connection.sendall(b"0\r\n\r\n")
        return True

    def text(self, status, text, headers=None):
        self.head(status, {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text)), **(headers or {})})
        self.connection.sendall(text.encode())

    def document(self, status, document):
        data = json.dumps(document, indent=2 if self.pretty else None, separators=None if self.pretty else (",", ":")).encode() + b"\n"
        packed = self.gzip and len(data) > GZIP_FROM_BYTES
        self.begin(status, {"Content-Encoding": "gzip"} if packed else {})
        data = gzip.compress(data, 1) if packed else data
        for i in range(0, len(data), 30_000):
            self.chunk(data[i:i + 30_000])
        self.end()

    def status(self, code, reason, message, meta=None):
        self.document(code, {"kind": "Status", "apiVersion": "v1", "metadata": meta or {}, "status": "Failure", "message": message,
                             "reason": reason, "code": code})

    def event(self, kind, change, made):
        _, api, name = KINDS[kind]
        if change == "ERROR":
            api, name = "v1", "Status"
        elif self.metadata_only:
            made, api, name = {"metadata": made["metadata"]}, "meta.k8s.io/v1", "PartialObjectMetadata"
        line = json.dumps({"type": change, "object": {"kind": name, "apiVersion": api, **made}}, separators=(",", ":"))
        self.chunk(line.encode() + b"\n")

    def bookmark(self, kind, version, initial_end=False):
        _, api, name = KINDS[kind]
        meta = {"resourceVersion": str(version), "creationTimestamp": None}
        if initial_end:
            meta["annotations"] = {INITIAL_END: "true"}
        made = {"kind": name, "apiVersion": api, "metadata": meta, "spec": {"containers": None}, "status": {}}
        self.chunk(json.dumps({"type": "BOOKMARK", "object": made}, separators=(",", ":")).encode() + b"\n")


def authority(folder, name="authority"):
    """A CA of our own; returns its two files."""
    folder = pathlib.Path(folder)
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}")
    return key, certificate


def certificate(folder, signed_by, name, san=None):
    """A key and a certificate of `signed_by`; `san` as openssl writes it ("IP:127.0.0.1")."""
    folder = pathlib.Path(folder)
    key, request, made, extra = (folder / f"{name}.{end}" for end in ("key", "csr", "crt", "ext"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    extra.write_text(f"subjectAltName={san}\n" if san else "basicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", request, "-CA", signed_by[1], "-CAkey", signed_by[0], "-CAcreateserial", "-out", made, "-days", "2",
            "-extfile", extra)
    return key, made


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def tls_context(key, made, clients=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def fill(server, pods, services, nodes):
    """A cluster of Deployments: each its ReplicaSet, a service, its pods spread over the nodes."""
    for n in range(nodes):
        server.put("nodes", node(f"node-{n}", [f"192.168.{n // 250}.{n % 250 + 1}"], [f"10.{n // 256}.{n % 256}.0/24"]))
    for s in range(services):
        namespace = f"team-{s % 20}"
        if s < 20:
            server.put("namespaces", plain(namespace))
        server.put("services", service(f"app-{s}", namespace, [f"172.16.{s // 250}.{s % 250 + 1}"], {"app": f"app-{s}"}))
        rs = plain(f"app-{s}-7d9f", namespace, ("Deployment", f"app-{s}", str(uuid.uuid4())))
        server.put("replicasets", rs)
        server.put("endpointslices", endpoint_slice(f"app-{s}-x", f"app-{s}", namespace, []))
        for p in range(s, pods, services):
            n = p % nodes
            labels = {"app": f"app-{s}", "pod-template-hash": "7d9f", "tier": "backend", "app.kubernetes.io/name": f"app-{s}"}
            server.put("pods", pod(f"app-{s}-7d9f-{p}", namespace, [f"10.{n // 256}.{n % 256}.{p // nodes + 1}"], f"node-{n}",
                                   f"192.168.{n // 250}.{n % 250 + 1}", labels, ("ReplicaSet", f"app-{s}-7d9f", rs["metadata"]["uid"]),
                                   ports=[(8080, None)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pods", type=int, default=100)
    parser.add_argument("--services", type=int, default=10)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--change", type=float, default=0, help="pods replaced per second, addresses used again")
    options = parser.parse_args()
    server = Server()
    fill(server, options.pods, options.services, options.nodes)
    print(server.port, flush=True)
    victims = sorted(server.objects["pods"])
    turn = 0
    began = time.monotonic()
    while True:
        if options.change <= 0:
            time.sleep(3600)
            continue
        turn += 1
        time.sleep(max(0.0, began + turn / options.change - time.monotonic()))
        namespace, name = victims[turn % len(victims)]
        made = copy.deepcopy(server.objects["pods"][(namespace, name)])
        if turn % 2:
            # A change of the status, as most are.
            made["status"]["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": timestamp()}]
            server.put("pods", made)
            continue
        server.delete("pods", name, namespace)
        made["metadata"].update(uid=str(uuid.uuid4()), creationTimestamp=timestamp())
        made["status"]["startTime"] = timestamp()
        made["status"]["containerStatuses"][0]["state"]["running"]["startedAt"] = timestamp()
        server.put("pods", made)


if __name__ == "__main__":
    main()
