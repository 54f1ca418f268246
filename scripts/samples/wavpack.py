"""WavPack: the header of the packed file, encoder settings and unknown pieces inside blocks, and a clean file."""
import struct

from _sound import ape, id3v1


def piece(kind, data):
    odd = len(data) & 1
    words = (len(data) + 1) // 2
    head = bytes([kind | (0x40 if odd else 0), words]) if words < 256 else None
    if head is None:
        head = bytes([kind | 0x80 | (0x40 if odd else 0)]) + struct.pack("<I", words)[:3]
    return head + data + b"\0" * odd


def block(samples, *pieces, checksum=True, index=0):
    body = b"".join(pieces)
    size = 24 + len(body) + (6 if checksum else 0)
    head = b"wvpk" + struct.pack("<IHBBIIIII", size, 0x410, 0, 0, 8, index, samples, 0x18001821, 0)
    out = head + body
    if checksum:
        value = 0xFFFFFFFF
        for i in range(0, len(out), 2):
            value = (value * 3 + out[i] + (out[i + 1] << 8)) & 0xFFFFFFFF
        out += b"\x2f\x02" + struct.pack("<I", value)
    return out


def make():
    sound = piece(0x0A, b"KEEPME bit stream")
    config = piece(0x25, b"\0\x10\0")
    wav = b"RIFF\x64\0\0\0WAVELIST\x18\0\0\0INFOIART\x0e\0\0\0CANARY artist\0"
    yield "wavpack/everything.wv", (
        block(4, piece(0x21, wav), piece(0x01, b"CANARY"), piece(0x28, b"CANA"), config, sound, piece(0x3D, b"CANARY unknown"))
        + b"CANARY between the blocks"
        + block(4, piece(0x00, b"CANARY" * 100), sound, checksum=False, index=4)
        + block(0, piece(0x22, b"LIST CANARY trailer"), piece(0x26, b"KEEPME checksum!"))
        + block(0, piece(0x24, b"CANARY trailer"))
        + ape(
            (b"Artist", b"CANARY artist"),
            (b"replaygain_track_gain", b"-3.2 dB"),
            (b"Cuesheet", b"CANARY cue sheet"),
        )
        + id3v1()
    )
    yield "wavpack/clean.wv", block(4, config, sound) + block(0, piece(0x26, b"KEEPME checksum!"), checksum=False)
