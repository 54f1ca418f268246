"""CPIO archives in both forms: owners, times, numbers, bytes behind names, members and the end."""


def member(form, name, data=b"", mode=0o100644, dirty=True, number=0, links=1):
    name = name.encode() + b"\0"
    user, time, device = (1000, 1706715901, 2049) if dirty else (0, 0, 0)
    if form == "odc":
        number &= 0o777777
        head = b"070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o" % (device, number, mode, user, user, links, 0, time, len(name), len(data))
        return head + name + data
    head = b"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X" % (number, mode, user, user, links, time, len(data), 8 if dirty else 0, 1 if dirty else 0, 0, 0, len(name), 0)
    fill = b"CAN" if dirty else b"\0\0\0"
    head += name
    head += b"\0" * (-len(head) % 4)
    return head + data + fill[:-len(data) % 4]


def archive(form, members, dirty=True):
    out = b"".join(members) + member(form, "TRAILER!!!", mode=0, dirty=dirty)
    return out + b"\0" * (-len(out) % 512) + (b"CANARY after the end" if dirty else b"")


def make():
    text = "KEEPME: see you at eight. Grüße\n".encode()
    yield "cpio/clean.cpio", archive("newc", [member("newc", "letter.txt", text, dirty=False), member("newc", "notes", mode=0o040755, dirty=False)], dirty=False)
    for form in ("newc", "odc"):
        inner = archive(form, [member(form, "inside.txt", text, number=7)])
        yield f"cpio/{form}.cpio", archive(form, [
            member(form, ".", mode=0o040700, number=4711, links=2),
            member(form, "letter.txt", text, 0o100600, number=4712),
            member(form, "._letter.txt", b"\0\5\26\7CANARY download address", number=4713),
            member(form, "run.txt", text, 0o104711, number=4714),
            member(form, "bundle.cpio", inner, number=4715),
            member(form, "link", b"letter.txt", 0o120777, number=4716),
        ])
