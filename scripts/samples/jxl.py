"""JPEG XL: a container with secrets in every box around a codestream, one in parts, a bare one, and clean ones. The coded
bytes are made up: nothing here decodes them."""
import struct


def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body


HEAD = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
STREAM = b"\xff\x0a" + bytes((i * 37 + 128) & 255 | 128 for i in range(60)) + b"KEEPME" + b"\x80\x90"


def make():
    exif = b"\0\0\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0\x10\0\0\0\x1a\0\0\0\0\0\0\0CANARY described\0"
    dirty = box(b"jxll", b"\x05") + box(b"Exif", exif) + box(b"xml ", b"<x>CANARY</x>") + box(b"brob", b"xml CANARY")
    dirty += box(b"jbrd", b"CANARY comment") + box(b"jumb", b"CANARY") + box(b"what", b"CANARY")
    yield "jxl/everything.jxl", HEAD + dirty + box(b"jxlc", STREAM) + box(b"Exif", exif) + b"CANARY"
    parts = box(b"jxlp", b"\0\0\0\0" + STREAM[:20]) + box(b"xml ", b"CANARY") + box(b"jxlp", b"\x80\0\0\x01" + STREAM[20:])
    yield "jxl/parts.jxl", HEAD + parts
    yield "jxl/clean.jxl", HEAD + box(b"jxlc", STREAM)
    yield "jxl/clean-bare.jxl", STREAM
