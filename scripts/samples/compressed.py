"""BZIP2 and XZ: a letter that stays as it is packed, and an archive that does not."""
import bz2
import importlib.util
import lzma
import pathlib

spec = importlib.util.spec_from_file_location("tar_samples", pathlib.Path(__file__).with_name("tar.py"))
tar = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tar)


def make():
    yield "bz2/clean.txt.bz2", bz2.compress(tar.TEXT)
    yield "bz2/notes.tar.bz2", bz2.compress(tar.dirty(tar.tarfile.GNU_FORMAT)) + b"CANARY behind the end"
    yield "xz/clean.txt.xz", lzma.compress(tar.TEXT)
    yield "xz/notes.tar.xz", lzma.compress(tar.dirty(tar.tarfile.GNU_FORMAT)) + bytes(8)
