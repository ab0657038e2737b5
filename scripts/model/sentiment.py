"""The mood adapter, from data to the shipped folder. One command; stages that are done are taken from the work folder.

    python sentiment.py --polarity DIR --silver CLONE --silver CLONE --out ../../media/models/sextant-mood-small
    python sentiment.py --polarity DIR --silver CLONE --silver CLONE --leave all        # how it does on kinds of text it never saw

DIR holds NLTK's copies of the opinion lexicon, pros and cons, product reviews 1 and 2, and sentence polarity (all CC BY 4.0),
unpacked, and `vader_lexicon.txt` (MIT). CLONE is a git repository whose commit subjects serve as neutral texts.
"""

import argparse
import copy
import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer

from common import EVAL, HERE, SEED, TRAIN_SETS, WORK, read_jsonl
from sentiment_data import LABELS, cleaned, in_fifth, labelled, lexicon, polarity, silver, soften
from sentiment_measure import best_temperature, floor, measure
from sentiment_model import MoodModel

NAME = "sextant-mood-small"
MAX_TOKENS = 128
# The large ones: what is left out at a time, and measured by itself.
SOURCES = ("sa4se/gh-train", "sa4se/api-train", "sentise")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path, default=HERE.parents[1] / "media/models/sextant-embed-small")
    parser.add_argument("--polarity", type=Path, required=True)
    parser.add_argument("--silver", type=Path, action="append", default=[])
    parser.add_argument("--leave", help="a source, or all of them in turn, to keep out of training and to measure on, instead of writing a model")
    parser.add_argument("--seeds", type=int, default=1, help="adapters tuned from one start, whose weights are averaged")
    parser.add_argument("--layers", type=int, default=1, help="of the base that the adapter runs through")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--version", help="of the adapter; needed with --out")
    return parser.parse_args()


class Texts:
    def __init__(self, rows, tokenizer):
        self.rows = rows
        self.ids = [self.cut(encoding.ids) for encoding in tokenizer.encode_batch([row["text"] for row in rows])]

    @staticmethod
    def cut(ids):
        return ids if len(ids) <= MAX_TOKENS else ids[: MAX_TOKENS - 1] + ids[-1:]

    def batch(self, chosen):
        longest = max(len(self.ids[i]) for i in chosen)
        ids = torch.zeros(len(chosen), longest, dtype=torch.long)
        mask = torch.zeros(len(chosen), longest, dtype=torch.bool)
        for row, i in enumerate(chosen):
            ids[row, : len(self.ids[i])] = torch.tensor(self.ids[i])
            mask[row, : len(self.ids[i])] = True
        return ids, mask

    def column(self, name, fallback):
        return np.array([row.get(name, fallback) for row in self.rows])


def plan(texts, keep, size, rng):
    """Batches of like lengths over texts of which each is taken with its probability."""
    order = np.flatnonzero(rng.random(len(texts.ids)) < keep)
    rng.shuffle(order)
    batches = []
    for at in range(0, len(order), 32 * size):
        block = sorted(order[at : at + 32 * size], key=lambda i: len(texts.ids[i]))
        batches += [block[start : start + size] for start in range(0, len(block), size)]
    rng.shuffle(batches)
    return batches


def fit(model, texts, *, epochs, size, rate, row_rate, keep, seed, average, tag):
    """Trains in place; returns the moving average of the weights when `average` is its decay, else the last weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    target = torch.tensor(texts.column("soft", None).tolist(), dtype=torch.float32)
    weight = torch.tensor(texts.column("weight", 1.0) / keep, dtype=torch.float32)
    unmarked = torch.tensor(texts.column("open", False))
    neutral = torch.tensor([label == "neutral" for label in LABELS])
    rest = [p for name, p in model.named_parameters() if name != "rows"]
    groups = [{"params": [model.rows], "lr": 0, "peak": row_rate}, {"params": rest, "lr": 0, "peak": rate}]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    shadow = copy.deepcopy(model) if average else model
    steps, step, began = math.ceil(keep.sum() / size) * epochs + epochs, 0, time.time()
    for epoch in range(epochs):
        losses = []
        for chosen in plan(texts, keep, size, rng):
            step += 1
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * min(1, step / 60) * max(0.0, 1 - step / steps)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(*texts.batch(chosen))
            # Reviews and lists of pros and cons say nothing of what is neutral.
            logits = logits.float().masked_fill(unmarked[chosen][:, None] & neutral, -30.0)
            loss = (F.cross_entropy(logits, target[chosen], reduction="none") * weight[chosen]).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
            if average and step > 60:
                with torch.no_grad():
                    for slow, fast in zip(shadow.parameters(), model.parameters()):
                        slow.lerp_(fast, 1 - min(average, step / (step + 50)))
        print(f"{tag} epoch {epoch} loss {np.mean(losses):.4f} {time.time() - began:.0f}s", flush=True)
    return shadow


@torch.no_grad()
def logits_of(model, texts):
    model.eval()
    order = sorted(range(len(texts.ids)), key=lambda i: len(texts.ids[i]))
    result = torch.zeros(len(order), len(LABELS))
    for at in range(0, len(order), 128):
        chosen = order[at : at + 128]
        result[chosen] = model(*texts.batch(chosen))
    return result


def remembered(path, model, make):
    """Weights of a stage, from the work folder where it is done."""
    if path.exists():
        model.load_state_dict(torch.load(path))
        return model
    made = make(model)
    torch.save(made.state_dict(), path)
    return made


def averaged(models):
    result = copy.deepcopy(models[0])
    with torch.no_grad():
        for slots in zip(result.parameters(), *(model.parameters() for model in models)):
            slots[0].copy_(torch.stack(slots[1:]).mean(0))
    return result


def tuned(args, rows, tokenizer, work, tag):
    """Stage 1 on polarity, then stage 2 once a seed; the seeds share their start, so the mean of their weights is a model."""

    def warm(model):
        texts = Texts(polarity(args.polarity, work), tokenizer)
        return fit(model, texts, epochs=2, size=96, rate=5e-4, row_rate=3e-3, keep=np.ones(len(texts.ids)), seed=SEED,
                   average=0.0, tag="polarity")

    texts = Texts(rows, tokenizer)
    # Texts of little weight are taken half as often, at twice their weight.
    keep = np.where(texts.column("weight", 1.0) < 1, 0.5, 1.0)
    models = []
    for seed in range(args.seeds):
        torch.manual_seed(SEED)
        start = MoodModel(args.base, args.layers, embedding_dropout=0.1, dropout=0.1, token_dropout=0.05)
        model = remembered(work / "polarity.pt", start, warm)
        model.embedding_dropout, model.dropout, model.token_dropout = 0.15, 0.25, 0.2
        models.append(remembered(work / f"{tag}-{seed}.pt", model.train(), lambda m: fit(
            m, texts, epochs=args.epochs, size=64, rate=3e-4, row_rate=2e-3, keep=keep, seed=SEED + seed, average=0.995,
            tag=f"{tag}-{seed}")))
    return averaged(models)


def write_folder(model, temperature, args, figures):
    args.out.mkdir(parents=True, exist_ok=True)
    adapter = args.out / "adapter.safetensors"
    save_file(model.tensors(temperature), adapter)
    adapter.chmod(0o644)
    config = json.loads((args.base / "config.json").read_text())
    config.update(
        architectures=["ModernBertForSequenceClassification"], classifier_pooling="mean", num_hidden_layers=model.depth,
        layer_types=config["layer_types"][: model.depth],
        id2label={str(i): label for i, label in enumerate(LABELS)}, label2id={label: i for i, label in enumerate(LABELS)},
    )
    (args.out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {
        "name": NAME, "version": args.version, "architecture": "modernbert",
        "base": {"folder": json.loads((args.base / "sextant.json").read_text())["name"], "sha256": digest(args.base / "model.safetensors")},
        "pooling": "mean", "maxTokens": MAX_TOKENS, "license": "MIT",
        "files": {adapter.name: {"sha256": digest(adapter), "bytes": adapter.stat().st_size}},
    }
    (args.out / "sextant.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps({"temperature": temperature, "bytes": adapter.stat().st_size, **figures}))


def leave_out(args, rows, more, tokenizer, work):
    """Trains without a source and without a fifth of the others; measures both, beside what a bag of n-grams does there."""
    for left in SOURCES if args.leave == "all" else [args.leave]:
        train = [row for row in rows if row["source"] != left and not in_fifth(row)]
        parts = {left: [row for row in rows if row["source"] == left]}
        for source in SOURCES:
            if source != left:
                parts[f"{source}, a fifth"] = [row for row in rows if row["source"] == source and in_fifth(row)]
        model = tuned(args, soften(train) + more, tokenizer, work, f"leave-{Path(left).name}")
        bag = floor(train, parts)
        for name, part in parts.items():
            figures = measure(logits_of(model, Texts(part, tokenizer)), part)
            print(json.dumps({"leave": left, "on": name, "bag": bag[name], **figures}), flush=True)


def ship(args, rows, more, tokenizer, work):
    """Trains on all but a twentieth of the texts, which decides the temperature; the development set decides nothing."""
    held = [number % 20 == 0 for number in range(len(rows))]
    train = [row for row, out in zip(rows, held) if not out]
    model = tuned(args, soften(train) + more, tokenizer, work, "mood")
    parts = [[row for row, out in zip(rows, held) if out and row["source"] == source] for source in SOURCES]
    temperature = best_temperature([(logits_of(model, Texts(part, tokenizer)), part) for part in parts])
    development = cleaned(list(read_jsonl(EVAL / "sentiment/github-dev.jsonl")), work / "development.jsonl")
    figures = measure(logits_of(model, Texts(development, tokenizer)), development, temperature)
    write_folder(model, temperature, args, {"github-dev": figures})


def main():
    args = arguments()
    if (args.leave is None) == (args.out is None) or (args.out and not args.version):
        raise SystemExit("give either --out or --leave")
    torch.set_num_threads(1)
    base = hashlib.sha256((args.base / "model.safetensors").read_bytes()).hexdigest()[:12]
    work = WORK / "sentiment" / f"{base}-{args.layers}"
    work.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(args.base / "tokenizer.json"))
    tokenizer.no_padding(), tokenizer.no_truncation()
    rows = labelled(TRAIN_SETS / "sentiment/train.jsonl", work)
    more = silver(args.silver, set(lexicon(args.polarity)), tokenizer, work)
    (ship if args.leave is None else leave_out)(args, rows, more, tokenizer, work)


if __name__ == "__main__":
    main()
