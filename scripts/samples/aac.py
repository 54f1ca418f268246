"""AAC in bare frames: tags at both ends, time stamps of a broadcaster between the frames, junk, and a clean file. The frames
are text."""
from _sound import ape, cover, id3, id3v1, text


def frame(data=b"KEEPME sound"):
    size = 7 + len(data)
    return bytes([0xFF, 0xF1, 0x6C, 0x40 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC]) + data


def make():
    stamp = id3(4, (b"PRIV", b"com.apple.streaming.transportStreamTimestamp\0CANARY 1"))
    front = id3(4, text(b"TIT2", b"CANARY title"), cover())
    sound = frame() * 3
    behind = ape((b"Artist", b"CANARY artist")) + id3v1()
    yield "aac/everything.aac", front + stamp + sound + stamp + sound + b"CANARY junk" + sound + behind
    yield "aac/clean.aac", sound
