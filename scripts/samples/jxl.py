"""JPEG XL: a container with secrets in every box around a codestream, one in parts, a bare one, and clean ones. The coded
bytes of most are made up and break the rules behind their first two; those of the last pair are a real picture, so that its
end can be found."""
import struct


def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body


HEAD = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
XMP = (
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'>"
    b"<rdf:Description photoshop:Credit='CANARY packed'/></rdf:RDF>"
)
REAL = bytes.fromhex("ff0a414042e5de2a8201c0008b4d0900800a9551c60d5ecef57cf9a1c362dac67586b6dab6b084b1d95e1824249cc0c6c5cd37e71b2c0f14ada82401")
STREAM = b"\xff\x0a" + bytes((i * 37 + 128) & 255 | 128 for i in range(60)) + b"KEEPME" + b"\x80\x90"


def packed(data):
    """Brotli that packs nothing. [RFC 7932 9.2]"""
    return ((len(data) - 1 << 4) | 1 << 20).to_bytes(3, "little") + data + b"\x03"


def make():
    exif = b"\0\0\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0\x10\0\0\0\x1a\0\0\0\0\0\0\0CANARY described\0"
    dirty = box(b"jxll", b"\x05") + box(b"Exif", exif) + box(b"xml ", b"<x>CANARY</x>") + box(b"brob", b"xml CANARY")
    dirty += box(b"brob", b"xml " + packed(XMP))
    dirty += box(b"jbrd", b"CANARY comment") + box(b"jumb", b"CANARY") + box(b"what", b"CANARY")
    yield "jxl/everything.jxl", HEAD + dirty + box(b"jxlc", STREAM) + box(b"Exif", exif) + b"CANARY"
    parts = box(b"jxlp", b"\0\0\0\0" + STREAM[:20]) + box(b"xml ", b"CANARY") + box(b"jxlp", b"\x80\0\0\x01" + STREAM[20:])
    yield "jxl/parts.jxl", HEAD + parts
    yield "jxl/clean.jxl", HEAD + box(b"jxlc", STREAM)
    yield "jxl/clean-bare.jxl", STREAM
    parts = box(b"jxlp", b"\0\0\0\0" + REAL[:9]) + box(b"jxlp", b"\x80\0\0\x01" + REAL[9:] + b"CANARY")
    yield "jxl/behind-parts.jxl", HEAD + parts
    yield "jxl/behind.jxl", REAL + b"CANARY"
    yield "jxl/clean-real.jxl", HEAD + box(b"jxlc", REAL)
