"""FLAC: every kind of metadata block and tags around the stream, and a clean file. Two frames of sixteen samples each."""
import struct

from _sound import cover, flac_picture, id3, id3v1, png, text, vorbis_comment


def crc(data, poly, bits):
    top, mask, value = 1 << bits - 1, (1 << bits) - 1, 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ poly if value & top else value << 1) & mask
    return value


def frame(number, samples=b"KEEPMEKEEPMEKEEPMEKEEPMEKEEPMEKE"):
    head = b"\xff\xf8\x60\x00" + bytes([number, 15])
    head += bytes([crc(head, 0x07, 8)])
    body = head + b"\x02" + samples  # one subframe, verbatim
    return body + struct.pack(">H", crc(body, 0x8005, 16))


def info(total=32):
    rate = 8000 << 44 | 0 << 41 | 15 << 36 | total
    return struct.pack(">HH", 16, 16) + bytes(6) + struct.pack(">Q", rate) + bytes(16)


def block(kind, data, last=False):
    return bytes([kind | (0x80 if last else 0)]) + struct.pack(">I", len(data))[1:] + data


def cuesheet():
    def track(number, isrc, points):
        return struct.pack(">QB", 0, number) + isrc.ljust(12, b"\0") + bytes(14) + bytes([points])

    head = b"CANARY1234567".ljust(128, b"\0") + struct.pack(">Q", 88200) + b"\x80" + b"CANARY reserved".ljust(258, b"\0") + b"\x02"
    return head + track(1, b"CANARY000001", 1) + struct.pack(">QB", 0, 1) + b"CAN" + track(170, b"", 0)


def make():
    sound = frame(0) + frame(1)
    seek = struct.pack(">QQH", 0, 0, 16) + b"\xff" * 8 + bytes(10)
    comment = vorbis_comment(
        b"ARTIST=CANARY artist",
        b"LOCATION=CANARY street",
        b"replaygain_track_gain=-7.00 dB",
        b"CHAPTER001=00:00:00.000",
        b"CHAPTER001NAME=First part",
    )
    yield "flac/everything.flac", (
        id3(4, text(b"TIT2", b"CANARY title"), cover())
        + b"fLaC"
        + block(0, info())
        + block(2, b"riffCANARY foreign chunk")
        + block(3, seek)
        + block(4, comment)
        + block(5, cuesheet())
        + block(6, flac_picture())
        + block(0, b"CANARY second stream info 34 bytes")
        + block(4, vorbis_comment(b"TITLE=CANARY again"))
        + block(100, b"CANARY of a later version")
        + block(1, b"CANARY in the padding", True)
        + sound
        + b"CANARY behind the sound"
        + id3v1()
    )
    yield "flac/clean.flac", (
        b"fLaC"
        + block(0, info())
        + block(3, seek)
        + block(4, vorbis_comment(b"REPLAYGAIN_TRACK_GAIN=-7.00 dB", vendor=b""))
        + block(6, flac_picture(b"", png(None)), True)
        + sound
    )
