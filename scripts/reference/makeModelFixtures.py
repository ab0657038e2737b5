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
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

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
    }, lengths=[*LENGTHS, 1100])  # fmt: skip
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


main()
