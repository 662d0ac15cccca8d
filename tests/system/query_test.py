"""spanlight query against an API of a few lines: what it asks for, and what becomes of its output."""
import contextlib
import http.server
import json
import os
import subprocess
import threading
import unittest
import urllib.parse

import spanlight

CALL = {"id": "0" * 32, "timestamp": "2026-01-01T00:00:00.000000000Z", "protocol": "http", "method": "GET", "path": "/x",
        "src": {"ip": "10.0.0.1", "port": 1}, "dst": {"ip": "10.0.0.2", "port": 2}}
RANGE = {"since": "2026-01-01T00:00:00.000000001Z", "until": "2026-01-01T01:00:00.000000001Z"}


@contextlib.contextmanager
def pages(count, calls=1):
    """An API that has so many pages; gives its URL and the questions that came."""
    asked = []

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))
            cursor = "next" if len(asked) < count else ""
            lines = [{"call": CALL}] * calls + [{"end": {"next_cursor": cursor, "calls": calls, **RANGE}}]
            body = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


class Query(unittest.TestCase):
    def test_all_pages_are_of_the_range_that_was_meant_at_first(self):
        for order in ([], ["--oldest-first"]):
            with pages(3) as (url, asked):
                done = spanlight.run("query", "--server", url, "--since", "1h", "--limit", "0", "--json", *order)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], [CALL] * 3)
            self.assertEqual((asked[0]["since"], asked[0].get("until")), ("1h", None))
            for further in asked[1:]:
                self.assertEqual({key: further[key] for key in RANGE}, RANGE)

    def test_an_output_that_cannot_be_written_is_no_success(self):
        for shape in ([], ["--json"]):
            for calls in (1, 500):  # what fits into a buffer, and what does not
                with pages(1, calls) as (url, _), open("/dev/full", "w") as full:
                    done = subprocess.run([spanlight.PROGRAM, "query", "--server", url, *shape], stdout=full, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 1, (shape, calls))
                self.assertIn(b"No space left", done.stderr)

    def test_a_reader_that_leaves_is_no_fault(self):
        for calls in (1, 500):
            ours, theirs = os.pipe()
            os.close(ours)
            with pages(2, calls) as (url, _):
                done = subprocess.run([spanlight.PROGRAM, "query", "--server", url], stdout=theirs, stderr=subprocess.PIPE, timeout=60)
            os.close(theirs)
            self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
