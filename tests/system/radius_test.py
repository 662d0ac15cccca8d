"""RADIUS between FreeRADIUS and its client: as many records as requests, with the server's answers."""
import json
import pathlib
import unittest

import real_server

AUTH, ACCT, SECRET = 1812, 1813, "testing123"
SETTINGS = pathlib.Path("/etc/freeradius/3.0")
CLIENT = f"client test {{ ipaddr = 127.0.0.0/8\n secret = {SECRET} }}\n"
USER = 'bob Cleartext-Password := "password-of-bob"\n\tReply-Message := "Hello, %{User-Name}"\n'


@unittest.skipUnless(real_server.works("freeradius", "radclient") and SETTINGS.exists(), "needs root, ip, tcpdump, freeradius and freeradius-utils")
class Live(real_server.Space):
    def setUp(self):
        super().setUp()
        home = self.folder / "raddb"
        self.run_inside("cp", "-rL", SETTINGS, home, check=False)  # what cannot be read is certificates
        (home / "clients.conf").write_text(CLIENT)
        users = home / "mods-config" / "files" / "authorize"
        users.write_text(USER + users.read_text())
        self.run_inside("chown", "-R", "freerad", self.folder)
        self.start("freeradius", "-f", "-d", home, "-l", "stdout")
        for port in (AUTH, ACCT):
            self.wait_for_port(port, "u")

    def ask(self, port, kind, attributes):
        (self.folder / "attributes").write_text(attributes)
        return self.run_inside("radclient", "-r", "1", "-t", "5", "-f", self.folder / "attributes", f"{real_server.ADDRESS}:{port}", kind, SECRET, check=False)

    def talk(self):
        who = 'User-Name = "{}", NAS-IP-Address = 127.0.0.1, NAS-Port = 7, Calling-Station-Id = "00-11-22-33-44-55"'
        self.ask(AUTH, "auth", who.format("bob") + ', User-Password = "password-of-bob", Message-Authenticator = 0x00')
        self.ask(AUTH, "auth", who.format("bob") + ', User-Password = "wrong", Message-Authenticator = 0x00')
        self.ask(AUTH, "auth", who.format("nobody") + ', CHAP-Password = "password", Cisco-AVPair = "shell:priv-lvl=15", Message-Authenticator = 0x00')
        for status, more in (("Start", ""), ("Interim-Update", ", Acct-Session-Time = 60"), ("Stop", ", Acct-Terminate-Cause = User-Request")):
            self.ask(ACCT, "acct", who.format("bob") + f', Acct-Status-Type = {status}, Acct-Session-Id = "s-1"' + more)

    def test_as_many_records_as_requests(self):
        _, records = self.captured(self.talk, f"udp port {AUTH} or udp port {ACCT}")
        self.assertEqual({r["protocol"] for r in records}, {"radius"})
        self.assertEqual([(r["method"], r["state"], r["status_code"], r.get("is_error", False)) for r in records],
                         [("Access-Request", "complete", 2, False), ("Access-Request", "complete", 3, True), ("Access-Request", "complete", 3, True)]
                         + [("Accounting-Request", "complete", 5, False)] * 3)
        self.assertEqual([r["summary"] for r in records[2:]], ["Access-Request nobody", "Accounting-Request Start bob", "Accounting-Request Interim-Update bob",
                                                               "Accounting-Request Stop bob"])
        self.assertEqual(records[0]["response"]["fields"]["reply_message"], "Hello, bob")
        fields = records[0]["request"]["fields"]
        self.assertEqual((fields["user_name"], fields["nas_ip_address"], fields["calling_station_id"]), ("bob", "127.0.0.1", "00-11-22-33-44-55"))
        self.assertIn(["User-Password", "[redacted]"], records[0]["request"]["headers"])
        self.assertIn(["CHAP-Password", "[redacted]"], records[2]["request"]["headers"])
        self.assertIn(["Cisco-AVPair", "shell:priv-lvl=15"], records[2]["request"]["headers"])
        self.assertNotIn("password-of-bob", json.dumps(records))


if __name__ == "__main__":
    unittest.main()
