#!/usr/bin/env python3
"""Makes the files of samples/ anew: python3 scripts/samples.py [FORMAT…]

Each module in scripts/samples/ has a function make() that yields (path below samples/, bytes). The same bytes come out
every time: no clock, no random, no program but Python's standard library. Planted secrets contain CANARY, content that
must stay contains KEEPME.
"""
import importlib.util
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
out = here.parent / "samples"
sys.path.insert(0, str(here / "samples"))
for module in sorted((here / "samples").glob("*.py")):
    if module.stem.startswith("_") or (len(sys.argv) > 1 and module.stem not in sys.argv[1:]):
        continue
    spec = importlib.util.spec_from_file_location(module.stem, module)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    for path, data in loaded.make():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        print(f"{len(data):8} samples/{path}")
