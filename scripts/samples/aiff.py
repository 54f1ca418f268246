"""AIFF and AIFF-C: every chunk that tells, and a clean file."""
import struct

from _sound import id3, text


def chunk(kind, data):
    return kind + struct.pack(">I", len(data)) + data + b"\0" * (len(data) & 1)


def form(kind, *chunks):
    body = kind + b"".join(chunks)
    return b"FORM" + struct.pack(">I", len(body)) + body


def pascal(value):
    out = bytes([len(value)]) + value
    return out + b"\0" * (len(out) & 1)


def make():
    sound = b"KEEPME samples"
    common = struct.pack(">hIh", 1, len(sound), 8) + b"\x40\x0b\xfa" + bytes(7)
    marks = struct.pack(">HHI", 1, 1, 5) + pascal(b"First")
    comments = struct.pack(">HIHH", 1, 3000000000, 0, 14) + b"CANARY comment"
    yield "aiff/everything.aiff", form(
        b"AIFF",
        chunk(b"NAME", b"CANARY name"),
        chunk(b"AUTH", b"CANARY author"),
        chunk(b"(c) ", b"2024 CANARY"),
        chunk(b"COMM", common),
        chunk(b"ANNO", b"CANARY annotation"),
        chunk(b"COMT", comments),
        chunk(b"MARK", marks + b"CANARY"),
        chunk(b"INST", b"\x3c\0\0\x7f\0\x7f\0\0" + bytes(12)),
        chunk(b"APPL", b"CANAprivate CANARY"),
        chunk(b"MIDI", b"\xf0CANARY\xf7"),
        chunk(b"SSND", struct.pack(">II", 10, 0) + b"CANARY gap" + sound),
        chunk(b"ID3 ", id3(3, text(b"TPE1", b"CANARY artist"))),
        chunk(b"COMM", b"CANARY a second one"),
    ) + b"CANARY behind the end"
    packed = common + b"sowt" + pascal(b"CANARY compression")
    layout = struct.pack(">III", 6619138, 0, 0)
    yield "aiff/packed.aifc", form(
        b"AIFC",
        chunk(b"FVER", struct.pack(">I", 0xA2805140)),
        chunk(b"COMM", packed),
        chunk(b"CHAN", layout + b"CANARY"),
        chunk(b"SSND", bytes(8) + sound),
        chunk(b"SAXL", b"CANARY"),
    )
    yield "aiff/clean.aiff", form(b"AIFF", chunk(b"COMM", common), chunk(b"SSND", bytes(8) + sound), chunk(b"MARK", marks))
