"""Ogg: Opus, Vorbis, Speex, FLAC and Theora inside, several streams side by side and one behind the other, and a clean file.
The packets of sound are text."""
import base64
import struct

from _sound import flac_picture, png, vorbis_comment
from flac import info


def crc(data):
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def page(serial, number, packets, flags=0, granule=0):
    lacing = b""
    for p in packets:
        lacing += b"\xff" * (len(p) // 255) + bytes([len(p) % 255])
    head = b"OggS\0" + struct.pack("<BqIII", flags, granule, serial, number, 0) + bytes([len(lacing)]) + lacing
    body = b"".join(packets)
    return head[:22] + struct.pack("<I", crc(head + body)) + head[26:] + body


def opus_head():
    return b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0)


def opus(serial, tags):
    return [
        page(serial, 0, [opus_head()], 2),
        page(serial, 1, [tags]),
        page(serial, 2, [b"KEEPME sound", b"KEEPME too"], 0, 960),
        page(serial, 3, [b"KEEPME last"], 4, 1920),
    ]


def make():
    picture = b"metadata_block_picture=" + base64.b64encode(flac_picture(b"CANARY"))
    tags = b"OpusTags" + vorbis_comment(
        b"ARTIST=CANARY artist", b"R128_TRACK_GAIN=-512", picture, b"CONTACT=CANARY@example.com"
    )
    pages = opus(0x43414E41, tags + b"CANARY behind the comments")
    yield "ogg/everything.opus", (
        b"".join(pages[:3])
        + b"CANARY between the pages"
        + page(0x52595F5F, 7, [b"CANARY of a stream that never began"])
        + pages[3]
        + b"CANARY behind the end"
    )

    fishead = b"fishead\0" + struct.pack("<HHqqqq", 3, 0, 0, 1000, 0, 1000) + b"CANARY 2024-01-01T.."
    theora = b"\x80theora\x03\x02\x01\0\x01\0\x01\0\0\x10\0\0\x10\0\0" + struct.pack(">II", 25, 1) + bytes(13)
    vorbis = b"\x01vorbis" + struct.pack("<IBIiiiB", 0, 1, 8000, 0, 8000, 0, 0xB8) + b"\x01"
    comment = vorbis_comment(b"TITLE=CANARY title", b"ENCODER=CANARY tool")
    setup = b"\x05vorbis" + b"KEEPME setup"
    yield "ogg/film.ogv", b"".join(
        [
            page(101, 0, [fishead], 2),
            page(102, 0, [theora], 2),
            page(103, 0, [vorbis], 2),
            page(101, 1, [b"fisbone\0" + bytes(44) + b"CANARY: video/theora\r\n"]),
            page(102, 1, [b"\x81theora" + comment, b"\x82theora" + b"KEEPME tables"]),
            page(103, 1, [b"\x03vorbis" + comment + b"\x01", setup]),
            page(101, 2, [b""], 4),
            page(102, 2, [b"KEEPME picture"], 0, 1),
            page(103, 2, [b"KEEPME sound"], 0, 100),
            page(102, 3, [b"KEEPME picture 2"], 4, 2),
            page(103, 3, [b"KEEPME sound 2"], 4, 200),
        ]
    )
    speex = b"Speex   " + b"CANARY speex 1.2".ljust(20, b"\0") + struct.pack("<13i", 1, 80, 8000, 0, 4, 1, -1, 160, 0, 1, 1, 0, 0)
    mapping = b"\x7fFLAC\x01\0\0\x02fLaC\0\0\0\x22" + info(16)
    block = vorbis_comment(b"ARTIST=CANARY artist")
    flac = b"\x04" + struct.pack(">I", len(block))[1:] + block
    yield "ogg/chained.ogg", b"".join(
        [
            page(7, 0, [speex], 2),
            page(7, 1, [comment]),
            page(7, 2, [b"CANARY extra header"]),
            page(7, 3, [b"KEEPME speech"], 4, 160),
            page(7, 0, [mapping], 2),
            page(7, 1, [flac]),
            page(7, 2, [b"\x81\0\0\x14CANARY in the padding"]),
            page(7, 3, [b"\xff\xf8KEEPME frame"], 4, 16),
        ]
    )
    quiet = base64.b64encode(flac_picture(b"", png(None)))
    yield "ogg/clean.opus", b"".join(opus(1, b"OpusTags" + vorbis_comment(b"METADATA_BLOCK_PICTURE=" + quiet, vendor=b"")))
