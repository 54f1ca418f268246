"""WAV: a recorder's file with every private chunk, a long one with sizes of 64 bits, one whose recorder never came back,
and a clean file."""
import struct

from _sound import id3, text


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def riff(*chunks):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


FMT = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)


def make():
    sound = b"KEEPME samples of sound"
    bext = b"CANARY description".ljust(256, b"\0") + b"CANARY originator".ljust(32, b"\0") + b"CANARY-REF".ljust(32, b"\0")
    bext += b"2024-01-0112:00:00" + bytes(8) + b"\x01\0" + b"CANARY umid".ljust(64, b"\0") + bytes(190) + b"A=PCM,T=CANARY"
    extensible = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 8000, 1, 8, 22, 8, 4) + b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    cue = struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 5, b"data", 0, 0, 5)
    label = chunk(b"labl", struct.pack("<I", 1) + b"First\0CANARY behind it")
    note = chunk(b"note", struct.pack("<I", 1) + b"CANARY note\0")
    lost = chunk(b"labl", struct.pack("<I", 9) + b"CANARY of no marker\0")
    sampler = b"CANA" + struct.pack("<8I", 0x59524E41, 125000, 60, 0, 25, 0x01020304, 1, 6)
    yield "wav/everything.wav", riff(
        chunk(b"JUNK", b"CANARY in space kept for later"),
        chunk(b"bext", bext),
        chunk(b"fmt ", extensible + b"CANARY behind the format"),
        chunk(b"fact", struct.pack("<I", len(sound)) + b"CANARY"),
        chunk(b"iXML", b"<BWFXML><NOTE>CANARY</NOTE></BWFXML>"),
        chunk(b"data", sound),
        chunk(b"cue ", cue + b"CANARY"),
        chunk(b"smpl", sampler + struct.pack("<6I", 1, 0, 2, 9, 0, 0) + b"CANARY"),
        chunk(b"inst", b"\x3c\0\0\0\x7f\0\x7f"),
        chunk(b"LIST", b"INFO" + chunk(b"IART", b"CANARY artist\0") + chunk(b"ISFT", b"CANARY tool\0")),
        chunk(b"LIST", b"adtl" + label + note + lost),
        chunk(b"id3 ", id3(3, text(b"TPE1", b"CANARY artist"))),
        chunk(b"_PMX", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>CANARY</x:xmpmeta>"),
        chunk(b"LGWV", b"CANARY /home/somebody"),
        chunk(b"slnt", b"CANA" + b"RY12"),
    ) + b"CANARY behind the end"
    table = b"data" + struct.pack("<Q", 8) + b"CANARY in the table"
    long = chunk(b"ds64", struct.pack("<QQQI", 0, len(sound), len(sound), 1) + table) + chunk(b"fmt ", FMT)
    long += b"data" + b"\xff" * 4 + sound + b"\0" + chunk(b"bext", bext)
    yield "wav/long.wav", b"RF64" + b"\xff" * 4 + b"WAVE" + long
    open_end = b"RIFF" + struct.pack("<I", 36) + b"WAVE" + chunk(b"fmt ", FMT) + b"data" + bytes(4)
    yield "wav/cut.wav", open_end + b"\x80\x81\x80\x7f\x80 KEEPME samples!"
    yield "wav/clean.wav", riff(chunk(b"fmt ", FMT), chunk(b"data", sound), chunk(b"cue ", cue))
