"""An old Word document, as if saved the fast way, with secrets in every structure that can hold them."""
import struct

import _cfb
from _tiny_png import png

CLSID = bytes.fromhex("0609020000000000c000000000000046")
TEXT = 1536
WORDS, COUNT = 154, 136


def sprm(kind, operand):
    return struct.pack("<H", kind) + operand


def word(n):
    return struct.pack("<H", n)


def long(n):
    return struct.pack("<I", n)


SPECIAL = sprm(0x0855, b"\1")


def art(kind, body, version=0, instance=0):
    return struct.pack("<HHI", version | instance << 4, kind, len(body)) + body


def picture(data, dirty, said="KEEPME description"):
    """A picture in line with the text, with the path of its file. [MS-DOC 2.9.191]"""
    path = b"C:\\CANARY\\picture.png"[:21] if dirty else b"x" * 21
    blip = art(0xF01E, bytes(range(16)) + b"\xff" + data, 0, 0x6E0)
    wide = lambda text: (text + "\0").encode("utf-16-le")
    values = [(0x4104, 1, b"")]
    if dirty:
        values += [(0x8105, 0, wide("C:\\CANARY\\a.png")), (0x8380, 0, wide("CANARY shape"))]
    values += [(0x8381, 0, wide(said))]
    options = b"".join(struct.pack("<HI", i, len(d) if d else v) for i, v, d in values) + b"".join(d for *_, d in values)
    shape = art(0xF004, art(0xF00A, struct.pack("<II", 1025, 0xA00), 2, 75) + art(0xF00B, options, 3, len(values)), 15)
    label = "CANARY.png".encode("utf-16-le") if dirty else b""
    entry = struct.pack("<BB16sHIIIBBBB", 6, 6, bytes(range(16)), 255, len(blip), 1, 0, 0, len(label), 0, 0)
    body = bytes([len(path)]) + path + shape + art(0xF007, entry + label + blip, 2, 6)
    head = struct.pack("<HHHHH", 68, 0x66, 1000, 1000, 0) + bytes(4) + (b"CANA" if dirty else bytes(4))
    head += bytes(2) + (b"RY12" if dirty else bytes(4)) + struct.pack("<HHHHHH", 1440, 1440, 1000, 1000, 0, 0)
    head += bytes(68 - 4 - len(head))
    return long(4 + len(head) + len(body)) + head + body


def link(path, dirty):
    """The data of a link, which may be to a file. [MS-DOC 2.9.172]"""
    body = b"\x08" + bytes(16) + (path if dirty else "x").encode("utf-16-le") + bytes(2)
    head = word(68) + (b"CANARY in the unused head" if dirty else b"")
    return long(68 + len(body)) + head + bytes(64 - len(head)) + body


def texts(values, extra=0):
    """A table of texts. [MS-DOC 2.2.4]"""
    out = struct.pack("<HHH", 0xFFFF, len(values), extra)
    return out + b"".join(word(len(v)) + v.encode("utf-16-le") + bytes(extra) for v in values)


def styles(dirty):
    base = struct.pack("<HHHHH", 0, 1 | 0xFFF << 4, 2, 0, 0) + word(0) + (b"CANA" if dirty else bytes(4)) + word(0)
    name = "Normal"
    style = base + word(len(name)) + name.encode("utf-16-le") + bytes(2) + word(2) + word(0)
    chars = sprm(0x4A43, word(24)) + (sprm(0x6815, b"CANA") if dirty else b"")
    style += word(len(chars)) + chars
    style = style[:6] + word(len(style)) + style[8:]
    head = struct.pack("<HHHHHH", 15, 18, 1, 91, 15, 0) + struct.pack("<HHH", 0, 0, 0)
    return word(len(head)) + head + word(len(style)) + style + word(0) * 14


def fonts():
    font = struct.pack("<BHBB", 0x16, 400, 0, 0) + bytes(10 + 24) + "Times New Roman\0".encode("utf-16-le")
    return struct.pack("<HH", 1, 0) + bytes([len(font)]) + font


def lists(dirty):
    """One list with one level, and its use."""
    mark = "·"
    head = struct.pack("<I", 0x43414E41 if dirty else 1) + (b"CANA" if dirty else bytes(4)) + b"\xff\x0f" * 9 + bytes([1, 0])
    level = long(1) + bytes([23, 0]) + bytes(9) + b"\0" + bytes(4) + (b"CANA" if dirty else bytes(4)) + bytes(4)
    level += word(1) + mark.encode("utf-16-le")
    use = long(0x43414E41 if dirty else 1) + (b"CANARY!!" if dirty else bytes(8)) + bytes(4)
    return word(1) + head, level, long(1) + use + b"\xff" * 4


def properties(dirty):
    """The properties of the document. [MS-DOC 2.7]"""
    dop = bytearray(694)
    dop[0:12] = struct.pack("<HHHHHH", 0x12, 0x7, 0, 0, 0, 720)
    if dirty:
        for at in (20, 38, 56, 426, 438, 446, 454, 480, 562, 674):
            dop[at : at + 8] = b"CANARYxx"
        dop[32:34], dop[34:38], dop[78:82], dop[590:594] = b"\7\0", b"\5\0\0\0", b"CANA", b"CANA"
    return bytes(dop)


def document(dirty):
    secret = b"CANARY deleted text of an earlier saving, still in the file. "
    # The text, in runs of letters and properties; an old piece in between that nothing refers to.
    shown = sprm(0x6A03, long(0)) + SPECIAL
    number = 1402837031 if dirty else 1
    code = ' INCLUDEPICTURE "C:\\CANARY\\field.png" ' if dirty else ' INCLUDEPICTURE "x:\\xxxxxx\\xxxxx.xxx" '
    telling = sprm(0x6815, b"CANA") + sprm(0x4804, word(1)) + sprm(0x6805, b"CANA") if dirty else b""
    data = picture(png(*[(b"tEXt", b"Author\0CANARY")] * dirty), dirty)
    address = len(data)
    data += link("C:\\CANARY\\target.doc", dirty)
    second = len(data)
    main = [("KEEPME first", telling), ("\5", SPECIAL)] if dirty else [("KEEPME first", b"")]
    main += [("\x13", SPECIAL), (code, b""), ("\x14", SPECIAL), ("KEEPME result", b""), ("\x15", SPECIAL)]
    main += [("\x13", SPECIAL), (" HYPERLINK ", b""), ("\1", sprm(0x6A03, long(address)) + sprm(0x0806, b"\1") + SPECIAL)]
    main += [("\x14", SPECIAL), ("KEEPME link", b""), ("\x15", SPECIAL), ("\1", shown)]
    main += [("\x13", SPECIAL), (" EMBED Package ", b""), ("\x14", SPECIAL)]
    main += [("\1", sprm(0x6A03, long(number)) + sprm(0x080A, b"\1") + SPECIAL), ("\x15", SPECIAL)]
    main += [("KEEPME hidden", sprm(0x083C, b"\1")), ("\r", b"")]
    wide = [("KEEPME größer\r", b"")]
    comment = [("\5", SPECIAL), ("CANARY comment\r", b"")] if dirty else []
    runs, stream = [], bytearray(TEXT)
    pieces, letters = [], 0

    def lay(part, width, counts=True):
        nonlocal letters
        at = len(stream)
        for said, chars in part:
            here = len(stream)
            stream.extend(said.encode("utf-16-le") if width == 2 else said.encode("cp1252"))
            runs.append((here, len(stream), chars))
        if counts:
            length = sum(len(said) for said, _ in part)
            pieces.append((letters, letters + length, at if width == 2 else at * 2 | 0x40000000))
            letters += length

    lay(main, 1)
    if dirty:
        lay([(secret.decode(), sprm(0x6A03, long(second)) + SPECIAL)], 1, False)
        data += picture(png((b"tEXt", b"Comment\0CANARY deleted picture")), True, "CANARY of a deleted picture") + b"CANARY behind the pictures"
    stream.extend(bytes(len(stream) % 2))
    start = len(stream)
    lay(wide, 2)
    lay(comment + [("\r", b"")] * dirty, 1)
    if not dirty:
        pieces = [p for p in pieces if p[0] != p[1]]
    end = len(stream)
    in_main = sum(len(s) for s, _ in main + wide)

    def page(entries, step):
        """A page of properties: [MS-DOC 2.9.33, 2.9.174]"""
        out = bytearray((b"CANARY in a page of properties " * 17)[:512]) if dirty else bytearray(512)
        bounds = [e[0] for e in entries] + [entries[-1][1]]
        table = 4 * len(bounds)
        out[:table] = struct.pack(f"<{len(bounds)}I", *bounds)
        out[table : table + step * len(entries)] = bytes(step * len(entries))
        at, known = 510, {b"": 0}
        for i, (*_, chars) in enumerate(entries):
            if chars not in known:
                at = (at - len(chars)) // 2 * 2
                out[at : at + len(chars)] = chars
                if len(chars) % 2 and step == 1 and at + len(chars) < 511:
                    out[at + len(chars)] = 0 if not dirty else ord("C")
                known[chars] = at // 2
            out[table + step * i] = known[chars]
        out[511] = len(entries)
        return bytes(out)

    # Every byte of the text belongs to a run.
    whole = []
    for here, past, chars in runs:
        if whole and whole[-1][1] != here:
            whole[-1] = (whole[-1][0], here, whole[-1][2])
        whole.append((here, past, bytes([len(chars)]) + chars if chars else b""))
    stream.extend(bytes(-len(stream) % 512))
    chars_page = len(stream) // 512
    stream.extend(page(whole, 1))
    rsid = sprm(0x6467, b"CANA") if dirty else b""
    style = word(0) + rsid
    pars = b"\0" + bytes([len(style) // 2]) + style
    stream.extend(page([(TEXT, start, pars), (start, end, pars)], 13))
    section_at = len(stream)
    section = sprm(0xB01F, word(11906)) + (sprm(0x703A, b"CANA") if dirty else b"")
    stream.extend(word(len(section)) + section)
    if dirty:
        stream.extend(b"CANARY behind everything")

    table = bytearray(b"CANARY at the start of the table" if dirty else b"")
    where = {}

    def put(index, body, more=b""):
        where[index] = (len(table), len(body))
        table.extend(body + more + (b"CANARY gap" if dirty else b""))

    pcd = b"".join(word(0) + long(at) + word(0) for *_, at in pieces)
    bounds = [p[0] for p in pieces] + [pieces[-1][1]]
    plc = struct.pack(f"<{len(bounds)}I", *bounds) + pcd
    head, level, use = lists(dirty)
    put(1, styles(dirty))
    put(6, struct.pack("<II", 0, in_main) + struct.pack("<HIHI", 0, section_at, 0, 0))
    put(12, struct.pack("<III", TEXT, end, chars_page))
    put(13, struct.pack("<III", TEXT, end, chars_page + 1))
    put(15, fonts())
    put(31, properties(dirty))
    put(33, b"\2" + long(len(plc)) + plc)
    put(73, head, level)
    put(74, use)
    put(32, texts(["", "C:\\CANARY\\template.dot", "CANARY title", "", "", "", "CANARY author", "CANARY last"] + [""] * 10 if dirty else [""] * 18))
    put(51, texts(["Unknown", "CANARY reviewer"] if dirty else ["Unknown"]))
    if dirty:
        place = len("KEEPME first")
        initials = word(3) + "CAN".encode("utf-16-le") + bytes(12)
        put(4, struct.pack("<II", place, in_main) + initials + word(0) + b"CANA" + long(0xFFFFFFFF))
        put(5, struct.pack("<III", 0, len("\5CANARY comment\r"), len("\5CANARY comment\r") + 1))
        put(36, word(14) + "CANARY comment".encode("utf-16-le"))
        put(0, b"CANARY old styles")
        put(24, b"CANARY commands")
        put(27, b"CANARY driver")
        put(30, b"CANARY window")
        put(35, "C:\\CANARY\\autosave.asd".encode("utf-16-le"))
        put(49, b"CANARY unused")
        put(60, texts(["CANARY variable"], 4) + texts(["CANARY value"]))
        put(70, b"CANARY routing slip")
        put(71, texts(["CANARY saved by", "C:\\CANARY\\letter.doc"]))
        put(72, texts(["C:\\CANARY\\part.doc"]))
        put(92, b"CANARY user")
        put(94, texts(["CANARY message", "CANARY thread"]))
        put(95, b"CANARY list templates")
        put(97, b"CANARY envelope")
        put(112, b"CANARY times of comments")
        put(113, b"CANARY rsids")
        put(127, b"CANARY mail merge")
    fib = bytearray(WORDS + 8 * COUNT + 6)
    struct.pack_into("<HHHHHHHI", fib, 0, 0xA5EC, 0xC1, 0, 0x407, 0, 0x1200 | (4 | 0x30 if dirty else 0), 0xBF, 0)
    struct.pack_into("<II", fib, 24, TEXT, end)
    struct.pack_into("<H", fib, 32, 14)
    struct.pack_into("<HI", fib, 62, 22, len(stream))
    struct.pack_into("<I", fib, 76, in_main)
    if dirty:
        fib[4:6], fib[14:18], fib[34:60], fib[68:76] = b"CA", b"CANA", b"CANARY of the build: Word"[:26].ljust(26), b"CANARY!!"
        fib[60:62] = b"\0\0"
        fib[132:152] = b"CANARY in old fields"
        struct.pack_into("<I", fib, 92, len("\5CANARY comment\r"))
        where[87] = (0x43414E41, 0x52594152)
    struct.pack_into("<H", fib, 152, COUNT)
    for index, (at, size) in where.items():
        struct.pack_into("<II", fib, WORDS + 8 * index, at, size)
    struct.pack_into("<HHH", fib, WORDS + 8 * COUNT, 2, 0x101, 0)
    stream[: len(fib)] = fib
    if dirty:
        gap = b"CANARY behind the head "
        stream[len(fib) : TEXT] = (gap * 20)[: TEXT - len(fib)]
    return bytes(stream), bytes(table), data


def package(dirty):
    """A packed text with the paths that it had. [MS-OLEDS 2.3.6]"""
    name, paths = ("CANARY.txt", ["C:\\CANARY\\notes.txt", "C:\\CANARY\\Temp\\notes.txt"]) if dirty else ("object.txt", ["object.txt"] * 2)
    body = b"KEEPME in the packed file"
    text = [s.encode() + b"\0" for s in (name, *paths)]
    out = b"\2\0" + text[0] + text[1] + b"\0\0\3\0" + long(len(text[2])) + text[2] + long(len(body)) + body
    return {"\1Ole10Native": long(len(out)) + out, "\1Ole": b"\1\0\0\2" + bytes(16), "\3ObjInfo": bytes(6)}


def make():
    stream, table, data = document(True)
    pool = {"_1402837031": package(True), "_1402837032": {"\1Ole10Native": b"CANARY that the text does not show"}}
    tree = {"WordDocument": stream, "1Table": table, "0Table": b"CANARY old table", "Data": data, "ObjectPool": pool}
    tree["\1CompObj"] = b"CANARY description of the program"
    yield "doc/letter.doc", _cfb.compound(_cfb.documents(tree), CLSID)
    stream, table, data = document(False)
    pool = {"_1": package(False)}
    tree = {"WordDocument": stream, "1Table": table, "Data": data, "ObjectPool": pool}
    yield "doc/clean.doc", _cfb.compound(tree, CLSID, dirty=False)
