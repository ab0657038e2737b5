"""Stage 6: masked-language pre-training of the lower layers, started from the warmed table.

30 % of the tokens are masked (80 % [MASK], 10 % another token, 10 % left), the decoder is the table. The last layer of the
final network is left out: it is the warmed bag, put on top in the end.

    python pretrain.py --minutes 7 --layers 5
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from common import SEED, WORK
from data import Pairs
from optimise import default_budget, device, optimiser_of, save, set_rates, trapezoid
from packed import has_bfloat16, hidden_states, pack, special_ids, split_packs
from shape import config_of, from_bag
from warm import HEADS, HIDDEN

MASKED = 0.3


class MaskedHead(torch.nn.Module):
    """ModernBERT's prediction head: dense, GELU, norm; decoder tied to the table with a bias of its own."""

    def __init__(self, vocabulary):
        super().__init__()
        self.dense = torch.nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.norm = torch.nn.LayerNorm(HIDDEN, bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(vocabulary))

    def forward(self, x, table):
        return F.linear(self.norm(F.gelu(self.dense(x))), table, self.bias)


def masked(ids, special, vocabulary, generator):
    """(ids with masks, positions to predict, their tokens)."""
    plain = torch.ones(vocabulary, dtype=torch.bool)
    plain[list(special.values())] = False
    draw = torch.rand(len(ids), generator=generator)
    chosen = torch.nonzero((draw < MASKED) & plain[ids]).squeeze(1)
    kind = torch.rand(len(chosen), generator=generator)
    target = ids[chosen]
    other = torch.randint(0, vocabulary, (len(chosen),), generator=generator)
    put = torch.where(kind < 0.8, special["[MASK]"], torch.where(kind < 0.9, other, target))
    out = ids.clone()
    out[chosen] = put
    return out, chosen, target


def rows_of(pairs, which, limit):
    """A query in front of its document now and then, so that prose and code are seen together."""
    rng = np.random.default_rng(SEED + int(which[0]))
    both = rng.random(len(which)) < 0.3
    return [
        np.concatenate([pairs.query(i, 48), pairs.document(i, limit)]) if b else pairs.document(i, limit)
        for i, b in zip(which, both)
    ]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=7)
    parser.add_argument("--layers", type=int, default=5, help="layers below the warmed one")
    parser.add_argument("--batch", type=int, default=2048, help="sequences a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--table-rate", type=float, default=3e-4, help="low, so that what the warming taught it stays")
    parser.add_argument("--max-doc", type=int, default=222)
    parser.add_argument("--start", default="mean", help="the warmed table")
    parser.add_argument("--tag", default="pretrained")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(SEED)
    where = device()
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    special, vocabulary = special_ids(tokenizer), tokenizer.get_vocab_size()
    config = config_of(vocabulary, HIDDEN, HEADS, args.layers + 1, special)
    model = from_bag(torch.load(WORK / f"{args.start}.pt", map_location="cpu"), config, special)
    bag = model.layers[-1]
    model.layers = model.layers[:-1]
    model, head = model.to(where), MaskedHead(vocabulary).to(where)
    path = WORK / f"{args.tag}.pt"
    parameters = [(n, p) for n, p in model.named_parameters()] + [(f"head.{n}", p) for n, p in head.named_parameters()]
    optimiser = optimiser_of(parameters, args.rate, args.table_rate, decay=3e-4)
    budget, pairs, generator = default_budget(where), Pairs(), torch.Generator().manual_seed(SEED)
    order = np.random.default_rng(SEED).permutation(np.flatnonzero(pairs.d_len >= 12))
    states = torch.compile(hidden_states, dynamic=True) if args.compile else hidden_states
    began, seen, curve, step = time.time(), 0, [], 0
    while (progress := (time.time() - began) / 60 / args.minutes) < 1:
        at = step * args.batch % (len(order) - args.batch)
        rows = rows_of(pairs, order[at : at + args.batch], args.max_doc)
        lengths = np.fromiter((len(r) + 2 for r in rows), dtype=np.int64, count=len(rows))
        set_rates(optimiser, trapezoid(step, progress, warm_steps=200))
        optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=where)
        expected = MASKED * float(lengths.sum())
        for chosen in split_packs(lengths, budget):
            ids, cu = pack([rows[i] for i in chosen], special["[CLS]"], special["[SEP]"])
            given, positions, target = (t.to(where) for t in masked(ids, special, vocabulary, generator))
            with torch.autocast(where.type, dtype=torch.bfloat16, enabled=has_bfloat16(where)):
                hidden = states(model, given, cu.to(where), int(lengths[chosen].max()), first_only=False)
                logits = head(hidden[positions], model.embeddings.tok_embeddings.weight)
            loss = F.cross_entropy(logits.float(), target, reduction="sum") / expected
            loss.backward()
            total += loss.detach()
        torch.nn.utils.clip_grad_norm_([p for _, p in parameters], 1.0)
        optimiser.step()
        step += 1
        seen += int(lengths.sum())
        if step % 20 == 0 or where.type == "cpu":
            value = total.item()
            if not np.isfinite(value):
                raise SystemExit(f"the loss is {value} at step {step}; lower --rate")
            curve.append({"step": step, "tokens": seen, "seconds": round(time.time() - began), "loss": round(value, 4)})
            if step % 100 == 0 or where.type == "cpu":
                print(json.dumps(curve[-1]), flush=True)
    model.layers.append(bag.to(where))
    save(path, {"model": {n: t.half().cpu() for n, t in model.state_dict().items()}, "config": config.to_dict(), "curve": curve})
    print(f"{seen / 1e6:.0f}M tokens, {seen / (time.time() - began):.0f} a second", flush=True)


if __name__ == "__main__":
    main()
