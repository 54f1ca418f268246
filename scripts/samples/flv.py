"""FLV: a film with scripts that tell and an index of key pictures, and a clean file."""
import struct


def text(value):
    return struct.pack(">H", len(value)) + value


def number(n):
    return b"\0" + struct.pack(">d", n)


def string(value):
    return b"\x02" + text(value)


def fields(*pairs):
    return b"".join(text(name) + value for name, value in pairs) + b"\0\0\x09"


def array(*pairs):
    return b"\x08" + struct.pack(">I", len(pairs)) + fields(*pairs)


def strict(*values):
    return b"\x0a" + struct.pack(">I", len(values)) + b"".join(values)


def tag(kind, time, body, stream=b"\0\0\0", back=None):
    head = bytes([kind]) + struct.pack(">I", len(body))[1:] + struct.pack(">I", time)[1:] + b"\0" + stream
    return head + body + struct.pack(">I", 11 + len(body) if back is None else back)


def flv(tags, flags=5, more=b""):
    return b"FLV\x01" + bytes([flags]) + struct.pack(">I", 9 + len(more)) + more + bytes(4) + b"".join(tags)


def make():
    media = [tag(9, 0, b"\x12KEEPME one"), tag(8, 10, b"\x22KEEPME sound"), tag(9, 40, b"\x12KEEPME two", b"CAN", 7)]

    def described(places, size):
        return tag(18, 0, string(b"onMetaData") + array(
            (b"duration", number(2)), (b"width", number(16)), (b"creationdate", string(b"CANARY date")),
            (b"metadatacreator", string(b"CANARY tool")), (b"filesize", number(size)), (b"stereo", b"\x01\x01"),
            (b"made", b"\x0b" + struct.pack(">dH", 1.7e12, 0)),
            (b"keyframes", b"\x03" + fields((b"filepositions", strict(*map(number, places))), (b"times", strict(number(0), number(0.04))))),
            (b"CANARY key", number(1)),
        ))
    xmp = tag(18, 0, string(b"onXMPData") + array((b"liveXML", string(b"<x:xmpmeta>CANARY</x:xmpmeta>"))))
    cue = tag(18, 20, string(b"onCuePoint") + array((b"name", string(b"CANARY cue"))))
    odd = tag(3, 0, b"CANARY of an unknown kind")
    more = b"CANARY"
    start = 13 + len(more) + len(described([0, 0], 0)) + len(xmp)
    places = [start, start + len(media[0]) + len(media[1]) + len(cue)]
    whole = flv([described(places, 1), xmp, media[0], media[1], cue, media[2], odd], 0xF5, more)
    yield "flv/everything.flv", whole + b"CANARY"
    yield "flv/clean.flv", flv([tag(9, 0, b"\x12KEEPME one"), tag(8, 10, b"\x22KEEPME sound")])
