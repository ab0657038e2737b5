"""Stage 5: warm the embedding table.

A ModernBERT whose only active part is the global attention of its last layer, read at [CLS], is a weighted bag of
tokens: per head, softmax(q·k(token)) weighs the values of the tokens, and k depends on the token alone while earlier
layers add nothing. That special case needs no transformer to train: scores and values are looked up per token. This
stage trains it with in-batch negatives on millions of pairs, and `package.py` writes it into the full architecture
without any change of its output (see `shape.py`).
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from common import LONGEST, SEED, WORK
from data import Pairs, batches, hard_batches, ragged
from metrics import evaluate, summary

HIDDEN, HEADS, INTERMEDIATE = 384, 6, 384
DIMENSIONS = (HIDDEN, 128, 64)
SCALE = 20.0
BATCH = 1280
MAX_TOKENS = 224


class Bag(torch.nn.Module):
    """The one-attention special case; `forward` takes flat ids with row starts."""

    def __init__(self, vocab):
        super().__init__()
        self.table = torch.nn.Parameter(torch.randn(vocab, HIDDEN) * 0.1)
        self.score = torch.nn.Parameter(torch.zeros(HEADS, HIDDEN))
        self.out = torch.nn.Parameter(torch.eye(HIDDEN) * 4)
        self.mlp_in = torch.nn.Parameter(torch.randn(2 * INTERMEDIATE, HIDDEN) * 0.03)
        self.mlp_out = torch.nn.Parameter(torch.zeros(HIDDEN, INTERMEDIATE))
        self.mlp_gamma = torch.nn.Parameter(torch.ones(HIDDEN))
        self.gamma = torch.nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x, ids, starts, cls):
        """Weighted mean of token rows per head, for texts of flat row numbers `ids` that begin at `starts`; row `cls` is
        [CLS]."""
        weights = torch.exp((x @ self.score.T).clamp(-12, 12))
        spread = (x.view(-1, HEADS, HIDDEN // HEADS) * weights[:, :, None]).view(-1, HIDDEN)
        sums = CountProduct.apply(torch.cat([spread, weights], 1), ids, starts)
        mass = sums[:, HIDDEN:].repeat_interleave(HIDDEN // HEADS, dim=1)
        pooled = (sums[:, :HIDDEN] / mass) @ self.out.T + x[cls]
        value, gate = F.linear(F.layer_norm(pooled, (HIDDEN,)) * self.mlp_gamma, self.mlp_in).chunk(2, -1)
        pooled = pooled + F.linear(F.gelu(value) * gate, self.mlp_out)
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


class RowAdam:
    """Adam for the rows of a table that a batch touches; the others are left alone."""

    def __init__(self, table, betas=(0.9, 0.98), eps=1e-8):
        self.table, self.betas, self.eps = table, betas, eps
        self.mean, self.square = torch.zeros_like(table), torch.zeros_like(table)
        self.steps = torch.zeros(len(table), 1)

    def update(self, rows, gradient, rate):
        a, b = self.betas
        mean = self.mean[rows].mul_(a).add_(gradient, alpha=1 - a)
        square = self.square[rows].mul_(b).addcmul_(gradient, gradient, value=1 - b)
        steps = self.steps[rows] + 1
        self.mean[rows], self.square[rows], self.steps[rows] = mean, square, steps
        change = (mean / (1 - a**steps)).div_((square / (1 - b**steps)).sqrt_().add_(self.eps))
        self.table[rows] = self.table[rows] - rate * change


def embedder(bag, tokenizer, cls, sep):
    def embed(texts, _kind, limit=LONGEST - 2):
        rows = [np.asarray(e.ids[:limit]) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        with torch.no_grad():
            flat, starts = ragged(rows, cls, sep)
            return bag(F.layer_norm(bag.table, (HIDDEN,)), flat, starts, cls).numpy()

    return embed


def embed_pairs(bag, pairs, chosen, cls, sep, size=16384):
    """First 64 dimensions of the chosen pairs' documents, unit length."""
    out = np.empty((len(chosen), DIMENSIONS[-1]), dtype=np.float32)
    with torch.no_grad():
        x = F.layer_norm(bag.table, (HIDDEN,))
        for at in range(0, len(chosen), size):
            rows = chosen[at : at + size]
            flat, starts = ragged([pairs.document(i, 96) for i in rows], cls, sep)
            out[at : at + size] = F.normalize(bag(x, flat, starts, cls)[:, : DIMENSIONS[-1]], dim=1).numpy()
    return out


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=15, help="the schedule ends here even if pairs are left")
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--rate", type=float, default=6e-3, help="peak learning rate of the table")
    parser.add_argument("--tag", default="warm", help="name of the checkpoint written")
    parser.add_argument("--start", help="go on from this checkpoint, with batches of look-alikes (hard negatives)")
    parser.add_argument("--share", type=float, default=1.0, help="share of the pairs that an epoch of look-alikes uses")
    return parser.parse_args()


def main():
    args = arguments()
    minutes, epochs, peak, tag = args.minutes, args.epochs, args.rate, args.tag
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    pairs = Pairs()
    bag = Bag(tokenizer.get_vocab_size())
    if args.start:
        bag.load_state_dict(torch.load(WORK / f"{args.start}.pt"))
    rows_adam = RowAdam(bag.table.data)
    rest = [p for n, p in bag.named_parameters() if n != "table"]
    optimiser = torch.optim.Adam(rest, lr=peak, betas=(0.9, 0.98), eps=1e-8)
    plan = []
    for epoch in range(int(np.ceil(epochs))):
        if args.start:
            chosen = pairs.usable(args.share, epoch)
            plan += hard_batches(pairs, chosen, embed_pairs(bag, pairs, chosen, cls, sep), BATCH, epoch)
        else:
            plan += batches(pairs, BATCH, epoch)
    plan = plan[: int(len(plan) * epochs / np.ceil(epochs))]
    began, seen, curve = time.time(), 0, []
    print(f"{len(pairs)} pairs, {len(plan)} steps", flush=True)
    for step, rows in enumerate(plan):
        progress = max(step / len(plan), (time.time() - began) / 60 / minutes)
        if progress >= 1:
            break
        rate = peak * min(1.0, (step + 1) / 40) * max(0.02, 1 - progress)
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.3
        q_flat, q_at = ragged([pairs.query(i, MAX_TOKENS) for i in rows], cls, sep)
        d_flat, d_at = ragged([pairs.document(i, MAX_TOKENS) for i in rows], cls, sep)
        used, place = np.unique(np.concatenate([q_flat, d_flat]), return_inverse=True)
        touched = torch.from_numpy(used)
        leaf = bag.table.data[touched].requires_grad_()
        starts = np.concatenate([q_at, d_at + len(q_flat)])
        both = bag(F.layer_norm(leaf, (HIDDEN,)), place, starts, int(np.searchsorted(used, cls)))
        q, d = both.split(len(rows))
        loss = loss_of(q, d, (HIDDEN, DIMENSIONS[1 + step % 2]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        rows_adam.update(touched, leaf.grad, rate)
        seen += len(q_flat) + len(d_flat)
        if step % 10 == 0:
            print(f"step {step} loss {loss.item():.4f} tokens {seen / 1e6:.1f}M {time.time() - began:.0f}s", flush=True)
        if step % 250 == 249:
            torch.save(bag.state_dict(), WORK / f"{tag}.pt")
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
