"""Nobody's bytes are taken for another protocol's: every capture of every protocol, and whose records come of it. Prints the matrix."""
import collections
import unittest

import spanlight

# A capture's protocol is the word behind lab- or made- in its name, or its folder.
OURS = spanlight.ROOT / "tests" / "captures"
THEIRS = spanlight.SHARED / "captures"
WITH = {  # what else carries a protocol, or comes before it
    "ws": {"http"}, "gql": {"http", "ws"}, "http2": {"http"}, "http1": {"http"}, "nginx": {"http"}, "connections": {"http", "sctp"}, "websocket": {"http", "ws"},
    "ldap": {"tls"}, "tls": {"quic"}, "diameter": {"sctp"}, "dns": {"mdns", "llmnr"}, "midstream": {"http"}, "encap": {"http", "dns"}, "tls_keylog": {"tls"},
    "robustness": {"http", "dns", "mysql", "redis"},
}
# What truly is in a capture beside its protocol.
BESIDE = {
    "zeek-wikipedia.pcap": {"http", "mdns", "llmnr"},
    "akitacli-simple_http_two_with_noise.pcap": {"mdns"},
    "pb-http_10_connection_close.pcap": {"postgresql", "tls"},  # an SSLRequest, and the handshake behind it
}
NETWORK = {"icmp", "icmpv6"}
# Names of what is in them, not of protocols.
CARRIERS = {"http1", "http2", "nginx", "connections", "websocket", "midstream", "encap", "tls_keylog", "robustness", "icmp"}


def captures():
    for folder in (OURS, THEIRS):
        for capture in sorted(folder.rglob("*.pcap*")) if folder.exists() else []:
            if capture.suffix in (".pcap", ".pcapng"):
                protocol = capture.stem.split("-", 1)[-1] if folder == OURS else capture.parent.name
                yield protocol, capture


class Identification(unittest.TestCase):
    def test_no_protocol_takes_what_is_anothers(self):
        matrix = collections.defaultdict(collections.Counter)
        together = collections.defaultdict(list)  # of which the same is expected: a start takes longer than most captures
        for protocol, capture in captures():
            allowed = {protocol} | WITH.get(protocol, set()) | BESIDE.get(capture.name, set()) | NETWORK
            together[protocol, frozenset(allowed)].append(capture)
        for (protocol, allowed), group in together.items():
            found = collections.Counter(record["protocol"] for record in spanlight.dissect(*group))
            matrix[protocol] += found
            with self.subTest(captures=[capture.name for capture in group]):
                self.assertEqual(set(found) - allowed, set(), found)
        self.assertGreater(len(matrix), 20)
        for protocol, found in matrix.items():
            print(f"  {protocol:14}" + ", ".join(f"{name} {count}" for name, count in sorted(found.items())))
            if protocol not in CARRIERS:
                self.assertGreater(found[protocol], 0, protocol)


if __name__ == "__main__":
    unittest.main()
