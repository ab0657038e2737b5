"""Stage 2: read every downloaded archive and write its documented functions to WORK/units/<archive>.jsonl.gz.

Finished archives are skipped, so the stage can be stopped and started again.
"""

import gzip
import json
import multiprocessing
import subprocess
import sys
import tarfile
import warnings

from common import WORK, excluded_names, is_excluded
from extract import LANG_BY_EXT, units

MAX_FILE = 700_000
MAX_UNITS = 60_000
SKIP_DIRS = {
    "test", "tests", "testing", "testdata", "__tests__", "spec", "specs", "vendor", "third_party", "third-party",
    "thirdparty", "node_modules", "external", "externals", "extern", "deps", "subprojects", "bundled", "min",
    "debian", "fixtures", "mocks", "locale", "i18n", "generated", "examples_data", "fesm2015", "cjs", "umd", "bundles",
}
NAMES = excluded_names()


def minified(text):
    lines = text.count("\n") + 1
    return len(text) / lines > 120 or "@generated" in text[:600] or "DO NOT EDIT" in text[:800]


def members(path):
    """(name, text) of each source file in a .deb, .tgz or .tar.* archive."""
    if path.suffix == ".deb":
        process = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(path)], stdout=subprocess.PIPE)
        archive = tarfile.open(fileobj=process.stdout, mode="r|")
    else:
        archive = tarfile.open(path, mode="r|*")
    for member in archive:
        if not member.isfile() or member.size > MAX_FILE or member.size < 200:
            continue
        lang = LANG_BY_EXT.get(member.name.rsplit(".", 1)[-1])
        if not lang or ".min." in member.name:
            continue
        parts = member.name.split("/")
        if SKIP_DIRS.intersection(p.lower() for p in parts[1:]) or is_excluded(member.name, NAMES):
            continue
        yield member.name, lang, archive.extractfile(member).read().decode("utf-8", "replace")


def package_of(path):
    return path.name.split("_")[0] if path.suffix != ".tgz" else path.name[: -len(".tgz")]


def process(path):
    warnings.filterwarnings("ignore")
    out = WORK / "units" / (path.name + ".jsonl.gz")
    if out.exists():
        return path.name, -1
    if is_excluded(package_of(path), NAMES):
        return path.name, 0
    count, seen = 0, set()
    temporary = out.with_suffix(".part")
    with gzip.open(temporary, "wt", encoding="utf-8", compresslevel=2) as sink:
        try:
            for name, lang, text in members(path):
                if minified(text):
                    continue
                for row in units(text, lang):
                    key = hash(row["code"])
                    if key in seen:
                        continue
                    seen.add(key)
                    row["package"] = package_of(path)
                    sink.write(json.dumps(row) + "\n")
                    count += 1
                if count >= MAX_UNITS:
                    break
        except (tarfile.TarError, EOFError, OSError) as error:
            print(path.name, error, file=sys.stderr)
    temporary.rename(out)
    return path.name, count


def main():
    (WORK / "units").mkdir(parents=True, exist_ok=True)
    paths = [p for d in ("src", "deb", "npm") for p in (WORK / d).glob("*") if p.suffix in (".deb", ".tgz") or ".orig" in p.name]
    paths = [p for p in paths if not p.name.endswith(".asc")]
    paths.sort(key=lambda p: (("deb", "npm", "src").index(p.parent.name), p.stat().st_size))
    with multiprocessing.Pool(2) as pool:
        for name, count in pool.imap_unordered(process, paths):
            if count >= 0:
                print(count, name, flush=True)


if __name__ == "__main__":
    main()
