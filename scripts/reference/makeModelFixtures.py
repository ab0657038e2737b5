"""Makes the reference outputs in test/fixtures/models with the transformers library.

Weights and token ids are not stored: both this script and the tests derive them from names and indices with the same
integer hash (see `noise`), so that a fixture is a config, a list of tensor shapes and the expected rows.

Run with a Python that has torch and transformers (made with torch 2.13 and transformers 5.18):
    python scripts/reference/makeModelFixtures.py
"""

import base64
import json
import math
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForNextSentencePrediction,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

OUT = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "models"
LENGTHS = [1, 2, 63, 64, 65, 66, 129, 130]


def noise(name: str, count: int) -> np.ndarray:
    """`count` unsigned 32-bit integers from a name: FNV-1a of the name, then the finaliser of MurmurHash3."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435769 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & 0xFFFFFFFF
    return (x ^ (x >> np.uint64(16))).astype(np.uint32)


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Values with at most eight significant bits, so that float16 and bfloat16 hold them exactly."""
    bits = noise(name, math.prod(shape))
    if len(shape) == 1 and name.endswith("weight"):
        values = 1 + ((bits >> 27).astype(np.float64) - 16) / 128
    else:
        scale = 2.0 ** round(math.log2(2.5 / math.sqrt(shape[-1]))) if "embeddings" not in name else 1.0
        values = (2 * (bits >> 24).astype(np.float64) - 255) / 256 * (scale if len(shape) > 1 else 0.25)
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def token_ids(length: int, vocabulary: int) -> torch.Tensor:
    """Ids from 5 upwards: RoBERTa takes its padding token out of the count of positions."""
    return torch.from_numpy((noise(f"ids {length}", length) % (vocabulary - 5) + 5).astype(np.int64))[None]


def packed(rows: torch.Tensor) -> str:
    return base64.b64encode(rows.to(torch.float32).contiguous().numpy().tobytes()).decode()


def load(settings: dict, classifier: bool):
    config = AutoConfig.for_model(settings["model_type"], **{k: v for k, v in settings.items() if k != "model_type"})
    config._attn_implementation = "eager"
    options = {} if classifier or settings["model_type"] in ("modernbert", "distilbert") else {"add_pooling_layer": False}
    model = (AutoModelForSequenceClassification if classifier else AutoModel).from_config(config, **options).eval()
    state = model.state_dict()
    tensors = {name: tuple(value.shape) for name, value in state.items() if value.is_floating_point()}
    model.load_state_dict({**state, **{name: weight(name, shape) for name, shape in tensors.items()}})
    return model, tensors


@torch.no_grad()
def case(model, length: int, vocabulary: int, classifier: bool) -> dict:
    ids = token_ids(length, vocabulary)
    output = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
    hidden = output.hidden_states[-1] if classifier else output.last_hidden_state
    rows = sorted({0, length // 2, length - 1})
    expected = {"length": length, "rows": rows, "hidden": packed(hidden[0, rows]), "mean": packed(hidden[0].mean(0))}
    return {**expected, "logits": packed(output.logits[0])} if classifier else expected


def write(name: str, settings: dict, *, classifier: bool = False, lengths: list[int] = LENGTHS, drop: tuple[str, ...] = ()):
    torch.manual_seed(0)
    model, tensors = load(settings, classifier)
    if classifier and settings["model_type"] == "modernbert":
        # Its hidden_states end before final_norm; the hook gives what the head sees.
        captured = {}
        model.model.register_forward_hook(lambda _module, _inputs, output: captured.update(last=output.last_hidden_state))
        original = model.forward

        def forward(**inputs):
            output = original(**inputs)
            output.hidden_states = (captured["last"],)
            return output

        model.forward = forward
    fixture = {
        "config": {key: value for key, value in settings.items() if key not in drop},
        "tensors": [[tensor, list(shape)] for tensor, shape in tensors.items()],
        "cases": [case(model, length, settings["vocab_size"], classifier) for length in lengths],
    }
    (OUT / f"{name}.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(name, sum(math.prod(shape) for _, shape in fixture["tensors"]), "parameters")


HEADS = {
    "fill-mask": AutoModelForMaskedLM,
    "token-classify": AutoModelForTokenClassification,
    "qa": AutoModelForQuestionAnswering,
    "nsp": AutoModelForNextSentencePrediction,
    "multiple-choice": AutoModelForMultipleChoice,
}


def filled(model) -> dict[str, tuple[int, ...]]:
    """Gives a model its weights and lists their shapes; a tensor of two names counts as the embeddings, or under the first."""
    seen: set[int] = set()
    tensors = {}
    for name, value in sorted(model.state_dict().items(), key=lambda item: "embeddings" not in item[0]):
        if value.is_floating_point() and value.data_ptr() not in seen:
            seen.add(value.data_ptr())
            tensors[name] = tuple(value.shape)
    missing = model.load_state_dict({name: weight(name, shape) for name, shape in tensors.items()}, strict=False)
    assert not missing.unexpected_keys
    return tensors


def configured(settings: dict):
    config = AutoConfig.for_model(settings["model_type"], **{k: v for k, v in settings.items() if k != "model_type"})
    config._attn_implementation = "eager"
    return config


@torch.no_grad()
def head_case(model, task: str, length: int, settings: dict) -> dict:
    """The second half of the tokens is of type 1 where the family tells types apart."""
    ids = token_ids(length, settings["vocab_size"])
    typed = settings.get("type_vocab_size", 0) == 2
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if typed:
        inputs["token_type_ids"] = (torch.arange(length) >= length // 2).long()[None]
    if task == "multiple-choice":
        inputs = {name: value[None] for name, value in inputs.items()}
    output = model(**inputs)
    if task == "qa":
        logits = torch.stack([output.start_logits[0], output.end_logits[0]], -1)
    else:
        logits = output.logits[0]
    return {"length": length, "typed": typed, "logits": packed(logits)}


@torch.no_grad()
def inspection(model, length: int, vocabulary: int) -> dict:
    ids = token_ids(length, vocabulary)
    output = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True, output_attentions=True)
    rows = [0, length // 2, length - 1]
    return {
        "length": length,
        "rows": rows,
        # The last one is before or after a final norm, depending on the version.
        "hidden": [packed(states[0].mean(0)) for states in output.hidden_states[:-1]],
        "attention": [packed(weights[0][:, rows]) for weights in output.attentions],
    }


def write_heads(name: str, settings: dict, tasks: list[str], inspected: int):
    """One file a family: each head with its tensors and logits, and the inside of the bare encoder."""
    heads = {}
    for task in tasks:
        model = HEADS[task].from_config(configured({**settings, "num_labels": 3} if task == "token-classify" else settings)).eval()
        tensors = filled(model)
        cases = [head_case(model, task, length, settings) for length in (2, 21)]
        heads[task] = {"tensors": [[tensor, list(shape)] for tensor, shape in tensors.items()], "cases": cases}
    bare = AutoModel.from_config(configured(settings)).eval()
    tensors = [[tensor, list(shape)] for tensor, shape in filled(bare).items()]
    fixture = {"config": settings, "tensors": tensors, "heads": heads, "inspection": inspection(bare, inspected, settings["vocab_size"])}
    (OUT / f"{name}.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(name, ", ".join(tasks))


def values(name: str, count: int) -> torch.Tensor:
    """Numbers between -1 and 1 that follow from a name."""
    return torch.from_numpy(((noise(name, count) >> 8) / 2.0**23 - 1).astype(np.float64))


def gradients(settings: dict, pooling: str, lengths: list[int]) -> dict:
    """Of a random linear function of the embeddings: length of each tensor's gradient, and its part along a random direction."""
    model, tensors = load(settings, False)
    model = model.double()
    rows = []
    for length in lengths:
        ids = token_ids(length, settings["vocab_size"])
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        rows.append(torch.nn.functional.normalize(hidden[0] if pooling == "cls" else hidden.mean(0), dim=0))
    result = torch.stack(rows)
    (result * values("seed", result.numel()).reshape(result.shape)).sum().backward()
    found = {
        name: [float(p.grad.norm()), float((p.grad.flatten() * values(f"direction {name}", p.numel())).sum())]
        for name, p in model.named_parameters()
        if p.grad is not None
    }
    return {"pooling": pooling, "lengths": lengths, "gradients": found}


SMALL_BERT = {
    "vocab_size": 97, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
    "max_position_embeddings": 140, "type_vocab_size": 2, "pad_token_id": 1,
}  # fmt: skip


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    modernbert = {"model_type": "modernbert", "vocab_size": 97, "num_attention_heads": 2, "pad_token_id": 1,
                  "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}  # fmt: skip
    # transformers 5 dialect, heads of 32, a layer list which is not the default pattern.
    write("modernbert-v5", {
        **modernbert, "hidden_size": 64, "intermediate_size": 80, "num_hidden_layers": 4,
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 80000.0},
                            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}},
    }, lengths=[*LENGTHS, 1100, 8192])  # fmt: skip
    # transformers 4 dialect, heads of 64, biases, SiLU; local_rope_theta null means the global one.
    v4 = {
        **modernbert, "hidden_size": 128, "intermediate_size": 96, "num_hidden_layers": 4, "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000.0, "local_rope_theta": None, "local_attention": 32, "hidden_activation": "silu",
        "norm_bias": True, "attention_bias": True, "mlp_bias": True, "classifier_pooling": "mean", "classifier_bias": True,
        "num_labels": 3, "id2label": {"0": "negative", "1": "neutral", "2": "positive"},
    }  # fmt: skip
    rope = {kind: {"rope_type": "default", "rope_theta": 160000.0} for kind in ("full_attention", "sliding_attention")}
    same = {key: value for key, value in v4.items() if not key.endswith("rope_theta")}
    write("modernbert-v4", {**same, "rope_parameters": rope, "global_rope_theta": 160000.0, "local_rope_theta": None},
          classifier=True, lengths=[*LENGTHS, 300], drop=("rope_parameters", "num_labels"))  # fmt: skip
    write("bert", {"model_type": "bert", **SMALL_BERT})
    write("bert-classifier", {"model_type": "bert", **SMALL_BERT, "hidden_act": "gelu_new",
                              "id2label": {"0": "no", "1": "yes"}}, classifier=True, lengths=[2, 65])  # fmt: skip
    write("roberta", {"model_type": "roberta", **SMALL_BERT, "layer_norm_eps": 1e-5})
    write("roberta-classifier", {"model_type": "roberta", **SMALL_BERT, "id2label": {"0": "a", "1": "b", "2": "c"}},
          classifier=True, lengths=[2, 65])  # fmt: skip
    write("xlm-roberta", {"model_type": "xlm-roberta", **SMALL_BERT, "type_vocab_size": 1})
    distil = {"model_type": "distilbert", "vocab_size": 97, "dim": 64, "hidden_dim": 96, "n_layers": 2, "n_heads": 2,
              "max_position_embeddings": 140, "pad_token_id": 0}  # fmt: skip
    write("distilbert", distil)
    write("distilbert-classifier", {**distil, "id2label": {"0": "no", "1": "yes"}}, classifier=True, lengths=[2, 65])

    # Heads, the inside, and gradients.
    v5 = {
        **modernbert, "hidden_size": 64, "intermediate_size": 80, "num_hidden_layers": 4, "classifier_pooling": "mean",
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 80000.0},
                            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}},
    }  # fmt: skip
    bert = {"model_type": "bert", **SMALL_BERT}
    roberta = {"model_type": "roberta", **SMALL_BERT, "layer_norm_eps": 1e-5}
    tasks = ["fill-mask", "token-classify", "qa", "multiple-choice"]
    write_heads("heads-modernbert", v5, tasks, 300)
    write_heads("heads-bert", bert, [*tasks, "nsp"], 40)
    write_heads("heads-roberta", roberta, tasks, 40)
    write_heads("heads-xlm-roberta", {**roberta, "model_type": "xlm-roberta", "type_vocab_size": 1}, tasks, 40)
    write_heads("heads-distilbert", distil, tasks, 40)
    lengths = [130, 1, 65]
    found = {
        "modernbert-v5": gradients({k: v for k, v in v5.items() if k != "classifier_pooling"}, "cls", [*lengths, 300]),
        "modernbert-v4": gradients({**same, "rope_parameters": rope}, "mean", lengths),
        "bert": gradients(bert, "mean", lengths),
        "roberta": gradients(roberta, "cls", lengths),
        "xlm-roberta": gradients({"model_type": "xlm-roberta", **SMALL_BERT, "type_vocab_size": 1}, "mean", lengths),
        "distilbert": gradients(distil, "cls", lengths),
    }
    (OUT / "gradients.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


main()
