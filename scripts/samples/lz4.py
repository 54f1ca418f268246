"""LZ4: a frame of one block stored as it is, behind a skippable frame with a secret."""
import struct

TEXT = b"KEEPME: a note, packed\n"


def xxh32(data):
    """XXH32 with seed 0, for fewer than 16 bytes."""
    p = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    m = 0xffffffff
    rotl = lambda x, r: (x << r | x >> (32 - r)) & m
    h = (p[4] + len(data)) & m
    while len(data) >= 4:
        h = rotl((h + struct.unpack("<I", data[:4])[0] * p[2]) & m, 17) * p[3] & m
        data = data[4:]
    for b in data:
        h = rotl((h + b * p[4]) & m, 11) * p[0] & m
    h = (h ^ h >> 15) * p[1] & m
    h = (h ^ h >> 13) * p[2] & m
    return h ^ h >> 16


def frame():
    head = bytes([0x60, 0x40])
    block = struct.pack("<I", len(TEXT) | 0x80000000) + TEXT
    return b"\x04\x22\x4d\x18" + head + bytes([xxh32(head) >> 8 & 255]) + block + bytes(4)


def make():
    secret = b"CANARY in a frame that is skipped"
    yield "lz4/note.txt.lz4", struct.pack("<II", 0x184d2a50, len(secret)) + secret + frame()
