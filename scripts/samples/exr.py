"""OpenEXR: owner, time, place, camera, preview and a studio's own attributes; a gap; two parts; a clean picture."""
import struct


def attribute(name, kind, value):
    return name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value


def text(name, value):
    return attribute(name, b"string", value)


def needed(height, reserved=b"\0\0\0", channel=b"Y"):
    window = struct.pack("<4i", 0, 0, 3, height - 1)
    channels = channel + b"\0" + struct.pack("<I", 1) + b"\0" + reserved + struct.pack("<II", 1, 1) + b"\0"
    return [
        attribute(b"channels", b"chlist", channels), attribute(b"compression", b"compression", b"\0"),
        attribute(b"dataWindow", b"box2i", window), attribute(b"displayWindow", b"box2i", window),
        attribute(b"lineOrder", b"lineOrder", b"\0"), attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
        attribute(b"screenWindowCenter", b"v2f", bytes(8)), attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1)),
    ]


def lines(at, height, gap=b"", part=None):
    table, chunks = b"", b""
    for y in range(height):
        chunks += gap
        table += struct.pack("<Q", at + 8 * height + len(chunks))
        chunks += (b"" if part is None else struct.pack("<I", part)) + struct.pack("<iI", y, 8) + bytes([y, 0x3C] * 4)
    return table, chunks


def exr(attributes, height, gap=b"", tail=b""):
    head = struct.pack("<II", 20000630, 2) + b"".join(attributes) + b"\0"
    table, chunks = lines(len(head), height, gap)
    return head + table + chunks + tail


SECRETS = [
    text(b"owner", b"CANARY person"), text(b"capDate", b"2021:05:06 CANARY"), attribute(b"longitude", b"float", struct.pack("<f", 8.5)),
    text(b"cameraSerialNumber", b"CANARY-1234"), attribute(b"preview", b"preview", struct.pack("<II", 1, 2) + b"CANARY!!"),
    attribute(b"studio:shot", b"CANARYtype", b"CANARY"), text(b"comments", b"CANARY"),
]


def parts():
    start = struct.pack("<II", 20000630, 2 | 0x1000)
    head = b""
    for i in range(2):
        more = [text(b"name", b"layer %d" % i), text(b"type", b"scanlineimage"), attribute(b"chunkCount", b"int", struct.pack("<I", 3))]
        head += b"".join(needed(3) + more + SECRETS[:1]) + b"\0"
    head = start + head + b"\0"
    tables, chunks = b"", b""
    for i in range(2):
        table, data = lines(len(head) + 24 + len(chunks), 3, part=i)
        tables, chunks = tables + table, chunks + data
    return head + tables + chunks


def make():
    yield "exr/everything.exr", exr(needed(3, b"CAN") + SECRETS, 3, b"CANARY gap", b"CANARY behind")
    yield "exr/parts.exr", parts()
    yield "exr/clean.exr", exr(needed(3), 3)
