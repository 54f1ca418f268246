"""DSF: a tag behind the samples, spare room in the chunks, and a clean file."""
import struct

from _sound import cover, id3, text


def file(sound, tag=b"", more=b"", spare=bytes(4)):
    form = struct.pack("<IIIIIIQI", 1, 0, 1, 1, 2822400, 1, 8 * len(sound), 4096) + spare + more
    chunks = b"fmt " + struct.pack("<Q", 12 + len(form)) + form + b"data" + struct.pack("<Q", 12 + len(sound)) + sound
    total = 28 + len(chunks)
    return b"DSD " + struct.pack("<QQQ", 28, total + len(tag), total if tag else 0) + chunks + tag


def make():
    sound = b"KEEPME samples of one bit".ljust(64, b"\x69")
    tag = id3(3, text(b"TPE1", b"CANARY artist"), cover(), (b"UFID", b"CANARY"))
    yield "dsf/everything.dsf", file(sound, tag, b"CANARY", b"CNRY") + b"CANARY behind the end"
    yield "dsf/clean.dsf", file(sound)
