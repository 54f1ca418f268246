"""AMR: frames with text in them, tags and text behind them, and a clean file."""
from _sound import id3v1


def narrow(text):
    return b"\x3c" + text.ljust(31, b"\0")


def wide(text):
    return b"\x44" + text.ljust(60, b"\0")


def make():
    yield "amr/everything.amr", b"#!AMR\n" + narrow(b"KEEPME") * 3 + b"\x7c" + b"CANARY behind the sound" + id3v1()
    yield "amr/wide.awb", b"#!AMR-WB\n" + wide(b"KEEPME") * 2 + b"\x4c\0\0\0\0\0" + b"CANARY behind the sound"
    yield "amr/clean.amr", b"#!AMR\n" + narrow(b"KEEPME") * 3
