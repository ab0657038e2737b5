"""Stage 6: contrastive training of the whole network, started from the warmed table.

Runs on a CUDA device when there is one (bf16), on the CPU otherwise. Rows are sorted by length and padded in small groups,
so little work goes into padding. Checkpoints (weights, optimiser, step) make the stage resumable.

    python train.py --minutes 40 --layers 3 --batch 384
"""

import argparse
import json
import time

import numpy as np
import torch
from tokenizers import Tokenizer

from common import SEED, WORK
from data import Pairs, batches
from metrics import evaluate, summary
from shape import config_of, encode_cls, from_bag
from warm import HEADS, HIDDEN, loss_of


GROUP = 48


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def special_ids(tokenizer):
    return {t: tokenizer.token_to_id(t) for t in ("[PAD]", "[CLS]", "[SEP]")}


def embed_rows(model, rows, ids, group=GROUP, half=True):
    """[n, hidden] embeddings of token rows, in the given order."""
    where = model.embeddings.tok_embeddings.weight.device
    order = np.argsort([len(r) for r in rows], kind="stable")
    out, positions = [], []
    for at in range(0, len(order), group):
        chosen = order[at : at + group]
        lengths = np.array([len(rows[i]) + 2 for i in chosen])
        padded = np.full((len(chosen), lengths.max()), ids["[PAD]"], dtype=np.int64)
        for line, i in enumerate(chosen):
            padded[line, 0] = ids["[CLS]"]
            padded[line, 1 : lengths[line] - 1] = rows[i]
            padded[line, lengths[line] - 1] = ids["[SEP]"]
        with torch.autocast(where.type, dtype=torch.bfloat16, enabled=half):
            out.append(encode_cls(model, torch.from_numpy(padded).to(where), torch.from_numpy(lengths).to(where)).float())
        positions.append(chosen)
    inverse = np.argsort(np.concatenate(positions))
    return torch.cat(out)[torch.from_numpy(inverse).to(where)]


def embedder(model, tokenizer, ids, limit=510):
    def embed(texts, _kind):
        rows = [np.asarray(e.ids[:limit]) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        with torch.no_grad():
            return embed_rows(model, rows, ids, group=32, half=False).cpu().numpy()

    return embed


def optimiser_of(model, rate, table_rate):
    table = [model.embeddings.tok_embeddings.weight]
    norms = [p for n, p in model.named_parameters() if "norm" in n]
    rest = [p for n, p in model.named_parameters() if "norm" not in n and "tok_embeddings" not in n]
    groups = [
        {"params": rest, "lr": rate, "peak": rate, "weight_decay": 0.01},
        {"params": norms, "lr": rate, "peak": rate, "weight_decay": 0.0},
        {"params": table, "lr": table_rate, "peak": table_rate, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--batch", type=int, default=384)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--table-rate", type=float, default=3e-4)
    parser.add_argument("--max-query", type=int, default=48)
    parser.add_argument("--max-doc", type=int, default=128)
    parser.add_argument("--start", default="warm")
    parser.add_argument("--tag", default="full")
    parser.add_argument("--every", type=float, default=8, help="minutes between evaluations")
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    ids = special_ids(tokenizer)
    config = config_of(tokenizer.get_vocab_size(), HIDDEN, HEADS, args.layers, ids)
    path = WORK / f"{args.tag}.pt"
    model = from_bag(torch.load(WORK / f"{args.start}.pt"), config, ids).to(device())
    optimiser = optimiser_of(model, args.rate, args.table_rate)
    step, seen, curve, used = 0, 0, [], 0.0
    if args.resume and path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        step, seen, curve, used = saved["step"], saved["seen"], saved["curve"], saved["used"]
    pairs = Pairs()
    best = max((c["mean"] for c in curve), default=0.0)
    plan = batches(pairs, args.batch, 100)
    began, asked = time.time(), time.time()

    def checkpoint():
        nonlocal best
        row = summary(evaluate(embedder(model, tokenizer, ids)))
        curve.append({"step": step, "tokens": seen, "minutes": round(used + (time.time() - began) / 60, 1), **row})
        print(json.dumps(curve[-1]), flush=True)
        state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "seen": seen,
                 "curve": curve, "used": used + (time.time() - began) / 60, "config": config.to_dict()}
        torch.save(state, path)
        if row["mean"] > best:
            best = row["mean"]
            torch.save({"model": model.state_dict(), "curve": curve, "config": config.to_dict()}, WORK / f"{args.tag}-best.pt")

    checkpoint()
    while (progress := (time.time() - began) / 60 / args.minutes) < 1:
        rows = plan[step % len(plan)]
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * min(1.0, (step + 1) / 30) * max(0.05, 1 - progress)
        q = embed_rows(model, [pairs.query(i, args.max_query) for i in rows], ids, group=128)
        d = embed_rows(model, [pairs.document(i, args.max_doc) for i in rows], ids)
        loss = loss_of(q, d)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        seen += int(np.minimum(pairs.q_len[rows], args.max_query).sum() + np.minimum(pairs.d_len[rows], args.max_doc).sum())
        if step % 5 == 0:
            print(f"step {step} loss {loss.item():.4f} tokens {seen / 1e6:.2f}M {time.time() - began:.0f}s", flush=True)
        if time.time() - asked > args.every * 60:
            checkpoint()
            asked = time.time()
    checkpoint()


if __name__ == "__main__":
    main()
