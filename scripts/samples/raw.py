"""Camera raws, one for each maker's layout: small sensors that LibRaw develops, in files full of secrets."""
import struct

import jpeg

WIDE, HIGH = 64, 48
SECRET = "CANARY "


class Raw:
    """A TIFF structure from the inside out: what is pointed to is put first, the first directory last."""

    def __init__(self, order="<", sign=None, room=0):
        self.o = order
        self.data = bytearray(sign or ((b"II*\0" if order == "<" else b"MM\0*")))
        self.data += bytes(4 + room)

    def put(self, data):
        self.data += bytes(len(self.data) % 2)
        at = len(self.data)
        self.data += data
        return at

    def block(self, entries, at, base=0, link=None):
        """A directory that will stand at `at`, its values behind it."""
        rows, heap = b"", b""
        behind = at + 2 + 12 * len(entries) + (4 if link is not None else 0)
        for tag in sorted(entries):
            kind, value = entries[tag]
            count = len(value) // {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8}[kind]
            if len(value) > 4:
                field = struct.pack(self.o + "I", behind + len(heap) - base)
                heap += value + bytes(len(value) % 2)
            else:
                field = value.ljust(4, b"\0")
            rows += struct.pack(self.o + "HHI", tag, kind, count) + field
        return struct.pack(self.o + "H", len(entries)) + rows + (struct.pack(self.o + "I", link) if link is not None else b"") + heap

    def directory(self, entries, link=0):
        at = self.put(b"")
        self.data += self.block(entries, at, 0, link)
        return at

    def end(self, first, behind=b""):
        self.data[4:8] = struct.pack(self.o + "I", first)
        return bytes(self.data) + behind

    def short(self, *n):
        return 3, struct.pack(self.o + "H" * len(n), *n)

    def long(self, *n):
        return 4, struct.pack(self.o + "I" * len(n), *n)

    def ratio(self, *n):
        return 10 if min(n) < 0 else 5, struct.pack(self.o + ("i" if min(n) < 0 else "I") * len(n), *n)

    def picture(self, at, length, **more):
        """The tags of a colour filter array of one strip."""
        tags = {
            0x00FE: self.long(0), 0x0100: self.short(WIDE), 0x0101: self.short(HIGH), 0x0102: self.short(16), 0x0103: self.short(1),
            0x0106: self.short(32803), 0x0111: self.long(at), 0x0115: self.short(1), 0x0116: self.short(HIGH),
            0x0117: self.long(length), 0x828D: self.short(2, 2), 0x828E: (1, b"\0\1\1\2"),
        }
        tags.update({int(tag, 16): value for tag, value in more.items()})
        return tags


def text(s):
    return 2, s.encode() + b"\0"


def secret(s):
    return text(SECRET + s)


def samples(order, depth=12):
    """A sky over a field: values of so many bits."""
    top = (1 << depth) - 1
    return struct.pack(order + "H" * (WIDE * HIGH), *((200 + 31 * x + 17 * y + (x * y) % 50) % top for y in range(HIGH) for x in range(WIDE)))


def preview():
    return jpeg.baseline(jpeg.exif(1), jpeg.xmp('dc:creator="CANARY Jane"'), jpeg.segment(0xFE, b"CANARY comment"))


def told(r, gps=True):
    """What the first directory tells about somebody."""
    out = {
        0x010E: secret("description"), 0x0131: secret("firmware 1.2"), 0x0132: text("2026:06:01 12:00:00"),
        0x013B: secret("Jane Q. Public"), 0x02BC: (1, b"<x>CANARY in XMP......</x>"), 0x8298: secret("copyright"),
        0xC4A5: (7, b"PrintIM CANARY!!"),
    }
    if gps:
        at = r.directory({0x0001: text("N"), 0x0002: r.ratio(48, 1, 51, 1, 30, 1), 0x001B: secret("processing method")})
        out[0x8825] = r.long(at)
    return out


def exif(r, note=None):
    """The Exif directory; `note` makes the maker's notes for the place where they will stand."""
    tags = {
        0x829A: r.ratio(1, 250), 0x8827: r.short(400), 0x9003: text("2026:06:01 12:00:00"), 0x9286: (7, b"ASCII\0\0\0CANARY comment"),
        0xA420: secret("unique"), 0xA430: secret("owner"), 0xA431: secret("serial 123"), 0xA434: secret("lens"),
        0xA435: secret("lens serial"),
    }
    if note:
        at = r.put(b"")
        data = note(at)
        r.data += data
        # The notes stand where they were made for: their entry is written by hand.
        where = r.directory(tags | {0x927C: (7, b"....!")})
        row = next(i for i in range(where + 2, where + 2 + 12 * 10, 12) if struct.unpack_from(r.o + "H", r.data, i)[0] == 0x927C)
        struct.pack_into(r.o + "II", r.data, row + 4, len(data), at)
        return where
    return r.directory(tags)


def dng(order="<", dirty=True):
    r = Raw(order)
    pixels = samples(order)
    if dirty:
        r.put(b"CANARY in a gap!")
    strip = r.put(pixels)
    opcode = struct.pack(">IIII", 3, 0x01030000, 1, 52) + struct.pack(">5d", 1.0, -0.5, 0.0, 0.0, 0.0) + struct.pack(">d", 0.5) + bytes(4)
    unknown = struct.pack(">IIII", 99, 0x01030000, 1, 16) + b"CANARY parameter"
    levels = {
        "c61a": r.short(64), "c61d": r.short(4095), "c61f": r.long(2, 2), "c620": r.long(60, 44), "c68d": r.long(0, 0, HIGH, WIDE),
        "c74e": (7, struct.pack(">I", 1 + dirty) + opcode + (unknown if dirty else b"")),
    }
    raw = r.directory(r.picture(strip, len(pixels), **levels)) if dirty else 0
    matrix = r.ratio(*[n for v in (9000, -2500, -900, -4500, 12500, 2100, -700, 1600, 6000) for n in (v, 10000)])
    colour = {
        0xC612: (1, b"\1\4\0\0"), 0xC613: (1, b"\1\3\0\0"), 0xC614: text("KEEPME Camera One"), 0xC621: matrix,
        0xC628: r.ratio(5, 10, 10, 10, 7, 10), 0xC65A: r.short(21), 0x010F: text("KEEPME"), 0x0110: text("Camera One"), 0x0112: r.short(1),
    }
    if not dirty:
        return r.end(r.directory(r.picture(strip, len(pixels), **levels) | colour))
    shown, small = preview(), preview()
    at, other = r.put(shown), r.put(small)
    thumb = r.directory({
        0x00FE: r.long(1), 0x0100: r.short(8), 0x0101: r.short(8), 0x0102: r.short(8), 0x0103: r.short(7), 0x0106: r.short(1),
        0x0111: r.long(other), 0x0115: r.short(1), 0x0116: r.short(8), 0x0117: r.long(len(small)),
    })
    root = {
        0x00FE: r.long(1), 0x0100: r.short(8), 0x0101: r.short(8), 0x0102: r.short(8), 0x0103: r.short(7), 0x0106: r.short(1),
        0x0111: r.long(at), 0x0115: r.short(1), 0x0116: r.short(8), 0x0117: r.long(len(shown)), 0x014A: r.long(raw, thumb),
        0x8769: r.long(exif(r)), 0xC615: secret("localised"), 0xC62F: secret("body serial"), 0xC630: r.ratio(24, 1, 70, 1, 28, 10, 28, 10),
        0xC634: (1, b"Adobe\0MakN CANARY private"), 0xC65D: (1, b"CANARY unique id"), 0xC68B: secret("IMG_1234.CR2"),
        0xC68C: (7, b"CANARY original raw"), 0xC6F3: text("com.adobe CANARY"), 0xC6F4: text("com.adobe CANARY"),
        0xC6F8: secret("profile name"), 0xC6FE: secret("profile copyright"), 0xC716: secret("preview application"),
    }
    return r.end(r.directory(root | colour | told(r)), b"CANARY behind the end")


def nef():
    """Nikon: notes with a TIFF header of their own; the raw picture and the preview below the first directory."""
    r = Raw("<")
    pixels, shown = samples("<"), preview()
    strip, at = r.put(pixels), r.put(shown)
    raw = r.directory(r.picture(strip, len(pixels)))
    jpg = r.directory({0x00FE: r.long(1), 0x0103: r.short(6), 0x0201: r.long(at), 0x0202: r.long(len(shown))})

    def note(at):
        balance = b"0103" + b"CANARY levels..." + struct.pack("<4H", 500, 256, 256, 300) + b"CANARY levels"
        tags = {
            0x0001: (7, b"0210"), 0x000C: r.ratio(500, 256, 300, 256, 1, 1, 1, 1), 0x001D: secret("body serial"), 0x0097: (7, balance),
            0x0098: (7, b"0201CANARY lens data"), 0x00A0: secret("camera serial"), 0x00A7: r.long(4242),
        }
        return b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0" + r.block(tags, 8)

    root = {
        0x00FE: r.long(1), 0x010F: text("NIKON CORPORATION"), 0x0110: text("NIKON D70"), 0x0112: r.short(1), 0x014A: r.long(jpg, raw),
        0x8769: r.long(exif(r, note)),
    }
    return r.end(r.directory(root | told(r)), b"CANARY behind the end")


def lossless(columns=2):
    """A lossless JPEG of 14 bits in so many components, with a comment, and the sensor's values in it. [T.81 H]"""
    values = struct.unpack("<%dH" % (WIDE * HIGH), samples("<"))
    bits, n, count, out = 0, 0, 0, bytearray()

    def write(value, length):
        nonlocal bits, n
        bits, n = bits << length | value, n + length
        while n >= 8:
            n -= 8
            byte = bits >> n & 255
            out.append(byte)
            if byte == 255:
                out.append(0)
        bits &= (1 << n) - 1

    for y in range(HIGH):
        for x in range(WIDE):
            line = y * WIDE
            left = values[line + x - columns] if x >= columns else values[line - WIDE + x] if y else 1 << 13
            diff = values[line + x] - left
            size = abs(diff).bit_length()
            write(size, 5)
            if size:
                write(diff if diff > 0 else diff + (1 << size) - 1, size)
    if n:
        write((1 << (8 - n)) - 1, 8 - n)
    tables = bytes([0]) + bytes([0, 0, 0, 0, 15] + [0] * 11) + bytes(range(15))
    frame = struct.pack(">BHHB", 14, HIGH, WIDE // columns, columns) + b"".join(bytes([i, 0x11, 0]) for i in range(columns))
    scan = bytes([columns]) + b"".join(bytes([i, 0]) for i in range(columns)) + b"\1\0\0"
    seg = jpeg.segment
    return b"\xff\xd8" + seg(0xFE, b"CANARY in the stream") + seg(0xC4, tables) + seg(0xC3, frame) + seg(0xDA, scan) + bytes(out) + b"\xff\xd9"


def cr2():
    """Canon: four directories in a chain, notes that count from the start of the file."""
    r = Raw("<", room=8)
    stream, shown = lossless(), preview()
    strip, at, thumb = r.put(stream), r.put(shown), r.put(preview())
    rgb = r.put(bytes(range(96)))
    raw = r.directory({
        0x0103: r.short(6), 0x0111: r.long(strip), 0x0117: r.long(len(stream)), 0xC5D8: r.long(1), 0xC640: r.short(0, 0, 0),
    })
    third = r.directory({
        0x0100: r.short(8), 0x0101: r.short(4), 0x0102: r.short(8, 8, 8), 0x0103: r.short(1), 0x0106: r.short(2), 0x0111: r.long(rgb),
        0x0115: r.short(3), 0x0116: r.short(4), 0x0117: r.long(96),
    }, raw)
    second = r.directory({0x0201: r.long(thumb), 0x0202: r.long(len(shown))}, third)

    def note(at):
        colour = [0] * 796
        colour[0] = 1
        colour[0x3F:0x43] = [2000, 1024, 1024, 1500]
        tags = {
            0x0001: r.short(*range(48)), 0x0006: secret("model"), 0x0007: secret("firmware"), 0x0009: secret("owner"),
            0x000C: r.long(123456789), 0x000D: (7, b"CANARY camera information"), 0x0010: r.long(0x80000213), 0x0095: secret("lens"),
            0x0096: secret("internal"), 0x4001: r.short(*colour), 0x4019: (7, b"CANARY lens serial here"),
        }
        return r.block(tags, at, 0, 0) + b"II*\0" + struct.pack("<I", at)

    root = {
        0x0100: r.short(8), 0x0101: r.short(8), 0x0102: r.short(8, 8, 8), 0x0103: r.short(6), 0x010F: text("Canon"), 0x0110: text("Canon EOS 5D"),
        0x0111: r.long(at), 0x0112: r.short(1), 0x0117: r.long(len(shown)), 0x8769: r.long(exif(r, note)),
    }
    first = r.directory(root | told(r), second)
    r.data[8:16] = b"CR\2\0" + struct.pack("<I", raw)
    return r.end(first, b"CANARY behind the end")


def sony_cipher(data, key):
    """Enciphers and deciphers."""
    mask = 0xFFFFFFFF
    pad = []
    for _ in range(4):
        key = (key * 48828125 + 1) & mask
        pad.append(key)
    pad[3] = (pad[3] << 1 | (pad[0] ^ pad[2]) >> 31) & mask
    for i in range(4, 127):
        pad.append(((pad[i - 4] ^ pad[i - 2]) << 1 | (pad[i - 3] ^ pad[i - 1]) >> 31) & mask)
    pad.append(0)
    out = b""
    for i in range(0, len(data) // 4 * 4, 4):
        p = 127 + i // 4
        pad[p & 127] = pad[(p + 1) & 127] ^ pad[(p + 65) & 127]
        out += struct.pack(">I", struct.unpack_from(">I", data, i)[0] ^ pad[p & 127])
    return out + data[len(out):]


def arw():
    """Sony: levels in an enciphered directory behind a private one."""
    r = Raw("<")
    pixels, shown = samples("<"), preview()
    strip, at, thumb = r.put(pixels), r.put(shown), r.put(preview())
    raw = r.directory(r.picture(strip, len(pixels), **{"7000": r.short(0)}))
    inner = {
        0x7310: r.short(128, 128, 128, 128), 0x7313: r.short(2400, 1024, 1024, 1700), 0x74A0: r.ratio(28, 10), 0x7770: (7, b"CANARY mode of colour"),
    }
    where = r.put(b"")
    plain = r.block(inner, where, 0, 0)
    plain += b"CANARY in the slack" + bytes(1)
    plain += bytes(-len(plain) % 4)
    r.data += sony_cipher(plain, 0x12345678)
    private = r.directory({0x7200: r.long(where), 0x7201: r.long(len(plain)), 0x7221: r.long(0x12345678), 0x7240: secret("idc")})

    def note(at):
        tags = {0x2031: secret("serial"), 0x9050: (7, b"CANARY enciphered block"), 0xB001: r.short(353), 0xB020: secret("style")}
        return b"SONY DSC \0\0\0" + r.block(tags, at + 12, 0, 0)

    second = r.directory({0x0103: r.short(6), 0x0201: r.long(thumb), 0x0202: r.long(len(shown))})
    root = {
        0x00FE: r.long(1), 0x0103: r.short(6), 0x010F: text("SONY"), 0x0110: text("ILCE-7M2"), 0x0112: r.short(1), 0x014A: r.long(raw),
        0x0201: r.long(at), 0x0202: r.long(len(shown)), 0x8769: r.long(exif(r, note)), 0xC634: (1, struct.pack("<I", private)),
    }
    return r.end(r.directory(root | told(r), second), b"CANARY behind the end")


def orf():
    """Olympus: directories inside the notes, which count from their own start; the preview is found through them."""
    r = Raw("<", b"IIRO")
    # Two values of twelve bits in three bytes.
    pixels, shown = bytes((31 * i + i // 96 * 17) & 255 for i in range(WIDE * HIGH * 3 // 2)), preview()
    strip = r.put(pixels)

    def note(at):
        head = b"OLYMPUS\0II\3\0"
        equipment = {0x0000: (7, b"0100"), 0x0100: text("S0047"), 0x0101: secret("body serial"), 0x0202: secret("lens serial")}
        settings = {0x0000: (7, b"0100"), 0x0100: r.long(1), 0x0101: r.long(2000), 0x0102: r.long(len(shown))}
        process = {0x0000: (7, b"0112"), 0x0100: r.short(480, 420), 0x0200: (8, struct.pack("<9h", 400, -100, -44, -60, 380, -64, 10, -90, 336)),
                   0x0600: r.short(64, 64, 64, 64), 0x0611: r.short(12, 0), 0x1000: secret("face")}
        outer = 12 + 2 + 12 * 4 + 4 + 32
        blocks, places, here = b"", [], outer
        for tags in (equipment, settings, process):
            block = r.block(tags, here, 0, 0)
            block += bytes(len(block) % 2)
            places.append(here)
            blocks += block
            here += len(block)
        tags = {0x0207: secret("kind"), 0x2010: r.long(places[0]), 0x2020: r.long(places[1]), 0x2040: r.long(places[2])}
        top = head + r.block(tags, 12, 0, 0)
        return (top.ljust(outer, b"\0") + blocks).ljust(2000, b"\0") + shown

    root = r.picture(strip, len(pixels)) | {
        0x0102: r.short(12), 0x010F: text("OLYMPUS IMAGING CORP."), 0x0110: text("E-M1"), 0x0112: r.short(1), 0x8769: r.long(exif(r, note)),
    }
    return r.end(r.directory(root | told(r)), b"CANARY behind the end")


def rw2():
    """Panasonic: tags of its own in the first directory, the preview as the value of one."""
    r = Raw("<", b"IIU\0")
    camera = Raw("<")
    first = camera.directory({0x1201: r.short(7), 0x1305: secret("lens serial"), 0x2009: r.short(15, 15, 15, 15), 0x3420: r.short(500)})
    block = camera.end(first)
    # Blocks of 16 KiB are read whole, from their middle.
    data = bytes((i % 16 == 15) * 8 + i % 3 for i in range(0x4000))
    root = {
        0x0001: (7, b"0310"), 0x0002: r.short(WIDE), 0x0003: r.short(HIGH), 0x0004: r.short(0), 0x0005: r.short(0), 0x0006: r.short(HIGH),
        0x0007: r.short(WIDE), 0x0009: r.short(1), 0x000A: r.short(12), 0x000B: r.short(34316), 0x0017: r.short(400),
        0x001C: r.short(128), 0x001D: r.short(128), 0x001E: r.short(128), 0x0024: r.short(500), 0x0025: r.short(256), 0x0026: r.short(400),
        0x002D: r.short(4), 0x002E: (7, preview()), 0x010F: text("Panasonic"), 0x0110: text("DMC-GX7"), 0x0111: r.long(0xFFFFFFFF),
        0x0112: r.short(1), 0x0117: r.long(len(data)), 0x0120: (7, block), 0x0127: (7, preview()),
        0x8769: r.long(exif(r, lambda at: b"Panasonic\0\0\0" + r.block({0x0025: secret("serial")}, at + 12))),
    }
    root[0x0118] = r.long(r.put(data))
    return r.end(r.directory(root | told(r)))


def pef():
    """Pentax: big-endian, notes that count from the start of the file."""
    r = Raw(">")
    pixels, shown = samples(">"), preview()
    strip, at = r.put(pixels), r.put(shown)
    second = r.directory({0x0103: r.short(6), 0x0201: r.long(at), 0x0202: r.long(len(shown))})

    def note(at):
        tags = {
            0x0000: (1, b"\3\0\0\0"), 0x0005: r.long(0x12B9C), 0x0006: (7, b"\x07\xea\x06\x01"), 0x005D: (7, b"CANARY counter"),
            0x0200: r.short(20, 20, 20, 20), 0x0201: r.short(13000, 8192, 8192, 11000), 0x0229: secret("serial"),
        }
        return b"AOC\0MM" + r.block(tags, at + 6, 0, 0)

    root = r.picture(strip, len(pixels)) | {
        0x010F: text("PENTAX Corporation"), 0x0110: text("PENTAX K10D"), 0x0112: r.short(1), 0x8769: r.long(exif(r, note)),
    }
    return r.end(r.directory(root | told(r), second), b"CANARY behind the end")


def srw():
    """Samsung: notes that count from their own start, levels under a key of eleven numbers."""
    r = Raw("<")
    pixels, shown = samples("<"), preview()
    strip, at = r.put(pixels), r.put(shown)
    raw = r.directory(r.picture(strip, len(pixels)))
    second = r.directory({0x0103: r.short(6), 0x0201: r.long(at), 0x0202: r.long(len(shown))})

    def note(at):
        key = [1000 + 77 * i for i in range(11)]
        tags = {
            0x0001: (7, b"0100"), 0x0003: r.long(0x5001038), 0xA001: secret("firmware"), 0xA002: secret("serial"), 0xA005: secret("lens serial"),
            0xA020: r.long(*key), 0xA021: r.long(*(v + k for v, k in zip((7000, 4096, 4096, 6000), key))),
            0xA028: r.long(*(v + k for v, k in zip((130, 130, 130, 130), key))),
        }
        return r.block(tags, 0, 0, 0)

    root = {
        0x010F: text("SAMSUNG"), 0x0110: text("NX300"), 0x0112: r.short(1), 0x014A: r.long(raw), 0x8769: r.long(exif(r, note)),
    }
    return r.end(r.directory(root | told(r), second), b"CANARY behind the end")


def make():
    yield "raw/everything.dng", dng()
    yield "raw/everything-big-endian.dng", dng(">")
    yield "raw/clean.dng", dng(dirty=False)
    yield "raw/everything.nef", nef()
    yield "raw/everything.cr2", cr2()
    yield "raw/everything.arw", arw()
    yield "raw/everything.orf", orf()
    yield "raw/everything.rw2", rw2()
    yield "raw/everything.pef", pef()
    yield "raw/everything.srw", srw()
