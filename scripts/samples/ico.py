"""ICO: a bitmap and a PNG with secrets around and inside them, a cursor, and a clean icon."""
import struct
import zlib


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks):
    rows = b"".join(b"\0" + bytes((x * 30 + y * 20) & 255 for x in range(8)) for y in range(8))
    ihdr = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def dib(padding, tail=b""):
    head = struct.pack("<IiiHHIIiiII", 40, 5, 10, 1, 24, 0, 0, 0, 0, 0, 0)
    colours = b"".join(bytes((x * 30 + y * 25 + c * 60) & 255 for x in range(5) for c in range(3)) + padding[:1] for y in range(5))
    return head + colours + (b"\xf8" + padding[:3]) * 5 + tail


def ico(kind, pictures, gap=b"", reserved=0):
    out, at = struct.pack("<HHH", 0, kind, len(pictures)), 6 + 16 * len(pictures)
    for side, picture in pictures:
        out += struct.pack("<BBBBHHII", side, side, 0, reserved, 1, 24, len(picture), at + len(gap))
        at += len(gap) + len(picture)
    return out + b"".join(gap + picture for _, picture in pictures)


def make():
    dirty = [(5, dib(b"CAN", b"CANARY behind the mask")), (8, png(chunk(b"tEXt", b"Software\0CANARY Icon Maker")))]
    yield "ico/everything.ico", ico(1, dirty, b"CANARY gap", 0x43) + b"CANARY behind the end"
    yield "ico/cursor.cur", ico(2, [(5, dib(b"CAN"))], b"CANARY")
    yield "ico/clean.ico", ico(1, [(5, dib(b"\0\0\0")), (8, png())])
