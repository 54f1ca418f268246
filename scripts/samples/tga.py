"""TGA: image ID, extension and developer area full of secrets, a postage stamp, runs, and a clean picture."""
import struct

W, H = 6, 4
SIGN = b"TRUEVISION-XFILE.\0"


def head(kind, ident=b""):
    return struct.pack("<BBBHHBHHHHBB", len(ident), 0, kind, 0, 0, 0, 0, 0, W, H, 24, 0) + ident


def pixels():
    return bytes(i * 29 & 255 for i in range(W * H * 3))


def runs():
    return b"\x8bKEM" + b"\x0b" + pixels()[:36]


def extension(stamp):
    out = struct.pack("<H", 495) + b"CANARY author".ljust(41, b"\0") + b"CANARY comment".ljust(324, b"\0")
    out += struct.pack("<6H", 5, 6, 2021, 12, 30, 0) + b"CANARY job".ljust(41, b"\0") + struct.pack("<3H", 1, 2, 3)
    out += b"CANARY program".ljust(41, b"\0") + struct.pack("<Hc", 101, b"a")
    out += struct.pack("<IHHHHIII", 0xFF102030, 1, 1, 22, 10, 0, stamp, 0) + b"\x03"
    assert len(out) == 495
    return out


def footer(area, developer):
    return struct.pack("<II", area, developer) + SIGN


def make():
    body = head(2, b"CANARY image id") + pixels()
    developer = b"CANARY developer" + struct.pack("<HHII", 1, 7, len(body), 16)
    stamp = b"\x02\x02CANARYCANARY"
    area = len(body + developer + stamp)
    yield "tga/everything.tga", body + developer + stamp + extension(len(body + developer)) + footer(area, len(body) + 16)
    yield "tga/runs.tga", head(10) + runs() + b"CANARY between" + footer(0, 0)
    yield "tga/clean.tga", head(2) + pixels() + footer(0, 0)
