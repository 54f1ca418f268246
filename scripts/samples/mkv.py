"""Matroska: a film with everything around it, a live recording of unknown size, and a clean file. The blocks are text."""
import struct

from _sound import png, vorbis_comment


def el(ident, *parts):
    data = b"".join(parts)
    raw = struct.pack(">I", ident).lstrip(b"\0")
    size = bytes([0x80 | len(data)]) if len(data) < 127 else struct.pack(">I", 0x10000000 | len(data))
    return raw + size + data


def num(ident, n, width=None):
    raw = struct.pack(">Q", n).lstrip(b"\0") or b"\0"
    return el(ident, raw.rjust(width or len(raw), b"\0"))


def head(kind=b"matroska", *more):
    return el(0x1A45DFA3, num(0x4286, 1), num(0x42F7, 1), num(0x42F2, 4), num(0x42F3, 8), el(0x4282, kind), num(0x4287, 4),
              num(0x4285, 2), *more)


def simple(track, time, data):
    return el(0xA3, bytes([0x80 | track]) + struct.pack(">h", time) + b"\x80" + data)


def group(track, time, data, *more):
    return el(0xA0, el(0xA1, bytes([0x80 | track]) + struct.pack(">h", time) + b"\0" + data), *more)


def track(number, uid, kind, codec, *more):
    return el(0xAE, num(0xD7, number), num(0x73C5, uid), num(0x83, kind), el(0x86, codec), *more)


def attached(name, mime, data, uid):
    return el(0x61A7, el(0x467E, b"CANARY description"), el(0x466E, name), el(0x4660, mime), el(0x465C, data), num(0x46AE, uid))


def tag(name, value):
    return el(0x7373, el(0x63C0), el(0x67C8, el(0x45A3, name), el(0x4487, value)))


VIDEO = el(0xE0, num(0xB0, 16), num(0xBA, 16))
SOUND = el(0xE1, el(0xB5, struct.pack(">f", 8000)), num(0x9F, 1))


def make():
    uid = 0x43414E4152593031  # "CANARY01"
    third = b"\x05vorbisKEEPME setup"
    first = b"\x01vorbis" + struct.pack("<IBIiiiB", 0, 1, 8000, 0, 8000, 0, 0xB8) + b"\x01"
    second = b"\x03vorbis" + vorbis_comment(b"ARTIST=CANARY artist") + b"\x01"
    laced = b"\x02" + bytes([len(first), len(second)]) + first + second + third
    ass = (
        b"[Script Info]\r\n; CANARY program\r\nTitle: CANARY\r\nPlayResX: 640\r\n[Aegisub Project Garbage]\r\n"
        b"Video File: /home/CANARY/film.mkv\r\n[V4+ Styles]\r\nFormat: Name\r\nStyle: KEEPME\r\n[Events]\r\nFormat: Text\r\n"
    )
    tracks = el(
        0x1654AE6B,
        track(1, uid, 1, b"V_VP8", VIDEO, el(0x536E, b"CANARY track name"), el(0x258688, b"CANARY codec")),
        track(2, uid + 1, 2, b"A_VORBIS", SOUND, el(0x63A2, laced), el(0x22B59C, b"ger")),
        track(3, uid + 2, 17, b"S_TEXT/ASS", el(0x63A2, ass)),
        track(4, uid + 3, 17, b"S_TEXT/UTF8", el(0x536E, b"CANARY drone"), el(0x63A2, b"CANARY private")),
    )
    info = el(
        0x1549A966,
        num(0x2AD7B1, 1000000),
        el(0x4489, struct.pack(">f", 2000)),
        el(0x4D80, b"CANARY muxer"),
        el(0x5741, b"CANARY writer"),
        el(0x7BA9, b"CANARY title"),
        el(0x4461, struct.pack(">q", 700000000000000000)),
        el(0x73A4, b"CANARY identifie"),
        el(0x7384, b"CANARY.mkv"),
        el(0x85, b"CANARY in the wrong place"),
    )
    chapters = el(
        0x1043A770,
        el(
            0x45B9,
            num(0x45BC, uid),
            el(
                0xB6,
                num(0x73C4, uid + 9),
                num(0x91, 0),
                el(0x80, el(0x85, b"KEEPME chapter"), el(0x437C, b"eng")),
                el(0x8F, num(0x89, uid + 1)),
                el(0x6944, el(0x6955, b"\x01"), el(0x450D, b"CANARY command")),
            ),
        ),
    )
    attachments = el(
        0x1941A469,
        attached(b"cover CANARY.png", b"image/png", png(), uid + 20),
        attached(b"CANARY.ttf", b"font/ttf", b"CANARY no font at all", uid + 21),
    )
    tags = el(0x1254C367, tag(b"LOCATION", b"CANARY street"), tag(b"_STATISTICS_WRITING_APP", b"CANARY"))
    gps = b"GPS(13.4050,52.5200,19) CANARY"
    cluster = el(
        0x1F43B675,
        num(0xE7, 0),
        num(0xA7, 4000, 4),
        num(0xAB, 100),
        simple(1, 0, b"KEEPME picture"),
        simple(2, 0, b"KEEPME sound"),
        el(0xEC, b"CANARY in a void"),
        group(3, 0, b"0,0,KEEPME", num(0x9B, 1000)),
        group(4, 0, gps, num(0x9B, 1000)),
        simple(9, 0, b"CANARY of a track that is not there"),
        group(1, 40, b"KEEPME more", el(0x75A1, el(0xA6, num(0xEE, 121), el(0xA5, b"CANARY time code"))), el(0x55BF, b"CANARY")),
    )

    def cues(at):
        def point(track):
            return el(0xBB, num(0xB3, 0), el(0xB7, num(0xF7, track), num(0xF1, at, 4)))

        return el(0x1C53BB6B, point(1), point(4))

    def seek(ident, at):
        return el(0x4DBB, el(0x53AB, struct.pack(">I", ident)), num(0x53AC, at, 8))

    void = el(0xEC, b"CANARY of an older title".ljust(60, b"\0"))

    def seeks(*at):
        return el(0x114D9B74, *(seek(i, a) for i, a in zip((0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367), at)))

    def layout(order):
        at, out = {}, 0
        for name, part in order:
            at[name] = out
            out += len(part)
        return at

    order = [("seek", seeks(0, 0, 0, 0)), ("void", void), ("info", info), ("tracks", tracks), ("chapters", chapters),
             ("attachments", attachments), ("tags", tags), ("cluster", cluster), ("cues", cues(0))]
    at = layout(order)
    order[0] = ("seek", seeks(at["info"], at["tracks"], at["cues"], at["tags"]))
    order[-1] = ("cues", cues(at["cluster"]))
    body = b"".join(part for _, part in order) + el(0x1B538667, b"CANARY signature") + el(0x4D4D, b"CANARY unknown")
    size = struct.pack(">Q", 0x0100000000000000 | len(body))
    yield "mkv/everything.mkv", head(b"matroska", el(0xEC, b"CANARY")) + b"\x18\x53\x80\x67" + size + body + b"CANARY behind the end"

    def live(*parts):
        unknown = b"\x01" + b"\xff" * 7
        out = head(b"webm") + b"\x18\x53\x80\x67" + unknown
        return out + parts[0] + b"".join(b"\x1f\x43\xb6\x75" + unknown + p for p in parts[1:])

    small = el(0x1549A966, num(0x2AD7B1, 1000000), el(0x4D80, b"CANARY browser"), el(0x5741, b"CANARY browser"))
    one = el(0x1654AE6B, track(1, uid, 1, b"V_VP8", VIDEO))
    yield "mkv/live.webm", live(
        small + one,
        num(0xE7, 0) + simple(1, 0, b"KEEPME first"),
        num(0xE7, 1000) + simple(1, 0, b"KEEPME second") + el(0xEC, b"CANARY"),
    )
    bare = el(0x1549A966, num(0x2AD7B1, 1000000), el(0x4D80), el(0x5741))
    film = bare + el(0x1654AE6B, track(1, 1, 1, b"V_VP8", VIDEO))
    where = len(film)
    film += el(0x1F43B675, num(0xE7, 0), simple(1, 0, b"KEEPME picture"))
    film += el(0x1C53BB6B, el(0xBB, num(0xB3, 0), el(0xB7, num(0xF7, 1), num(0xF1, where))))
    yield "mkv/clean.mkv", head() + b"\x18\x53\x80\x67" + struct.pack(">Q", 0x0100000000000000 | len(film)) + film
