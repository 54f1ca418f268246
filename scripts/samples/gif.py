"""GIF: an animation with everything in it, and a clean picture."""


def pack(pixels):
    """Codes of three bits, with a clear code before every second pixel, so that no table is needed."""
    codes = []
    for i in range(0, len(pixels), 2):
        codes += [4, *pixels[i:i + 2]]
    bits = sum(code << 3 * i for i, code in enumerate(codes + [5]))
    return bits.to_bytes((3 * len(codes) + 10) // 8, "little")


def chain(*parts):
    return b"".join(bytes([len(p)]) + p for p in parts) + b"\0"


def frame(shift, *tail):
    packed = pack([(x + y + shift) % 4 for y in range(8) for x in range(8)])
    return b"\x2c\0\0\0\0\x08\0\x08\0\0\x02" + chain(packed, *tail)


def extension(label, *parts):
    return b"\x21" + bytes([label]) + chain(*parts)


def make():
    head = b"GIF89a\x08\0\x08\0\x81\0\0" + bytes([0, 0, 0, 250, 200, 60, 40, 90, 160, 255, 255, 255])
    control = extension(0xF9, b"\x04\x0a\0\0")
    xmp = b"\x21\xff\x0bXMP DataXMP<?xpacket begin=''?><x:xmpmeta>CANARY creator</x:xmpmeta><?xpacket end='w'?>"
    yield "gif/everything.gif", b"".join([
        head,
        extension(0xFE, b"CANARY made with an editor"),
        extension(0xFF, b"NETSCAPE2.0", b"\x01\0\0", b"\x02CANARY!!"),
        xmp + b"\x01" + bytes(range(255, -1, -1)) + b"\0",
        extension(0xFF, b"MGKIPTC0000", b"CANARY city"),
        extension(0xFF, b"fractint001", b"CANARY parameters"),
        control, frame(0),
        control, extension(0x01, b"12 byte head", b"CANARY plain text"),
        extension(0xCE, b"CANARY unknown"),
        control, frame(1, b"CANARY behind the pixels"),
        b";CANARY behind the end",
    ])
    yield "gif/clean.gif", head + extension(0xFF, b"NETSCAPE2.0", b"\x01\0\0") + control + frame(0) + control + frame(1) + b";"
