"""HTML: a page with something in every hiding place, a page made by Word, and a clean one."""

import base64

from _tiny_png import png


def make():
    dirty = base64.b64encode(png((b"tEXt", b"Author\0CANARY painter"))).decode()
    clean = base64.b64encode(png()).decode()
    yield "html/everything.html", f"""<!-- saved from url=(0042)https://example.com/CANARY -->
<!DOCTYPE html>
<html lang="en" data-savepage-url="CANARY">
<head>
<meta charset="utf-8" data-note="CANARY">
<meta name="viewport" content="width=device-width">
<meta name="author" content="CANARY Author"><meta name="generator" content="CANARY 1.0">
<meta property="og:title" content="CANARY"><meta itemprop="dateModified" content="CANARY">
<meta http-equiv="last-modified" content="CANARY">
<link rel="stylesheet" href="style.css"><link rel="author" href="https://example.com/CANARY">
<link rel="stylesheet" href="file:///home/CANARY/style.css">
<base href="file:///C:/CANARY/">
<title>KEEPME title</title>
<script type="application/ld+json">{{"author": "CANARY"}}</script>
<style>p {{ color: red; mso-style-name: "CANARY; x"; background: url(data:image/png;base64,{dirty}) }}
/*# sourceMappingURL=CANARY.css.map */</style>
<script>let keep = "KEEPME <!-- not a comment -->";
//# sourceMappingURL=CANARY.js.map
</script>
</head>
<body>
<p style="mso-bidi-font-family:&quot;CANARY&quot;;color:blue">KEEPME text &am<!--CANARY-->p; more</p>
<![if !vml]><img src="data:image/png;base64,{dirty}" alt="KEEPME alt"><![endif]>
<img srcset="data:image/png;base64,{dirty} 1x, small.png 2x" src="C:\\Users\\CANARY\\a.png">
<a href="https://example.com/?utm_source=x" ping="https://example.com/CANARY">KEEPME link</a>
<input type="hidden" name="csrf_token" value="CANARY">
<xml><o:DocumentProperties><o:Author>CANARY</o:Author></o:DocumentProperties></xml>
<svg xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" inkscape:version="CANARY"><metadata>CANARY</metadata><title>KEEPME</title></svg>
<?instruction CANARY?>
</body>
</html>
<!-- CANARY at the end -->
""".encode()
    yield "html/clean.html", f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>KEEPME</title></head>
<body><p>KEEPME <img src="data:image/png;base64,{clean}" alt="KEEPME"> &lt;!-- no comment --&gt;</p></body></html>
""".encode()
