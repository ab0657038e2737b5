"""Ranking measures over the BEIR-style development sets, as trec_eval defines them."""

import math

import numpy as np

from common import EVAL, EVAL_SETS, read_jsonl
from rename import rename_identifiers

RENAMED = "humanevalx-code2code-renamed"


def load_set(name):
    """(query texts, document texts, relevant: list of sets of document indices)."""
    folder = EVAL / ("humanevalx-code2code" if name == RENAMED else name)
    documents = list(read_jsonl(folder / "corpus.jsonl"))
    queries = {row["_id"]: row["text"] for row in read_jsonl(folder / "queries.jsonl")}
    index = {row["_id"]: i for i, row in enumerate(documents)}
    relevant = {}
    with open(folder / "qrels" / "test.tsv", encoding="utf-8") as handle:
        next(handle)
        for line in handle:
            query, document, score = line.rstrip("\n").split("\t")
            if int(score) > 0:
                relevant.setdefault(query, set()).add(index[document])
    ids = [q for q in queries if q in relevant]
    texts = [row["text"] for row in documents]
    asked = [queries[q] for q in ids]
    if name == RENAMED:
        texts = [rename_identifiers(row["text"], row["_id"].split("-")[0]) for row in documents]
        asked = [rename_identifiers(text, "python") for text in asked]
    return asked, texts, [relevant[q] for q in ids]


def measure(ranked, relevant):
    """nDCG@10, MRR@10 and Recall@100 of rankings (lists of document indices, best first)."""
    ndcg = mrr = recall = 0.0
    for order, wanted in zip(ranked, relevant):
        gains = [1.0 if int(d) in wanted else 0.0 for d in order[:10]]
        best = sum(1 / math.log2(i + 2) for i in range(min(10, len(wanted))))
        ndcg += sum(g / math.log2(i + 2) for i, g in enumerate(gains)) / best
        mrr += next((1 / (i + 1) for i, g in enumerate(gains) if g), 0.0)
        recall += len(wanted.intersection(int(d) for d in order[:100])) / len(wanted)
    n = len(relevant)
    return {"ndcg10": ndcg / n, "mrr10": mrr / n, "recall100": recall / n}


def top(scores, k=100):
    k = min(k, scores.shape[1])
    part = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, part, 1), axis=1, kind="stable")
    return np.take_along_axis(part, order, 1)


def normalise(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def rank_dense(queries, documents, dimension=None):
    q, d = normalise(queries[:, :dimension]), normalise(documents[:, :dimension])
    return top(q @ d.T)


def rank_binary(queries, documents, shortlist=200):
    """Signs compared first (Hamming), the best `shortlist` rescored with the float vectors."""
    bits_q, bits_d = np.where(queries > 0, 1.0, -1.0), np.where(documents > 0, 1.0, -1.0)
    q, d = normalise(queries), normalise(documents)
    out = []
    for row, candidates in zip(q, top(bits_q @ bits_d.T, shortlist)):
        scores = d[candidates] @ row
        out.append(candidates[np.argsort(-scores, kind="stable")][:100])
    return out


def evaluate(embed, names=None):
    """{set: {variant: measures}} for `embed(texts, kind)` → float32 array [n, dimension]."""
    table = {}
    for name in names or [*EVAL_SETS, RENAMED]:
        asked, texts, relevant = load_set(name)
        kind = "document" if "code2code" in name or "java2cs" in name else "query"
        q, d = embed(asked, kind), embed(texts, "document")
        table[name] = {
            "full": measure(rank_dense(q, d), relevant),
            "128": measure(rank_dense(q, d, 128), relevant),
            "64": measure(rank_dense(q, d, 64), relevant),
            "1bit": measure(rank_binary(q, d), relevant),
        }
    return table


def summary(table, variant="full"):
    """One number per set (MRR@10 for codetrans, nDCG@10 else) and their mean."""
    row = {n: t[variant]["mrr10" if "java2cs" in n else "ndcg10"] for n, t in table.items()}
    row["mean"] = sum(row.values()) / len(row)
    return {k: round(v, 4) for k, v in row.items()}
