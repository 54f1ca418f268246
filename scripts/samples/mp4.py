"""MP4 and QuickTime: films with everything around them that tells something, in one piece and in fragments."""
from _bmff import AVCC, ESDS, audio, box, full, hdlr, mvhd, plain, stbl, trak, u16, u32, visual

LIST = box(
    b"udta",
    box(b"\xa9xyz", u16(22, 0x15C7), b"+12.3456-098.7654/CANARY"),
    full(
        b"meta", 0, 0, hdlr(b"mdir", maker=b"appl"),
        box(
            b"ilst",
            box(b"\xa9nam", box(b"data", u32(1, 0), b"CANARY title")),
            box(b"----", full(b"mean", 0, 0, b"com.apple.iTunes"), full(b"name", 0, 0, b"iTunNORM"), box(b"data", u32(1, 0), b"CANARY")),
            box(b"----", full(b"mean", 0, 0, b"com.apple.iTunes"), full(b"name", 0, 0, b"iTunSMPB"), box(b"data", u32(1, 0), b" 00000000 00000840 000001CA 00000000003F31F6")),
        ),
        box(b"free", b"CANARY"),
    ),
    box(b"MUID", b"CANARY muid"),
)


def film():
    video = [b"KEEPME frame 1", b"KEEPME frame 2", b"KEEPME frame 3"]
    sound = [b"KEEPME sound 1", b"KEEPME sound 2"]
    gps = [b"CANARY gps 1", b"CANARY gps 2"]
    words = [u16(12) + b"KEEPME hello"]
    order = [("v", 0), ("s", 0), ("g", 0), ("v", 1), ("t", 0), ("g", 1), ("s", 1), ("x", 0), ("v", 2)]
    parts = {"v": video, "s": sound, "g": gps, "t": words, "x": [b"CANARY orphan"]}

    def build(at):
        places, data = {}, b""
        for key, i in order:
            places.setdefault(key, []).append(at + len(data))
            data += parts[key][i]
        size = lambda key: [len(p) for p in parts[key]]
        moov = box(
            b"moov",
            mvhd(9000, selection=5),
            box(b"iods", b"CANARY"),
            trak(1, b"vide", stbl(visual(b"avc1", b"CANARY coder", AVCC, box(b"CNRY", b"CANARY")), size("v"), places["v"]), box(b"tref", box(b"cdsc", u32(3)), box(b"subt", u32(4))), name=b"CANARY video"),
            trak(2, b"soun", stbl(audio(b"mp4a", ESDS), size("s"), places["s"]), box(b"edts", full(b"elst", 0, 0, u32(1, 3000, 0, 0x10000))), name=b"CANARY sound"),
            trak(3, b"meta", stbl(plain(b"gpmd"), size("g"), places["g"]), name=b"CANARY telemetry", duration=9000),
            trak(4, b"sbtl", stbl(plain(b"tx3g", bytes(30), box(b"ftab", u16(1, 1), b"\5Serif")), size("t"), places["t"])),
            LIST,
            box(b"uuid", b"CANARYCANARYCANA", b"CANARY private"),
        )
        return moov, data

    head = box(b"ftyp", b"mp42", u32(0x20200101), b"isommp42", b"CAEP") + box(b"free", b"CANARY free")
    moov, _ = build(0)
    moov, data = build(len(head) + len(moov) + 8)
    return head + moov + box(b"mdat", data) + box(b"wide", b"") + box(b"CNRY", b"CANARY unknown") + b"CANARY trailer"


def clean():
    frame = b"KEEPME frame"
    build = lambda at: box(b"ftyp", b"isom", u32(0), b"isom") + box(b"moov", mvhd(3000, now=0), trak(1, b"vide", stbl(visual(b"avc1", b"", AVCC, vendor=bytes(4)), [len(frame)], [at]), now=0))
    return build(len(build(0)) + 8) + box(b"mdat", frame)


def fragmented():
    init = box(b"ftyp", b"iso5", u32(512), b"iso5dash") + box(
        b"moov", mvhd(0), trak(1, b"vide", stbl(visual(b"avc1", b"CANARY coder", AVCC), [], [])), trak(2, b"meta", stbl(plain(b"mebx"), [], []), name=b"CANARY"),
        box(b"mvex", full(b"trex", 0, 0, u32(1, 1, 1000, 0, 0)), full(b"trex", 0, 0, u32(2, 1, 1000, 8, 0))),
    )
    pieces = []
    for number in (1, 2):
        frames = [f"KEEPME frame {number}.{i}".encode() for i in (1, 2)]
        positions = b"CANARY-1CANARY-2"

        def moof(video, meta):
            return box(
                b"moof", full(b"mfhd", 0, 0, u32(number)),
                box(b"traf", full(b"tfhd", 0, 0x20000, u32(2)), full(b"trun", 0, 1, u32(2, meta))),
                box(b"traf", full(b"tfhd", 0, 0x20000, u32(1)), full(b"tfdt", 1, 0, bytes(8)), full(b"trun", 0, 0x201, u32(2, video), u32(*map(len, frames)))),
                box(b"free", b"CANARY"),
            )

        at = len(moof(0, 0)) + 8
        pieces.append(full(b"prft", 0, 0, b"CANARY time") + moof(at + len(positions), at) + box(b"mdat", positions, *frames))
    sidx = full(b"sidx", 0, 0, u32(1, 1000, 0, 0), u16(0, len(pieces)), *[u32(len(p), 2000, 0x90000000) for p in pieces])
    return init + sidx + b"".join(pieces) + box(b"skip", b"CANARY")


def make():
    yield "mp4/film.mp4", film()
    yield "mp4/clean.mp4", clean()
    yield "mp4/fragments.mp4", fragmented()
