"""CSS: a style sheet with comments, and a clean one."""


def make():
    yield "css/everything.css", b"""@charset "utf-8";
/*! CANARY licence */
p { color: red; /* CANARY */ content: "KEEPME /* no comment */"; mso-style-name: CANARY; }
a { background: url("file:///home/CANARY/a.png") }
/*# sourceMappingURL=CANARY.css.map */
"""
    yield "css/clean.css", b'p { content: "/* KEEPME */" }\n'
