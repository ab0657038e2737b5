"""Exports an encoder to ONNX in the layout that transformers.js reads, for side-by-side measurements.

    python exportOnnx.py MODEL_DIR OUT_DIR

Needs torch, transformers and onnx (onnxscript for newer torch). The product itself never exports anything.
"""

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoModel


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def main(source: Path, target: Path) -> None:
    model = AutoModel.from_pretrained(source, dtype=torch.float32, attn_implementation="eager").eval()
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if (source / name).exists():
            shutil.copy(source / name, target / name)
    ids = torch.randint(5, 100, (2, 24))
    mask = torch.ones_like(ids)
    mask[1, 20:] = 0
    axes = {0: "batch", 1: "sequence"}
    dynamic = {"input_ids": axes, "attention_mask": axes, "last_hidden_state": axes}
    torch.onnx.export(
        LastHiddenState(model),
        (ids, mask),
        str(target / "onnx" / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_axes=dynamic,
        opset_version=18,
        dynamo=False,
    )


if __name__ == "__main__":
    with torch.no_grad():
        main(Path(sys.argv[1]), Path(sys.argv[2]))
