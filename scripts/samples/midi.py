"""MIDI: texts of every kind in between notes, times that must be kept, chunks of nobody, and a clean file."""
import struct


def number(n):
    out = [n & 0x7F]
    while n > 0x7F:
        n >>= 7
        out.insert(0, n & 0x7F | 0x80)
    return bytes(out)


def meta(kind, data, delta=0):
    return number(delta) + bytes([0xFF, kind]) + number(len(data)) + data


def track(*events):
    body = b"".join(events)
    return b"MTrk" + struct.pack(">I", len(body)) + body


def header(tracks, kind=1, more=b""):
    return b"MThd" + struct.pack(">IHHH", 6 + len(more), kind, tracks, 96) + more


END = meta(0x2F, b"")


def make():
    tempo = meta(0x51, b"\x07\xa1\x20") + meta(0x58, b"\x04\x02\x18\x08") + meta(0x59, b"\0\0")
    texts = b"".join(meta(kind, b"CANARY text of kind %d" % kind) for kind in range(1, 10))
    display = b"\0\xf0\x16\x41\x10\x45\x12\x10\0\0CANARY display\xf7"
    reset = b"\0\xf0\x05\x7e\x7f\x09\x01\xf7"
    notes = b"\0\x90\x3c\x40" + meta(0x05, b"CANARY la", 100) + b"\x64\x90\x3c\0" + b"\x10\x3e\x40" + meta(0x01, b"CANARY", 200)
    yield "midi/everything.mid", (
        header(2, more=b"CANARY")
        + track(tempo, texts, meta(0x7F, b"CANARY of the sequencer"), meta(0x54, b"\1\2\3\4\5"), END)
        + b"XFIH" + struct.pack(">I", 6) + b"CANARY"
        + track(meta(0x03, b"CANARY piano"), reset, display, notes, meta(0x06, b"loopStart", 8), meta(0x2F, b"", 30), b"CANARY behind the end")
        + b"CANARY behind the tracks"
    )
    yield "midi/clean.mid", header(1, 0) + track(tempo, reset, b"\0\x90\x3c\x40", b"\x81\x48\x3c\0", END)
