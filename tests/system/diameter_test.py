"""Diameter between two peers of freeDiameter: capabilities, watchdogs of both ways, and the end."""
import shutil
import signal
import subprocess
import time
import unittest

import real_server

PORT = 3868
PEER = """Identity = "{me}.lab";
Realm = "lab";
No_SCTP;
No_IPv6;
Port = {port};
SecPort = 0;
ListenOn = "{address}";
TLS_Cred = "{folder}/c.pem","{folder}/k.pem";
TLS_CA = "{folder}/c.pem";
TwTimer = 6;
LoadExtension = "/usr/lib/freeDiameter/dict_nasreq.fdx";
ConnectPeer = "{peer}.lab" {{ ConnectTo = "{other}"; No_TLS; }};
"""
ENDS = {"server": "10.9.9.1", "client": "10.9.9.2"}  # addresses of loopback are none to it


@unittest.skipUnless(real_server.works("freeDiameterd", "openssl"), "needs root, ip, tcpdump, freediameter and openssl")
class Live(real_server.Space):
    def setUp(self):
        super().setUp()
        for command in ("link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", *(f"addr add {address}/24 dev d0" for address in ENDS.values())):
            subprocess.run(["ip", "-n", self.name, *command.split()], check=True)
        names = "subjectAltName=DNS:server.lab,DNS:client.lab"
        self.run_inside("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem", "-out", "c.pem",
                        "-days", "3", "-subj", "/CN=server.lab", "-addext", names)
        for me, peer in (("server", "client"), ("client", "server")):
            (self.folder / f"{me}.conf").write_text(PEER.format(me=me, peer=peer, folder=self.folder, port=PORT, address=ENDS[me], other=ENDS[peer]))

    def talk(self):
        server = self.start("freeDiameterd", "-c", self.folder / "server.conf")
        self.wait_for_port(PORT)
        client = self.start("freeDiameterd", "-c", self.folder / "client.conf")
        time.sleep(16)
        for process in (client, server):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()

    def test_capabilities_watchdogs_and_the_end(self):
        _, records = self.captured(self.talk, f"tcp port {PORT}")
        self.assertEqual({r["protocol"] for r in records}, {"diameter"})
        complete = [r for r in records if r["state"] == "complete"]
        methods = [r["method"] for r in complete]
        self.assertIn("CER", methods)
        self.assertGreaterEqual(methods.count("DWR"), 2)
        self.assertIn("DPR", methods)
        for record in complete:
            self.assertEqual((record["status_code"], record.get("is_error", False)), (2001, False), record["summary"])
            self.assertEqual({record["request"]["fields"]["origin_host"], record["response"]["fields"]["origin_host"]}, {"server.lab", "client.lab"})
        asked = next(r for r in complete if r["method"] == "CER")
        self.assertIn(["Product-Name", "freeDiameter"], asked["request"]["headers"])


if __name__ == "__main__":
    unittest.main()
