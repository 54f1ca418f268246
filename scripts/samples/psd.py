"""PSD: a document with secrets in resources, layers and behind the end, a large one, and a clean one."""
import struct


def irb(number, data, name=b"", sig=b"8BIM"):
    name = bytes([len(name)]) + name
    return sig + struct.pack(">H", number) + name + b"\0" * (len(name) % 2) + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


def block(key, data, sig=b"8BIM"):
    return sig + key + struct.pack(">I", len(data)) + data


def luni(name):
    return block(b"luni", struct.pack(">I", len(name)) + name.encode("utf-16-be") + b"\0" * (2 * len(name) % 4))


def layer(name, blocks, wide, filler=b"\0"):
    channel = b"\0\0KEEPME"
    number = ">hQ" if wide else ">hI"
    extra = struct.pack(">II", 0, 0) + (bytes([len(name)]) + name).ljust((len(name) + 4) // 4 * 4, b"\0") + blocks
    record = struct.pack(">IIIIH", 0, 0, 1, 6, 1) + struct.pack(number, 0, len(channel))
    return record + b"8BIMnorm" + b"\xff\0\0" + filler + struct.pack(">I", len(extra)) + extra, channel


def psd(resources, layers, blocks=b"", wide=False, reserved=b"\0" * 6, end=b""):
    size = (lambda b: struct.pack(">Q" if wide else ">I", len(b)) + b)
    info = struct.pack(">h", len(layers)) + b"".join(r for r, _ in layers) + b"".join(c for _, c in layers)
    section = size(info) + struct.pack(">I", 0) + blocks
    head = b"8BPS" + struct.pack(">H", 2 if wide else 1) + reserved + struct.pack(">HIIHH", 1, 1, 6, 8, 1)
    return head + struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources + size(section) + b"\0\0KEEPME" + end


RESOLUTION = irb(0x03ED, struct.pack(">IHHIHH", 72 << 16, 1, 1, 72 << 16, 1, 1))
VERSION = irb(0x0421, b"\0\0\0\1\1" + b"\0" * 8 + b"\0\0\0\1")


def make():
    wrote = "CANARY".encode("utf-16-be")
    secrets = b"".join(irb(n, b"CANARY data") for n in (0x0404, 0x0409, 0x040C, 0x040B, 0x041A, 0x0422, 0x0424, 0x043E, 0x0FA1, 0x7777))
    secrets += irb(0x0424, b"CANARY", sig=b"MeSa") + irb(0x0421, b"\0\0\0\1\1" + struct.pack(">I", 6) + wrote + b"\0\0\0\0\0\0\0\1")
    blocks = luni("KEEPME layer") + block(b"shmd", b"CANARY  ") + block(b"cinf", b"CANARY") + block(b"lyid", b"\0\0\0\1")
    for wide in (False, True):
        layers = [layer(b"KEEPME", blocks, wide, b"C"), layer(b"second", b"", wide)]
        name = "psd/everything.ps" + "db"[wide]
        yield name, psd(RESOLUTION + secrets, layers, block(b"Anno", b"CANARY"), wide, b"CANARY", b"CANARY")
    clean = [layer(b"KEEPME", luni("KEEPME"), False)]
    yield "psd/clean.psd", psd(RESOLUTION + VERSION, clean)
