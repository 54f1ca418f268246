"""PNG: one with everything in it, one whose cropped-out rows are still there, an animation, and a clean one."""
import struct
import zlib


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ihdr(width, height, depth=8, colour=2):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def rows(width, height):
    return b"".join(b"\0" + bytes((x * 16 ^ y * 16 + c * 40) & 255 for x in range(width) for c in range(3)) for y in range(height))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def exif(orientation):
    make = b"CANARY Camera Works\0"
    entries = struct.pack(">HHII", 0x010F, 2, len(make), 38) + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*\0\0\0\x08\0\x02" + entries + b"\0\0\0\0" + make


def make():
    picture = zlib.compress(rows(12, 12), 6)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF>CANARY creator</rdf:RDF></x:xmpmeta>"
    raw = exif(1).hex().encode()
    yield "png/everything.png", png(
        ihdr(12, 12),
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"tEXt", b"Author\0CANARY Person"),
        chunk(b"tEXt", b"Software\0CANARY Editor 9.1"),
        chunk(b"tEXt", b"Creation Time\0CANARY 2024-05-06"),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"CANARY taken from the balcony")),
        chunk(b"iTXt", b"Title\0\0\0de\0CANARY Titel\0CANARY title"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n%8d\n%s\n" % (len(raw) // 2, raw))),
        chunk(b"tEXt", b"parameters\0CANARY a castle, Steps: 20, Seed: 4242"),
        chunk(b"tIME", struct.pack(">HBBBBB", 2024, 5, 6, 7, 8, 9)),
        chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        chunk(b"eXIf", exif(6)),
        chunk(b"prVW", b"CANARY preview of the layers"),
        chunk(b"caBX", b"CANARY content credentials"),
        chunk(b"quIp", b"CANARY of an unknown program"),
        chunk(b"IDAT", picture + b"CANARY behind the stream"),
        chunk(b"tEXt", b"Comment\0CANARY behind the rows"),
        chunk(b"IEND"),
    ) + b"CANARY behind the end"
    old = png(ihdr(12, 30), chunk(b"tEXt", b"Comment\0CANARY of the old file"), chunk(b"IDAT", zlib.compress(rows(12, 30), 0)), chunk(b"IEND"))
    new = png(ihdr(12, 12), chunk(b"IDAT", picture), chunk(b"IEND"))
    yield "png/cropped.png", new + old[len(old) // 4:] + b"CANARY"
    yield "png/too-many-rows.png", png(ihdr(12, 12), chunk(b"IDAT", zlib.compress(rows(12, 12) + b"\0CANARY rows" * 40, 6)), chunk(b"IEND"))
    frame = zlib.compress(rows(6, 6), 6)

    def fctl(number, side):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, side, side, 0, 0, 1, 10, 0, 0))

    yield "png/animated.png", png(
        ihdr(12, 12),
        chunk(b"acTL", struct.pack(">II", 2, 0)),
        fctl(0, 12),
        chunk(b"IDAT", picture),
        fctl(1, 6),
        chunk(b"fdAT", struct.pack(">I", 2) + frame + b"CANARY behind the frame"),
        chunk(b"tEXt", b"Comment\0CANARY"),
        chunk(b"IEND"),
    )
    yield "png/clean.png", new
