"""Monkey's Audio: header and trailer of the packed file, tags at both ends, spare room everywhere, and a clean file."""
import hashlib
import struct

from _sound import ape, id3, id3v1, text


def file(wav, frames, behind, flags=0, front=0, more=b"", spare=b""):
    start = front + 52 + len(more) + 24 + 8 + len(spare) + len(wav)
    header = struct.pack("<HHIIIHHI", 2000, flags, 4, 2, 2, 16, 1, 8000)
    seek = struct.pack("<II", start, start + len(frames) // 2) + spare
    md5 = hashlib.md5(wav + frames + behind + header + seek).digest()
    sizes = struct.pack("<IIIIIII", 52 + len(more), 24, len(seek), len(wav), len(frames), 0, len(behind))
    return b"MAC " + struct.pack("<HH", 3990, 0) + sizes + md5 + more + header + seek + wav + frames + behind


def make():
    frames = b"KEEPME frames of sound.."
    wav = b"RIFF\x64\0\0\0WAVEbext\x20\0\0\0CANARY recorder, 2024-01-02.....data\x08\0\0\0"
    tag = id3(3, text(b"TPE1", b"CANARY artist"))
    tags = ape((b"Artist", b"CANARY artist"), (b"REPLAYGAIN_ALBUM_PEAK", b"0.98"), (b"Cuesheet", b"CANARY")) + id3v1()
    trailer = b"LIST\x0a\0\0\0INFOCANARY"
    dirty = file(wav, frames, trailer, 0, len(tag), b"CANARY..", b"CANARY..")
    yield "ape/everything.ape", tag + dirty + b"CANARY behind the end" + tags
    yield "ape/clean.ape", file(b"", frames, b"", 0x20)
