"""PCX: secrets in the filler of the header, in front of the palette and behind it, and a clean picture."""
import struct


def head(filler=b"", screen=(0, 0), colours=b"", planes=1):
    out = struct.pack("<BBBBHHHHHH", 10, 5, 1, 8, 0, 0, 7, 3, 300, 300) + colours.ljust(48, b"\0") + b"\0"
    return out + struct.pack("<BHHHH", planes, 8, 1, *screen) + filler.ljust(54, b"\0")


PALETTE = b"\x0c" + bytes(i * 5 & 255 for i in range(768))
RUNS = bytes([0xC8, 7, 1, 2, 3, 4, 0xC4, 9, 0xC1, 0xF0, 1, 2, 3, 4, 5, 6, 7, 0xC8, 3])


def make():
    yield "pcx/everything.pcx", head(b"CANARY filler", (1920, 1080), b"CANARY palette") + RUNS + b"CANARY gap" + PALETTE
    yield "pcx/colour.pcx", head(b"CANARY", planes=3) + RUNS * 3 + b"CANARY behind"
    yield "pcx/clean.pcx", head() + RUNS + PALETTE
