"""LDAP between OpenLDAP's server and its tools: as many records as operations, and in them what was asked and answered."""
import json
import pathlib
import shutil
import unittest

import real_server

PORT = 3389
URL = f"ldap://{real_server.ADDRESS}:{PORT}"
ADMIN = ("-D", "cn=admin,dc=lab", "-w", "secret-of-admin")
SERVER = "/usr/sbin/slapd"

SETTINGS = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
{tls}
database mdb
suffix "dc=lab"
rootdn "cn=admin,dc=lab"
rootpw secret-of-admin
directory {folder}/db
"""
CONTENT = """dn: dc=lab
objectClass: dcObject
objectClass: organization
o: lab
dc: lab

""" + "".join(f"""dn: cn=bob{n},dc=lab
objectClass: person
cn: bob{n}
sn: builder
userPassword: secret-of-bob

""" for n in range(5))


@unittest.skipUnless(real_server.works("ldapsearch", "ldapmodify") and pathlib.Path(SERVER).exists(), "needs root, ip, tcpdump, slapd and ldap-utils")
class Live(real_server.Space):
    def setUp(self):
        super().setUp()
        (self.folder / "db").mkdir()
        tls = ""
        if shutil.which("openssl"):
            self.run_inside("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem", "-out", "c.pem",
                            "-days", "3", "-subj", "/CN=127.0.0.1")
            tls = f"TLSCertificateFile {self.folder}/c.pem\nTLSCertificateKeyFile {self.folder}/k.pem"
        (self.folder / "s.conf").write_text(SETTINGS.format(folder=self.folder, tls=tls))
        (self.folder / "content.ldif").write_text(CONTENT)
        self.run_inside("slapadd", "-f", "s.conf", "-l", "content.ldif")
        self.start(SERVER, "-d", "0", "-f", self.folder / "s.conf", "-h", URL)
        self.wait_for_port(PORT)

    def tool(self, name, *arguments, given=None):
        if given is not None:
            (self.folder / "given.ldif").write_text(given)
            arguments = (*arguments, "-f", self.folder / "given.ldif")
        return self.run_inside(name, "-x", "-H", URL, *arguments, check=False)

    def talk(self):
        self.tool("ldapsearch", "-b", "dc=lab", "(&(objectClass=person)(|(cn=bob1)(cn=bo*2)(!(sn=b*))))", "cn", "sn")
        self.tool("ldapsearch", "-b", "dc=lab", "-z", "2", "(objectClass=*)")
        self.tool("ldapsearch", "-b", "dc=nowhere", "(cn=bob1)")
        self.tool("ldapwhoami", "-D", "cn=bob1,dc=lab", "-w", "secret-of-bob")
        self.tool("ldapwhoami", "-D", "cn=bob1,dc=lab", "-w", "wrong-secret")
        self.tool("ldapmodify", *ADMIN, given="dn: cn=bob1,dc=lab\nchangetype: modify\nreplace: sn\nsn: plumber\n-\nadd: userPassword\nuserPassword: another-secret\n")
        self.tool("ldapadd", *ADMIN, given="dn: cn=eve,dc=lab\nobjectClass: person\ncn: eve\nsn: dropper\n")
        self.tool("ldapadd", *ADMIN, given="dn: cn=eve,dc=lab\nobjectClass: person\ncn: eve\nsn: dropper\n")
        self.tool("ldapcompare", *ADMIN, "cn=eve,dc=lab", "sn:dropper")
        self.tool("ldapmodrdn", *ADMIN, "-r", "cn=eve,dc=lab", "cn=mallory")
        self.tool("ldappasswd", *ADMIN, "-s", "third-secret", "cn=bob2,dc=lab")
        self.tool("ldapdelete", *ADMIN, "cn=mallory,dc=lab")
        if (self.folder / "c.pem").exists():
            self.run_inside("env", f"LDAPTLS_CACERT={self.folder}/c.pem", "ldapsearch", "-x", "-ZZ", "-H", URL, "-b", "dc=lab", check=False)

    def test_as_many_records_as_operations(self):
        _, records = self.captured(self.talk, f"port {PORT}")
        with_tls = (self.folder / "c.pem").exists()
        calls = [r for r in records if r["protocol"] == "ldap"]
        bound, denied = ("bindRequest", 0), ("bindRequest", 49)
        expected = [bound, ("searchRequest", 0), bound, ("searchRequest", 4), bound, ("searchRequest", 32), bound, ("extendedReq", 0), denied]
        for operation, code in (("modifyRequest", 0), ("addRequest", 0), ("addRequest", 68), ("compareRequest", 6), ("modDNRequest", 0), ("extendedReq", 0), ("delRequest", 0)):
            expected += [bound, (operation, code)]
        expected += [("extendedReq", 0)] if with_tls else []
        self.assertEqual([(r["method"], r["status_code"]) for r in calls if r["state"] == "complete"], expected)
        # A refused bind is not followed by one; nor is anything seen behind TLS.
        self.assertEqual({r["method"] for r in calls if r["state"] != "complete"}, {"unbindRequest"})
        self.assertEqual(all(r.get("is_error", False) == (r["status_code"] not in (0, 6)) for r in calls if r["state"] == "complete"), True)
        searches = [r for r in calls if r["method"] == "searchRequest"]
        self.assertEqual([r["response"]["fields"]["entries"] for r in searches], [2, 2, 0])
        self.assertEqual(searches[0]["request"]["fields"]["filter"], "(&(objectClass=person)(|(cn=bob1)(cn=bo*2)(!(sn=b*))))")
        self.assertEqual(searches[0]["request"]["fields"]["attributes"], ["cn", "sn"])
        modified = next(r for r in calls if r["method"] == "modifyRequest")
        self.assertEqual(modified["request"]["body"]["data"], "replace: sn\nsn: plumber\nadd: userPassword\nuserPassword: [redacted]\n")
        self.assertNotIn("secret", json.dumps(records))
        if with_tls:
            self.assertEqual([r["method"] for r in records if r["protocol"] == "tls"], ["ClientHello"])


if __name__ == "__main__":
    unittest.main()
