"""What the two training stages share: device, optimiser groups, schedule, checkpoints."""

import os

import torch


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def default_budget(where):
    """Tokens that go through the network at a time."""
    return 98304 if where.type == "cuda" else 8192


def default_held(where, layers):
    """Tokens whose activations may wait for their gradient, instead of being computed again: one pack on a GPU, some 11 GB on the
    CPU."""
    return 98304 if where.type == "cuda" else 524288 // layers


def optimiser_of(parameters, rate, table_rate, decay=0.01):
    """AdamW; no decay on norms and on the table, which has its own rate. `parameters`: (name, parameter) pairs."""
    groups = {"rest": [], "norm": [], "table": []}
    for name, parameter in parameters:
        groups["table" if "tok_embeddings" in name else "norm" if "norm" in name else "rest"].append(parameter)
    settings = [
        {"params": groups["rest"], "peak": rate, "weight_decay": decay},
        {"params": groups["norm"], "peak": rate, "weight_decay": 0.0},
        {"params": groups["table"], "peak": table_rate, "weight_decay": 0.0},
    ]
    for group in settings:
        group["lr"] = group["peak"]
    return torch.optim.AdamW(settings, betas=(0.9, 0.98), eps=1e-6, fused=True)


def trapezoid(step, progress, warm_steps=60, cooling=0.3, floor=0.02):
    """Share of the peak rate: up, level, then linearly down over the last part of the budget."""
    return min(1.0, (step + 1) / warm_steps) * max(floor, min(1.0, (1 - progress) / cooling))


def set_rates(optimiser, share):
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share


def save(path, state):
    """A stage that is stopped while it writes keeps its last checkpoint."""
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)
