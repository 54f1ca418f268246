"""SVG: a drawing with secrets of every editor, one as Illustrator writes it, the same compressed, and a clean one."""
import base64
import gzip
import struct
import zlib


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks):
    rows = b"".join(b"\0" + bytes((x * 30 + y * 20) & 255 for x in range(8)) for y in range(8))
    ihdr = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def data(bytes):
    return "data:image/png;base64," + base64.b64encode(bytes).decode()


SVG = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Created with CANARY Inkscape -->
<?CANARY instruction?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"
  xmlns:figma="https://CANARY.example/figma" width="20" height="20"
  sodipodi:docname="CANARY.svg" inkscape:export-filename="/home/CANARY/a.png" data-name="CANARY" figma:id="CANARY" onload="CANARY()">
  <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:creator>CANARY person</dc:creator></rdf:RDF></metadata>
  <sodipodi:namedview id="CANARY"><inkscape:grid/></sodipodi:namedview>
  <style>/* CANARY */ .KEEPME { fill: #123456 } /* CANARY unfinished */</style>
  <script>CANARY()</script>
  <title>KEEPME title</title>
  <g inkscape:label="CANARY layer" class="KEEPME"><rect width="9" height="9" style="fill:red;-inkscape-font-specification:CANARY"/></g>
  <image width="8" height="8" xlink:href="%s"/>
  <image width="8" height="8" xlink:href="file:///C:/Users/CANARY/a.png"/>
  <a xlink:href="https://example.org/KEEPME"><text>KEEPME text</text></a>
</svg>
<!-- CANARY -->
"""

ILLUSTRATOR = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [
  <!ENTITY ns_svg "http://www.w3.org/2000/svg"> <!-- CANARY -->
  <!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">
  <!ENTITY CANARY "never used">
]>
<svg xmlns="&ns_svg;" xmlns:i="&ns_ai;" viewBox="0 0 9 9"><switch>
<foreignObject requiredExtensions="&ns_ai;" x="0" y="0" width="1" height="1"><i:pgfRef href="#CANARY"/></foreignObject>
<g i:extraneous="CANARY"><path d="M0 0h9v9z" id="KEEPME"/></g></switch><i:pgf id="CANARY">CANARY document</i:pgf></svg>
"""

CLEAN = """<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/><image width="8" height="8" href="%s"/></svg>"""


def make():
    dirty = (SVG % data(png(chunk(b"tEXt", b"Author\0CANARY person")))).encode()
    yield "svg/everything.svg", dirty
    yield "svg/illustrator.svg", ILLUSTRATOR.encode()
    yield "svg/everything.svgz", gzip.compress(dirty, mtime=0)
    yield "svg/clean.svg", (CLEAN % data(png())).encode()
