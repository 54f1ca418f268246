"""Books with a secret in every part that readers do not see."""
from odf import GIF, HEAD, archive

KIND = "application/epub+zip"
CONTAINER = HEAD + '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def opf(metadata):
    return HEAD + (f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata {DC}>{metadata}</metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="c" href="c.gif" media-type="image/gif" properties="cover-image"/><item id="s" href="s.css" media-type="text/css"/><item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest><spine toc="n"><itemref idref="a"/></spine></package>')


def make():
    page = HEAD + '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>KEEPME</title><meta name="generator" content="CANARY"/><link rel="author" href="CANARY"/><link rel="stylesheet" href="s.css"/></head><body><!-- CANARY --><p>KEEPME&nbsp;text</p><img src="c.gif" alt=""/></body></html>'
    ncx = HEAD + '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><head><meta name="dtb:uid" content="urn:isbn:CANARY000"/><meta name="dtb:depth" content="1"/><meta name="dtb:generator" content="CANARY"/></head><docTitle><text>KEEPME</text></docTitle><docAuthor><text>CANARY Alice</text></docAuthor><navMap><navPoint id="p"><navLabel><text>KEEPME</text></navLabel><content src="a.xhtml"/></navPoint></navMap></ncx>'
    metadata = ('<dc:identifier id="id">urn:isbn:CANARY000</dc:identifier><dc:identifier>CANARY-order-number</dc:identifier><dc:title id="t">KEEPME</dc:title><dc:language>en</dc:language><dc:creator>CANARY Alice</dc:creator>'
        '<meta refines="#t" property="file-as">CANARY</meta><meta property="dcterms:modified">2024-01-31T15:45:00Z</meta><meta property="rendition:layout">reflowable</meta><meta name="calibre:timestamp" content="CANARY"/><meta name="cover" content="c"/><link rel="record" href="CANARY"/>')
    yield "epub/book.epub", archive([("mimetype", KIND), ("META-INF/container.xml", CONTAINER), ("META-INF/calibre_bookmarks.txt", "CANARY"), ("iTunesMetadata.plist", "CANARY"),
        ("OPS/book.opf", opf(metadata)), ("OPS/a.xhtml", page), ("OPS/c.gif", GIF), ("OPS/s.css", 'p{color:red/*CANARY*/;content:"/*KEEPME*/"}'), ("OPS/toc.ncx", ncx), ("OPS/forgotten.xhtml", "CANARY")])
    plain = HEAD + '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>KEEPME</title></head><body><p>KEEPME</p></body></html>'
    small = HEAD + (f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata {DC}><dc:identifier id="id">urn:uuid:00000000-0000-0000-0000-000000000000</dc:identifier><dc:title>KEEPME</dc:title><dc:language>en</dc:language></metadata>'
        '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>')
    yield "epub/clean.epub", archive([("mimetype", KIND), ("META-INF/container.xml", CONTAINER), ("OPS/book.opf", small), ("OPS/a.xhtml", plain)], dirty=False)
