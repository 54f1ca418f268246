"""An old Excel workbook with secrets in every record that can hold them."""
import struct

import _cfb
from _tiny_png import png
from doc import package

CLSID = bytes.fromhex("20080200000000 00c000000000000046".replace(" ", ""))


def record(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def text(s, wide=False):
    data = s.encode("utf-16-le") if wide else s.encode("latin-1")
    return struct.pack("<HB", len(s), wide) + data


def art(kind, body, version=0, instance=0):
    return struct.pack("<HHI", version | instance << 4, kind, len(body)) + body


def container(kind, *parts, instance=0):
    return art(kind, b"".join(parts), 15, instance)


def picture(data, name="CANARY.png"):
    blip = art(0xF01E, bytes(range(16)) + b"\xff" + data, 0, 0x6E0)
    name = name.encode("utf-16-le")
    head = struct.pack("<BB16sHIIIBBBB", 6, 6, bytes(range(16)), 255, len(blip), 1, 0, 0, len(name), 0, 0)
    return art(0xF007, head + name + blip, 2, 6)


def options(dirty):
    """A picture by number, its file name, the shape's name, its description."""
    values = [("pib", 0x4104, 1, b"")]
    for number, said in ((0x105, "C:\\CANARY\\a.png"), (0x380, "CANARY name"), (0x381, "KEEPME description")):
        if dirty or said.startswith("KEEPME"):
            values.append((said, 0x8000 | number, 0, (said + "\0").encode("utf-16-le")))
    table = b"".join(struct.pack("<HI", i, len(d) if d else v) for _, i, v, d in values)
    return art(0xF00B, table + b"".join(v[3] for v in values), 3, len(values))


def workbook(dirty):
    user = text("CANARY user") if dirty else bytes(3)
    access = user + b" " * (112 - len(user))
    build = b"\x12\x34\xcc\x07" if dirty else b"\xbb\x0d\xcc\x07"
    bof = lambda kind: record(0x809, struct.pack("<HH", 0x600, kind) + build + struct.pack("<II", 0xC1, 0x606))
    strings = [text("KEEPME label"), text("KEEPME größer", True)] + [text("CANARY deleted", True)] * dirty
    group = container(0xF000, art(0xF006, struct.pack("<IIII", 1026, 1, 2, 1)), container(0xF001, picture(png(*[(b"tEXt", b"Author\0CANARY")] * dirty), "CANARY.png" * dirty), instance=1))
    head = [bof(5)]
    if dirty:
        head += [record(0x5B, struct.pack("<HH", 0, 0x1234) + text("CANARY reserver"))]
    head += [record(0x5C, access), record(0x42, struct.pack("<H", 1200))]
    if dirty:
        head += [record(0x1BA, text("CANARYcode")), record(0xD3), record(0x4D, b"\0\0CANARY printer"), record(0x193, b"CANARY user info")]
    head += [record(0x3D, struct.pack("<9H", 0, 0, 9000, 9000, 56, 0, 0, 1, 600))]
    head += [record(0x31, struct.pack("<HHHHHBBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 5, 0) + b"Arial")] * 5
    xf = lambda style: struct.pack("<HHHBBBBIIH", 0, 0, 0xFFF5 if style else 1, 0x20, 0, 0, 0, 0, 0, 0x20C0)
    head += [record(0xE0, xf(i < 15)) for i in range(16)]
    head += [record(0x293, struct.pack("<HBB", 0x8000, 0, 255))]
    path = "\1\1CCANARY\3budget.xls" if dirty else "\1external.xls"
    sheets = struct.pack("<H", 1) + text(path) + text("KEEPME sheet")
    head += [None, record(0x1AE, sheets)]
    if dirty:
        head += [record(0x59, b"\1\0\0\0"), record(0x5A, b"\0\0\0\0CANARY cached cell")]
    head += [record(0xEB, group)]
    if dirty:
        head += [record(0x9999, b"\x99\x99" + b"CANARY of a later version")]
    head += [record(0xFC, struct.pack("<II", 2, len(strings)) + b"".join(strings))]
    head += [record(0xFF, struct.pack("<H", 8) + struct.pack("<IHH", 0, 12, 0)), record(0x0A)]
    if dirty:
        head[-1:-1] = [record(0x876, b"CANARY connection"), record(0x1AD, b"CANARY query"), record(0x13E, b"CANARY log")]
    sheet = lambda at, name, hidden: record(0x85, struct.pack("<IBBBB", at, hidden, 0, len(name), 0) + name)
    last = bof(16) + record(0x0A)
    # The hidden sheet lies in front of the other.
    sheet_head = lambda at: sheet(at + len(last), b"KEEPME", 0) + sheet(at, b"KEEPME hidden", 1)
    # Positions: of the strings, of the sheet.
    strings_at = next(i for i, h in enumerate(head) if h is not None and h[:2] == b"\xfc\0")
    sst = sum(len(h if h is not None else sheet_head(0)) for h in head[:strings_at])
    ext = next(i for i, h in enumerate(head) if h is not None and h[:2] == b"\xff\0")
    head[ext] = record(0xFF, struct.pack("<H", 8) + struct.pack("<IHH", sst + 12, 12, 0))
    start = sum(len(h if h is not None else sheet_head(0)) for h in head)
    head[head.index(None)] = sheet_head(start)
    base = b"".join(head) + last
    start = len(base)

    shape = lambda number, kind, *parts: container(
        0xF004, art(0xF00A, struct.pack("<II", number, 0xA00), 2, kind), *parts, art(0xF010, bytes(18)), art(0xF011, b"")
    )
    first = shape(1025, 75, options(dirty))
    second = shape(1026, 202, art(0xF00B, struct.pack("<HI", 0x80, 1), 3, 1))
    box = art(0xF00D, b"")
    second = struct.pack("<HHI", 15, 0xF004, len(second) - 8 + 8) + second[8:]
    tree_head = container(0xF004, art(0xF009, bytes(16), 1), art(0xF00A, struct.pack("<II", 1024, 5), 2))
    group_len = len(tree_head) + len(first) + len(second) + len(box)
    lead = struct.pack("<HHI", 15, 0xF002, 8 + 8 + 8 + group_len) + art(0xF008, struct.pack("<II", 3, 1026), 0, 1)
    lead += struct.pack("<HHI", 15, 0xF003, group_len) + tree_head
    obj = lambda kind, number: record(
        0x5D,
        struct.pack("<HHHHH", 0x15, 18, kind, number, 0x4011)
        + (b"CANARY12bytes"[:12] if dirty else bytes(12))
        + (struct.pack("<HHHHII", 9, 12, 4, 2, 0, 7) if kind == 8 else b"")
        + (struct.pack("<HH", 0x0D, 22) + (b"CANARY-note-guid" if dirty else bytes(16)) + bytes(6) if kind == 0x19 else b"")
        + bytes(4),
    )
    said = b"CANARY comment" if dirty else b"              "
    rows = [record(0x208, struct.pack("<HHHHHHI", 0, 0, 2, 255, 0, 0, 0x100))]
    cells = [record(0xFD, struct.pack("<HHHI", 0, i, 15, i)) for i in range(2)]
    parts = [bof(16), None, record(0x55, struct.pack("<H", 8)), record(0x200, struct.pack("<IIHHH", 0, 1, 0, 2, 0))]
    if dirty:
        parts += [record(0x1AA, bytes(50)), record(0x1D, b"CANARY view"), record(0x1AB, bytes(2))]
    block = rows + cells
    size = sum(map(len, block))
    block += [record(0xD7, struct.pack("<IHH", size, 0, 0))]
    tail = [record(0xEC, lead + first), obj(8, 1), record(0xEC, second), obj(0x19, 2), record(0xEC, box)]
    tail += [record(0x1B6, struct.pack("<HHIHHHI", 0x212, 0, 0, 0, len(said), 16, 0)[:18]), record(0x3C, b"\0" + said), record(0x3C, bytes(16))]
    author = text("CANARY reviewer") + b"\0" if dirty else text(" ") + b"\0"
    tail += [record(0x1C, struct.pack("<HHHH", 0, 0, 0, 2) + author)]
    if dirty:
        may = struct.pack("<HHQHBIHIHQ", 0x868, 0, 0, 2, 0, 0, 1, 0, 0, 0) + struct.pack("<II", 1, 0) + text("CANARY range") + b"CANARY account"
        tail += [record(0x868, may)]
        link = "C:\\CANARY\\secret.xls"
        file = bytes.fromhex("0303000000000000c000000000000046") + struct.pack("<HI", 0, len(link) + 1) + link.encode() + b"\0"
        std = bytes.fromhex("d0c9ea79f9bace118c8200aa004ba90b")
        tail += [record(0x1B8, struct.pack("<HHHH", 0, 0, 0, 0) + std + struct.pack("<II", 2, 3) + file)]
    tail += [record(0x23E, struct.pack("<HHHHIHHI", 0x6B6, 0, 0, 64, 0, 0, 0, 0)), record(0x0A)]
    index = lambda columns, block: record(0x20B, struct.pack("<IIIII", 0, 0, 1, columns, block))
    at = start + len(parts[0]) + len(index(0, 0))
    parts[1] = index(at, start + sum(len(p) for p in parts if p is not None) + len(index(0, 0)) + size)
    return base + b"".join(parts + block + tail) + (b"\0\0\0\0CANARY behind the last sheet" if dirty else b"")


def make():
    tree = _cfb.documents({"Workbook": workbook(True), "User Names": b"CANARY names", "Revision Log": b"CANARY log"})
    tree["MBD00000007"] = package(True)
    tree["MBD00000008"] = {"\1Ole10Native": b"CANARY that no sheet shows"}
    tree["_VBA_PROJECT_CUR"] = tree.pop("Macros")
    yield "xls/table.xls", _cfb.compound(tree, CLSID)
    yield "xls/clean.xls", _cfb.compound({"Workbook": workbook(False), "MBD00000007": package(False)}, CLSID, dirty=False)
