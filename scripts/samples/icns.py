"""ICNS: a PNG with words in it, a bitmap with slack, a name, a property list, a dark state, a table of contents."""
import struct

import _tiny_png


def element(kind, body):
    return kind + struct.pack(">I", 8 + len(body)) + body


def icns(*elements, toc=True):
    body = b"".join(elements)
    if toc:
        body = element(b"TOC ", b"".join(e[:8] for e in elements if e[:4] not in (b"icnV", b"info", b"name"))) + body
    return element(b"icns", body)


def runs(slack=b""):
    return b"".join(bytes([255, 40 * c, 251, 9]) for c in range(3)) + slack


def make():
    mask = element(b"s8mk", bytes(range(256)))
    small = element(b"is32", runs())
    png = element(b"ic07", _tiny_png.png((b"tEXt", b"Author\0CANARY person")))
    plain = element(b"ic07", _tiny_png.png())
    dark = element(b"\xfd\xd9\x2f\xa8", icns(plain, element(b"name", b"CANARY dark"), toc=False))
    extra = [element(b"icnV", b"CANA"), element(b"info", b"bplist00CANARY"), element(b"name", b"CANARY")]
    yield "icns/everything.icns", icns(element(b"is32", runs(b"CANARY")), mask, png, dark, *extra) + b"CANARY behind"
    yield "icns/clean.icns", icns(small, mask, plain)
