"""MariaDB and a client as they really are, on a mirror port: as many records as calls, and in them what the client saw."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import live_test
import spanlight

CLIENT = spanlight.ROOT / "tests" / "support" / "mysql_conversation.py"
SERVER, PORT = "10.99.0.2", 3306
USER, PASSWORD = "lab", "lab-pw"


def has_client():
    return subprocess.run(["/usr/bin/python3", "-c", "import pymysql"], capture_output=True).returncode == 0


@unittest.skipUnless(live_test.lab_works(), "needs root, namespaces and nginx")
@unittest.skipUnless(shutil.which("mariadbd") and shutil.which("mariadb") and has_client(), "mariadb-server, mariadb-client and python3-pymysql are not installed")
class MysqlLive(live_test.Lab):
    def server(self):
        folder = tempfile.mkdtemp(prefix="spanlight-mysql-")
        self.addCleanup(shutil.rmtree, folder, True)
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={folder}/db", "--auth-root-authentication-method=normal",
                        "--user=root", "--skip-test-db"], check=True, capture_output=True)
        process = subprocess.Popen([live_test.LAB, "server", "mariadbd", "--no-defaults", "--user=root", f"--datadir={folder}/db",
                                    f"--bind-address={SERVER}", f"--port={PORT}", f"--socket={folder}/socket", "--skip-log-bin",
                                    "--innodb-buffer-pool-size=32M", "--local-infile=1", f"--pid-file={folder}/pid"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        statement = f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO {USER}@'%' WITH GRANT OPTION"
        until = time.monotonic() + 60
        while subprocess.run(["mariadb", "--no-defaults", "-S", f"{folder}/socket", "-uroot", "-e", statement], capture_output=True).returncode:
            self.assertLess(time.monotonic(), until, "mariadbd does not start")
            time.sleep(0.3)

    def test_a_conversation(self):
        self.lab()
        self.server()
        sensor = self.sensor("slspan0")
        done = subprocess.run([live_test.LAB, "client", "/usr/bin/python3", CLIENT, SERVER, str(PORT), USER, PASSWORD],
                              check=True, capture_output=True, text=True)
        logged = [json.loads(line) for line in done.stdout.splitlines()]
        sensor.wait_for(lambda: len(sensor.calls()) >= len(logged))
        time.sleep(1.5)
        self.assertEqual(sensor.metric("port_dropped_packets_total"), 0)
        self.assertEqual(sensor.stop(), 0, sensor.said())
        records = sorted(sensor.calls(), key=lambda r: (r["timestamp"], r["id"]))
        self.assertEqual([r["protocol"] for r in records], ["mysql"] * len(logged))
        for record, call in zip(records, logged):
            with self.subTest(call=call):
                fields, told = record["request"]["fields"], (record.get("response") or {}).get("fields", {})
                self.assertEqual(fields["command"], call["command"])
                self.assertEqual(record["state"], "one_way" if call["command"] in ("stmt_close", "quit") else "complete")
                if call["sql"]:
                    self.assertEqual(fields["sql"], call["sql"].replace("'swordfish'", "[redacted]"))
                for name in ("result", "error_code", "affected_rows", "rows"):
                    if name in call:
                        self.assertEqual(told.get(name), call[name], name)
        self.assertNotIn("swordfish", pathlib.Path(sensor.records).read_text())
        self.assertEqual({r["flags"] and r["flags"][0] for r in records if r["flags"]}, {"redacted"})


if __name__ == "__main__":
    unittest.main()
