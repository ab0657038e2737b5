"""Stage 1: download the pinned source packages into WORK/src, WORK/deb and WORK/npm.

Debian sources need a `deb-src` entry; one is derived from the machine's own Debian entries and kept inside WORK, so
nothing of the system is changed. A package whose pinned version has gone is reported and left out. Present files are
not fetched again.
"""

import concurrent.futures
import re
import subprocess
import sys
from pathlib import Path

from common import HERE, WORK, excluded_names, is_excluded

APT_SOURCES = [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]


def pinned(name):
    lines = (HERE / "sources" / name).read_text().split("\n")
    names = excluded_names()
    return [line for line in lines if line and not is_excluded(line.split("=")[0], names)]


def apt_options():
    folder = WORK / "apt"
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    system = next(path for path in APT_SOURCES if path.exists())
    entries = re.sub(r"(?m)^Types: deb$", "Types: deb-src", system.read_text())
    entries = re.sub(r"(?m)^deb ", "deb-src ", entries)
    listing = folder / ("src.sources" if system.suffix == ".sources" else "src.list")
    listing.write_text(entries)
    return [
        f"-oDir::Etc::sourcelist={listing}", "-oDir::Etc::sourceparts=-", f"-oDir::State::Lists={folder / 'lists'}",
        "-oAPT::Sandbox::User=root",
    ]


def run(command, folder):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    return done.returncode == 0, (done.stderr.strip().split("\n") or [""])[-1]


def fetch(job):
    kind, item, command, folder, pattern = job
    if any(folder.glob(pattern)):
        return True
    good, message = run(command, folder)
    if not good:
        print(f"left out: {kind} {item}: {message}", file=sys.stderr)
    return good


def jobs():
    options = apt_options()
    run(["apt-get", *options, "update"], WORK)
    for item in pinned("debian-source.txt"):
        name = item.split("=")[0]
        yield "source", item, ["apt-get", *options, "source", "-qq", "--download-only", item], WORK / "src", f"{name}_*.orig*"
    for item in pinned("debian-binary.txt"):
        name = item.split("=")[0]
        yield "binary", item, ["apt-get", "-qq", "-oAPT::Sandbox::User=root", "download", item], WORK / "deb", f"{name}_*.deb"
    for item in pinned("npm.txt"):
        stem = item.lstrip("@").replace("/", "-").replace("@", "-")
        yield "npm", item, ["npm", "pack", "--silent", item], WORK / "npm", f"{stem}.tgz"


def main():
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(fetch, jobs()))
    print(f"{sum(results)} of {len(results)} packages present")


if __name__ == "__main__":
    main()
