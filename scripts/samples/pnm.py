"""Portable pixmaps: comments in every place where one may stand, unknown words in an arbitrary map, data behind the end."""


def pixels(n):
    return bytes(i * 37 & 255 for i in range(n))


def make():
    yield "pnm/everything.ppm", b"P6 # CANARY made by\n# CANARY person\n4 3\n#CANARY\n255\n" + pixels(36) + b"CANARY behind"
    yield "pnm/text.pgm", b"P2\n# CANARY\n3 2\n9\n1 2 3 # CANARY between\n4 5 6\nCANARY behind\n"
    head = b"P7\n# CANARY\nWIDTH 2\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CANARY_WORD\nENDHDR\n"
    yield "pnm/arbitrary.pam", head + pixels(16)
    yield "pnm/clean.ppm", b"P6\n4 3\n255\n" + pixels(36)
