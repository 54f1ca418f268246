"""Word, Excel and PowerPoint documents with a secret in every part that people do not look at."""
import zlib
import struct

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P = "http://schemas.openxmlformats.org/package/2006"
CT = "application/vnd.openxmlformats-officedocument."
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
CORE = (f'<cp:coreProperties xmlns:cp="{P}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/"><dc:creator>CANARY Alice Author</dc:creator>'
        "<cp:lastModifiedBy>CANARY Bob Editor</cp:lastModifiedBy><dcterms:created>2024-01-31T15:45:00Z</dcterms:created></cp:coreProperties>")
APP = ('<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
       "<Company>CANARY Company</Company><Template>CANARY.dotm</Template></Properties>")
GIF = (b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + b"!\xfe\x0eCANARY comment\0" + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;")


def archive(members, dirty=True):
    out, directory = bytearray(), b""
    time = b"\x00\x78\x3f\x58" if dirty else b"\0\0\x21\0"
    for name, data in members:
        name, data = name.encode(), data if isinstance(data, bytes) else data.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
        fields = struct.pack("<HHH", 20, 0, 8) + time + struct.pack("<IIIHH", zlib.crc32(data), len(packed), len(data), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<BB", 20, 3) + fields + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(out)) + name
        out += b"PK\3\4" + fields + name + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return bytes(out) + directory + b"PK\5\6" + end


def rels(*items):
    one = '<Relationship Id="{}" Type="{}" Target="{}"{}/>'
    body = "".join(one.format(i, t if ":" in t else f"{R}/{t}", target, ' TargetMode="External"' if ext else "") for i, t, target, *ext in items)
    return HEAD + f'<Relationships xmlns="{P}/relationships">{body}</Relationships>'


def types(*overrides, defaults=(("rels", P.replace("http://schemas.openxmlformats.org/package/2006", "application/vnd.openxmlformats-package.relationships+xml")), ("xml", "application/xml"), ("gif", "image/gif"), ("bin", "application/octet-stream"))):
    body = "".join(f'<Default Extension="{e}" ContentType="{t}"/>' for e, t in defaults)
    body += "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in overrides)
    return HEAD + f'<Types xmlns="{P}/content-types">{body}</Types>'


PROPERTIES = [("rId2", f"{P}/relationships/metadata/core-properties", "docProps/core.xml"), ("rId3", "extended-properties", "docProps/app.xml")]
PROPERTY_TYPES = [("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"), ("docProps/app.xml", CT + "extended-properties+xml")]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
PML = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def word():
    by = 'w:author="CANARY Carol Changer" w:date="2024-02-01T10:00:00Z"'
    body = (
        '<!-- CANARY comment --><w:p w:rsidR="00CANAR1" w14:paraId="1CA9A8Y1"><w:r><w:t>KEEPME first.</w:t></w:r>'
        f'<w:ins w:id="1" {by}><w:r><w:t> KEEPME inserted.</w:t></w:r></w:ins><w:del w:id="2" {by}><w:r><w:delText>CANARY deleted</w:delText></w:r></w:del></w:p>'
        f'<w:p><w:pPr><w:rPr><w:del w:id="3" {by}/></w:rPr></w:pPr><w:r><w:t>KEEPME joined </w:t></w:r></w:p><w:p><w:pPr><w:jc w:val="right"/></w:pPr><w:r><w:t>KEEPME with this.</w:t></w:r></w:p>'
        '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>KEEPME remarked.</w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>'
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> INCLUDETEXT "C:\\\\CANARY\\\\file.docx" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>KEEPME result</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        '<w:p><w:hyperlink r:id="rId5"><w:r><w:t>KEEPME link</w:t></w:r></w:hyperlink><w:hyperlink r:id="rId6"><w:r><w:t>KEEPME web</w:t></w:r></w:hyperlink></w:p>'
        f'<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="CANARY IMG_2031.jpg" descr="C:\\CANARY\\photo.jpg"/><a:graphic {A}><a:blip r:embed="rId7"/></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    )
    ns = f'{W} xmlns:r="{R}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    document = HEAD + f"<w:document {ns}><w:body>{body}</w:body></w:document>"
    settings = HEAD + f'<w:settings {W} xmlns:r="{R}"><w:attachedTemplate r:id="rId1"/><w:defaultTabStop w:val="720"/><w:rsids><w:rsid w:val="00CANAR1"/></w:rsids><w:docVars><w:docVar w:name="CANARY" w:val="CANARY"/></w:docVars></w:settings>'
    comments = HEAD + f'<w:comments {W}><w:comment w:id="0" w:author="CANARY Dave Critic" w:initials="CANARY"><w:p><w:r><w:t>CANARY remark</w:t></w:r></w:p></w:comment></w:comments>'
    return archive([
        ("[Content_Types].xml", types(("word/document.xml", CT + "wordprocessingml.document.main+xml"), ("word/settings.xml", CT + "wordprocessingml.settings+xml"), ("word/comments.xml", CT + "wordprocessingml.comments+xml"), *PROPERTY_TYPES)),
        ("_rels/.rels", rels(("rId1", "officeDocument", "word/document.xml"), *PROPERTIES)),
        ("word/document.xml", document),
        ("word/_rels/document.xml.rels", rels(("rId1", "settings", "settings.xml"), ("rId2", "comments", "comments.xml"), ("rId3", "customXml", "../customXml/item1.xml"), ("rId5", "hyperlink", "file:///C:\\CANARY\\secret.docx", True), ("rId6", "hyperlink", "https://example.org/KEEPME", True), ("rId7", "image", "media/image1.gif"), ("rId8", "image", "media/image2.gif"))),
        ("word/settings.xml", settings),
        ("word/_rels/settings.xml.rels", rels(("rId1", "attachedTemplate", "file:///C:\\Users\\CANARY\\Normal.dotm", True))),
        ("word/comments.xml", comments), ("word/media/image1.gif", GIF), ("word/media/image2.gif", GIF + b"CANARY"),
        ("customXml/item1.xml", "<data>CANARY</data>"), ("docProps/core.xml", CORE), ("docProps/app.xml", APP), ("[trash]/0000.dat", "CANARY"),
    ])


def excel():
    workbook = HEAD + (f'<workbook {S} xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac" xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" mc:Ignorable="x15ac xr">'
        '<fileVersion appName="xl" rupBuild="CANARY"/><fileSharing userName="CANARY Erin"/><workbookPr codeName="CANARY"/>'
        '<mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath url="C:\\CANARY\\"/></mc:Choice></mc:AlternateContent><xr:revisionPtr documentId="CANARY"/>'
        '<bookViews><workbookView xWindow="12" windowWidth="999" activeTab="0"/></bookViews><sheets><sheet name="KEEPME" sheetId="1" r:id="rId1"/></sheets>'
        '<externalReferences><externalReference r:id="rId3"/></externalReferences><definedNames><definedName name="far">[1]CANARY!$A$1</definedName><definedName name="near" comment="CANARY">KEEPME!$A$1</definedName></definedNames></workbook>')
    sheet = HEAD + (f'<worksheet {S} xmlns:r="{R}"><sheetPr codeName="CANARY"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><f>[1]CANARY!A1</f><v>7</v></c><c r="C1"><f>SUM(B1:B1)</f><v>7</v></c></row></sheetData>'
        '<pageSetup orientation="portrait" r:id="rId1"/><legacyDrawing r:id="rId2"/></worksheet>')
    vml = '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shape id="s1"><x:ClientData ObjectType="Note">CANARY</x:ClientData></v:shape></xml>'
    strings = HEAD + f'<sst {S} count="1" uniqueCount="2"><si><t>KEEPME cell</t></si><si><t>CANARY deleted cell</t></si></sst>'
    external = HEAD + f'<externalLink {S}><externalBook><sheetNames><sheetName val="CANARY"/></sheetNames></externalBook></externalLink>'
    comments = HEAD + f'<comments {S}><authors><author>CANARY Frank</author></authors></comments>'
    return archive([
        ("[Content_Types].xml", types(("xl/workbook.xml", CT + "spreadsheetml.sheet.main+xml"), ("xl/worksheets/sheet1.xml", CT + "spreadsheetml.worksheet+xml"), ("xl/sharedStrings.xml", CT + "spreadsheetml.sharedStrings+xml"), ("xl/externalLinks/externalLink1.xml", CT + "spreadsheetml.externalLink+xml"), ("xl/comments1.xml", CT + "spreadsheetml.comments+xml"), ("xl/drawings/vmlDrawing1.vml", CT + "vmlDrawing"), *PROPERTY_TYPES)),
        ("_rels/.rels", rels(("rId1", "officeDocument", "xl/workbook.xml"), *PROPERTIES)),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", rels(("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml"), ("rId3", "externalLink", "externalLinks/externalLink1.xml"), ("rId4", "calcChain", "calcChain.xml"))),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/worksheets/_rels/sheet1.xml.rels", rels(("rId1", "printerSettings", "../printerSettings/printerSettings1.bin"), ("rId2", "vmlDrawing", "../drawings/vmlDrawing1.vml"), ("rId3", "comments", "../comments1.xml"))),
        ("xl/sharedStrings.xml", strings), ("xl/externalLinks/externalLink1.xml", external), ("xl/drawings/vmlDrawing1.vml", vml), ("xl/comments1.xml", comments),
        ("xl/calcChain.xml", f"<calcChain {S}/>"), ("xl/printerSettings/printerSettings1.bin", "CANARY printer".encode("utf-16-le")), ("docProps/core.xml", CORE), ("docProps/app.xml", APP),
    ])


def powerpoint():
    presentation = HEAD + (f'<p:presentation {PML} xmlns:r="{R}"><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:custDataLst><p:tags r:id="rId3"/></p:custDataLst></p:presentation>')
    slide = HEAD + (f'<p:sld {PML} {A} xmlns:r="{R}"><p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr id="2" name="Title 1"><a:extLst><a:ext uri="{{FF2B5EF4}}"><a16:creationId xmlns:a16="http://schemas.microsoft.com/office/drawing/2014/main" id="{{CANARY}}"/></a:ext></a:extLst></p:cNvPr></p:nvSpPr>'
        '<p:txBody><a:p><a:r><a:t>KEEPME title</a:t></a:r><a:fld id="{CA9A8E00-0000-4000-8000-CANARY000000}" type="slidenum"><a:t>1</a:t></a:fld></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>')
    authors = HEAD + f'<p:cmAuthorLst {PML}><p:cmAuthor id="0" name="CANARY Grace" initials="CG"/></p:cmAuthorLst>'
    return archive([
        ("[Content_Types].xml", types(("ppt/presentation.xml", CT + "presentationml.presentation.main+xml"), ("ppt/slides/slide1.xml", CT + "presentationml.slide+xml"), ("ppt/commentAuthors.xml", CT + "presentationml.commentAuthors+xml"), ("ppt/tags/tag1.xml", CT + "presentationml.tags+xml"), *PROPERTY_TYPES)),
        ("_rels/.rels", rels(("rId1", "officeDocument", "ppt/presentation.xml"), *PROPERTIES)),
        ("ppt/presentation.xml", presentation),
        ("ppt/_rels/presentation.xml.rels", rels(("rId1", "slide", "slides/slide1.xml"), ("rId2", "commentAuthors", "commentAuthors.xml"), ("rId3", "tags", "tags/tag1.xml"))),
        ("ppt/slides/slide1.xml", slide), ("ppt/commentAuthors.xml", authors), ("ppt/tags/tag1.xml", f'<p:tagLst {PML}><p:tag name="CANARY" val="CANARY"/></p:tagLst>'),
        ("docProps/core.xml", CORE), ("docProps/app.xml", APP),
    ])


def make():
    yield "ooxml/letter.docx", word()
    yield "ooxml/table.xlsx", excel()
    yield "ooxml/slides.pptx", powerpoint()
    yield "ooxml/clean.docx", archive([
        ("[Content_Types].xml", types(("word/document.xml", CT + "wordprocessingml.document.main+xml"), defaults=(("rels", "application/vnd.openxmlformats-package.relationships+xml"), ("xml", "application/xml")))),
        ("_rels/.rels", rels(("rId1", "officeDocument", "word/document.xml"))),
        ("word/document.xml", HEAD + f"<w:document {W}><w:body><w:p><w:r><w:t>KEEPME</w:t></w:r></w:p></w:body></w:document>"),
    ], dirty=False)
