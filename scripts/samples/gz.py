"""GZIP: headers that tell, several members, an archive inside."""
import importlib.util
import pathlib
import struct
import zlib

spec = importlib.util.spec_from_file_location("tar_samples", pathlib.Path(__file__).with_name("tar.py"))
tar = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tar)


def member(data, dirty=True):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    tail = struct.pack("<II", zlib.crc32(data), len(data))
    if not dirty:
        return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + tail
    extra = b"XY" + struct.pack("<H", 12) + b"CANARY extra"
    head = b"\x1f\x8b\x08\x1c" + struct.pack("<IBB", 1706715901, 2, 3) + struct.pack("<H", len(extra)) + extra
    return head + b"CANARY-name.txt\0CANARY comment\0" + packed + tail


def make():
    yield "gz/clean.txt.gz", member(tar.TEXT, dirty=False)
    yield "gz/letter.txt.gz", member(tar.TEXT) + member(tar.TEXT) + b"CANARY behind the end"
    yield "gz/notes.tgz", member(tar.dirty(tar.tarfile.GNU_FORMAT))
