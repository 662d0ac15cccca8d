"""A small shop of services on this machine, each in a network namespace of its own behind one switch, whose ports are mirrored: what a
sensor sees of it is real traffic of real programs. Needs root, ip and tc. As a program: runs until Ctrl-C and says where the mirror is."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def rule(path, ms, asks=(), **more):
    return {"path": path, "ms": ms, "asks": list(asks), **more}


SERVICES = {
    "customers": ("", "vm/customers", {"customers": 6, "pause": 0.35, "rules": []}),
    "storefront": ("edge", "Deployment/storefront", {"rules": [
        rule("/items", 3, [("catalogue", "GET", "/items?limit=18"), ("prices", "GET", "/price/#")], content="list"),
        rule("/search", 2, [("search", "GET", "/find?q=tea&n=#")], content="list"),
        rule("/graphql", 3, [("basket", "GET", "/basket/#"), ("catalogue", "GET", "/items/#")], content="graphql"),
        rule("/login", 6, [("accounts", "POST", "/session")], success=302, fails=0.05, status=401, cookie=True),
        rule("/static", 0.4, content="picture"),
        rule("/checkout", 4, [("basket", "GET", "/basket/#"), ("orders", "POST", "/orders")], success=201)]}),
    "catalogue": ("shop", "Deployment/catalogue", {"rules": [rule("/items", 4, [("stock", "GET", "/stock/#")], content="list")]}),
    "basket": ("shop", "Deployment/basket", {"rules": [rule("/basket", 2, [("prices", "GET", "/price/#")], fails=0.02, status=404)]}),
    "prices": ("shop", "Deployment/prices", {"rules": [rule("/price", 0.8)]}),
    "stock": ("shop", "StatefulSet/stock", {"rules": [rule("/stock", 1.5)]}),
    "search": ("shop", "Deployment/search", {"rules": [rule("/find", 28, content="list")]}),
    "orders": ("shop", "Deployment/orders", {"rules": [rule("/orders", 5, [("payments", "POST", "/charge.pb"), ("mailer", "POST", "/mail")], success=201)]}),
    "accounts": ("people", "Deployment/accounts", {"rules": [rule("/session", 9, success=201)]}),
    "payments": ("billing", "Deployment/payments", {"rules": [rule("/charge", 60, [("ledger", "POST", "/entries.pb")], content="protobuf", fails=0.14, status=503)]}),
    "ledger": ("billing", "StatefulSet/ledger", {"rules": [rule("/entries", 3, content="protobuf", success=201)]}),
    "mailer": ("people", "Deployment/mailer", {"rules": [rule("/mail", 12, success=202)]}),
}


class Shop:
    """Namespaces, switch, mirror and programs; `mirror` is the interface that a sensor reads."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tag = f"slp{os.getpid()}"  # several runs on one machine do not meet
        self.mirror = f"{self.tag}m"[-15:]
        self.programs = []
        self.spaces = []
        addresses = {name: f"10.77.0.{n}" for n, name in enumerate(SERVICES, 10)}
        (self.folder / "shop.json").write_text(json.dumps({"services": {name: {"address": addresses[name], **what} for name, (_, _, what) in SERVICES.items()}}))
        self.machines = [{"address": addresses[name], "name": f"{name}-{'7d9f4' if n % 2 else 'x2k8p'}", "workload": workload, "labels": {"app": name, "tier": space or "outside"},
                          **({"namespace": space, "service": name} if space else {})} for n, (name, (space, workload, _)) in enumerate(SERVICES.items())]
        self.addresses = addresses

    def ip(self, *words, space=None):
        subprocess.run(["ip", *(["-n", space] if space else []), *words], check=True, capture_output=True)

    def namespace(self, name):
        self.ip("netns", "add", name)
        self.spaces.append(name)
        self.ip("link", "set", "lo", "up", space=name)
        return name

    def up(self):
        switch = self.namespace(f"{self.tag}-switch")
        self.ip("link", "add", "br0", "type", "bridge", space=switch)
        self.ip("link", "set", "br0", "up", space=switch)
        self.ip("link", "add", "mirror", "mtu", "9000", "type", "veth", "peer", "name", self.mirror, "netns", str(os.getpid()), space=switch)
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{self.mirror}/disable_ipv6").write_text("1")
        self.ip("link", "set", self.mirror, "mtu", "9000", "up")
        self.ip("link", "set", "mirror", "up", space=switch)
        for n, name in enumerate(SERVICES):
            space = self.namespace(f"{self.tag}-{name}")
            self.ip("link", "add", f"p{n}", "type", "veth", "peer", "name", "eth0", "netns", space, space=switch)
            self.ip("link", "set", f"p{n}", "master", "br0", "up", space=switch)
            self.ip("addr", "add", f"{self.addresses[name]}/24", "dev", "eth0", space=space)
            self.ip("link", "set", "eth0", "up", space=space)
            for device, of in (("eth0", space), (f"p{n}", switch)):  # segments as long as the wire's, not 64 KiB
                subprocess.run(["ip", "netns", "exec", of, "ethtool", "-K", device, "tso", "off", "gso", "off", "gro", "off", "tx", "off"], capture_output=True)
            # What enters the switch at any port, once.
            inside = ["ip", "netns", "exec", switch, "tc"]
            subprocess.run([*inside, "qdisc", "add", "dev", f"p{n}", "clsact"], check=True)
            subprocess.run([*inside, "filter", "add", "dev", f"p{n}", "ingress", "protocol", "all", "prio", "1", "u32", "match", "u32", "0", "0",
                            "action", "mirred", "egress", "mirror", "dev", "mirror"], check=True)

    def open(self):
        """Services first, customers last."""
        for name in [*list(SERVICES)[1:], "customers"]:
            self.programs.append(subprocess.Popen(["ip", "netns", "exec", f"{self.tag}-{name}", sys.executable, str(HERE / "service.py"), str(self.folder / "shop.json"), name],
                                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def down(self):
        for program in self.programs:
            program.kill()
        for program in self.programs:
            program.wait()
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], capture_output=True)
        subprocess.run(["ip", "link", "del", self.mirror], capture_output=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        shop = Shop(place)
        try:
            shop.up()
            shop.open()
            print(f"the shop is open; its traffic is mirrored to {shop.mirror}", flush=True)
            shop.programs[-1].wait()
        except KeyboardInterrupt:
            pass
        finally:
            shop.down()
