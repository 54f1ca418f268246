"""True Audio: tags at both ends, bytes behind the frames, and a clean file."""
import struct
import zlib

from _sound import ape, cover, id3, id3v1, text


def file(*frames):
    rate = 8000
    head = b"TTA1" + struct.pack("<HHHII", 1, 1, 16, rate, rate * 256 // 245 * (len(frames) - 1) + 5)
    seek = b"".join(struct.pack("<I", len(f)) for f in frames)
    sums = [struct.pack("<I", zlib.crc32(part)) for part in (head, seek)]
    return head + sums[0] + seek + sums[1] + b"".join(frames)


def make():
    whole = file(b"KEEPME frame one", b"KEEPME frame two")
    front = id3(3, text(b"TPE1", b"CANARY artist"), cover(), (b"PRIV", b"CANARY"))
    yield "tta/everything.tta", front + whole + b"CANARY behind the end" + ape((b"Artist", b"CANARY")) + id3v1()
    yield "tta/clean.tta", whole
