"""Paths, settings and small helpers that every stage shares."""

import gzip
import json
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("SEXTANT_MODEL_WORK", "model-work")).resolve()
EVAL = Path(os.environ.get("SEXTANT_EVAL", "eval")).resolve()
TRAIN_SETS = Path(os.environ.get("SEXTANT_TRAIN_SETS", "train")).resolve()
SEED = 20261121

# Tokens that the model reads of a text, [CLS] and [SEP] among them.
LONGEST = 1024
EVAL_SETS = ["cosqa", "humanevalx-nl2code", "humanevalx-code2code", "codetrans-java2cs", "exercism-nl2code"]


def excluded_names():
    text = (HERE / "sources" / "excluded.txt").read_text()
    return {w for line in text.split("\n") if not line.startswith("#") for w in line.lower().split()}


_VERSION = re.compile(r"(?:[-_.@]?v?\d[\w.+~-]*)$")
_PREFIX = re.compile(r"^(?:python3?-|lib|ruby-|php-|node-|golang-github-|rust-|go-|@)")


def is_excluded(path, names):
    """Whether a path inside an archive belongs to a repository kept for evaluation."""
    for part in path.lower().split("/"):
        bare = _VERSION.sub("", part) or part
        stem = part.split(".")[0] if "." in part else part
        for candidate in (part, bare, stem, _PREFIX.sub("", bare)):
            if candidate in names:
                return True
    return False


def squeeze(text):
    """Text without white space, for equality tests."""
    return re.sub(r"\s+", "", text)


def read_jsonl(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            yield json.loads(line)


def split_words(name):
    """`readJSONFile_now` → `read json file now`."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", name)
    return re.sub(r"[^A-Za-z0-9]+", " ", name).strip().lower()
