"""Cut pairs.npz into small compressed parts that travel to another machine, and join them again.

    python pack.py split parts --megabytes 26
    python pack.py join parts
"""

import argparse
import lzma
from pathlib import Path

import numpy as np

from common import WORK

# Two bytes a token: aligned positions compress best.
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 1, "pb": 1}]
ARRAYS = ("q", "d", "q_len", "d_len", "lang", "kind")


def split(folder, megabytes):
    data = np.load(WORK / "pairs.npz")
    arrays = {n: data[n] if n in ("q", "d") else data[n].astype(np.uint8 if n in ("lang", "kind") else np.uint16) for n in ARRAYS}
    raw = b"".join(arrays[n].tobytes() for n in ARRAYS)
    header = "\n".join(f"{n} {arrays[n].dtype} {len(arrays[n])}" for n in ARRAYS)
    packed = lzma.compress(raw, format=lzma.FORMAT_RAW, filters=FILTERS)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "header.txt").write_text(header + "\n")
    size = megabytes * 1_000_000
    for number, at in enumerate(range(0, len(packed), size)):
        (folder / f"part{number:02d}.bin").write_bytes(packed[at : at + size])
    print(f"{len(raw) / 1e6:.0f} MB in {len(packed) / 1e6:.0f} MB")


def join(folder):
    packed = b"".join(p.read_bytes() for p in sorted(folder.glob("part*.bin")))
    raw = memoryview(lzma.decompress(packed, format=lzma.FORMAT_RAW, filters=FILTERS))
    arrays, at = {}, 0
    for line in (folder / "header.txt").read_text().splitlines():
        name, kind, count = line.split()
        array = np.frombuffer(raw, dtype=kind, count=int(count), offset=at)
        at += array.nbytes
        arrays[name] = array if name in ("q", "d") else array.astype(np.int8 if name in ("lang", "kind") else np.int32)
    np.savez(WORK / "pairs.npz", **arrays)
    print(f"{len(arrays['lang'])} pairs")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("split", "join"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=26)
    args = parser.parse_args()
    if args.what == "split":
        split(args.folder, args.megabytes)
    else:
        join(args.folder)


if __name__ == "__main__":
    main()
