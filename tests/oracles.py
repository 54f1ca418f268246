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

# Where a difference in ffmpeg's eyes is what cleaning means, and why.
EXPECTED = {
    "mp3/between.mp3": "ffmpeg hands on junk between the frames as a part of them",
    "ogg/chained.ogg": "ffmpeg hands on the headers of a later link, with their comments, as packets of sound",
}

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
        runs = [run("ffmpeg", "-v", "error", "-i", p, *maps, "-c", "copy", "-f", "streamhash", "-") for p in (src, out)]
        if runs[0].returncode == 0 and not runs[0].stderr and name not in EXPECTED:
            check(name, "a stream differs", runs[0].stdout == runs[1].stdout)


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
            for f in files:
                target = out / f.relative_to(place)
                check(str(f), "has no output", target.exists())
                if target.exists():
                    judge(f, target, str(f.relative_to(place)))
    for line in failed:
        print("FAIL", line)
    for program in sorted(skipped):
        print(f"SKIPPED: checks by {program}, which is not installed")
    print(f"oracles: {passed} passed, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
