"""ZIP archives: dirty headers, left-behind entries, hidden bytes, archives in archives."""
import struct
import zlib

CONSTANT = b"\x00\x00\x21\x00"
DIRTY = struct.pack("<HH", 15 << 11 | 45 << 5 | 1, (2024 - 1980) << 9 | 1 << 5 | 31)
UT = struct.pack("<HHBI", 0x5455, 5, 1, 1706715901)
OWNER = struct.pack("<HHBBIBI", 0x7875, 11, 1, 4, 1000, 4, 1000)


def extra(number, data):
    return struct.pack("<HH", number, len(data)) + data


def archive(members, comment=b"", dirty=True, front=b""):
    """members: (name, data, deflated, bytes behind the stream, listed)"""
    out, directory, listed = bytearray(front), b"", 0
    time = DIRTY if dirty else CONSTANT
    for name, data, deflated, slack, in_directory in members:
        name = name.encode()
        flags = 0 if name.isascii() else 0x800
        packed = data
        if deflated:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = packer.compress(data) + packer.flush()
        packed += slack
        sizes = struct.pack("<III", zlib.crc32(data), len(packed), len(data))
        at = len(out)
        local = UT + OWNER if dirty else b""
        fields = struct.pack("<HHH", 20, flags, 8 if deflated else 0)
        out += b"PK\3\4" + fields + time + sizes + struct.pack("<HH", len(name), len(local)) + name + local + packed
        if not in_directory:
            continue
        listed += 1
        more = UT + extra(0x4242, b"CANARY in an unknown field") if dirty else b""
        note = b"CANARY comment of a member" if dirty else b""
        folder = name.endswith(b"/")
        mode = ((0o040700 if folder else 0o100600) if dirty else (0o040755 if folder else 0o100644)) << 16 | (0x10 if folder else 0)
        made = struct.pack("<BB", 63 if dirty else 20, 3)
        directory += b"PK\1\2" + made + fields + time + sizes + struct.pack("<HHHHHII", len(name), len(more), len(note), 0, 0, mode, at)
        directory += name + more + note
    end = struct.pack("<HHHHIIH", 0, 0, listed, listed, len(directory), len(out), len(comment))
    return bytes(out) + directory + b"PK\5\6" + end + comment


def make():
    text = "KEEPME: see you at eight. Grüße\n".encode()
    plain = [("letter.txt", text, False, b"", True), ("notes/", b"", False, b"", True), ("notes/day.txt", text * 3, True, b"", True)]
    yield "zip/clean.zip", archive(plain, dirty=False)
    inner = archive([("inside.txt", text, True, b"", True)], b"CANARY inner comment")
    dirty = plain + [
        ("__MACOSX/._letter.txt", b"\0\5\26\7CANARY download address", False, b"", True),
        ("notes/.DS_Store", b"\0\0\0\1Bud1CANARY layout", True, b"", True),
        ("~$letter.docx", b"\x06CANARY user", False, b"", True),
        ("forgotten.txt", b"CANARY: deleted from the directory only", False, b"", False),
        ("behind.txt", text, True, b"CANARY behind the stream", True),
        ("IMG_20240131_154501.txt", text, True, b"", True),
        ("bundle.zip", inner, False, b"", True),
        ("packed.zip", inner, True, b"", True),
    ]
    yield "zip/holiday.zip", archive(dirty, b"CANARY archive comment") + b"CANARY after the end"
    older = archive([("old.txt", b"CANARY older version", False, b"", True)])
    yield "zip/appended.zip", archive([("letter.txt", text, False, b"", True)], front=older)
