#!/usr/bin/env python3
"""Writes the seeds of ldap_fuzz: ldap_seeds.py DIRECTORY. The format is told in conversation.h."""
from seeds import C, DATAGRAMS, FEW, FIN, LOST, NO_SLABS, PAGE_1, PREVIEW_5, RANDOM, RESET, S, SENSOR, SHOWN, SLOW, seed, write


def tlv(tag, content=b""):
    n = len(content)
    return bytes([tag]) + (bytes([n]) if n < 128 else b"\x82" + n.to_bytes(2, "big")) + content


def octets(text):
    return tlv(4, text)


def number(value, tag=2):
    return tlv(tag, bytes([value]))


def message(ident, tag, body, controls=b""):
    return tlv(0x30, number(ident) + tlv(tag, body) + controls)


def result(code, more=b""):
    return number(code, 10) + octets(b"") + octets(b"said") + more


def bind(ident, auth=tlv(0x80, b"secret")):
    return message(ident, 0x60, number(3) + octets(b"cn=a") + auth)


EQUALS = tlv(0xa3, octets(b"cn") + octets(b"b*b"))
FILTER = tlv(0xa0, EQUALS + tlv(0xa1, tlv(0x87, b"sn") + tlv(0xa2, tlv(0xa5, octets(b"n") + octets(b"1")))) +
             tlv(0xa4, octets(b"cn") + tlv(0x30, tlv(0x80, b"a") + tlv(0x81, b"\1\xff") + tlv(0x82, b"c"))) + tlv(0xa6, octets(b"n") + octets(b"1")) +
             tlv(0xa8, octets(b"n") + octets(b"1")) + tlv(0xa9, tlv(0x81, b"2.5") + tlv(0x82, b"cn") + tlv(0x83, b"x") + tlv(0x84, b"\xff")) +
             tlv(0xa3, octets(b"userPassword") + octets(b"secret")))


def search(ident, of=FILTER, controls=b""):
    return message(ident, 0x63, octets(b"dc=lab") + number(2, 10) + number(0, 10) + number(1) + number(1) + number(1, 1) + of + tlv(0x30, octets(b"cn") * 2), controls)


def entry(ident, size=3):
    return message(ident, 0x64, octets(b"cn=b") + tlv(0x30, tlv(0x30, octets(b"sn") + tlv(0x31, octets(b"v" * size)))))


def done(ident, code=0):
    return message(ident, 0x65, result(code))


CONTROLS = tlv(0xa0, tlv(0x30, octets(b"1.2.840.113556.1.4.319") + number(1, 1) + octets(b"\x30\0")))
DEEP = EQUALS
for _ in range(20):
    DEEP = tlv(0xa2, DEEP)
CHANGES = tlv(0x30, tlv(0x30, number(2, 10) + tlv(0x30, octets(b"sn") + tlv(0x31, octets(b"z") + octets(b"\1")))) +
              tlv(0x30, number(0, 10) + tlv(0x30, octets(b"userPassword;x") + tlv(0x31, octets(b"secret")))))
LOGINS = tlv(0x30, tlv(0x30, number(0, 10) + tlv(0x30, octets(b"olcSyncrepl") + tlv(0x31, octets(b"rid=1 credentials=x")))) +
             tlv(0x30, number(2, 10) + tlv(0x30, octets(b"2.5.4.35") + tlv(0x31, octets(b"x")))))
ADDED = tlv(0x30, tlv(0x30, octets(b"sn") + tlv(0x31, octets(b"z"))))
START_TLS = b"1.3.6.1.4.1.1466.20037"
PASSWORD = tlv(0x80, b"1.3.6.1.4.1.4203.1.11.1") + tlv(0x81, tlv(0x30, tlv(0x80, b"cn=a") + tlv(0x81, b"old") + tlv(0x82, b"new")))
SASL = tlv(0xa3, octets(b"GSSAPI") + octets(b"token"))
TALK = [(C, bind(1)), (S, message(1, 0x61, result(0))), (C, search(2) + search(3, EQUALS, CONTROLS)),
        (S, entry(3) + entry(2, 200)), (S, message(2, 0x73, octets(b"ldap://o")) + done(2)), (S, done(3, 4)), (C, message(4, 0x42, b""))]

write({
    "talk": seed(RANDOM, *TALK),
    "talk_shown": seed(SHOWN, *TALK),
    "sasl": seed(0, (C, bind(1, SASL)), (S, message(1, 0x61, result(14))), (C, bind(2, SASL)), (S, message(2, 0x61, result(0))), (C, b"\0\0\0\x04seal")),
    "ntlm": seed(0, (C, bind(1, tlv(0x8a, b"NTLMSSP"))), (S, message(1, 0x61, result(49)))),
    "changes": seed(PREVIEW_5, (C, message(1, 0x66, octets(b"cn=a") + CHANGES)), (S, message(1, 0x67, result(0))),
                    (C, message(2, 0x68, octets(b"cn=a") + ADDED)), (S, message(2, 0x69, result(68)))),
    "credentials": seed(0, (C, message(1, 0x66, octets(b"cn=a") + LOGINS)), (S, message(1, 0x67, result(0)))),
    "names": seed(0, (C, message(1, 0x4a, b"cn=a")), (S, message(1, 0x6b, result(32))), (C, message(2, 0x6c, octets(b"cn=a") + octets(b"cn=b") + number(1, 1) + tlv(0x80, b"dc=x"))),
                  (S, message(2, 0x6d, result(0))), (C, message(3, 0x6e, octets(b"cn=a") + tlv(0x30, octets(b"userPassword") + octets(b"x")))), (S, message(3, 0x6f, result(6)))),
    "start_tls": seed(0, (C, message(1, 0x77, tlv(0x80, START_TLS))), (S, message(1, 0x78, result(0, tlv(0x8a, START_TLS)))), (C, b"\x16\3\1\0\5hello"), (S, b"\x16\3\1\0\5hello")),
    "extended": seed(0, (C, message(1, 0x77, PASSWORD)), (S, message(1, 0x79, tlv(0x80, b"1.2")) + message(1, 0x78, result(53))),
                     (S, message(0, 0x78, result(52, tlv(0x8a, b"1.3.6.1.4.1.1466.20036"))))),
    "referral": seed(0, (C, search(1, EQUALS)), (S, message(1, 0x65, result(10, tlv(0xa3, octets(b"ldap://a") + octets(b"ldap://b")))))),
    "abandon": seed(FIN, (C, search(1, EQUALS)), (S, entry(1)), (C, message(2, 0x50, b"\1")), (S, entry(1))),
    "unasked": seed(0, (S, done(1)), (C, search(2)), (S, message(2, 0x61, result(0)) + done(2))),
    "unanswered": seed(SLOW, (C, search(1)), (C, search(2)), (S, entry(2)), (C, search(3)), (C, search(4))),
    "few": seed(FEW | PAGE_1, (C, search(1) + search(2) + search(3)), (S, done(3))),
    "no_slabs": seed(NO_SLABS, *TALK),
    "hole_answer": seed(0, (C, search(1)), (S | LOST | SENSOR, entry(1)), (S, done(1))),
    "hole_question": seed(0, (C | LOST, search(1)), (S, done(1)), (C, search(2)), (S, done(2))),
    "cut_off": seed(RESET, (C, search(1)), (S, entry(1)), (S, entry(1, 200)[:50])),
    "rubbish": seed(0, (C, search(1) + b"rubbish" + search(2)), (S, done(1) + done(2))),
    "deep": seed(0, (C, search(1, DEEP)), (S, done(1))),
    "datagrams": seed(DATAGRAMS, (C, search(1)), (C, search(1)), (S, entry(1) + done(1)), (C, search(2) + b"x")),
})
