"""Compound files: the same layout as ours where they are clean, secrets in every gap where they are dirty."""
import struct

END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
SECRET = b"CANARY-in-the-gaps-"


def fill(n, dirty):
    return (SECRET * (n // len(SECRET) + 1))[:n] if dirty else bytes(n)


def compound(tree, clsid, dirty=True):
    """tree: {name: bytes or a tree}."""
    flat = []

    def flatten(name, content, kind):
        raw = bytearray(128)
        units = name.encode("utf-16-le")
        raw[: len(units)] = units
        struct.pack_into("<HBB", raw, 64, len(units) + 2, kind, 1)
        raw[68:80] = b"\xff" * 12
        if kind == 5:
            raw[80:96] = clsid
        if dirty:
            raw[100:116] = b"CANARYtimes12345"
        here = len(flat)
        entry = [raw, content if kind == 2 else None]
        flat.append(entry)
        if kind != 2:
            names = sorted(content, key=lambda n: (len(n), n.upper()))
            numbers = [flatten(n, content[n], 2 if isinstance(content[n], bytes) else 1) for n in names]
            height = len(numbers).bit_length()
            struct.pack_into("<I", raw, 76, balance(numbers, height, len(numbers) + 1 != 1 << height))
        return here

    def balance(numbers, height, incomplete):
        if not numbers:
            return NONE
        middle = len(numbers) // 2
        left = balance(numbers[:middle], height - 1, incomplete)
        right = balance(numbers[middle + 1 :], height - 1, incomplete)
        raw = flat[numbers[middle]][0]
        raw[67] = 0 if incomplete and height == 1 else 1
        struct.pack_into("<II", raw, 68, left, right)
        return numbers[middle]

    flatten("Root Entry", tree, 5)
    sectors, fat, mini, mini_fat = bytearray(), [], bytearray(), []

    def put(data, gap=True):
        start, count = len(fat), -(-len(data) // 512)
        sectors.extend(data + fill(count * 512 - len(data), dirty and gap))
        fat.extend([start + i + 1 for i in range(count - 1)] + [END] * (count > 0))
        return start if count else END

    for raw, data in flat:
        if data is None:
            continue
        if len(data) >= 4096:
            start = put(data)
        elif data:
            start, count = len(mini_fat), -(-len(data) // 64)
            mini.extend(data + fill(count * 64 - len(data), dirty))
            mini_fat.extend([start + i + 1 for i in range(count - 1)] + [END])
        else:
            start = END
        struct.pack_into("<II", raw, 116, start, len(data))
    struct.pack_into("<II", flat[0][0], 116, put(bytes(mini)), len(mini))
    table = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    table += b"\xff" * (-len(table) % 512)
    mini_fat_start = put(table)
    directory = b"".join(bytes(raw) for raw, _ in flat)
    unused = bytearray(128)
    unused[68:80] = b"\xff" * 12
    if dirty:
        unused[:40] = "CANARY forgotten nam".encode("utf-16-le")
    directory += bytes(unused) * (-len(directory) % 512 // 128)
    directory_start = put(directory)
    if dirty:
        sectors.extend(fill(512, True))
        fat.append(FREE)
    own = 0
    while -(-(len(fat) + own) // 128) > own:
        own += 1
    first = len(fat)
    fat += [FAT] * own
    table = struct.pack(f"<{len(fat)}I", *fat)
    sectors.extend(table + b"\xff" * (-len(table) % 512))
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<II", header, 44, own, directory_start)
    struct.pack_into("<IIII", header, 56, 4096, mini_fat_start, -(-len(mini_fat) * 4 // 512), END)
    for i in range(109):
        struct.pack_into("<I", header, 76 + 4 * i, first + i if i < own else FREE)
    return bytes(header + sectors) + (b"CANARY behind the last sector" if dirty else b"")


def properties(values):
    """A property set of texts: {number: text}."""
    table, data = b"", b""
    at = 8 + 8 * len(values)
    for number, text in values.items():
        text = text.encode() + b"\0"
        text += b"\0" * (-len(text) % 4)
        table += struct.pack("<II", number, at + len(data))
        data += struct.pack("<II", 0x1E, len(text)) + text
    section = struct.pack("<II", at + len(data), len(values)) + table + data
    fmtid = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
    return struct.pack("<HHI16sI", 0xFFFE, 0, 0x20005, b"CANARY-class-id!", 1) + fmtid + struct.pack("<I", 48) + section


SUMMARY = "\5SummaryInformation"
DOCUMENT = "\5DocumentSummaryInformation"


def documents(tree):
    """The same with what every dirty document has beside its own streams."""
    tree[SUMMARY] = properties({2: "CANARY title", 4: "CANARY author", 8: "CANARY last author", 7: "C:\\CANARY\\template.dot"})
    tree[DOCUMENT] = properties({2: "CANARY category", 15: "CANARY company"})
    tree["Macros"] = {"VBA": {"dir": b"CANARY macros"}, "PROJECT": b"CANARY project"}
    tree["MsoDataStore"] = {"CANARY item": {"Item": b"<CANARY/>"}}
    tree["CANARY stream"] = b"CANARY of another program"
    return tree
