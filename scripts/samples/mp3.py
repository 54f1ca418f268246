"""MP3: every kind of tag at both ends, a tag and junk between frames, chapters, and a clean file. The frames are silence
with text in the bytes that no decoder looks at."""
import struct

from _sound import ape, cover, id3, id3v1, lyrics3, png, text

HEAD = b"\xff\xe3\x18\xc0"  # MPEG 2.5, layer III, 8 kbit/s, 8 kHz, one channel: 72 bytes


def frame(mark=b"KEEPME"):
    return (HEAD + bytes(9) + mark).ljust(72, b"\x55")


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def info(frames):
    lame = b"LAME3.100" + b"\x01\x3c" + bytes(8) + b"\0\x08" + b"\x24\x04\x50" + bytes(4) + struct.pack(">I", 72 * frames) + b"\0\0"
    out = HEAD + bytes(9) + b"Xing" + struct.pack(">III", 3, frames, 72 * (frames + 1)) + lame
    return (out + struct.pack(">H", crc16(out))).ljust(72, b"\0")


def make():
    sound = frame() + frame() + frame() + frame()
    front = id3(
        3,
        text(b"TIT2", b"CANARY title"),
        text(b"TPE1", b"CANARY artist"),
        (b"TXXX", b"\0replaygain_track_gain\0-3.20 dB"),
        (b"PRIV", b"CANARY.example.com\0CANARY purchase"),
        (b"UFID", b"http://CANARY.example.com\0CANARY-0001"),
        (b"OWNE", b"\0USD1.00\0" + b"20240101CANARY owner"),
        (b"POPM", b"CANARY@example.com\0\xff\0\0\0\x09"),
        (b"GEOB", b"\0application/octet-stream\0CANARY.bin\0CANARY object\0CANARY data"),
        (b"COMM", b"\x01eng\xff\xfe\0\0\xff\xfe" + "CANARY comment".encode("utf-16-le")),
        cover(),
        padding=40,
    )
    behind = ape((b"Artist", b"CANARY artist"), (b"Buy URL", b"https://CANARY.example.com")) + lyrics3() + id3v1()
    yield "mp3/everything.mp3", front + id3(4, text(b"TENC", b"CANARY encoder"), footer=True) + info(4) + sound + behind
    between = id3(4, (b"PRIV", b"CANARY.stream\0CANARY time stamp"))
    yield "mp3/between.mp3", sound + between + sound + b"CANARY junk of a broken recording" + sound + bytes(50) + b"CANARY"
    gapless = b"\0eng" + b"iTunSMPB\0 00000000 00000210 00000A2C 000000000003F4F4 00000000 00007B54 00000000 00000000"
    title = b"TIT2" + struct.pack(">I", 10) + b"\0\0" + b"\0Chapter 1"
    link = b"WXXX" + struct.pack(">I", 16) + b"\0\0" + b"\0\0CANARY.example"
    times = struct.pack(">IIII", 0, 1000, 0xFFFFFFFF, 0xFFFFFFFF)
    yield "mp3/chapters.mp3", id3(
        3,
        (b"COMM", gapless),
        (b"CTOC", b"toc\0\x03\x01ch1\0" + b"TIT2" + struct.pack(">I", 8) + b"\0\0" + b"\0Content"),
        (b"CHAP", b"ch1\0" + times + title + link),
        (b"TLAN", b"\0deu"),
        (b"MCDI", b"CANARY table of contents of the disc"),
    ) + sound
    yield "mp3/clean.mp3", id3(3, cover(b"", png(None))) + info(4) + sound
