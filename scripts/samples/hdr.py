"""Radiance: commands, dates, places, owners and comments between the lines that must stay."""

WORDS = [
    b"# CANARY made by", b"rpict -vf CANARY.vf scene.oct", b"SOFTWARE=CANARY 1.0", b"FORMAT=32-bit_rle_rgbe",
    b"VIEW= -vtv -vp 1 2 3 CANARY", b"CAPDATE= 2021:05:06 CANARY", b"EXPOSURE=  1.5", b"OWNER=CANARY person",
    b"EXPOSURE=2 CANARY", b"PRIMARIES=0.64 0.33 0.29 0.60 0.15 0.06 0.333 0.333",
]


def scanlines(width, height):
    out = b""
    for y in range(height):
        out += bytes([2, 2, 0, width])
        for c in range(4):
            out += bytes([128 + width - 3, 40 * c + y]) + bytes([3, y, c, 7])
    return out


def make():
    body = scanlines(10, 4)
    yield "hdr/everything.hdr", b"#?RGBE\n" + b"\n".join(WORDS) + b"\n\n-Y 4 +X 10\n" + body + b"CANARY behind"
    flat = bytes(i * 7 & 255 for i in range(24)) + b"\1\1\1\2"
    yield "hdr/flat.hdr", b"#?RADIANCE\n# CANARY\nFORMAT=32-bit_rle_xyze\n\n+X 2 -Y 4\n" + flat
    yield "hdr/clean.hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=1.5\n\n-Y 4 +X 10\n" + body
