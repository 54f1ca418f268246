"""OpenDocument files with a secret in every part that people do not look at."""
import struct
import zlib

NS = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{u}:1.0"' for p, u in (
    ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"), ("meta", "meta"),
    ("svg", "svg-compatible"), ("script", "script"), ("config", "config"))) + (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:officeooo="http://openoffice.org/2009/office"')
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
GIF = (b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + b"!\xfe\x0eCANARY comment\0" + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;")


def archive(members, dirty=True):
    out, directory = bytearray(), b""
    time = b"\x00\x78\x3f\x58" if dirty else b"\0\0\x21\0"
    for name, data in members:
        stored = name == "mimetype"
        name, data = name.encode(), data if isinstance(data, bytes) else data.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = data if stored else packer.compress(data) + packer.flush()
        fields = struct.pack("<HHH", 20, 0, 0 if stored else 8) + time + struct.pack("<IIIHH", zlib.crc32(data), len(packed), len(data), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<BB", 20, 3) + fields + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(out)) + name
        out += b"PK\3\4" + fields + name + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return bytes(out) + directory + b"PK\5\6" + end


def manifest(kind, names):
    body = "".join(f'<manifest:file-entry manifest:full-path="{n}" manifest:media-type="text/xml" manifest:size="7"/>' for n in names)
    return HEAD + f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>{body}</manifest:manifest>'


def make():
    by = "<dc:creator>CANARY Alice</dc:creator><dc:date>2024-01-31T15:45:00</dc:date>"
    body = (
        f'<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info>{by}</office:change-info><text:p>CANARY deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>'
        f'<text:p text:style-name="P1"><!-- CANARY -->KEEPME one<text:change text:change-id="c1"/> KEEPME two<office:annotation>{by}<text:p>CANARY remark</text:p></office:annotation> KEEPME three</text:p>'
        '<text:p>KEEPME <text:author-name text:fixed="true">Alice</text:author-name> <text:a xlink:href="file:///home/CANARY/a.odt">KEEPME link</text:a> <text:a xlink:href="https://example.org/KEEPME">KEEPME web</text:a></text:p>'
        '<text:p><draw:frame draw:name="CANARY.jpg"><draw:image xlink:href="Pictures/1.gif"/><svg:title>C:\\CANARY\\a.jpg</svg:title></draw:frame></text:p>'
    )
    styles = '<style:style style:name="P1"><style:text-properties officeooo:rsid="00CANARY"/></style:style>'
    content = HEAD + f'<office:document-content {NS}><office:scripts><script:event-listener script:language="CANARY"/></office:scripts><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>'
    meta = HEAD + f'<office:document-meta {NS}><office:meta><meta:initial-creator>CANARY Bob Builder</meta:initial-creator>{by}<meta:generator>CANARY</meta:generator></office:meta></office:document-meta>'
    item = '<config:config-item config:name="{}" config:type="{}">{}</config:config-item>'
    settings = HEAD + (f'<office:document-settings {NS}><office:settings><config:config-item-set config:name="ooo:view-settings">{item.format("ViewAreaTop", "long", "12345")}</config:config-item-set>'
        f'<config:config-item-set config:name="ooo:configuration-settings">{item.format("AddParaTableSpacing", "boolean", "true")}{item.format("PrinterName", "string", "CANARY printer")}{item.format("Rsid", "int", "1234567")}</config:config-item-set></office:settings></office:document-settings>')
    kind = "application/vnd.oasis.opendocument.text"
    members = [("content.xml", content), ("meta.xml", meta), ("settings.xml", settings), ("Pictures/1.gif", GIF), ("Pictures/2.gif", GIF + b"CANARY"),
               ("Thumbnails/thumbnail.png", "CANARY"), ("Versions/Version1", "CANARY"), ("Basic/script-lc.xml", "<CANARY/>"), ("layout-cache", "CANARY"), ("Configurations2/floater/", "")]
    yield "odf/letter.odt", archive([("mimetype", kind), *members, ("forgotten.bin", "CANARY"), ("META-INF/manifest.xml", manifest(kind, [n for n, _ in members]))])
    import base64
    picture = base64.b64encode(GIF).decode()
    flat = (f'<office:document {NS} office:mimetype="{kind}"><office:meta><meta:initial-creator>CANARY Bob Builder</meta:initial-creator>{by}</office:meta>'
        f'<office:settings><config:config-item-set config:name="ooo:configuration-settings">{item.format("AddParaTableSpacing", "boolean", "true")}{item.format("PrinterName", "string", "CANARY printer")}</config:config-item-set></office:settings>'
        f'<office:scripts><office:script script:language="ooo:Basic">CANARY</office:script></office:scripts><office:automatic-styles>{styles}</office:automatic-styles>')
    body = body.replace('<draw:image xlink:href="Pictures/1.gif"/>', f"<draw:image><office:binary-data>{picture}</office:binary-data></draw:image>")
    yield "odf/letter.fodt", (HEAD + flat + f"<office:body><office:text>{body}</office:text></office:body></office:document>").encode()
    yield "odf/clean.fodt", (HEAD + f'<office:document {NS} office:mimetype="{kind}"><office:body><office:text><text:p>KEEPME</text:p></office:text></office:body></office:document>').encode()
    plain = HEAD + f'<office:document-content {NS}><office:body><office:text><text:p>KEEPME</text:p></office:text></office:body></office:document-content>'
    clean = HEAD + '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="' + kind + '"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    yield "odf/clean.odt", archive([("mimetype", kind), ("content.xml", plain), ("META-INF/manifest.xml", clean)], dirty=False)
