"""Makes 60 documents of 1 to 30 pages for scripts/bench.sh: text, an Info dictionary, XMP; half with object streams if qpdf is there."""
import pathlib
import shutil
import subprocess
import sys
import zlib

out = pathlib.Path(sys.argv[1])
for n in range(1, 61):
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R /Metadata 4 0 R >>", 3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
    objects[4] = b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream" % (len(xmp), xmp)
    objects[5] = b"<< /Author (Jane Q. Public) /Producer (bench) /CreationDate (D:20260601120000Z) >>"
    kids, number = [], 6
    for page in range(n % 30 + 1):
        lines = [b"BT /F1 10 Tf 50 %d Td (Line %d of page %d in document %d: the quick brown fox jumps over it.) Tj ET" % (800 - 12 * i, i, page, n) for i in range(60)]
        data = zlib.compress(b"\n".join(lines))
        objects[number] = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(data), data)
        objects[number + 1] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>" % number
        kids.append(b"%d 0 R" % (number + 1))
        number += 2
    objects[2] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    data, offsets = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), {}
    for i in sorted(objects):
        offsets[i] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (i, objects[i])
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for i in sorted(objects):
        data += b"%010d 00000 n \n" % offsets[i]
    data += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path = out / f"{n}.pdf"
    path.write_bytes(data)
    if n % 2 and shutil.which("qpdf"):
        subprocess.run(["qpdf", "--object-streams=generate", str(path), str(path) + ".q"], check=True)
        pathlib.Path(str(path) + ".q").replace(path)
