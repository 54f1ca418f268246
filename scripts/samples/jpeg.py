"""JPEG: tiny pictures with a secret in every place where one can hide."""
import struct

QUANT = b"\0" + b"\1" * 64
TABLES = b"\0" + b"\1" + b"\0" * 15 + b"\0" + b"\x10" + b"\1" + b"\0" * 15 + b"\0"


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def app(n, payload):
    return segment(0xE0 + n, payload)


def jfif(thumbnail=b""):
    size = bytes([len(thumbnail) // 3, 1 if thumbnail else 0])
    return app(0, b"JFIF\0\1\2\1\0\x48\0\x48" + size + thumbnail)


def baseline(*middle):
    """A grey square of 8 x 8; what stands in `middle` comes before its tables."""
    return (
        b"\xff\xd8" + b"".join(middle) + segment(0xDB, QUANT) + segment(0xC0, b"\x08\0\x08\0\x08\1\1\x11\0")
        + segment(0xC4, TABLES) + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x3f" + b"\xff\xd9"
    )


def progressive(*between):
    """The same in two scans; what stands in `between` comes between them."""
    return (
        b"\xff\xd8" + jfif() + segment(0xDB, QUANT) + segment(0xC2, b"\x08\0\x08\0\x08\1\1\x11\0")
        + segment(0xC4, TABLES) + segment(0xDA, b"\1\1\0\0\0\0") + b"\x7f" + b"".join(between)
        + segment(0xDA, b"\1\1\0\1\x3f\0") + b"\x7f" + b"\xff\xd9"
    )


def tiff(*entries, data=b""):
    """A big-endian TIFF structure of one directory; the data stands behind it."""
    out = b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries))
    for tag, kind, count, value in entries:
        out += struct.pack(">HHI", tag, kind, count) + (value if isinstance(value, bytes) else struct.pack(">I", value))
    return out + b"\0\0\0\0" + data


def exif(orientation=6):
    make = b"CANARY Cameras Ltd\0"
    at = 8 + 2 + 2 * 12 + 4
    block = tiff((0x010F, 2, len(make), at), (0x0112, 3, 1, struct.pack(">HH", orientation, 0)), data=make)
    return app(1, b"Exif\0\0" + block + b"CANARY in unreferenced space")


def xmp(attributes, inside=""):
    return app(1, b"http://ns.adobe.com/xap/1.0/\0" + (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="CANARY toolkit">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="CANARY"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
        ' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
        ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
        ' xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"'
        f' dc:source="CANARY" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode())


def mpf(entries):
    """An index; entries are (attributes, size, offset from the TIFF header)."""
    body = tiff(
        (0xB000, 7, 4, b"0100"), (0xB001, 4, 1, len(entries)), (0xB002, 7, 16 * len(entries), 8 + 2 + 4 * 12 + 4),
        (0xB003, 7, 33 * len(entries), 8 + 2 + 4 * 12 + 4 + 16 * len(entries)),
        data=b"".join(struct.pack(">IIIHH", *e, 0, 0) for e in entries) + b"CANARY unique image id, 33 bytes".ljust(33 * len(entries), b"\0"),
    )
    return app(2, b"MPF\0" + body)


def several(kind, first, second, *middle):
    """A file of two pictures with an index."""
    probe = baseline(*middle, mpf([(0, 0, 0), (0, 0, 0)]))
    at = probe.index(b"MPF\0") + 4
    return baseline(*middle, mpf([(first, len(probe), 0), (kind, len(second), len(probe) - at)])) + second


ISO = b"urn:iso:std:iso:ts:21496:-1\0"
HDRGM = 'hdrgm:Version="1.0" hdrgm:GainMapMin="0.0" hdrgm:GainMapMax="2.5" hdrgm:Gamma="1.0" hdrgm:OffsetSDR="0.015625"' \
    ' hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2.5" hdrgm:BaseRenditionIsHDR="False"'


def gain_map():
    numbers = struct.pack(">14I", 0, 1, 5, 2, 0, 1, 5, 2, 1, 1, 1, 64, 1, 64)
    return baseline(exif(), xmp(HDRGM), app(2, ISO + b"\0\0\0\7\0" + numbers), segment(0xFE, b"CANARY in the gain map"))


def ultra_hdr():
    second = gain_map()
    directory = (
        '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>'
        '</rdf:li><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg"'
        f' Item:Length="{len(second)}"/></rdf:li></rdf:Seq></Container:Directory>'
    )
    packet = xmp('hdrgm:Version="1.0"', directory)
    return several(0x050000, 0x20030000, second, exif(), packet, app(2, ISO + b"\0\0\0\7")) + b"CANARY behind the gain map"


def everything():
    iptc = b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0c\x1c\2\x50\0\6CANARY\0"
    return baseline(
        jfif(b"CANARYCANARY"), app(0, b"JFXX\0\x10CANARY"), exif(), exif(1), xmp('GPano:ProjectionType="equirectangular" GPano:PoseHeadingDegrees="77"'),
        app(1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"CANARY"), app(2, b"FPXR\0CANARY"), app(3, b"CANARY"),
        app(11, b"JP\0\1\0\0\0\1\0\0\0\x10jumbCANARY"), app(12, b"Ducky\0CANARY"), app(13, iptc),
        app(14, b"Adobe\0\x64\0\0\0\0\1CANARY"), app(15, b"CANARY"), segment(0xFE, b"CANARY comment"),
        b"CANARY between segments", b"\xff\xff\xff",
    ) + b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x18mdatCANARY video"


def make():
    yield "jpeg/everything.jpg", everything()
    yield "jpeg/between-scans.jpg", progressive(segment(0xFE, b"CANARY between scans"), exif(), b"\xff\xff", segment(0xC4, TABLES))
    yield "jpeg/ultra-hdr.jpg", ultra_hdr()
    yield "jpeg/stereo.mpo", several(0x020002, 0x20020002, baseline(exif(1)), exif())
    yield "jpeg/preview.jpg", several(0x010002, 0x20030000, baseline(exif()), exif())
    yield "jpeg/clean.jpg", baseline(jfif(), app(1, b"Exif\0\0" + tiff((0x0112, 3, 1, b"\0\6\0\0"))))
    yield "jpeg/cut-off.jpg", progressive(exif())[:-2]
