"""Trains with sentence-transformers for `sextant bench finetune --python PYTHON`, to compare losses and speed.

Reads one JSON line {model, pooling, batches, settings}: `batches` lists the pairs of each step. Prints one JSON line
{peer, losses, seconds: [{wall, cpu}], peakRssBytes}, one entry a step. The loop is what the library's trainer does in a step (its loss
and its collation, AdamW, clipping, the linear schedule), without its dataset plumbing, so that both sides see the same batches.
"""

import json
import resource
import sys
import time

import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer, losses, models
from transformers import get_linear_schedule_with_warmup


def load(folder: str, pooling: str, max_tokens: int) -> SentenceTransformer:
    transformer = models.Transformer(folder, max_seq_length=max_tokens, model_args={"torch_dtype": torch.float32})
    pool = models.Pooling(transformer.get_word_embedding_dimension(), pooling_mode=pooling)
    return SentenceTransformer(modules=[transformer, pool, models.Normalize()], device="cpu")


def groups(model: torch.nn.Module, decay: float) -> list[dict]:
    """As transformers' Trainer parts them: no decay on norms and biases."""
    kept = [p for n, p in model.named_parameters() if "norm" not in n.lower() and not n.endswith("bias")]
    rest = [p for n, p in model.named_parameters() if "norm" in n.lower() or n.endswith("bias")]
    return [{"params": kept, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def main() -> None:
    job = json.loads(sys.stdin.readline())
    settings = job["settings"]
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(settings["seed"])
    model = load(job["model"], job["pooling"], settings["maxTokens"]).train()
    loss_of = losses.MultipleNegativesRankingLoss(model, scale=settings["scale"])
    optimizer = torch.optim.AdamW(
        groups(model, settings["weightDecay"]),
        lr=settings["learningRate"],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
    )
    steps = len(job["batches"])
    schedule = get_linear_schedule_with_warmup(optimizer, -int(-steps * settings["warmup"] // 1), steps)
    values, seconds = [], []
    for batch in job["batches"]:
        wall, cpu = time.perf_counter(), time.process_time()
        features = [model.tokenize([pair[column] for pair in batch]) for column in ("query", "document")]
        loss = loss_of(features, None)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["maxGradientNorm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        values.append(loss.item())
        seconds.append({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    peer = f"sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__}"
    print(json.dumps({"peer": peer, "losses": values, "seconds": seconds, "peakRssBytes": peak}), flush=True)


main()
