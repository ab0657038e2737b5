"""Stage 5: warm the embedding table.

A ModernBERT whose only active part is the global attention of its last layer, read at [CLS], is a weighted bag of
tokens: per head, softmax(q·k(token)) weighs the values of the tokens, and k depends on the token alone while earlier
layers add nothing. That special case needs no transformer to train: scores and values are looked up per token. This
stage trains it with in-batch negatives on millions of pairs, and `export.py` writes it into the full architecture
without any change of its output (see `shape.py`).
"""

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from common import SEED, WORK
from data import Pairs, batches, ragged
from metrics import evaluate, summary

HIDDEN, HEADS = 384, 6
DIMENSIONS = (HIDDEN, 128, 64)
SCALE = 20.0
BATCH = 1024
MAX_TOKENS = 224


class Bag(torch.nn.Module):
    """The one-attention special case; `forward` takes flat ids with row starts."""

    def __init__(self, vocab, cls):
        super().__init__()
        self.cls = cls
        self.table = torch.nn.Parameter(torch.randn(vocab, HIDDEN) * 0.1)
        self.score = torch.nn.Parameter(torch.zeros(HEADS, HIDDEN))
        self.out = torch.nn.Parameter(torch.eye(HIDDEN) * 4)
        self.gamma = torch.nn.Parameter(torch.ones(HIDDEN))

    def tokens(self):
        return F.layer_norm(self.table, (HIDDEN,))

    def forward(self, x, ids, starts):
        """Weighted mean of token rows per head, for rows of flat `ids` that begin at `starts`."""
        weights = torch.exp((x @ self.score.T).clamp(-12, 12))
        spread = (x.view(-1, HEADS, HIDDEN // HEADS) * weights[:, :, None]).view(-1, HIDDEN)
        sums = CountProduct.apply(torch.cat([spread, weights], 1), ids, starts)
        mass = sums[:, HIDDEN:].repeat_interleave(HIDDEN // HEADS, dim=1)
        pooled = (sums[:, :HIDDEN] / mass) @ self.out.T + x[self.cls]
        return F.layer_norm(pooled, (HIDDEN,)) * self.gamma


class CountProduct(torch.autograd.Function):
    """Sum of table rows per text, as a sparse matrix of token counts times the table."""

    @staticmethod
    def forward(ctx, table, ids, starts):
        indptr = np.append(starts, len(ids))
        counts = csr_matrix((np.ones(len(ids), np.float32), ids, indptr), shape=(len(starts), len(table)))
        ctx.counts = counts
        return as_torch(counts) @ table

    @staticmethod
    def backward(ctx, gradient):
        return as_torch(ctx.counts.T.tocsr()) @ gradient.contiguous(), None, None


def as_torch(matrix):
    return torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr.astype(np.int64)), torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data), size=matrix.shape, check_invariants=False,
    )


def loss_of(q, d, dimensions=DIMENSIONS):
    """Symmetric InfoNCE over in-batch negatives, averaged over the Matryoshka dimensions."""
    target = torch.arange(len(q), device=q.device)
    total = weight = 0.0
    for dimension in dimensions:
        share = 1.0 if dimension == HIDDEN else 0.4
        logits = SCALE * F.normalize(q[:, :dimension], dim=1) @ F.normalize(d[:, :dimension], dim=1).T
        total = total + share * (F.cross_entropy(logits, target) + 0.5 * F.cross_entropy(logits.T, target))
        weight += 1.5 * share
    return total / weight


def embedder(bag, tokenizer, cls, sep):
    def embed(texts, _kind, limit=510):
        rows = [np.asarray(e.ids[:limit]) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        with torch.no_grad():
            flat, starts = ragged(rows, cls, sep)
            return bag(bag.tokens(), flat, starts).numpy()

    return embed


def main():
    torch.manual_seed(SEED)
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 12
    epochs = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    peak = float(sys.argv[3]) if len(sys.argv) > 3 else 6e-3
    tag = sys.argv[4] if len(sys.argv) > 4 else "warm"
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    pairs = Pairs()
    bag = Bag(tokenizer.get_vocab_size(), cls)
    optimiser = torch.optim.Adam(bag.parameters(), lr=peak, betas=(0.9, 0.98), eps=1e-8, fused=True)
    plan = []
    for epoch in range(int(np.ceil(epochs))):
        plan += batches(pairs, BATCH, epoch)
    plan = plan[: int(len(plan) * epochs / np.ceil(epochs))]
    began, seen, curve = time.time(), 0, []
    print(f"{len(pairs)} pairs, {len(plan)} steps", flush=True)
    for step, rows in enumerate(plan):
        progress = max(step / len(plan), (time.time() - began) / 60 / minutes)
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 40) * max(0.02, 1 - progress)
        q_flat, q_at = ragged([pairs.query(i, MAX_TOKENS) for i in rows], cls, sep)
        d_flat, d_at = ragged([pairs.document(i, MAX_TOKENS) for i in rows], cls, sep)
        x = bag.tokens()
        q, d = bag(x, q_flat, q_at), bag(x, d_flat, d_at)
        loss = loss_of(q, d, (HIDDEN, DIMENSIONS[1 + step % 2]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        seen += len(q_flat) + len(d_flat)
        if step % 25 == 0:
            print(f"step {step} loss {loss.item():.4f} tokens {seen / 1e6:.1f}M {time.time() - began:.0f}s", flush=True)
        if step % 300 == 299:
            row = summary(evaluate(embedder(bag, tokenizer, cls, sep)))
            curve.append({"tokens": seen, "seconds": round(time.time() - began), **row})
            print(json.dumps(curve[-1]), flush=True)
    torch.save(bag.state_dict(), WORK / f"{tag}.pt")
    table = evaluate(embedder(bag, tokenizer, cls, sep))
    curve.append({"tokens": seen, "seconds": round(time.time() - began), **summary(table)})
    for variant in ("full", "128", "64", "1bit"):
        print(variant, json.dumps(summary(table, variant)), flush=True)
    (WORK / f"{tag}.json").write_text(json.dumps({"curve": curve, "table": table}, indent=1))


if __name__ == "__main__":
    main()
