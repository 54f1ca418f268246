"""BMP: secrets in every gap, a link to a profile, and a clean picture."""
import struct


def header(kind, width, height, bits, size=0, used=0):
    fields = struct.pack("<IiiHHIIiiII", kind, width, height, 1, bits, 0, size, 2835, 2835, used, 0)
    return fields.ljust(kind, b"\0")


def bmp(head, pixels, gap=b"", tail=b"", reserved=b"\0\0\0\0"):
    start = 14 + len(head) + len(gap)
    return b"BM" + struct.pack("<I", start + len(pixels) + len(tail)) + reserved + struct.pack("<I", start) + head + gap + pixels + tail


def rows(padding):
    return b"".join(bytes((x * 30 + y * 25 + c * 60) & 255 for x in range(5) for c in range(3)) + padding for y in range(6))


def make():
    yield "bmp/everything.bmp", bmp(header(40, 5, 6, 24, 96), rows(b"C"), b"CANARY in the gap", b"CANARY behind", b"CANA")
    link = b"C:\\Users\\CANARY\\screen.icm\0"
    head = bytearray(header(124, 5, 6, 24, 96))
    head[56:60] = b"KNIL"
    head[112:120] = struct.pack("<II", 124 + 96, len(link))
    yield "bmp/linked-profile.bmp", bmp(bytes(head), rows(b"\0"), tail=link)
    yield "bmp/clean.bmp", bmp(header(40, 5, 6, 24, 96), rows(b"\0"))
