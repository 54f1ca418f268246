"""QOI: pieces of every kind, with something behind the end, and a clean one."""
import struct

PIXELS = bytes([0xFE, 10, 20, 30, 0xFF, 1, 2, 3, 200, 0xC2, 0x05, 0x6A, 0x90, 0x77, 0xC0])
PLAIN = b"qoif" + struct.pack(">IIBB", 3, 3, 4, 0) + PIXELS + bytes([0, 0, 0, 0, 0, 0, 0, 1])


def make():
    yield "qoi/trailer.qoi", PLAIN + b"CANARY behind the end"
    yield "qoi/clean.qoi", PLAIN
