"""Batches of tokenised pairs: one language each for most batches, ragged token rows, seeded order."""

import numpy as np

from common import SEED, WORK


class Pairs:
    """The arrays of pairs.npz with row access."""

    def __init__(self, path=None):
        data = np.load(path or WORK / "pairs.npz")
        self.q, self.d, self.lang, self.kind = data["q"], data["d"], data["lang"], data["kind"]
        self.q_len, self.d_len = data["q_len"], data["d_len"]
        self.q_at = np.concatenate([[0], np.cumsum(self.q_len, dtype=np.int64)])
        self.d_at = np.concatenate([[0], np.cumsum(self.d_len, dtype=np.int64)])

    def __len__(self):
        return len(self.lang)

    def usable(self, share, seed):
        """A seeded draw of the pairs that are long enough."""
        rows = np.flatnonzero((self.q_len >= 2) & (self.d_len >= 6))
        return np.random.default_rng(SEED + 2000 + seed).permutation(rows)[: int(share * len(rows))]

    def query(self, i, limit):
        return self.q[self.q_at[i] : self.q_at[i] + min(limit, self.q_len[i])]

    def document(self, i, limit):
        return self.d[self.d_at[i] : self.d_at[i] + min(limit, self.d_len[i])]


class Neighbours:
    """Documents among others of their language, as a function stands in a file: a search meets chunks and whole files, and what is
    asked for may be a small part of them."""

    def __init__(self, pairs, newline):
        self.pairs, self.newline = pairs, np.array([newline], dtype=pairs.d.dtype)
        rows = np.flatnonzero(pairs.d_len >= 6)
        self.by_lang = {lang: rows[pairs.lang[rows] == lang] for lang in np.unique(pairs.lang)}

    def surround(self, row, document, longest, rng, batch):
        """`document` with others before and after it, up to a length drawn between its own and `longest`. None of them is of the
        batch, a set of rows: it would be taken for a wrong answer to its own query."""
        room = rng.integers(len(document), longest + 1) - len(document)
        others = []
        while room > 16:
            chosen = rng.choice(self.by_lang[self.pairs.lang[row]])
            if chosen in batch:
                if rng.random() < 0.1:  # of some languages there is hardly anything else
                    break
                continue
            other = self.pairs.document(chosen, room - 1)
            others.append(other)
            room -= len(other) + 1
        others.insert(rng.integers(len(others) + 1), document)
        return np.concatenate([part for other in others for part in (other, self.newline)][:-1])


def batches(pairs, size, seed, mixed=0.2, usable=None):
    """Index arrays of one epoch: per-language batches, and a share that mixes all languages."""
    rng = np.random.default_rng(SEED + seed)
    rows = np.flatnonzero((pairs.q_len >= 2) & (pairs.d_len >= 6)) if usable is None else usable
    rng.shuffle(rows)
    cut = int(len(rows) * mixed)
    out = [rows[i : i + size] for i in range(0, cut - size + 1, size)]
    rest = rows[cut:]
    for lang in np.unique(pairs.lang[rest]):
        own = rest[pairs.lang[rest] == lang]
        out += [own[i : i + size] for i in range(0, len(own) - size // 4, size)]
    order = rng.permutation(len(out))
    return [out[i] for i in order]


def hard_batches(pairs, chosen, vectors, size, seed, group=32, centres=1024):
    """Batches made of groups of look-alikes: each pair meets some near negatives besides many far ones."""
    rng = np.random.default_rng(SEED + 1000 + seed)
    middle = vectors[rng.choice(len(vectors), centres, replace=False)].T
    nearest = np.empty(len(vectors), dtype=np.int64)
    for at in range(0, len(vectors), 65536):
        nearest[at : at + 65536] = np.argmax(vectors[at : at + 65536] @ middle, axis=1)
    rows = chosen[np.argsort(nearest * 64 + pairs.lang[chosen], kind="stable")]
    groups = [rows[i : i + group] for i in range(0, len(rows) - group + 1, group)]
    order = rng.permutation(len(groups))
    per = size // group
    return [np.concatenate([groups[j] for j in order[i : i + per]]) for i in range(0, len(order) - per + 1, per)]


def ragged(rows, cls, sep):
    """(flat ids with [CLS] … [SEP], start of each row)."""
    lengths = np.array([len(r) + 2 for r in rows])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    flat = np.empty(int(lengths.sum()), dtype=np.int64)
    for row, start in zip(rows, starts):
        flat[start] = cls
        flat[start + 1 : start + 1 + len(row)] = row
        flat[start + 1 + len(row)] = sep
    return flat, starts
