"""Musepack: the encoder, chapters with tags, unknown packets, tags behind the end, and a clean file."""
import struct

from _sound import ape, id3v1


def packet(key, data):
    size = len(data) + 3
    return key + (bytes([size]) if size < 128 else bytes([0x80 | (size + 1) >> 7, (size + 1) & 0x7F])) + data


def head():
    return packet(b"SH", b"\x12\x34\x56\x78\x08\x64\0\x1b\x1b")


def chapter(at, *items):
    tag = ape(*items)[:-32]
    tag = tag[8:12] + struct.pack("<I", len(tag) - 32) + tag[16:]
    return packet(b"CT", bytes([at]) + bytes(4) + (tag if items else b""))


def make():
    loud = packet(b"RG", b"\1\x35\xde\x46\x76\x35\xde\x46\x76")
    sound = packet(b"AP", b"KEEPME sound of the first packet")
    seek = packet(b"ST", b"\1\x12\xd0")
    end = packet(b"SE", b"")
    tags = ape((b"Artist", b"CANARY artist"), (b"Comment", b"CANARY comment")) + id3v1()
    yield "musepack/everything.mpc", (
        b"MPCK" + head() + loud + packet(b"EI", b"\xa0\1\x1e\1") + packet(b"SO", b"\x2b\0CANARY") + sound + seek
        + chapter(10, (b"Title", b"KEEPME chapter"), (b"Artist", b"CANARY artist"))
        + packet(b"XX", b"CANARY of nobody") + end + b"CANARY behind the end" + tags
    )
    yield "musepack/lost.mpc", (
        b"MPCK" + head() + packet(b"SO", b"\x40") + packet(b"XX", b"CANARY in front of the sound") + sound + seek + end
    )
    yield "musepack/clean.mpc", b"MPCK" + head() + loud + packet(b"EI", bytes(4)) + packet(b"SO", b"\x2b") + sound + seek + chapter(10) + end
