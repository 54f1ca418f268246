"""DDS: the names of programs in reserved fields, data behind the surfaces, and a clean texture."""
import struct


def dds(name=b"", pixels=b"", fourcc=b"DXT1", levels=3, more=b"", tail=b""):
    out = b"DDS " + struct.pack("<7I", 124, 0xA1007, 8, 8, 32, 0, levels) + name.ljust(44, b"\0")
    out += struct.pack("<II4s5I", 32, 4, fourcc, 0, 0, 0, 0, 0) + struct.pack("<5I", 0x401008, 0, 0, 0, 0)
    return out + more + pixels + tail


def make():
    blocks = bytes(i * 11 & 255 for i in range(32 + 8 + 8))
    yield "dds/everything.dds", dds(b"CANARY texture tools 1.2", blocks, tail=b"CANARY behind")
    modern = struct.pack("<5I", 28, 3, 0, 2, 0)
    yield "dds/modern.dds", dds(b"CANARY", bytes(range(256)) * 2, b"DX10", 1, modern, b"CANARY")
    yield "dds/clean.dds", dds(b"", blocks)
