"""PDFs with something in every hiding place, and one with nothing to remove."""
import zlib


def build(objects, trailer, version="1.7", tail=b"", mark=b"%\xe2\xe3\xcf\xd3\n", comment=b""):
    """objects: {number: body}; the offsets and the cross-reference table are made here."""
    out = bytearray(b"%PDF-" + version.encode() + b"\n" + mark)
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body) + comment
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (max(objects) + 1)
    for number in range(1, max(objects) + 1):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00001 f \n"
    out += b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, trailer, at)
    return bytes(out) + tail


def stream(data, entries=b"", pack=True):
    if pack:
        data, entries = zlib.compress(data, 9), entries + b"/Filter/FlateDecode"
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)


XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>CANARY-XMP-Creator</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
CONTENT = b"BT /F1 12 Tf 20.50 700 Td (KEEPME: the text of the page) Tj ET\n"


def dirty():
    secret = stream(CONTENT.replace(b"Tj", b"Tj % CANARY-comment-in-content\n"))
    return {
        1: b"<</Type/Catalog/Pages 2 0 R/Metadata 9 0 R/Lang(en)/PieceInfo<</CANARY-App<</Private(CANARY-piece)>>>>"
           b"/Names<</JavaScript<</Names[(CANARY-js)<</S/JavaScript/JS(app.alert\\('CANARY-script'\\))>>]>>>>"
           b"/OpenAction<</S/Launch/F(C:\\\\Users\\\\CANARY-user\\\\run.exe)>>/Outlines 11 0 R/AcroForm<</Fields[14 0 R]>>>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 612 792.000]>>",
        3: b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</Im1 6 0 R>>>>"
           b"/Annots[7 0 R 8 0 R 13 0 R 14 0 R]/LastModified(D:20240102CANARY)/Thumb 10 0 R>>",
        4: secret,
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        6: stream(b"\x00\x80\xff", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceRGB"
                  b"/PTEX.FileName(/home/CANARY-user/fig.png)/Metadata 9 0 R"),
        7: b"<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(KEEPME note)/T(CANARY Author)/M(D:20240102030405)"
           b"/NM(CANARY-0001-identifier)/CreationDate(D:20240101)/P 3 0 R>>",
        8: b"<</Type/Annot/Subtype/Link/Rect[40 10 90 30]/A<</S/URI/URI(https://example.org/KEEPME)>>>>",
        9: stream(XMP, b"/Type/Metadata/Subtype/XML", pack=False),
        10: stream(b"CANARY-thumbnail", b"/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray"),
        11: b"<</Type/Outlines/First 12 0 R/Last 12 0 R/Count 1>>",
        12: b"<</Title(KEEPME bookmark)/Parent 11 0 R/Dest[3 0 R/XYZ 0 792 0]>>",
        13: b"<</Type/Annot/Subtype/Link/Rect[100 10 190 30]/A<</S/GoToR/F(file:///C:/CANARY-share/plan.pdf)/D[0/Fit]>>>>",
        14: b"<</Type/Annot/Subtype/Widget/FT/Tx/T(KEEPME field)/V(KEEPME value)/Rect[10 50 90 70]/P 3 0 R"
            b"/AA<</K<</S/JavaScript/JS(CANARY-keystroke)>>>>>>",
        15: b"(CANARY: an object that nothing leads to)",
        16: b"<</Author(CANARY Author)/Creator(CANARY Writer)/Producer(CANARY Producer 1.0)/Title(CANARY title)"
            b"/CreationDate(D:20240102030405+01'00')/Company(CANARY Ltd.)>>",
    }


def clean():
    # As the program writes it: sorted keys, numbered in the order of meeting, the constant mark.
    return {
        1: b"<</Pages 2 0 R/Type/Catalog>>",
        2: b"<</Count 1/Kids[3 0 R]/MediaBox[0 0 612 792.000]/Type/Pages>>",
        3: b"<</Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>>>/Type/Page>>",
        4: b"<</Length %d>>stream\n%s\nendstream" % (len(CONTENT), CONTENT),
        5: b"<</BaseFont/Helvetica/Subtype/Type1/Type/Font>>",
    }


def tidy(objects):
    data = build(objects, b"")
    at = data.index(b"trailer\n")
    return data[:at] + b"trailer\n<</Root 1 0 R/Size %d>>\n" % (max(objects) + 1) + data[data.index(b"startxref"):]


def make():
    trailer = b"/Root 1 0 R/Info 16 0 R/ID[<43414E4152590001><43414E4152590002>]/CANARYKey(CANARY-trailer)"
    first = build(dirty(), trailer, mark=b"%CANARY-mark-of-the-program\n", comment=b"% CANARY between objects\n")
    yield "pdf/everything.pdf", first + b"CANARY: bytes behind the end"
    # An update that takes back a page's text: the first one is still there.
    new = stream(b"BT /F1 12 Tf 20 700 Td (KEEPME: corrected) Tj ET")
    at = len(first)
    body = b"4 0 obj\n%s\nendobj\n" % new
    old = first.rindex(b"startxref\n") + 10
    previous = first[old:first.index(b"\n", old)]
    xref = b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 17%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        at, trailer, previous, at + len(body))
    yield "pdf/revised.pdf", first.replace(b"the text of", b"the text of") + body + xref
    yield "pdf/clean.pdf", tidy(clean())
