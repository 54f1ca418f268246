"""JPEG 2000: a file with secrets in every box and comment, a bare codestream, and a clean file. The coded bytes are made up."""
import struct


def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body


def seg(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


HEAD = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
IHDR = box(b"ihdr", struct.pack(">IIHBBBB", 8, 8, 1, 7, 7, 0, 0))
COLR = box(b"colr", b"\x01\0\0\0\0\0\x11")
SIZ = seg(0x51, struct.pack(">HIIIIIIIIHBBB", 0, 8, 8, 0, 0, 8, 8, 0, 0, 1, 7, 1, 1))
COD = seg(0x52, b"\0\0\0\x01\0\0\x04\x04\0\x01")
QCD = seg(0x5C, b"\x40\x40")


def tile(index, comment=b""):
    body = (seg(0x64, b"\0\x01" + comment) if comment else b"") + b"\xff\x93KEEPME"
    return b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 12 + len(body), index, 2) + body


def stream(comment=b"", end=b""):
    tiles = [tile(0, comment), tile(1)]
    tlm = seg(0x55, b"\0\x50" + b"".join(struct.pack(">BI", 0, len(t)) for t in tiles))
    note = seg(0x64, b"\0\x01Created by " + comment) if comment else b""
    return b"\xff\x4f" + SIZ + note + COD + QCD + tlm + b"".join(tiles) + b"\xff\xd9" + end


def make():
    res = box(b"res ", box(b"resd", b"\0\x48\0\x01\0\x48\0\x01\0\0") + box(b"what", b"CANARY"))
    secrets = box(b"xml ", b"<gml>CANARY</gml>") + box(b"uuid", b"JpgTiffExif->JP2CANARY") + box(b"asoc", box(b"lbl ", b"CANARY"))
    secrets += box(b"uinf", b"CANARY") + box(b"jp2i", b"CANARY") + box(b"free", b"CANARY") + box(b"what", b"CANARY")
    vendor = box(b"colr", b"\x04\0\0CANARY")
    dirty = box(b"jp2h", IHDR + COLR + vendor + res + box(b"lbl ", b"CANARY"))
    yield "jp2/everything.jp2", HEAD + dirty + secrets + box(b"jp2c", stream(b"CANARY 1.0", b"CANARY")) + secrets + b"CANARY"
    yield "jp2/bare.j2k", stream(b"CANARY 1.0", b"CANARY")
    yield "jp2/clean.jp2", HEAD + box(b"jp2h", IHDR + COLR) + box(b"jp2c", stream())
