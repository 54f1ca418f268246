"""Parts that several kinds of sound files share: ID3, APE and Lyrics3 tags, Vorbis comments, and a picture to attach."""
import struct
import zlib


def png(text=b"Author\0CANARY in the cover"):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))]
    if text:
        parts.append(chunk(b"tEXt", text))
    # A stored block: the same bytes whatever the version of zlib.
    pixels = b"\x78\x01\x01\x02\0\xfd\xff\0\x80" + struct.pack(">I", zlib.adler32(b"\0\x80"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def syncsafe(n):
    return bytes(n >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(major, *frames, flags=0, padding=0, footer=False):
    body = b""
    for kind, data in frames:
        if major == 2:
            body += kind + struct.pack(">I", len(data))[1:] + data
        else:
            body += kind + (syncsafe(len(data)) if major == 4 else struct.pack(">I", len(data))) + b"\0\0" + data
    body += bytes(padding)
    tail = bytes([major, 0, flags | (0x10 if footer else 0)]) + syncsafe(len(body))
    return b"ID3" + tail + body + (b"3DI" + tail if footer else b"")


def text(kind, value):
    return kind, b"\0" + value


def cover(description=b"CANARY of the front", picture=None):
    return b"APIC", b"\0image/png\0\x03" + description + b"\0" + (picture or png())


def id3v1():
    fields = b"CANARY title".ljust(30, b"\0") + b"CANARY artist".ljust(30, b"\0") + b"CANARY album".ljust(30, b"\0")
    return b"TAG" + fields + b"2024" + b"CANARY comment".ljust(30, b"\0") + b"\x0c"


def ape(*items):
    body = b"".join(struct.pack("<II", len(v), 0) + k + b"\0" + v for k, v in items)

    def end(flags):
        return b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), flags) + bytes(8)

    return end(0xA0000000) + body + end(0x80000000)


def lyrics3():
    body = b"LYRICSBEGININD0000210LYR00017CANARY la la la !"
    return body + b"%06d" % len(body) + b"LYRICS200"


def vorbis_comment(*fields, vendor=b"CANARY encoder 1.2"):
    out = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields))
    return out + b"".join(struct.pack("<I", len(f)) + f for f in fields)


def flac_picture(description=b"CANARY cover", picture=None):
    data = picture or png()
    head = struct.pack(">I", 3) + struct.pack(">I", 9) + b"image/png" + struct.pack(">I", len(description)) + description
    return head + struct.pack(">IIIII", 1, 1, 8, 0, len(data)) + data
