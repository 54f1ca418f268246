"""Wave64: every chunk that tells, and a clean file."""
import struct

RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"
LIST = b"list\x2f\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"
TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a"


def chunk(kind, data, pad=b"\0"):
    kind = kind if len(kind) == 16 else kind + TAIL
    return kind + struct.pack("<Q", len(data) + 24) + data + (pad * 8)[: -len(data) % 8]


def file(*chunks):
    body = b"wave" + TAIL + b"".join(chunks)
    return RIFF + struct.pack("<Q", len(body) + 24) + body


def make():
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    sound = b"KEEPME samples of sound"
    yield "w64/everything.w64", file(
        chunk(b"junk", b"CANARY unused space"),
        chunk(b"fmt ", form + b"CANARY"),
        chunk(b"fact", struct.pack("<Q", len(sound)) + b"CANARY"),
        chunk(b"bext", b"CANARY recorder 0001, 2024-01-02"),
        chunk(b"data", sound, b"CANARY"),
        chunk(LIST, b"INFOIART\x0d\0\0\0CANARY artist\0"),
        chunk(b"levl", b"CANARY levels"),
        chunk(b"CANARY chunk id.", b"CANARY of nobody"),
        chunk(b"data", b"CANARY once more"),
    ) + b"CANARY behind the end"
    yield "w64/clean.w64", file(chunk(b"fmt ", form), chunk(b"data", sound))
