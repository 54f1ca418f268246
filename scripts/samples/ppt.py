"""An old PowerPoint presentation that was saved twice into the same file, with secrets in every record that can hold them."""
import struct
import zlib

import _cfb
from _tiny_png import png
from doc import package

CLSID = bytes.fromhex("108d81649b4fcf1186ea00aa00b929e8")
DOCUMENT, SLIDE, DELETED, MASTER, OBJECT = 1, 2, 3, 4, 5


def record(kind, body=b"", version=0, instance=0):
    return struct.pack("<HHI", version | instance << 4, kind, len(body)) + body


def container(kind, *parts, instance=0):
    return record(kind, b"".join(parts), 15, instance)


def string(text, instance=0):
    return record(0xFBA, text.encode("utf-16-le"), 0, instance)


def blip(*notes):
    return record(0xF01E, bytes(range(16)) + b"\xff" + png(*notes), 0, 0x6E0)


def entry(at, size, name):
    """A picture that lies in the stream of pictures. [MS-ODRAW 2.2.32]"""
    name = name.encode("utf-16-le")
    body = struct.pack("<BB16sHIIIBBBB", 6, 6, bytes(range(16)), 255, size, 1, at, 0, len(name), 0, 0) + name
    return record(0xF007, body, 2, 6)


def options(dirty):
    said = [(0x4104, 1, b"")]
    if dirty:
        said += [(0x8105, 0, "C:\\CANARY\\a.png\0".encode("utf-16-le")), (0x8380, 0, "CANARY name\0".encode("utf-16-le"))]
    said += [(0x8381, 0, "KEEPME description\0".encode("utf-16-le"))]
    table = b"".join(struct.pack("<HI", i, len(d) if d else v) for i, v, d in said)
    return record(0xF00B, table + b"".join(d for *_, d in said), 3, len(said))


def drawing(number, text, dirty):
    first = number * 1024
    top = container(0xF004, record(0xF009, bytes(16), 1), record(0xF00A, struct.pack("<II", first, 5), 2))
    box = container(0xF00D, record(0xF9F, struct.pack("<I", 4)), record(0xFA8, text.encode()))
    anchor = record(0xF010, struct.pack("<HHHH", 100, 100, 2000, 1000))
    shape = container(0xF004, record(0xF00A, struct.pack("<II", first + 1, 0xA00), 2, 75), options(dirty), anchor, box)
    head = record(0xF008, struct.pack("<II", 2, first + 1), 0, number)
    return container(0x40C, container(0xF002, head, container(0xF003, top, shape)))


def tags(name, *data):
    return container(0x138A, string(name), record(0x138B, b"".join(data)))


def slide(number, text, dirty):
    atom = record(0x3EF, struct.pack("<I8sIIHH", 16, bytes(8), 0x80000000, 0, 7, 0), 2)
    show = record(0x3F9, struct.pack("<IIBBHBBBB", 0, 0, 0, 0, 4, 0, 0, 0, 0))
    parts = [atom, show, drawing(number, text, dirty), record(0x7F0, bytes(32), 0, 1)]
    if dirty:
        comment = container(0x2EE0, string("CANARY reviewer"), string("CANARY comment", 1), string("CAN", 2), record(0x2EE1, b"CANARY in its head, 28 bytes"))
        text = record(0x1389, string("CANARYTAG") + string("CANARY value", 1), 15)
        parts.append(container(0x1388, tags("___PPT10", comment, record(0x2EEB, b"CANARY!!")), text, tags("CANARY", b"CANARY data")))
        parts.append(record(0x40E, b"PK CANARY theme of later versions"))
    return container(0x3EE, *parts)


def master():
    return container(0x3F8, record(0x3EF, bytes(24), 2), record(0x7F0, bytes(32), 0, 1))


def document(slides, places, dirty):
    size = struct.pack("<iiii", 5760, 4320, 4320, 5760)
    atom = record(0x3E9, size + struct.pack("<iiIIHH", 1, 2, 0, 0, 1, 0) + b"\0\0\0\1", 1)
    face = "Arial\0".encode("utf-16-le")
    face += (b"CANARY that was in memory " * 3 if dirty else bytes(64))[: 64 - len(face)]
    fonts = container(0x7D5, record(0xFB7, face + b"\0\0\4\0", 0, 0))
    entries = [entry(at, size, "CANARY.png" * dirty) for at, size in places]
    group = container(0xF000, record(0xF006, struct.pack("<IIIIII", 4096, 2, 4, 2, 2, 2)), container(0xF001, *entries, instance=len(entries)))
    persist = lambda ref, number: record(0x3F3, struct.pack("<IIiII", ref, 4, 1, number, 0))
    link = [record(0xFD3, struct.pack("<I", 1)), string("KEEPME link")]
    link += [string("C:\\CANARY\\budget.ppt", 1)] if dirty else []
    held = [record(0xFCD, bytes(8)), record(0xFC3, struct.pack("<IIIIII", 1, 0, 2, 0, OBJECT, 0), 1), string("KEEPME object", 1)]
    objects = [record(0x40A, struct.pack("<I", 3)), container(0xFD7, *link), container(0xFCC, *held)]
    sound = [string("KEEPME.wav")]
    if dirty:
        objects.append(container(0x1006, record(0x1005, b"".join([record(0x1004, bytes(8)), string("C:\\CANARY\\film.avi")]), 15)))
    outline = [persist(SLIDE, 256), record(0xF9F, struct.pack("<I", 0)), record(0xFA8, b"KEEPME outline")]
    if DELETED in slides:
        outline += [persist(DELETED, 257)]
    footers = container(0xFD9, record(0xFDA, struct.pack("<HH", 0, 0x20)), string("KEEPME footer", 2), instance=3)
    parts = [atom, container(0x409, *objects), container(0x3F2, fonts), container(0x7E4, record(0x7E5, bytes(4)), container(0x7E6, *sound)), container(0x40B, group)]
    parts += [container(0xFF0, persist(MASTER, 0x80000000), instance=1), footers, container(0xFF0, *outline)]
    bullet = record(0x7F9, b"\6" + (b"C" if dirty else b"\0") + blip(*[(b"tEXt", b"Author\0CANARY")] * dirty) + b"CANARY" * dirty)
    later = tags("___PPT9", container(0x7F8, bullet))
    if not dirty:
        parts.append(container(0x7D0, container(0x1388, later)))
    if dirty:
        parts += [container(0x3FF, record(0x400, b"CANARY macros")), record(0x406, b"CANARY routing slip"), container(0x402, record(0x1389, b"CANARY bookmark"))]
        info = container(0x1388, tags("___PPT10", string("CANARY copyright", 1), string("CANARY keywords", 2)), tags("___PPT9", record(0x177B, b"CANARY web")), later)
        parts.append(container(0x7D0, info))
    return container(0x3E8, *parts, record(0x3EA))


def presentation(dirty):
    pictures = blip(*[(b"tEXt", b"Author\0CANARY")] * dirty)
    places = [(0, len(pictures))]
    if dirty:
        pictures += b"CANARY between pictures"
        unused = blip((b"tEXt", b"Comment\0CANARY deleted"))
        places.append((len(pictures), len(unused)))
        pictures += unused
    file = _cfb.compound(package(dirty), bytes(16), dirty)
    storage = record(0x1011, struct.pack("<I", len(file)) + zlib.compress(file, 9), 0, 1)
    stream, where = bytearray(b"CANARY in front" if dirty else b""), {}

    def lay(number, body):
        where[number] = len(stream)
        stream.extend(body)

    def save(numbers, last):
        runs = b"".join(struct.pack("<II", n | 1 << 20, where[n]) for n in numbers)
        if numbers == [1, 2, 4, 5]:
            runs = struct.pack("<III", 1 | 2 << 20, where[1], where[2]) + struct.pack("<III", 4 | 2 << 20, where[4], where[5])
        at = len(stream)
        stream.extend(record(0x1772, runs))
        here = len(stream)
        unused = b"CA" if dirty else bytes(2)
        stream.extend(record(0xFF5, struct.pack("<IHBBIIIIH", 256, 0, 0, 3, last, at, DOCUMENT, 5, 1) + unused))
        return here

    last = 0
    if dirty:
        lay(DOCUMENT, document({SLIDE, DELETED}, places, True))
        lay(SLIDE, slide(2, "CANARY as the slide was", True))
        lay(DELETED, slide(3, "CANARY deleted slide", True))
        lay(MASTER, master())
        lay(OBJECT, storage)
        last = save([1, 2, 3, 4, 5], 0)
        stream.extend(b"CANARY between savings")
        lay(DOCUMENT, document({SLIDE}, places, True))
        lay(SLIDE, slide(2, "KEEPME slide", True))
        last = save([1, 2], last)
    else:
        for number, body in ((DOCUMENT, document({SLIDE}, places, False)), (SLIDE, slide(2, "KEEPME slide", False)), (MASTER, master()), (OBJECT, storage)):
            lay(number, body)
        last = save([1, 2, 4, 5], 0)
    name = b"CANARY user" if dirty else b""
    body = struct.pack("<IIIHHBBH", 20, 0xE391C05F, last, len(name), 0x3F4, 3, 0, 0x4143 if dirty else 0)
    user = record(0xFF6, body + name + struct.pack("<I", 8) + (name.decode().encode("utf-16-le")))
    return {"PowerPoint Document": bytes(stream), "Current User": user, "Pictures": pictures}


def make():
    yield "ppt/show.ppt", _cfb.compound(_cfb.documents(presentation(True)), CLSID)
    yield "ppt/clean.ppt", _cfb.compound(presentation(False), CLSID, dirty=False)
