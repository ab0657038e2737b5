"""Stage 4: turn units and the given data sets into tokenised training pairs, WORK/pairs.npz.

Each pair is (query tokens, document tokens, language, kind). Which views of a function are made is drawn from a seeded
generator: documentation → code, name → body, keyword query → documented code, renamed code → code, twins in two
languages. Texts equal to an evaluation document are dropped.
"""

import ast
import collections
import gzip
import json
import multiprocessing
import random
import re
import sys

import numpy as np
from tokenizers import Tokenizer

from common import EVAL, EVAL_SETS, SEED, TRAIN_SETS, WORK, read_jsonl, split_words, squeeze
from fastbpe import FastEncoder
from rename import rename_identifiers, strip_comments

KINDS = ["doc", "doc-masked", "doc-renamed", "doc-kept", "name", "name-kept", "decl", "self-renamed", "twin", "heading",
         "nl2code", "parallel", "parallel-renamed"]
PROSE_KINDS = set(KINDS) - {"self-renamed", "twin", "parallel", "parallel-renamed"}
MAX_QUERY, MAX_DOC = 64, 224
PACKAGE_CAP, LANG_CAP = 40_000, 230_000
# Shares of units that are looked at: plenty of C and C++, bare declarations and undocumented functions.
SHARES = (('"decl": true', 0.3), ('"doc": null', 0.35), ('"lang": "c', 0.5), ('"lang": "', 0.85))
WORKERS = 4
STOP = {"the", "a", "an", "of", "this", "that", "is", "are", "be", "and", "for", "to", "it", "its", "which", "will", "by"}
LANG_WORDS = {"csharp": "c#", "cpp": "c++", "shell": "bash"}


def eval_texts():
    seen = set()
    for name in EVAL_SETS:
        for part in ("corpus", "queries"):
            for row in read_jsonl(EVAL / name / f"{part}.jsonl"):
                text = row["text"]
                seen.add(squeeze(text))
                try:
                    for node in ast.walk(ast.parse(text)):
                        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) and len(node.body) > 1:
                            lines = text.split("\n")
                            first = node.body[0]
                            kept = lines[node.lineno - 1 : first.lineno - 1] + lines[first.end_lineno : node.end_lineno]
                            seen.add(squeeze("\n".join(kept)))
                except (SyntaxError, ValueError):
                    pass
    return seen


def first_sentence(doc):
    found = re.match(r".{15,}?[.!?](?=\s[A-Z(]|$)", doc)
    return found.group() if found else doc


def keyword_query(doc, lang, rng):
    """A search-like query from a doc comment: lower case, words lost, the language named now and then."""
    words = re.findall(r"[\w'+#.-]+", first_sentence(doc).lower().rstrip("."))
    words = [w for w in words if w not in STOP or rng.random() < 0.35]
    keep = rng.choice((0.6, 0.75, 0.9, 1.0))
    words = [w for w in words if rng.random() < keep] or words
    if words and words[0].endswith("s") and rng.random() < 0.6:
        words[0] = words[0][:-1]
    return decorate(" ".join(words[:16]), lang, rng)


def decorate(text, lang, rng):
    label = LANG_WORDS.get(lang, lang)
    draw = rng.random()
    if draw < 0.2:
        return f"{text} in {label}"
    if draw < 0.35:
        return f"{text} {label}"
    if draw < 0.5:
        return f"{label} {text}"
    if draw < 0.62:
        return f"how to {text} in {label}"
    return f"how to {text}" if draw < 0.75 else text


def mask_name(code, name):
    return re.sub(rf"(?<![\w$]){re.escape(name)}(?![\w$])", "f", code)


def with_doc(row):
    doc, code = row["doc"], row["code"]
    if row["lang"] == "python":
        head, _, rest = code.partition(":\n")
        indent = re.match(r"[ ]*", rest).group()
        return f'{head}:\n{indent}"""{doc}"""\n{rest}' if rest else code
    mark = "#" if row["lang"] in ("ruby", "shell", "perl", "elixir") else "//"
    return f"{mark} {doc}\n{code}"


def views(row, rng):
    """(query, document, kind) of one unit."""
    lang, name, doc, code = row["lang"], row["name"], row["doc"], row["code"]
    if lang == "markdown":
        yield doc, code, "heading"
        return
    words = split_words(name)
    if row["decl"]:
        if doc and rng.random() < 0.5:
            yield first_sentence(doc), code, "decl"
        return
    if doc:
        query = first_sentence(doc) if rng.random() < 0.65 else doc
        if rng.random() < 0.45:
            query = keyword_query(doc, lang, rng)
        draw = rng.random()
        if draw < 0.55:
            yield query, code, "doc"
        elif draw < 0.80:
            yield query, mask_name(code, name), "doc-masked"
        elif draw < 0.90:
            yield query, rename_identifiers(code, lang), "doc-renamed"
        else:
            yield keyword_query(doc, lang, rng), with_doc(row), "doc-kept"
    if " " in words and rng.random() < (0.55 if doc else 0.8):
        if doc and rng.random() < 0.45:
            yield decorate(words, lang, rng), mask_name(with_doc(row), name), "name-kept"
        else:
            yield decorate(words, lang, rng), mask_name(code, name), "name"
    if len(code) > 150 and rng.random() < 0.05:
        yield rename_identifiers(code, lang), code, "self-renamed"


def sampled(path, rng):
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            share = next(share for mark, share in SHARES if mark in line)
            if '"lang": "cs' in line or rng.random() < share:
                yield json.loads(line)


def load_rows(banned):
    rng = random.Random(SEED)
    by_lang = collections.defaultdict(list)
    doc_count, seen = collections.Counter(), set()
    for path in sorted((WORK / "units").glob("*.jsonl.gz")):
        rows = list(sampled(path, rng))
        rng.shuffle(rows)
        taken = 0
        for row in rows:
            bare = squeeze(row["code"])
            key = hash(bare.lower())
            if key in seen or bare in banned:
                continue
            if row["doc"]:
                doc_count[row["doc"]] += 1
                if doc_count[row["doc"]] > 2:
                    continue
            seen.add(key)
            by_lang[row["lang"]].append(row)
            taken += 1
            if taken >= PACKAGE_CAP:
                break
    for lang, rows in by_lang.items():
        rng.shuffle(rows)
        print(lang, len(rows), flush=True)
        if lang != "python":
            del rows[LANG_CAP:]
    return by_lang


def twins(by_lang, rng):
    """Functions of the same split name and alike documentation in two languages."""
    groups = collections.defaultdict(list)
    for lang, rows in by_lang.items():
        for row in rows:
            words = split_words(row["name"])
            if row["doc"] and not row["decl"] and 1 < len(words.split()) and len(row["code"]) > 60:
                groups[words].append(row)
    for rows in groups.values():
        if len({r["lang"] for r in rows}) < 2:
            continue
        rng.shuffle(rows)
        made = 0
        for i, left in enumerate(rows[:12]):
            a = set(re.findall(r"\w+", left["doc"].lower())) - STOP
            for right in rows[i + 1 : 12]:
                if right["lang"] == left["lang"]:
                    continue
                b = set(re.findall(r"\w+", right["doc"].lower())) - STOP
                if len(a & b) >= 0.3 * max(1, len(a | b)):
                    if rng.random() < 0.3:
                        yield rename_identifiers(left["code"], left["lang"]), rename_identifiers(right["code"], right["lang"]), "twin"
                    else:
                        yield left["code"], right["code"], "twin"
                    made += 1
                    if made > 3:
                        break
            if made > 3:
                break


def given_pairs(banned, rng):
    """The nl2code set: intent → code, and the same task in two languages with and without its names."""
    tasks = collections.defaultdict(list)
    for row in read_jsonl(TRAIN_SETS / "nl2code.jsonl.gz"):
        code = strip_comments(row["code"], row["language"]).strip()
        code = re.sub(r"\n\s*\n+", "\n", code)
        if squeeze(code) in banned:
            continue
        query = re.sub(r"(?i)^write an? [\w+# ]{1,14} function to ", "", row["query"])
        query = re.sub(r"(?i)^write a (?:\w+ )?function (?:to|that) ", "", query)
        for _ in range(3):
            text = query if rng.random() < 0.5 else decorate(query.lower().rstrip("."), row["language"], rng)
            shown = rename_identifiers(code, row["language"]) if row["source"] == "mbxp" and rng.random() < 0.3 else code
            yield text, shown, row["language"], "nl2code"
        if row["source"] == "mbxp":
            tasks[squeeze(query).lower()].append((code, row["language"]))
    for variants in tasks.values():
        for i, (left, left_lang) in enumerate(variants):
            for right, right_lang in variants[i + 1 :]:
                if rng.random() < 0.5:
                    left, left_lang, right, right_lang = right, right_lang, left, left_lang
                if rng.random() < 0.5:
                    yield left, right, right_lang, "parallel"
                else:
                    yield rename_identifiers(left, left_lang), rename_identifiers(right, right_lang), right_lang, "parallel-renamed"


def unit_pairs(rows, seed):
    rng = random.Random(seed)
    for row in rows:
        for query, document, kind in views(row, rng):
            yield query, document, row["lang"], kind


def encoded(source):
    """Token arrays of (query, document, language, kind) pairs, and how well the fast encoder agrees with the real one."""
    encode = FastEncoder(Tokenizer.from_file(str(WORK / "tokenizer.json")))
    out, probe = [], []
    for query, document, lang, kind in source:
        if len(probe) < 200:
            probe += [query, document]
        limit = MAX_QUERY if kind in PROSE_KINDS else MAX_DOC
        out.append((encode(query, limit), encode(document, MAX_DOC), lang, KINDS.index(kind)))
    q, d = [row[0] for row in out], [row[1] for row in out]
    lengths = np.array([[len(a), len(b)] for a, b in zip(q, d)], dtype=np.int32)
    empty = np.zeros(0, dtype=np.uint16)
    return (np.concatenate([empty, *q]), np.concatenate([empty, *d]), lengths, [row[2] for row in out],
            [row[3] for row in out], encode.agreement(probe))


CHUNKS = []


def encode_chunk(index):
    return encoded(unit_pairs(CHUNKS[index], SEED + index))


def main():
    out = WORK / "pairs.npz"
    if out.exists() and "--force" not in sys.argv:
        return
    rng = random.Random(SEED + 1)
    banned = eval_texts()
    by_lang = load_rows(banned)
    rows = [row for own in by_lang.values() for row in own]
    rng.shuffle(rows)
    CHUNKS.extend(rows[i : i + 20_000] for i in range(0, len(rows), 20_000))
    parts = [encoded([*((q, d, "mixed", k) for q, d, k in twins(by_lang, rng)), *given_pairs(banned, rng)])]
    print("twins and given pairs:", len(parts[0][3]), flush=True)
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        for part in pool.imap(encode_chunk, range(len(CHUNKS))):
            parts.append(part)
            print(len(parts), "of", len(CHUNKS) + 1, flush=True)
    lengths = np.concatenate([part[2] for part in parts])
    names = [lang for part in parts for lang in part[3]]
    kinds = [kind for part in parts for kind in part[4]]
    index = {lang: i for i, lang in enumerate(sorted(set(names)))}
    np.savez(
        out, q=np.concatenate([p[0] for p in parts]), d=np.concatenate([p[1] for p in parts]), q_len=lengths[:, 0],
        d_len=lengths[:, 1], lang=np.array([index[n] for n in names], np.int8), kind=np.array(kinds, np.int8),
    )
    counts = collections.Counter(f"{n}/{KINDS[k]}" for n, k in zip(names, kinds))
    report = {"pairs": len(names), "documentTokens": int(lengths[:, 1].sum()),
              "agreement": float(np.mean([part[5] for part in parts])), "langs": index, "counts": dict(counts.most_common())}
    (WORK / "pairs.json").write_text(json.dumps(report, indent=1))
    print({k: v for k, v in report.items() if k != "counts"})


if __name__ == "__main__":
    main()
