"""TAR archives as GNU tar, pax and old programs write them, dirty in every field."""
import gzip
import io
import tarfile

TEXT = "KEEPME: see you at eight. Grüße\n".encode()


def member(name, data=b"", kind=tarfile.REGTYPE, link="", dirty=True, pax=None):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, link
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o777 if kind == tarfile.SYMTYPE else 0o644
    if dirty:
        info.mode, info.mtime, info.uid, info.gid = 0o640 if kind == tarfile.REGTYPE else 0o750, 1706715901, 1000, 1000
        info.uname, info.gname = "CANARY-user", "CANARY-group"
    info.pax_headers = pax or {}
    return info, data


def archive(members, format=tarfile.GNU_FORMAT, headers=None):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, pax_headers=headers or {}) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def dirty(format, headers=None, pax=None):
    inner = archive([member("inside.txt", TEXT)])
    return archive(
        [
            member("letter.txt", TEXT, pax=pax),
            member("notes", kind=tarfile.DIRTYPE),
            member("notes/" + "long" * 30 + ".txt", TEXT),
            member("notes/link", kind=tarfile.SYMTYPE, link="../letter.txt"),
            member("notes/same", kind=tarfile.LNKTYPE, link="letter.txt"),
            member("notes/._letter.txt", b"\0\5\26\7CANARY download address"),
            member("inside.tar", inner),
        ],
        format,
        headers,
    )


def plain(name, data, kind, mode):
    """A member in the one form that has nothing to remove."""
    head = bytearray(512)
    head[: len(name)] = name.encode()
    head[100:148] = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, len(data), 0)
    head[148:157] = b"        " + kind
    head[257:265] = b"ustar\00000"
    head[329:345] = b"0000000\0" * 2
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + data + b"\0" * (-len(data) % 512)


def make():
    clean = plain("letter.txt", TEXT, b"0", 0o644) + plain("notes/", b"", b"5", 0o755)
    yield "tar/clean.tar", clean + b"\0" * (10240 - len(clean))
    yield "tar/gnu.tar", dirty(tarfile.GNU_FORMAT)
    pax = {"mtime": "1706715901.25", "SCHILY.xattr.user.xdg.origin.url": "https://CANARY.example/", "comment": "CANARY note"}
    yield "tar/pax.tar", dirty(tarfile.PAX_FORMAT, {"comment": "CANARY0123456789abcdef0123456789abcdef"}, pax) + b"CANARY behind the end"
