"""Core Audio Format: every chunk that tells, a packet table with something behind it, and a clean file."""
import struct


def chunk(kind, data, size=None):
    return kind + struct.pack(">q", len(data) if size is None else size) + data


def desc(kind=b"lpcm", packet=2, frames=1):
    return chunk(b"desc", struct.pack(">d4sIIIII", 8000, kind, 0, packet, frames, 1, 16))


def make():
    sound = b"KEEPME samples"
    info = struct.pack(">I", 2) + b"artist\0CANARY artist\0recorded date\0CANARY 2024-01-02\0"
    table = struct.pack(">qqii", 2, 2048, 0, 0) + b"\x81\x01\x07"
    layout = struct.pack(">III", 0x640001, 0, 0)
    yield "caf/everything.caf", (
        b"caff\0\1\0\0"
        + desc(b"aac ", 0, 1024)
        + chunk(b"chan", layout + b"CANARY")
        + chunk(b"info", info)
        + chunk(b"free", b"CANARY" * 10)
        + chunk(b"kuki", b"\x03\x80\x80")
        + chunk(b"data", b"CAN." + sound)
        + chunk(b"pakt", table + b"CANARY")
        + chunk(b"strg", b"\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0CANARY marker\0")
        + chunk(b"mark", b"CANARY")
        + chunk(b"umid", b"CANARY".ljust(64, b"."))
        + chunk(b"edct", b"CANARY opened it")
        + chunk(b"uuid", b"CANARY uuid 0123" + b"CANARY private")
        + chunk(b"kuki", b"CANARY once more")
        + b"CANARY"
    )
    yield "caf/endless.caf", b"caff\0\1\0\0" + desc() + chunk(b"info", info) + chunk(b"data", bytes(4) + sound, -1)
    yield "caf/clean.caf", b"caff\0\1\0\0" + desc() + chunk(b"chan", layout) + chunk(b"data", bytes(4) + sound)
