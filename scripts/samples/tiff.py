"""TIFF and BigTIFF: pages of tags full of secrets, previews, gaps, bytes behind strips."""
import struct
import zlib

SECRET = b"CANARY "


class Tiff:
    """Directories and data in the order they are added."""

    def __init__(self, order="<", big=False):
        self.o, self.big = order, big
        self.data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42))
        self.data += struct.pack(order + "HHQ", 8, 0, 0) if big else struct.pack(order + "I", 0)
        self.link = len(self.data) - (8 if big else 4)

    def put(self, data):
        self.data += bytes(len(self.data) % 2)
        at = len(self.data)
        self.data += data
        return at

    def numbers(self, kind, values):
        return struct.pack(self.o + {1: "B", 3: "H", 4: "I", 16: "Q"}[kind] * len(values), *values)

    def directory(self, entries):
        """entries: tag -> (type, count, bytes of the value). Links it behind the one before."""
        word, size = ("Q", 8) if self.big else ("I", 4)
        rows = []
        for tag, (kind, count, value) in entries.items():
            field = value.ljust(size, b"\0") if len(value) <= size else struct.pack(self.o + word, self.put(value))
            rows.append(struct.pack(self.o + "HH" + word, tag, kind, count) + field)
        at = self.put(b"")
        self.data += struct.pack(self.o + ("Q" if self.big else "H"), len(rows)) + b"".join(rows)
        self.data[self.link:self.link + size] = struct.pack(self.o + word, at)
        self.link = len(self.data)
        self.data += bytes(size)
        return at


def page(t, width, height, compression=1, strip=None, extra=None, kind=0):
    pixels = bytes((7 * x) & 255 for x in range(width * height))
    data = pixels if compression == 1 else zlib.compress(pixels)
    at = t.put(strip or data)
    length = len(strip or data)
    wide = 16 if t.big else 4
    entries = {
        0x00fe: (4, 1, t.numbers(4, [kind])),
        0x0100: (3, 1, t.numbers(3, [width])), 0x0101: (3, 1, t.numbers(3, [height])),
        0x0102: (3, 1, t.numbers(3, [8])), 0x0103: (3, 1, t.numbers(3, [compression])), 0x0106: (3, 1, t.numbers(3, [1])),
        0x0111: (wide, 1, t.numbers(wide, [at])), 0x0115: (3, 1, t.numbers(3, [1])), 0x0116: (3, 1, t.numbers(3, [height])),
        0x0117: (wide, 1, t.numbers(wide, [length])),
    }
    entries.update(extra or {})
    t.directory(entries)


def text(s):
    b = SECRET + s.encode() + b"\0"
    return (2, len(b), b)


def everything(order="<", big=False):
    t = Tiff(order, big)
    t.put(b"CANARY in a gap!")
    tells = {
        0x010d: text("name"), 0x010e: text("description"), 0x010f: text("maker"), 0x0110: text("model"), 0x0112: (3, 1, t.numbers(3, [6])),
        0x0131: text("software"), 0x0132: text("2026:06:01 12:00:00"), 0x013b: text("Jane Q. Public"), 0x013c: text("host"),
        0x02bc: (1, 24, b"<x>CANARY in XMP......</x>"[:24]), 0x8298: text("copyright"), 0x83bb: (1, 16, b"\x1c\x02\x50\0\x0bCANARY by!"[:16]),
        0x8649: (1, 20, b"8BIM\x04\x04\0\0\0\0\0\x08CANARYps"), 0x935c: (7, 18, b"CANARY layers here"), 0xa480: text("<GDALMetadata/>"),
        0xa481: (2, 3, b"-1\0"), 0xc4a5: (7, 16, b"PrintIM CANARY!!"), 0xfde8: text("owner"),
        0x8825: (4, 1, t.numbers(4, [8])),
    }
    page(t, 16, 8, extra=tells)
    page(t, 4, 2, kind=1, strip=b"CANARY!!")
    page(t, 16, 8, compression=8, strip=zlib.compress(bytes((7 * x) & 255 for x in range(128))) + b"CANARY behind the strip")
    t.put(b"CANARY behind the end")
    return bytes(t.data)


def clean():
    t = Tiff()
    page(t, 16, 8)
    page(t, 8, 8, compression=8)
    return bytes(t.data)


def make():
    yield "tiff/everything.tif", everything()
    yield "tiff/everything-big-endian.tif", everything(">")
    yield "tiff/big.tif", everything("<", True)
    yield "tiff/clean.tif", clean()
