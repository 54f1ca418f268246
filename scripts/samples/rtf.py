"""RTF: a document with something in every hiding place, and a clean one."""

from _tiny_png import png


def make():
    dirty = png((b"tEXt", b"Author\0CANARY painter"))
    clean = png()
    yield "rtf/everything.rtf", b"".join([
        b"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\n",
        b"{\\info{\\title CANARY title}{\\author CANARY Author}{\\operator CANARY Operator}{\\creatim\\yr2024\\mo1}}\n",
        b"{\\*\\generator CANARY 1.0;}{\\*\\userprops{\\propname CANARY}}{\\*\\rsidtbl \\rsid123}{\\*\\unknown CANARY}\n",
        b"{\\*\\revtbl{Unknown;}{CANARY Editor;}}{\\*\\datastore 43414e415259}{\\*\\template C:\\\\CANARY.dot}\n",
        b"\\pard\\b\\insrsid123 KEEPME\\b0  text {\\revised\\revauth1 KEEPME inserted}{\\deleted\\revauthdel1 CANARY deleted}\\par\n",
        b"{\\*\\atnid CANARY}{\\*\\atnauthor CANARY}\\chatn{\\*\\annotation CANARY comment}\n",
        b"{\\field{\\*\\fldinst AUTHOR CANARY}{\\fldrslt KEEPME result}}{\\field{\\*\\fldinst PAGE}{\\fldrslt KEEPME page}}\n",
        b"{\\object\\objemb{\\*\\objclass CANARY}{\\*\\objdata 43414e415259}{\\result KEEPME object}}\n",
        b"{\\pict{\\*\\blipuid 43414e415259}\\pngblip\\picw1\\pich1\n" + dirty.hex().encode() + b"}\n",
        b"{\\pict\\pngblip\\picw1\\pich1\\bin" + str(len(dirty)).encode() + b" " + dirty + b"}\n",
        b"{\\shp{\\*\\shpinst{\\sp{\\sn wzName}{\\sv CANARY}}{\\sp{\\sn shapeType}{\\sv 1}}}}\n",
        b"{\\*\\bkmkstart _GoBack}{\\*\\bkmkend _GoBack}{\\*\\bkmkstart KEEPME}{\\*\\bkmkend KEEPME}\n",
        b"}\nCANARY behind the end",
    ])
    yield "rtf/clean.rtf", b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\pard KEEPME\\par{\\pict\\pngblip " + clean.hex().encode() + b"}}\n"
