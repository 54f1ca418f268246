"""The main job on the samples, judged by other people's programs: what they see before and after.

python3 tests/oracles.py [PATH…]     (default: samples/; any folder of files will do)

Uses target/release/metascrub (METASCRUB for another). A check whose program is missing is named as skipped, never passed.
Planted secrets contain CANARY; content that must stay contains KEEPME.
"""
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
METASCRUB = os.environ.get("METASCRUB", str(ROOT / "target/release/metascrub"))
PICTURES = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".ico", ".tif", ".tiff", ".heic", ".avif"}
FILMS = {".mp4", ".mov", ".m4a", ".mkv", ".webm", ".avi", ".mp3", ".flac", ".ogg", ".opus", ".wav", ".aiff", ".wmv",
         ".caf", ".w64", ".tta", ".wv", ".mpc", ".dsf"}
RAWS = {".dng", ".cr2", ".nef", ".nrw", ".arw", ".orf", ".rw2", ".pef", ".srw"}

# LibRaw: the sensor's values, the camera's balance, levels and matrix, and the picture developed with them.
DEVELOP = """
import hashlib, sys, rawpy
with rawpy.imread(sys.argv[1]) as raw:
    values = [hashlib.sha256(raw.raw_image.tobytes()).hexdigest(), raw.sizes, raw.camera_whitebalance, raw.white_level]
    values += [raw.black_level_per_channel, raw.color_matrix.tolist(), raw.rgb_xyz_matrix.tolist()]
    values.append(hashlib.sha256(raw.postprocess(use_camera_wb=True, no_auto_bright=True).tobytes()).hexdigest())
    print(values)
"""

# Where a difference in ffmpeg's eyes is what cleaning means, and why.
EXPECTED = {
    "mp3/between.mp3": "ffmpeg hands on junk between the frames as a part of them",
    "ogg/chained.ogg": "ffmpeg hands on the headers of a later link, with their comments, as packets of sound",
}

# Where the packets differ because cleaning reaches into them, what is decoded from them is compared.
DECODED = {"avi/everything.avi": "Exif and comments inside its Motion JPEG pictures become zeros"}

# What scripts/oracles.sh installs for Python.
sys.path += [str(p) for p in (pathlib.Path.home() / ".cache/metascrub-oracles").glob("lib/python*/site-packages")]

skipped, passed, failed = set(), 0, []


def run(*cmd):
    return subprocess.run([str(c) for c in cmd], capture_output=True, timeout=120, stdin=subprocess.DEVNULL)


def have(program):
    if shutil.which(program):
        return True
    skipped.add(program)
    return False


def check(name, what, ok, detail=""):
    global passed
    if ok:
        passed += 1
    else:
        failed.append(f"{name}: {what} {detail}")


def pixels(path):
    """A digest of every frame, upright, with its delay."""
    p = run("convert", path, "-auto-orient", "-coalesce", "-format", "%T %# %wx%h\n", "info:")
    return p.stdout if p.returncode == 0 else None


def developer():
    """A Python with rawpy: this one, or the one that scripts/oracles.sh makes."""
    for python in (sys.executable, pathlib.Path.home() / ".cache/metascrub-oracles/bin/python"):
        if pathlib.Path(python).exists() and run(python, "-c", "import rawpy").returncode == 0:
            return python
    skipped.add("rawpy")
    return None


def hidden_text(data, depth=3):
    """All bytes that can be reached by inflating zlib streams and ZIP members."""
    yield data
    if depth == 0:
        return
    for m in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        try:
            out = zlib.decompressobj().decompress(data[m.start():], 16 << 20)
        except zlib.error:
            continue
        if len(out) > 8:
            yield from hidden_text(out, depth - 1)
    if data[:2] == b"PK":
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
            for info in archive.infolist():
                yield info.comment + info.extra
                yield from hidden_text(archive.read(info), depth - 1)
        except (zipfile.BadZipFile, NotImplementedError):
            pass


def says(data, word):
    words = [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")]
    return any(w in part for part in hidden_text(data) for w in words)


def judge(src, out, name):
    before, after = src.read_bytes(), out.read_bytes()
    check(name, "a planted secret survived", not says(after, "CANARY"))
    if says(before, "KEEPME"):
        check(name, "content is gone", says(after, "KEEPME"))
    if have("exiftool"):
        tags = run("exiftool", "-a", "-u", "-G1", "-ee", "-s", out).stdout.decode("utf-8", "replace")
        found = [line for line in tags.splitlines() if "CANARY" in line and "File Name" not in line and "FileName" not in line]
        check(name, "exiftool still reads", not found, found[:1])
    ext = src.suffix.lower()
    if ext in PICTURES and have("convert"):
        a, b = pixels(src), pixels(out)
        if a is not None and ext in (".tif", ".tiff"):
            # Reduced pictures of a page go; what stays stays in order.
            left = iter(a.splitlines())
            check(name, "pixels differ", b and all(frame in left for frame in b.splitlines()), f"{a} {b}")
        elif a is not None:
            check(name, "pixels differ", a == b, f"{a} {b}")
    if ext in RAWS and (python := developer()):
        a, b = (run(python, "-c", DEVELOP, p) for p in (src, out))
        check(name, "LibRaw cannot develop it", a.returncode == 0, a.stderr[-200:])
        check(name, "it develops into another picture", a.stdout == b.stdout, f"{a.stdout} {b.stdout} {b.stderr[-200:]}")
    if ext == ".pdf":
        if have("qpdf"):
            a, b = run("qpdf", "--check", src).returncode, run("qpdf", "--check", out).returncode
            check(name, "qpdf --check is worse", b <= a, f"{a} -> {b}")
        if have("pdftotext"):
            check(name, "text differs", run("pdftotext", "-layout", src, "-").stdout == run("pdftotext", "-layout", out, "-").stdout)
            pages = [run("pdftoppm", "-r", "60", p).stdout for p in (src, out)]
            check(name, "rendering differs", hashlib.sha256(pages[0]).digest() == hashlib.sha256(pages[1]).digest())
    if ext in (".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".epub", ".cbz") and have("unzip"):
        check(name, "unzip -t complains", run("unzip", "-tqq", out).returncode == 0)
        with zipfile.ZipFile(out) as z:
            check(name, "a member has a time", all(i.date_time == (1980, 1, 1, 0, 0, 0) for i in z.infolist()))
            check(name, "a member has extra fields or a comment", not any(i.extra or i.comment for i in z.infolist()))
    if ext in FILMS and have("ffmpeg"):
        # Attached pictures are cleaned by themselves; a film that ffmpeg complains about proves nothing.
        maps = ["-map", "0:V?", "-map", "0:a?", "-map", "0:s?"]
        copy = [] if name in DECODED else ["-c", "copy"]
        runs = [run("ffmpeg", "-v", "error", "-i", p, *maps, *copy, "-f", "streamhash", "-") for p in (src, out)]
        if runs[0].returncode == 0 and (name in DECODED or not runs[0].stderr) and name not in EXPECTED:
            check(name, "a stream differs", runs[0].stdout == runs[1].stdout)


OFFICE = {".docx", ".docm", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".odg", ".fodt", ".rtf"}
# Where these stand, a reader of the original shows other words on purpose: deletions, remarks, codes of fields, links that go.
CHANGED = re.compile(rb"<w:(ins|del|moveFrom|moveTo|commentReference|instrText|fldSimple)\b|tracked-changes|office:annotation|"
                     rb"text:(author-name|file-name|sender-)|type=\"datetime|\\(deleted|revised|annotation|fldinst)|show=\"0\"|externalLink")


def parts(path):
    """The parts of a document that readers show."""
    data = path.read_bytes()
    if data[:2] != b"PK":
        return [data]
    try:
        with zipfile.ZipFile(path) as z:
            return [z.read(n) for n in z.namelist() if n.endswith((".xml", ".rels"))]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError):
        return []


def converted(paths, scratch, name):
    """The words that LibreOffice prints of each document, by place in the list."""
    given, out = scratch / f"{name}.in", scratch / f"{name}.pdf"
    given.mkdir()
    for i, path in enumerate(paths):
        shutil.copy(path, given / f"{i}{path.suffix.lower()}")
    home = f"-env:UserInstallation=file://{scratch}/profile"
    subprocess.run(["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", out, *sorted(given.iterdir())],
                   capture_output=True, timeout=60 + 20 * len(paths), stdin=subprocess.DEVNULL)
    words = {}
    for i in range(len(paths)):
        if (out / f"{i}.pdf").exists():
            words[i] = run("pdftotext", "-layout", out / f"{i}.pdf", "-").stdout.decode("utf-8", "replace").split()
    return words


def readers(path):
    """What the libraries of Python read: paragraphs and tables, cells and formulas, shapes and notes."""
    ext = path.suffix.lower()
    if ext == ".docx":
        import docx
        doc = docx.Document(str(path))
        cells = [c.text for t in doc.tables for r in t.rows for c in r.cells]
        return [p.text for p in doc.paragraphs] + cells
    if ext == ".xlsx":
        import openpyxl
        out = []
        for values in (False, True):
            book = openpyxl.load_workbook(str(path), data_only=values)
            out += [(w.title, c.coordinate, c.value) for w in book.worksheets for row in w.iter_rows() for c in row if c.value is not None]
        return out
    import pptx
    deck = pptx.Presentation(str(path))
    return [s.text_frame.text for slide in deck.slides for s in slide.shapes if s.has_text_frame]


def office(pairs):
    """What office programs show of documents before and after. `pairs` holds (name, source, result)."""
    pairs = [p for p in pairs if p[1].suffix.lower() in OFFICE]
    if not pairs:
        return
    changed = [any(CHANGED.search(part) for part in parts(src)) for _, src, _ in pairs]
    kept = lambda words: " ".join(map(str, words)).count("KEEPME")
    if have("soffice") and have("pdftotext"):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            before = converted([src for _, src, _ in pairs], scratch, "before")
            after = converted([out for _, _, out in pairs], scratch, "after")
        for i, (name, _, _) in enumerate(pairs):
            if i in before:
                check(name, "LibreOffice cannot open it any more", i in after)
                same = kept if changed[i] else list
                check(name, "LibreOffice shows other words", same(before[i]) == same(after.get(i, [])))
    for i, (name, src, out) in enumerate(pairs):
        module = {".docx": "docx", ".xlsx": "openpyxl", ".pptx": "pptx"}.get(src.suffix.lower())
        if module is None:
            continue
        try:
            __import__(module)
        except ImportError:
            skipped.add(f"python's {module}")
            continue
        try:
            before = readers(src)
        except Exception:
            continue
        try:
            after = readers(out)
        except Exception as e:
            check(name, f"{module} cannot open it any more", False, repr(e)[:200])
            continue
        if not changed[i]:
            check(name, f"{module} reads something else", before == after)
        else:
            check(name, f"{module} misses content", kept(after) >= kept(before))


def main():
    places = [pathlib.Path(p) for p in sys.argv[1:]] or [ROOT / "samples"]
    with tempfile.TemporaryDirectory() as scratch:
        for place in places:
            out = pathlib.Path(scratch) / place.resolve().name
            p = run(METASCRUB, "--quiet", "--format", "json", "-o", out, place)
            check(str(place), "the run failed", p.returncode == 0, p.stderr.decode("utf-8", "replace")[-300:])
            report = json.loads(p.stdout or b"{}")
            files = [f for f in sorted(place.rglob("*")) if f.is_file()]
            check(str(place), "the report misses files", len(report.get("files", [])) == len(files))
            pairs = []
            for f in files:
                target = out / f.relative_to(place)
                check(str(f), "has no output", target.exists())
                if target.exists():
                    judge(f, target, str(f.relative_to(place)))
                    pairs.append((str(f.relative_to(place)), f, target))
            office(pairs)
    for line in failed:
        print("FAIL", line)
    for program in sorted(skipped):
        print(f"SKIPPED: checks by {program}, which is not installed")
    print(f"oracles: {passed} passed, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
