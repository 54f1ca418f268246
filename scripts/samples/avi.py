"""AVI: a camera's film with Motion JPEG and every private chunk, a film of two OpenDML parts, one whose index counts from
the first byte, one that was cut off, and a clean file."""
import struct


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def lst(kind, *chunks):
    return chunk(b"LIST", kind + b"".join(chunks))


def riff(kind, *chunks):
    return chunk(b"RIFF", kind + b"".join(chunks))


def avih(streams, reserved=bytes(16)):
    return chunk(b"avih", struct.pack("<10I", 40000, 1000, 0, 0x10, 2, 0, streams, 4096, 16, 16) + reserved)


def strh(kind, codec, more=b""):
    return chunk(b"strh", kind + codec + struct.pack("<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, 25, 0, 2, 4096, 0, 0, 0, 0, 16, 16) + more)


def video(codec, extra=b""):
    return chunk(b"strf", struct.pack("<IiiHH4sIiiII", 40, 16, 16, 1, 24, codec, 768, 0, 0, 0, 0) + extra)


SOUND = chunk(b"strf", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))


def jpeg(*segments, behind=b""):
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
    table = segment(0xDB, bytes([0]) + bytes(range(1, 65)))
    frame = segment(0xC0, b"\x08\0\x10\0\x10\x01\x01\x11\0")
    scan = segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"KEEPME scan"
    return b"\xff\xd8" + b"".join(segment(m, d) for m, d in segments) + table + frame + scan + b"\xff\xd9" + behind


def idx1(entries, base=0):
    out, at = b"", 4
    for name, data in entries:
        out += name + struct.pack("<III", 0x10, base + at, len(data))
        at += 8 + len(data) + (len(data) & 1)
    return chunk(b"idx1", out)


def standard(name, base, entries):
    out = struct.pack("<HBBI4sQI", 2, 0, 1, len(entries), name, base, 0)
    return chunk(b"ix" + name[:2], out + b"".join(struct.pack("<II", at, size) for at, size in entries))


def super_index(name, entries, room=2):
    out = struct.pack("<HBBI4sIII", 4, 0, 0, len(entries), name, 0, 0, 0)
    out += b"".join(struct.pack("<QII", at, size, 1) for at, size in entries)
    return chunk(b"indx", out + b"CANARY in free room".ljust(16 * room, b"\0"))


def make():
    app0 = (0xE0, b"AVI1" + bytes(12))
    exif = (0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x10\0\0\0\x1a\0\0\0\0\0\0\0CANARY maker tag")
    one = jpeg(app0, exif, (0xFE, b"CANARY comment"), behind=b"CANARY behind the picture")
    two = jpeg((0xE0, b"AVI1" + bytes(12) + b"CANARY of the maker"))
    media = [(b"00dc", one), (b"01wb", b"KEEPME sound"), (b"00dc", two)]
    header = lst(
        b"hdrl",
        avih(2, b"CANARY reserved!"),
        lst(b"strl", strh(b"vids", b"mjpg", b"CANARY"), video(b"MJPG"), chunk(b"strd", b"AVIF\0\0CANARY Exif of the camera"),
            chunk(b"strn", b"CANARY track\0")),
        lst(b"strl", strh(b"auds", bytes(4)), SOUND, chunk(b"JUNK", b"CANARY")),
        chunk(b"JUNK", b"CANARY in padding".ljust(64, b"\0")),
        chunk(b"IDIT", b"Mon Jan 01 CANARY 2024\n\0"),
    )
    everything = riff(
        b"AVI ",
        header,
        lst(b"INFO", chunk(b"ISFT", b"CANARY firmware\0"), chunk(b"IART", b"CANARY person\0"), chunk(b"INAM", b"CANARY\0")),
        lst(b"ncdt", chunk(b"nctg", b"CANARY camera tags")),
        chunk(b"_PMX", b"<x:xmpmeta>CANARY</x:xmpmeta>"),
        chunk(b"id3 ", b"CANARY tag"),
        lst(b"movi", *(chunk(n, d) for n, d in media), chunk(b"JUNK", b"CANARY between"), chunk(b"07dc", b"CANARY of no stream")),
        idx1(media),
        chunk(b"C2PA", b"CANARY credentials"),
    )
    yield "avi/everything.avi", everything + b"CANARY behind the end"

    # OpenDML: two parts, an index of indexes, a standard index in each list of media.
    frames = [b"\0\0\x01\xb0KEEPME one", b"\0\0\x01\xb0KEEPME two"]

    def opendml(first_at, second_at):
        def movi(at, frame):
            base = at + 12
            return lst(b"movi", chunk(b"00dc", frame), standard(b"00dc", base, [(8, len(frame))]))
        size = len(chunk(b"00dc", frames[0]))
        index = super_index(b"00dc", [(first_at + 12 + size, 40), (second_at + 12 + size, 40)])
        head = lst(b"hdrl", avih(1), lst(b"strl", strh(b"vids", b"XVID"), video(b"XVID", b"KEEPME config"), index),
                   lst(b"odml", chunk(b"dmlh", struct.pack("<I", 2) + b"CANARY".ljust(244, b"\0"))))
        before = head + lst(b"INFO", chunk(b"ISFT", b"CANARY tool\0")) + chunk(b"JUNK", b"CANARY".ljust(100, b"\0"))
        first = riff(b"AVI ", before, movi(first_at, frames[0]), idx1([(b"00dc", frames[0])]))
        second = riff(b"AVIX", chunk(b"JUNK", b"CANARY"), movi(second_at, frames[1]))
        return first + second, 12 + len(before), len(first) + 12 + len(chunk(b"JUNK", b"CANARY"))
    _, a, b = opendml(0, 0)
    whole, _, _ = opendml(a, b)
    yield "avi/opendml.avi", whole

    # An index that counts from the first byte of the file: nothing may move.
    header = lst(b"hdrl", avih(1), lst(b"strl", strh(b"vids", b"XVID"), video(b"XVID")), chunk(b"IDIT", b"CANARY date\n\0"))
    media = [(b"00dc", frames[0]), (b"00dc", frames[1])]
    info = lst(b"INFO", chunk(b"IART", b"CANARY person\0"))
    base = 12 + len(header) + len(info) + 8
    yield "avi/absolute.avi", riff(b"AVI ", header, info, lst(b"movi", *(chunk(n, d) for n, d in media)), idx1(media, base))

    # A recorder that never came back.
    cut = b"RIFF\xff\xff\xff\x7fAVI " + header + info + b"LIST\xff\xff\xff\x7fmovi" + chunk(b"00dc", frames[0]) + chunk(b"00dc", frames[1])[:14]
    yield "avi/cut.avi", cut

    # Positions posing as subtitles.
    header = lst(b"hdrl", avih(2), lst(b"strl", strh(b"vids", b"XVID"), video(b"XVID")),
                 lst(b"strl", strh(b"txts", bytes(4)), chunk(b"strf", b"")))
    media = [(b"00dc", frames[0]), (b"01tx", b"GPS (-122.4100, 37.7700, 10) CANARY")]
    yield "avi/positions.avi", riff(b"AVI ", header, lst(b"movi", *(chunk(n, d) for n, d in media)), idx1(media))

    header = lst(b"hdrl", avih(2), lst(b"strl", strh(b"vids", b"mjpg"), video(b"MJPG")), lst(b"strl", strh(b"auds", bytes(4)), SOUND))
    media = [(b"00dc", jpeg(app0)), (b"01wb", b"KEEPME sound")]
    yield "avi/clean.avi", riff(b"AVI ", header, lst(b"movi", *(chunk(n, d) for n, d in media)), idx1(media))
