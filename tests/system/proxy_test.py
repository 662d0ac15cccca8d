"""PROXY headers before nginx: curl's, version 1, and version 2 as a balancer writes it; what follows is seen as if they were not there."""
import subprocess
import sys
import unittest

import real_server

PLAIN, SECURE = 8_091, 8_092
SETTINGS = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
http {{
  access_log {folder}/access.log;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{plain} proxy_protocol; listen 127.0.0.1:{secure} ssl proxy_protocol;
    server_name shop.example;
    location / {{ return 200 "$proxy_protocol_addr"; }}
  }}
}}
"""
# In the namespace: two calls on one connection, behind a header of their own; what the server took for the client.
BINARY = """
import socket, sys
header = b"\\r\\n\\r\\n\\0\\r\\nQUIT\\n" + bytes([0x21, 0x11, 0, 12 + 10, 203, 0, 113, 7, 127, 0, 0, 1, 0x9c, 0x40, 0x1f, 0x9b, 4, 0, 7]) + bytes(7)
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in (header, b"GET /binary/1 HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"):
        s.sendall(part)
    print(s.recv(4096).decode())
    s.sendall(b"GET /binary/2 HTTP/1.1\\r\\nHost: shop\\r\\nConnection: close\\r\\n\\r\\n")
    while part := s.recv(4096):
        print(part.decode())
"""


@unittest.skipUnless(real_server.works("nginx", "curl", "openssl"), "needs root, ip, tcpdump, nginx, curl and openssl")
class ProxyHeaders(real_server.Space):
    def test_first_calls_behind_a_header(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop.example", "-keyout", self.folder / "key.pem",
                        "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(SETTINGS.format(folder=self.folder, plain=PLAIN, secure=SECURE))
        self.start("nginx", "-c", self.folder / "nginx.conf", "-p", self.folder)
        self.wait_for_port(PLAIN)

        def talk():
            curl = ("curl", "-s", "--haproxy-protocol", "--noproxy", "*")
            said = self.run_inside(*curl, f"http://127.0.0.1:{PLAIN}/line/1", f"http://127.0.0.1:{PLAIN}/line/2").stdout
            said += self.run_inside(*curl, "-k", "--resolve", f"shop.example:{SECURE}:127.0.0.1", f"https://shop.example:{SECURE}/").stdout
            return said + self.run_inside(sys.executable, "-c", BINARY, PLAIN).stdout

        said, records = self.captured(talk)
        self.assertEqual(said.count("127.0.0.1"), 3)    # nginx read the headers: curl's name curl itself,
        self.assertEqual(said.count("203.0.113.7"), 2)  # ours whom it pretends to be
        calls = [(r["path"], r["status_code"], r["state"], r["flags"]) for r in records if r["protocol"] == "http"]
        self.assertEqual(sorted(calls), [(f"/{how}/{n}", 200, "complete", []) for how in ("binary", "line") for n in (1, 2)])
        hellos = [r for r in records if r["protocol"] == "tls"]
        self.assertEqual([h["request"]["fields"]["sni"] for h in hellos], ["shop.example"])
        self.assertEqual(len(records), 5)


if __name__ == "__main__":
    unittest.main()
