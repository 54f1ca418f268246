"""HEIF and AVIF: a picture of tiles with everything around it that tells something, and pictures with nothing to remove."""
from _bmff import box, dinf, exif, full, hdlr, infe, iref, u16, u32

HVCC = bytes.fromhex("01016000000090000000000 05df000fcfdf8f800000f".replace(" ", ""))
ALPHA = b"urn:mpeg:hevc:2015:auxid:1\0"
DEPTH = b"urn:mpeg:hevc:2015:auxid:2\0"
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def hvcc(message=None):
    arrays = [(0x20, b"\x40\x01\x0c\x01")]
    if message:
        arrays.append((0x27, b"\x4e\x01\x05" + bytes([len(message)]) + message + b"\x80"))
    return box(b"hvcC", HVCC[:22], bytes([len(arrays)]), *[bytes([kind]) + u16(1, len(nal)) + nal for kind, nal in arrays])


def iloc(version, entries):
    """Entries are (number, method, base, [(offset, length)])."""
    out = u16(0x4440, len(entries)) if version else u16(0x4440, len(entries))
    for number, method, base, extents in entries:
        out += u16(number) + (u16(method) if version else b"") + u16(0) + u32(base) + u16(len(extents))
        for offset, length in extents:
            out += u32(offset, length)
    return full(b"iloc", version, 0, out)


def dirty_heic():
    tile = [b"KEEPME tile 1", b"KEEPME tile 2"]
    alpha, depth, thumb = b"KEEPME alpha", b"CANARY depth", b"CANARY thumb"
    tiff, xmp, uri = exif(b"CANARY Make"), b"<x:xmpmeta>CANARY xmp</x:xmpmeta>", b"CANARY private"
    grid = bytes([0, 0, 0, 1]) + u16(128, 48)

    def build(at):
        pos, places = at, {}
        data = b""
        for key, part in [("gap", b"CANARY orphan"), (1, tile[0]), (5, tiff), (2, tile[1]), (6, xmp), (4, alpha), (7, depth), (8, thumb), (9, uri)]:
            places[key] = (pos, len(part))
            pos, data = pos + len(part), data + part
        meta = full(
            b"meta", 0, 0,
            hdlr(b"pict", b"CANARY handler"),
            dinf(),
            full(b"pitm", 0, 0, u16(3)),
            full(
                b"iinf", 0, 0, u16(9),
                infe(1, b"hvc1", b"CANARY name", 1), infe(2, b"hvc1", hidden=1), infe(3, b"grid"), infe(4, b"hvc1", hidden=1),
                infe(5, b"Exif", hidden=1), infe(6, b"mime", about=b"application/rdf+xml"), infe(7, b"hvc1", hidden=1),
                infe(8, b"hvc1", hidden=1), infe(9, b"uri ", b"CANARY uri", about=b"urn:CANARY:1"),
            ),
            iref((b"dimg", 3, [1, 2]), (b"auxl", 4, [3]), (b"cdsc", 5, [3]), (b"cdsc", 6, [3]), (b"auxl", 7, [3]), (b"thmb", 8, [3])),
            box(
                b"iprp",
                box(
                    b"ipco", hvcc(b"CANARY x265"), full(b"ispe", 0, 0, u32(64, 48)), full(b"ispe", 0, 0, u32(128, 48)), box(b"irot", b"\1"),
                    full(b"auxC", 0, 0, DEPTH), full(b"auxC", 0, 0, ALPHA), box(b"colr", b"nclx", u16(1, 13, 6), b"\x80"),
                    full(b"udes", 0, 0, b"en\0CANARY title\0CANARY text\0\0"), box(b"free", b"CANARY"),
                ),
                full(
                    b"ipma", 0, 0, u32(6),
                    u16(1), b"\3\x81\2\7", u16(2), b"\3\x81\2\7", u16(3), b"\4\3\x84\7\x08", u16(4), b"\3\x81\3\6",
                    u16(7), b"\3\x81\2\5", u16(8), b"\2\x81\2",
                ),
            ),
            box(b"idat", grid, b"CANARY slack"),
            iloc(1, [(1, 0, 0, [places[1]]), (2, 0, 0, [places[2]]), (3, 1, 0, [(0, 8)])] + [(n, 0, 0, [places[n]]) for n in range(4, 10)]),
            box(b"free", b"CANARY free"),
        )
        head = box(b"ftyp", b"heic", u32(7), b"mif1heic", b"CNRY") + meta
        return head, box(b"mdat", data)

    head, _ = build(0)
    head, mdat = build(len(head) + 8)
    return head + mdat + box(b"uuid", C2PA, b"CANARY claim") + b"CANARY after the end"


def clean_heic():
    picture = b"KEEPME picture"

    def build(at):
        return box(b"ftyp", b"heic", u32(0), b"mif1heic") + full(
            b"meta", 0, 0, hdlr(b"pict"), full(b"pitm", 0, 0, u16(1)), full(b"iinf", 0, 0, u16(1), infe(1, b"hvc1")),
            box(b"iprp", box(b"ipco", hvcc(), full(b"ispe", 0, 0, u32(64, 48))), full(b"ipma", 0, 0, u32(1), u16(1), b"\2\x81\2")),
            iloc(0, [(1, 0, at, [(0, len(picture))])]),
        )

    return build(len(build(0)) + 8) + box(b"mdat", picture)


def dirty_avif():
    picture, tiff = b"KEEPME picture", exif(b"CANARY Make")
    end = len(tiff) + len(picture)

    def build(at):
        return box(b"ftyp", b"avif", u32(0), b"avifmif1miaf") + full(
            b"meta", 0, 0, hdlr(b"pict", b"CANARY writer"), full(b"pitm", 0, 0, u16(1)),
            full(b"iinf", 0, 0, u16(2), infe(1, b"av01"), infe(2, b"Exif", b"CANARY")),
            iref((b"cdsc", 2, [1])),
            box(b"iprp", box(b"ipco", box(b"av1C", b"\x81\0\x0c\0"), full(b"ispe", 0, 0, u32(64, 48))), full(b"ipma", 0, 0, u32(1), u16(1), b"\2\x81\2")),
            iloc(0, [(1, 0, at, [(len(tiff), 6), (len(tiff) + 6, len(picture) - 6)]), (2, 0, at, [(0, len(tiff))])]),
        )

    return build(len(build(0)) + 8) + box(b"mdat", tiff + picture) + box(b"free", b"CANARY") + u32(end)[:3]


def make():
    yield "heif/dirty.heic", dirty_heic()
    yield "heif/clean.heic", clean_heic()
    yield "avif/dirty.avif", dirty_avif()
