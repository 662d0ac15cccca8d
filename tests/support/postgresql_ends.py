"""A PostgreSQL server on loopback, and a client that says what drivers rarely say: batches, pipelines, portals, cancellations."""
import getpass
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

USER, SECRET_USER, MD5_USER, DATABASE, PASSWORD = "anna", "berta", "carla", "shop", "Geheim-4711"


def programs():
    """The folder of initdb and postgres, or None."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    found = [f for f in folders if (f / "postgres").exists() and (f / "initdb").exists()]
    return found[-1] if found else None


def cannot_run():
    """Why there is no server here, or None."""
    if programs() is None or shutil.which("psql") is None:
        return "postgresql is not installed"
    if os.getuid() == 0 and shutil.which("runuser") is None:
        return "postgresql does not run as root, and there is no runuser"
    return None


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        owner = "postgres" if os.getuid() == 0 else getpass.getuser()
        if os.getuid() == 0:
            shutil.chown(self.folder, owner)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync")
        (self.data / "pg_hba.conf").write_text(
            f"local all postgres trust\nhost all {SECRET_USER} all scram-sha-256\nhost all {MD5_USER} all md5\nhost all all all trust\n")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off",
                   "max_connections": 20, "shared_buffers": "8MB", "logging_collector": "off"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self.log = open(self.folder / "server.log", "wb")
        self.process = subprocess.Popen([*self.as_user, programs() / "postgres", "-D", self.data, *arguments], cwd=self.folder,
                                        stdout=self.log, stderr=subprocess.STDOUT)
        self._await()
        for statement in (f"create user {USER} superuser", f"create user {SECRET_USER} password '{PASSWORD}'", f"create database {DATABASE}",
                          f"set password_encryption = md5; create user {MD5_USER} password '{PASSWORD}'"):
            self.psql(statement, user="postgres", database="postgres", port=self.port, check=True)

    def _run(self, program, *arguments):
        subprocess.run([*self.as_user, programs() / program, *arguments], cwd=self.folder, check=True, capture_output=True)

    def _await(self):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            done = self.psql("select 1", user="postgres", database="postgres", port=self.port)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text())

    def psql(self, *statements, user=USER, database=DATABASE, port=None, password=None, stdin=None, check=False, ssl="disable"):
        environment = {**os.environ, "PGSSLMODE": ssl, "PGGSSENCMODE": "disable", "PGAPPNAME": "psql"}
        if password is not None:
            environment["PGPASSWORD"] = password
        said = [part for statement in statements for part in ("-c", statement)]
        return subprocess.run(["psql", "-X", "-w", "-h", "127.0.0.1", "-p", str(port), "-U", user, *said, database], env=environment,
                              input=stdin, capture_output=True, check=check, timeout=60)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def message(kind, body=b""):
    return kind + u32(4 + len(body)) + body


def texts(*all_of_them):
    return b"".join(t.encode() + b"\0" for t in all_of_them)


def query(text):
    return message(b"Q", texts(text))


def parse(text, name=""):
    return message(b"P", texts(name, text) + u16(0))


def bind(*values, name="", portal="", binary=False):
    formats = u16(1) + u16(1) if binary else u16(0)
    said = b"".join(u32(0xffffffff) if v is None else u32(len(v)) + v for v in values)
    return message(b"B", texts(portal, name) + formats + u16(len(values)) + said + u16(0))


def describe(kind, name=""):
    return message(b"D", kind + texts(name))


def close(name):
    return message(b"C", b"S" + texts(name))


def execute(rows=0, portal=""):
    return message(b"E", texts(portal) + u32(rows))


SYNC, FLUSH, END = message(b"S"), message(b"H"), message(b"X")


class Client:
    def __init__(self, port, user=USER, database=DATABASE):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(30)
        self.rest = b""
        body = u32(196608) + texts("user", user, "database", database, "application_name", "ends") + b"\0"
        self.key = None
        self.ask(u32(4 + len(body)) + body)

    def ask(self, data, ready=1):
        """Says `data`, and reads up to so many ReadyForQuery. The types of what came."""
        self.socket.sendall(data)
        return self.read(lambda kinds: kinds.count(b"Z") == ready)

    def read(self, enough):
        kinds = []
        while not enough(kinds):
            while len(self.rest) < 5 or len(self.rest) < 1 + struct.unpack(">I", self.rest[1:5])[0]:
                more = self.socket.recv(65536)
                if not more:
                    return kinds
                self.rest += more
            size = 1 + struct.unpack(">I", self.rest[1:5])[0]
            kinds.append(self.rest[:1])
            if self.rest[:1] == b"K":
                self.key = self.rest[5:size]
            self.rest = self.rest[size:]
        return kinds

    def end(self):
        self.socket.sendall(END)
        self.socket.close()


def cancel(port, key):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(u32(8 + len(key)) + u32(80877102) + key)
        s.settimeout(10)
        s.recv(1)


def converse(server, port, large=4_000):
    """All of it, through `port`. How many calls were made, by kind."""
    def psql(*statements, **options):
        return server.psql(*statements, port=port, **options)

    psql("create table items(id int primary key, name text)", "insert into items values (1,'a'),(2,'b')", "select * from items",
         "select * from nope", "drop table if exists nope")
    psql("select current_user", user=SECRET_USER, password=PASSWORD)
    psql("select current_user", user=MD5_USER, password=PASSWORD)
    psql("select 1", user=SECRET_USER, password="wrong")
    psql("select 1", ssl="prefer")
    psql("copy items from stdin", stdin=b"3\tc\n4\td\n\\.\n")
    psql("copy items to stdout")
    psql(f"alter user {MD5_USER} password '{PASSWORD}'")
    client = Client(port)
    client.ask(parse("select name from items where id = $1", "byid") + describe(b"S", "byid") + SYNC)
    client.ask(bind(b"2", name="byid") + execute() + SYNC)
    client.ask(bind(u32(3), name="byid", binary=True) + execute() + SYNC)
    one = parse("insert into items values ($1, $2)")
    client.ask(one + bind(b"10", b"x") + execute() + one + bind(b"10", b"y") + execute() + one + bind(b"11", b"z") + execute() + SYNC)
    client.ask(parse("select 1") + bind() + execute() + SYNC + parse("select 2") + bind() + execute() + SYNC, ready=2)
    client.socket.sendall(query("begin"))
    client.read(lambda kinds: b"Z" in kinds)
    client.socket.sendall(parse("select id from items order by id") + bind(portal="p") + execute(2, "p") + FLUSH)
    client.read(lambda kinds: b"s" in kinds)
    client.ask(execute(0, "p") + SYNC)
    client.ask(query("select 1; select 2, 3; commit"))
    client.ask(query(""))
    client.ask(close("byid") + SYNC)
    client.ask(query("listen orders"))
    client.ask(query("notify orders, 'one'"))
    client.ask(query(f"select repeat('x', {large})"))
    client.socket.sendall(query("select pg_sleep(20)"))
    time.sleep(0.3)
    cancel(port, client.key)
    client.read(lambda kinds: b"Z" in kinds)
    client.end()
    return {"startup": 9, "ssl": 1, "cancel": 1, "simple": 5 + 2 + 1 + 2 + 1 + 7, "parse": 1, "execute": 9, "close": 1, "notification": 1}
