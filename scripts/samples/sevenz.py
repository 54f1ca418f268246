"""7z archives: stored and packed blocks, times, attributes, left-behind entries, bytes of no member."""
import lzma
import struct
import zlib

FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 3, "dict_size": 1 << 22}]
LZMA2 = b"\x21\x21\x01\x14"
COPY = b"\x01\x00"


def number(n):
    if n < 0x80:
        return bytes([n])
    return bytes([0x80 | n >> 8, n & 255]) if n < 0x4000 else bytes([0xC0 | n >> 16, n & 255, n >> 8 & 255])


def prop(kind, data):
    return bytes([kind]) + number(len(data)) + data


def bits(flags):
    flags = list(flags) + [False] * (-len(flags) % 8)
    return bytes(sum(0x80 >> i for i in range(8) if flags[at + i]) for at in range(0, len(flags), 8))


def archive(blocks, folders=(), dirty=True):
    """blocks: (coder, [(name, data, attributes)]); folders: names of folders"""
    front = b"CANARY between head and streams" if dirty else b""
    packed = [lzma.compress(b"".join(d for _, d, _ in files), lzma.FORMAT_RAW, filters=FILTERS) if coder == LZMA2 else b"".join(d for _, d, _ in files)
              for coder, files in blocks]
    members = [m for _, files in blocks for m in files]
    names = [n for n, _, _ in members] + list(folders)
    header = b"\x01\x04\x06" + number(len(front)) + number(len(packed)) + b"\x09" + b"".join(number(len(p)) for p in packed) + b"\x00"
    header += b"\x07\x0b" + number(len(blocks)) + b"\x00" + b"".join(b"\x01" + coder for coder, _ in blocks)
    header += b"\x0c" + b"".join(number(sum(len(d) for _, d, _ in files)) for _, files in blocks) + b"\x00"
    header += b"\x08\x0d" + b"".join(number(len(files)) for _, files in blocks)
    header += b"\x09" + b"".join(number(len(d)) for _, files in blocks for _, d, _ in files[:-1])
    header += b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(d)) for _, d, _ in members) + b"\x00\x00"
    header += b"\x05" + number(len(names))
    if folders:
        header += prop(0x0E, bits([False] * len(members) + [True] * len(folders)))
    header += prop(0x11, b"\x00" + b"".join((n + "\0").encode("utf-16-le") for n in names))
    if dirty:
        header += prop(0x14, b"\x01\x00" + struct.pack("<Q", 133511895010000000) * len(names))
        header += prop(0x19, b"CANARY in the padding")
    attributes = [a for _, _, a in members] + [0o040755 << 16 | 0x8010] * len(folders)
    header += prop(0x15, b"\x01\x00" + b"".join(struct.pack("<I", a) for a in attributes)) + b"\x00\x00"
    streams = front + b"".join(packed) + (b"CANARY behind the streams" if dirty else b"")
    start = struct.pack("<QQI", len(streams), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + streams + header + (b"CANARY after the end" if dirty else b"")


def make():
    text = "KEEPME: see you at eight. Grüße\n".encode()
    plain, private = 0o100644 << 16 | 0x8020, 0o100600 << 16 | 0x8020
    yield "7z/clean.7z", archive([(LZMA2, [("letter.txt", text * 5, plain), ("notes/day.txt", text, plain)])], ["notes"], dirty=False)
    inner = archive([(COPY, [("inside.txt", text, private)])])
    yield "7z/holiday.7z", archive([
        (LZMA2, [("letter.txt", text * 5, private), ("notes/day.txt", text, private)]),
        (LZMA2, [("bundle.7z", inner, private), ("notes/.DS_Store", b"\0\0\0\1Bud1CANARY layout", private), ("last.txt", text * 2, private)]),
        (COPY, [("__MACOSX/._letter.txt", b"\0\5\26\7CANARY download address", private)]),
    ], ["notes"])
