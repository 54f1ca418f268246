"""Zstandard: a frame of one raw block, behind a skippable frame with a secret."""
import struct

TEXT = b"KEEPME: a note, packed\n"


def frame():
    block = struct.pack("<I", 1 | len(TEXT) << 3)[:3] + TEXT
    return b"\x28\xb5\x2f\xfd" + bytes([0x20, len(TEXT)]) + block


def make():
    secret = b"CANARY in a frame that is skipped"
    yield "zst/note.txt.zst", struct.pack("<II", 0x184d2a50, len(secret)) + secret + frame()
