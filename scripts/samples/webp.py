"""WebP: a picture with everything around it, an animation, and a clean picture. The coded picture is one pixel, lossless."""
import struct


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def webp(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif(orientation):
    make = b"CANARY Camera Works\0"
    entries = struct.pack(">HHII", 0x010F, 2, len(make), 38) + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*\0\0\0\x08\0\x02" + entries + b"\0\0\0\0" + make


def make():
    pixel = chunk(b"VP8L", bytes.fromhex("2f000000000788fdffffffff0f"))
    canvas = b"\0\0\0\0\0\0"

    def vp8x(flags):
        return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + canvas)

    def frame(flags, *subs):
        return chunk(b"ANMF", bytes(6) + canvas + b"\x64\0\0" + bytes([flags]) + b"".join(subs))

    yield "webp/everything.webp", webp(
        vp8x(0x0C),
        pixel,
        chunk(b"EXIF", b"Exif\0\0" + exif(6)),
        chunk(b"XMP ", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>CANARY creator</x:xmpmeta>"),
        chunk(b"C2PA", b"CANARY content credentials"),
        chunk(b"quIp", b"CANARY of an unknown program"),
    ) + b"CANARY behind the end"
    yield "webp/animated.webp", webp(
        vp8x(0x02),
        chunk(b"ANIM", bytes(6)),
        frame(0, pixel, chunk(b"EXIF", exif(1))),
        frame(0xF0, pixel, chunk(b"note", b"CANARY in a frame")),
    )
    yield "webp/clean.webp", webp(pixel)
