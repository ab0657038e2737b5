"""Stage 7: contrastive training of the whole network, started from the warmed table or from the pre-trained layers.

Runs on a CUDA device when there is one (bf16, variable-length attention), on the CPU otherwise; packed, with gradient
caching beyond what fits, so that the batch does not depend on memory. The first part draws batches by language; then pairs that the
model cannot relate at all are dropped (consistency filter), and batches are made of look-alikes (hard negatives),
found anew each round. Checkpoints make the stage resumable.

    python train.py --minutes 9 --layers 6 --batch 4096
    python train.py --minutes 9 --start pretrained --tag full-mlm
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import ModernBertConfig, ModernBertModel

from common import SEED, WORK
from data import Neighbours, Pairs, batches, hard_batches
from metrics import evaluate, summary
from optimise import default_budget, default_held, device, optimiser_of, save, set_rates, trapezoid
from pairs import KINDS
from packed import PackedEncoder, special_ids, text_embedder
from shape import config_of, from_bag
from warm import DIMENSIONS, HEADS, HIDDEN, loss_of

FILTER_BLOCK = 4096
# How often a pair is drawn: bare names are plenty, code that means the same in other words is rare.
OFTEN = {"name": 0.5, "self-renamed": 2, "twin": 3, "nl2code": 2, "parallel": 3, "parallel-renamed": 3}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--layers", type=int, default=6, help="of a network that starts from a warmed table")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--table-rate", type=float, default=4e-4)
    parser.add_argument("--max-query", type=int, default=222, help="prose was cut to 64 by pairs.py; this is for code")
    parser.add_argument("--max-doc", type=int, default=222)
    parser.add_argument("--start", default="mean", help="checkpoint of warm.py, pretrain.py or this stage")
    parser.add_argument("--tag", default="full")
    parser.add_argument("--hard-from", type=float, default=0.45, help="share of the time after which negatives are mined")
    parser.add_argument("--hard-share", type=float, default=0.4, help="share of the pairs in one round of mined negatives")
    parser.add_argument("--keep-rank", type=int, default=400, help=f"pairs whose document ranks below this among {FILTER_BLOCK} go")
    parser.add_argument("--cooling", type=float, default=0.3, help="share of the time in which the rates fall")
    parser.add_argument("--among-others", type=float, default=0.25, help="share of documents shown among others, as in a file")
    parser.add_argument("--longest", type=int, default=500, help="tokens of a document among others, at most")
    parser.add_argument("--evaluations", type=int, default=3)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    if args.longest < args.max_doc:
        parser.error("--longest is less than --max-doc")
    if not args.resume and (WORK / f"{args.tag}.pt").exists():
        parser.error(f"{args.tag}.pt is there: go on with --resume, or take another --tag")
    return args


def load_start(name, layers, vocabulary, special):
    saved = torch.load(WORK / f"{name}.pt", map_location="cpu")
    if "table" in saved:
        return from_bag(saved, config_of(vocabulary, HIDDEN, HEADS, layers, special), special)
    model = ModernBertModel(ModernBertConfig(**saved["config"]))
    model.load_state_dict({n: t.float() for n, t in saved["model"].items()})
    return model


def embed_side(encoder, pairs, chosen, side, limit, dimension, block=65536):
    """First dimensions of one side of the chosen pairs, unit length, float32 on the host."""
    take = pairs.query if side == "query" else pairs.document
    out = np.empty((len(chosen), dimension), dtype=np.float32)
    for at in range(0, len(chosen), block):
        vectors = encoder.embed([take(i, limit) for i in chosen[at : at + block]])[:, :dimension]
        out[at : at + block] = F.normalize(vectors, dim=1).cpu().numpy()
    return out


def consistent(encoder, pairs, rows, keep_rank, args, where):
    """The rows whose own document ranks within `keep_rank` among a block of the same language (Dai et al. 2022)."""
    kept = []
    for lang in np.unique(pairs.lang[rows]):
        own = rows[pairs.lang[rows] == lang]
        for at in range(0, len(own), FILTER_BLOCK):
            block = own[at : at + FILTER_BLOCK]
            q = torch.from_numpy(embed_side(encoder, pairs, block, "query", args.max_query, 128)).to(where)
            d = torch.from_numpy(embed_side(encoder, pairs, block, "document", 128, 128)).to(where)
            scores = q @ d.T
            rank = (scores > scores.diagonal()[:, None]).sum(1).cpu().numpy()
            kept.append(block[rank < max(1, keep_rank * len(block) // FILTER_BLOCK)])
    return np.concatenate(kept)


def weighted(pairs):
    """All usable pairs, each as often as its kind is worth."""
    rows = pairs.usable(1.0, 99)
    often = np.array([OFTEN.get(kind, 1) for kind in KINDS])[pairs.kind[rows]]
    extra = np.random.default_rng(SEED + 2500).random(len(rows)) < often % 1
    return np.repeat(rows, np.floor(often).astype(int) + extra)


class Plan:
    """Batches for ever: by language first, of look-alikes later."""

    def __init__(self, pairs, encoder, args, where, done):
        """`done`: batches drawn before the stage was stopped, which are not drawn again."""
        self.pairs, self.encoder, self.args, self.where = pairs, encoder, args, where
        self.rows, self.queue, self.round, self.filtered = weighted(pairs), [], 0, False
        self.done = done

    def next(self, progress):
        while not self.queue:
            self.queue = self._fill(progress)
            if not self.queue:
                raise SystemExit("too few pairs are left for a batch; lower --batch or raise --keep-rank")
            self.round += 1
            skipped = min(self.done, len(self.queue))
            self.done -= skipped
            self.queue = self.queue[: len(self.queue) - skipped]
        return self.queue.pop()

    def start_hard(self):
        self.queue, self.done = [], 0

    def _fill(self, progress):
        args = self.args
        if progress < args.hard_from:
            return batches(self.pairs, args.batch, 100 + self.round, usable=self.rows.copy())
        if not self.filtered:
            before, began = len(self.rows), time.time()
            self.rows = consistent(self.encoder, self.pairs, np.unique(self.rows), args.keep_rank, args, self.where)
            self.filtered = True
            print(f"consistency filter: {len(self.rows)} of {before} pairs kept, {time.time() - began:.0f}s", flush=True)
        rng = np.random.default_rng(SEED + 3000 + self.round)
        chosen = rng.permutation(self.rows)[: max(args.batch, int(args.hard_share * len(self.rows)))]
        began = time.time()
        vectors = embed_side(self.encoder, self.pairs, chosen, "document", 128, DIMENSIONS[-1])
        plan = hard_batches(self.pairs, chosen, vectors, args.batch, 100 + self.round)
        print(f"mined {len(plan)} batches of look-alikes, {time.time() - began:.0f}s", flush=True)
        return plan


def main():
    args = arguments()
    torch.manual_seed(SEED)
    where = device()
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    special = special_ids(tokenizer)
    path = WORK / f"{args.tag}.pt"
    model = load_start(args.start, args.layers, tokenizer.get_vocab_size(), special).to(where)
    encoder = PackedEncoder(model, special, default_budget(where), default_held(where, len(model.layers)))
    optimiser = optimiser_of(model.named_parameters(), args.rate, args.table_rate)
    step, seen, curve, used = 0, 0, [], 0.0
    if args.resume and path.exists():
        saved = torch.load(path, map_location=where)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        step, seen, curve, used = saved["step"], saved["seen"], saved["curve"], saved["used"]
    pairs = Pairs()
    plan = Plan(pairs, encoder, args, where, step)
    neighbours = Neighbours(pairs, tokenizer.token_to_id("Ċ"))
    best = max((c["mean"] for c in curve), default=0.0)
    began, evaluated, hard = time.time(), int(used / args.minutes * args.evaluations), False

    def minutes():
        return used + (time.time() - began) / 60

    def document(i, rng, batch):
        alone = pairs.document(i, args.max_doc)
        return neighbours.surround(i, alone, args.longest, rng, batch) if rng.random() < args.among_others else alone

    def checkpoint():
        nonlocal best
        row = summary(evaluate(text_embedder(encoder, tokenizer)))
        curve.append({"step": step, "tokens": seen, "minutes": round(minutes(), 1), **row})
        print(json.dumps(curve[-1]), flush=True)
        save(path, {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "seen": seen,
                    "curve": curve, "used": minutes(), "config": model.config.to_dict()})
        if row["mean"] > best:
            best = row["mean"]
            half = {n: t.half().cpu() for n, t in model.state_dict().items()}
            save(WORK / f"{args.tag}-best.pt", {"model": half, "curve": curve, "config": model.config.to_dict()})

    if step == 0:
        checkpoint()
    while (progress := minutes() / args.minutes) < 1:
        if not hard and progress >= args.hard_from:
            hard = True
            plan.start_hard()
        # Copies of a pair would be each other's negatives.
        rows = np.unique(plan.next(progress))
        set_rates(optimiser, trapezoid(step, progress, cooling=args.cooling))
        optimiser.zero_grad(set_to_none=True)
        rng, batch = np.random.default_rng([SEED, step]), set(rows.tolist())
        texts = [pairs.query(i, args.max_query) for i in rows] + [document(i, rng, batch) for i in rows]
        loss = encoder.backward(texts, lambda e: loss_of(*e.split(len(rows))))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        seen += sum(len(t) + 2 for t in texts)
        if step % 20 == 0 or where.type == "cpu":
            value = loss.item()
            if not np.isfinite(value):
                raise SystemExit(f"the loss is {value} at step {step}; lower --rate")
            print(f"step {step} loss {value:.4f} tokens {seen / 1e6:.2f}M {time.time() - began:.0f}s", flush=True)
        if progress > (evaluated + 1) / args.evaluations:
            evaluated += 1
            checkpoint()
    checkpoint()


if __name__ == "__main__":
    main()
