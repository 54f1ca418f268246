"""DSDIFF: every chunk that tells, a tag, and a clean file."""
import struct

from _sound import cover, id3, text


def chunk(kind, data, pad=b"\0"):
    return kind + struct.pack(">Q", len(data)) + data + pad * (len(data) & 1)


def form(*chunks):
    body = b"DSD " + b"".join(chunks)
    return b"FRM8" + struct.pack(">Q", len(body)) + body


def properties(name, *more):
    parts = [chunk(b"FS  ", struct.pack(">I", 2822400)), chunk(b"CHNL", b"\0\1C   ")]
    parts.append(chunk(b"CMPR", b"DSD " + bytes([len(name)]) + name))
    return chunk(b"PROP", b"SND " + b"".join(parts) + b"".join(more))


def make():
    version = chunk(b"FVER", b"\1\5\0\0")
    sound = b"KEEPME samples of one bit"
    tag = id3(3, text(b"TPE1", b"CANARY artist"), cover())
    yield "dff/everything.dff", form(
        version,
        properties(b"CANARY compression", chunk(b"ABSS", b"CANARY::"), chunk(b"LSCO", b"\0\0"), chunk(b"XXXX", b"CANARY")),
        chunk(b"COMT", b"\0\1\x07\xe8\1\2\3\4\0\0\0\0\0\0\0\0\0\x0eCANARY comment"),
        chunk(b"DSD ", sound, b"C"),
        chunk(b"DIIN", chunk(b"DIAR", b"\0\0\0\x0dCANARY artist", b"\0") + chunk(b"EMID", b"CANARY-0001 id")),
        chunk(b"MANF", b"ACMECANARY serial"),
        chunk(b"ID3 ", tag),
        chunk(b"DSD ", b"CANARY once more"),
    ) + b"CANARY behind the end"
    yield "dff/clean.dff", form(version, properties(b"not compressed"), chunk(b"DSD ", sound))
