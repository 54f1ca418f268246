"""ASF: a film with every object that tells, a song with a cover picture and loudness, and a clean file."""
import struct
import uuid

from _sound import png


def guid(text):
    return uuid.UUID(text).bytes_le


HEADER = guid("75b22630-668e-11cf-a6d9-00aa0062ce6c")
DATA = guid("75b22636-668e-11cf-a6d9-00aa0062ce6c")
FILE = guid("8cabdca1-a947-11cf-8ee4-00c00c205365")
STREAM = guid("b7dc0791-a9b7-11cf-8ee6-00c00c205365")
EXTENSION = guid("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
EXTENSION_IS = guid("abd3d211-a9ba-11cf-8ee6-00c00c205365")
EXTENDED_STREAM = guid("14e6a5cb-c672-4332-8399-a96952065b5a")
LANGUAGES = guid("7c4346a9-efe0-4bfc-b229-393ede415c85")
METADATA = guid("c5f8cbea-5baf-4877-8467-aa8c44fa4cca")
LIBRARY = guid("44231c94-9498-49d1-a141-1d134e457054")
CONTENT = guid("75b22633-668e-11cf-a6d9-00aa0062ce6c")
EXTENDED_CONTENT = guid("d2d0a440-e307-11d2-97f0-00a0c95ea850")
CODECS = guid("86d15240-311d-11d0-a3a4-00a0c90348f6")
SCRIPT = guid("1efb1a30-0b62-11d0-a39b-00a0c90348f6")
MARKERS = guid("f487cd01-a951-11cf-8ee6-00c00c205365")
BITRATES = guid("7bf875ce-468d-11d1-8d82-006097c9a2b2")
PADDING = guid("1806d474-cadf-4509-a4ba-9aabcb96aae8")
SIMPLE_INDEX = guid("33000890-e5b1-11cf-89f4-00a0c90349cb")
AUDIO = guid("f8699e40-5b4d-11cf-a8fd-00805f5c442b")
VIDEO = guid("bc19efc0-5b4d-11cf-a8fd-00805f5c442b")
NO_CORRECTION = guid("20fb5700-5b55-11cf-a8fd-00805f5c442b")

ID = b"CANARYfile-id-16"
NO_DATE = 116444736000000000
PACKET = 128


def obj(kind, body):
    return kind + struct.pack("<Q", 24 + len(body)) + body


def u16(text):
    return (text + "\0").encode("utf-16-le")


def file_properties(identifier, created, packets, size=0):
    return obj(FILE, identifier + struct.pack("<QQQQQQIIII", size, created, packets, 20000000, 20000000, 0, 2, PACKET, PACKET, 64000))


def stream(kind, number, config, reserved=0):
    return obj(STREAM, kind + NO_CORRECTION + struct.pack("<QIIHI", 0, len(config), 0, number, reserved) + config)


SOUND = stream(AUDIO, 1, struct.pack("<HHIIHHH", 0x161, 1, 8000, 1000, 64, 16, 0))
BITMAP = struct.pack("<IiiHH4sIiiII", 40, 16, 16, 1, 24, b"WMV2", 768, 0, 0, 0, 0)


def pictures(reserved=0):
    return stream(VIDEO, 2, struct.pack("<IIBH", 16, 16, 2, 40) + BITMAP, reserved)


def extended(names=b"", count=0, inner=b""):
    fixed = struct.pack("<QQIIIIIIIIHHQ", 0, 0, 64000, 1000, 0, 64000, 1000, 0, 128, 0, 2, 0, 400000)
    return obj(EXTENDED_STREAM, fixed + struct.pack("<HH", count, 0) + names + inner)


def extension(*objects, reserved=EXTENSION_IS):
    body = b"".join(objects)
    return obj(EXTENSION, reserved + struct.pack("<HI", 6, len(body)) + body)


def packet(payload, behind):
    # Error correction of two bytes, a padding length of one byte, one payload of stream 1.
    head = b"\x82\0\0" + b"\x08\x5d" + bytes([len(behind)]) + struct.pack("<IH", 0, 100)
    body = b"\x81\0" + struct.pack("<IB", 0, 8) + struct.pack("<II", len(payload), 0) + payload
    return head + body.ljust(PACKET - len(head) - len(behind), b"\0") + behind


def attributes(*values):
    out = struct.pack("<H", len(values))
    for name, kind, value in values:
        name = u16(name)
        out += struct.pack("<H", len(name)) + name + struct.pack("<HH", kind, len(value)) + value
    return out


def scoped(*values):
    out = struct.pack("<H", len(values))
    for stream, name, kind, value in values:
        name = u16(name)
        out += struct.pack("<HHHHI", 0, stream, len(name), kind, len(value)) + name + value
    return out


def asf(objects, packets, identifier, more=b"", size=True):
    def whole(n):
        parts = [o(n) if callable(o) else o for o in objects]
        body = b"".join(parts)
        header = HEADER + struct.pack("<QI", 30 + len(body), len(parts)) + b"\x01\x02" + body
        data = DATA + struct.pack("<Q", 50 + len(packets)) + identifier + struct.pack("<Q", len(packets) // PACKET) + b"\x01\x01" + packets
        return header + data + more
    return whole(len(whole(0)) if size else 0)


def index(identifier):
    return obj(SIMPLE_INDEX, identifier + struct.pack("<QII", 10000000, 1, 2) + struct.pack("<IHIH", 0, 1, 1, 1))


def make():
    packets = packet(b"KEEPME one", b"CANARY unused") + packet(b"KEEPME two", bytes(20))
    content = [u16(t) for t in ("CANARY title", "CANARY author", "CANARY rights", "CANARY story", "CANARY rating")]
    codec = u16("CANARY codec name")
    marker = u16("First")
    text = u16("CANARY name of the list")
    markers = bytes(16) + struct.pack("<IHH", 1, 0, len(text)) + text
    markers += struct.pack("<QQHIII", 0, 10000000, 12 + len(marker), 0, 0, len(marker) // 2) + marker
    names = u16("CANARY stream name")
    everything = asf(
        [
            lambda n: file_properties(ID, 133500000000000000, 2, n),
            SOUND,
            pictures(0x41434E43),
            extension(
                extended(struct.pack("<HH", 0, len(names)) + names, 1),
                obj(LANGUAGES, struct.pack("<HB", 1, 12) + u16("en-us")),
                obj(METADATA, scoped((2, "AspectRatioX", 3, struct.pack("<I", 1)), (0, "WM/CANARY", 0, u16("CANARY value")))),
                obj(LIBRARY, scoped((0, "WM/GPSLatitude", 0, u16("CANARY 37.77")))),
                obj(PADDING, b"CANARY in unused space"),
                reserved=b"CANARY reserved!",
            ),
            obj(CONTENT, struct.pack("<5H", *map(len, content)) + b"".join(content)),
            obj(EXTENDED_CONTENT, attributes(("WM/ToolName", 0, u16("CANARY tool")), ("CANARY", 0, u16("x")))),
            obj(CODECS, bytes(16) + struct.pack("<IHH", 1, 1, len(codec) // 2) + codec + struct.pack("<HH", 0, 0)),
            obj(SCRIPT, bytes(16) + b"CANARY address"),
            obj(MARKERS, markers + b"CANARY behind"),
            obj(BITRATES, struct.pack("<HHI", 1, 1, 64000) + b"CANARY"),
            obj(b"CANARY unknown!!", b"CANARY"),
        ],
        packets, ID, index(ID) + obj(b"CANARY unknown!!", b"CANARY"))
    yield "asf/everything.wmv", everything + b"CANARY behind the end"

    cover = png()
    picture = b"\x03" + struct.pack("<I", len(cover)) + u16("image/png") + u16("CANARY description") + cover
    song = asf(
        [
            file_properties(ID, 0, 1),
            SOUND,
            obj(EXTENDED_CONTENT, attributes(
                ("WM/Picture", 1, picture),
                ("replaygain_track_gain", 0, u16("-6.20 dB")),
                ("WM/AlbumTitle", 0, u16("CANARY album")),
            )),
            extension(),
        ],
        packet(b"KEEPME", bytes(20)), ID)
    yield "asf/song.wma", song

    clean = asf([lambda n: file_properties(bytes(16), NO_DATE, 1, n), SOUND, extension(extended(inner=pictures()))],
                packet(b"KEEPME", bytes(20)), bytes(16), index(bytes(16)))
    yield "asf/clean.wmv", clean
