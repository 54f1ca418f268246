"""Boxes of ISO base media files."""
import struct


def u16(*n):
    return struct.pack(f">{len(n)}H", *n)


def u32(*n):
    return struct.pack(f">{len(n)}I", *n)


def box(kind, *body):
    body = b"".join(body)
    return u32(8 + len(body)) + kind + body


def full(kind, version, flags, *body):
    return box(kind, u32(version << 24 | flags), *body)


def hdlr(kind, name=b"", maker=bytes(4), component=bytes(4)):
    return full(b"hdlr", 0, 0, component, kind, maker, bytes(8), name, b"\0")


def dinf():
    return box(b"dinf", full(b"dref", 0, 0, u32(1), full(b"url ", 0, 1)))


def infe(number, kind, name=b"", hidden=0, about=None):
    return full(b"infe", 2, hidden, u16(number, 0), kind, name, b"\0", b"" if about is None else about + b"\0")


def iref(*refs):
    return full(b"iref", 0, 0, *[box(kind, u16(a, len(to)), u16(*to)) for kind, a, to in refs])


def exif(text):
    """A TIFF structure whose Make is `text`, behind its offset."""
    text += b"\0"
    return u32(0) + b"MM\0*" + u32(8) + u16(1) + u16(0x10F, 2) + u32(len(text), 26) + u32(0) + text


IDENTITY = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
NOW = 3_700_000_000


def mvhd(duration, now=NOW, selection=0):
    return full(b"mvhd", 0, 0, u32(now, now, 1000, duration, 0x10000), u16(0x100), bytes(10), IDENTITY, u32(selection), bytes(20), u32(9))


def tkhd(number, duration, flags=7, now=NOW):
    return full(b"tkhd", 0, flags, u32(now, now, number, 0, duration), bytes(8), u16(0, 0, 0x100, 0), IDENTITY, u32(64 << 16, 48 << 16))


def mdhd(now=NOW):
    return full(b"mdhd", 0, 0, u32(now, now, 1000, 3000), u16(0x55C4, 0))


def visual(kind, name, *inside, vendor=b"CNRY"):
    return box(kind, bytes(6), u16(1), bytes(4), vendor, bytes(8), u16(64, 48), u32(0x480000, 0x480000, 0), u16(1), bytes([len(name)]) + name + bytes(31 - len(name)), u16(24), b"\xff\xff", *inside)


def audio(kind, *inside):
    return box(kind, bytes(6), u16(1), bytes(8), u16(2, 16, 0, 0), u32(8000 << 16), *inside)


def plain(kind, *inside):
    return box(kind, bytes(6), u16(1), *inside)


def stbl(entry, sizes, offsets, per=1, *more):
    return box(
        b"stbl",
        full(b"stsd", 0, 0, u32(1), entry),
        full(b"stts", 0, 0, u32(1, len(sizes), 1000)),
        full(b"stsc", 0, 0, u32(1, 1, per, 1)) if sizes else full(b"stsc", 0, 0, u32(0)),
        full(b"stsz", 0, 0, u32(0, len(sizes)), u32(*sizes)),
        full(b"stco", 0, 0, u32(len(offsets)), u32(*offsets)),
        *more,
    )


MEDIA = {b"vide": full(b"vmhd", 0, 1, bytes(8)), b"soun": full(b"smhd", 0, 0, bytes(4))}


def trak(number, handler, table, *more, name=b"", flags=7, now=NOW, duration=3000, inside=b""):
    head = MEDIA.get(handler, full(b"nmhd", 0, 0))
    return box(
        b"trak",
        tkhd(number, duration, flags, now),
        *more,
        box(b"mdia", mdhd(now), hdlr(handler, name), box(b"minf", head, dinf(), table), inside),
    )


AVCC = box(b"avcC", bytes.fromhex("0142c00affe100046742c00a010002ffff"))
ESDS = full(b"esds", 0, 0, bytes.fromhex("03190001000411401500000000000000000000000502 1188060102".replace(" ", "")))
