"""Stage 8: write the model folder (Hugging Face layout plus sextant.json), check that it loads and embeds alike.

    python package.py --from warm.pt --version X.Y.Z --out ../../media/models/sextant-embed-small
    python package.py --from full-best.pt --version X.Y.Z --out ../../media/models/sextant-embed-small
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import ModernBertConfig, ModernBertModel, PreTrainedTokenizerFast

from common import EVAL_SETS, LONGEST, WORK
from metrics import load_set
from shape import config_of, from_bag
from packed import PackedEncoder, special_ids
from warm import DIMENSIONS, HEADS, HIDDEN

NAME = "sextant-embed-small"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="source", required=True, help="a checkpoint in WORK")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--layers", type=int, default=1, help="layers to build when the source is a warmed table")
    return parser.parse_args()


def load(source, layers):
    tokenizer = Tokenizer.from_file(str(WORK / "tokenizer.json"))
    ids = special_ids(tokenizer)
    saved = torch.load(WORK / source, map_location="cpu")
    if "table" in saved:
        config = config_of(len(saved["table"]), HIDDEN, HEADS, layers, ids)
        return tokenizer, ids, from_bag(saved, config, ids)
    config = ModernBertConfig(**saved["config"])
    model = ModernBertModel(config)
    model.load_state_dict({n: t.float() for n, t in saved["model"].items()})
    return tokenizer, ids, model


def write_config(config, out):
    """Both dialects of ModernBERT's configuration in one file, so that old and new readers agree."""
    data = config.to_dict()
    data.update(
        architectures=["ModernBertModel"], dtype="float16", global_attn_every_n_layers=1, global_rope_theta=160000.0,
        local_rope_theta=10000.0, layer_types=["full_attention"] * config.num_hidden_layers,
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 160000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    )
    (out / "config.json").write_text(json.dumps(data, indent=2, sort_keys=True) + "\n")


def digest(path):
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}


def write_manifest(out, version):
    files = ["model.safetensors", "tokenizer.json", "config.json"]
    manifest = {
        "name": NAME,
        "version": version,
        "architecture": "modernbert",
        "pooling": "cls",
        "normalize": True,
        "prefixes": {"query": "", "document": ""},
        "dimension": HIDDEN,
        "matryoshka": list(DIMENSIONS),
        "maxTokens": LONGEST,
        "license": "MIT",
        "files": {name: digest(out / name) for name in files},
    }
    (out / "sextant.json").write_text(json.dumps(manifest, indent=2) + "\n")


def check(out, model, ids):
    """The written folder, read by plain transformers, gives the embeddings of the model in memory."""
    fresh = ModernBertModel.from_pretrained(out, dtype=torch.float32, attn_implementation="sdpa").eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(out)
    texts = [t for name in EVAL_SETS for t in load_set(name)[1][:20]]
    enc = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    with torch.no_grad():
        theirs = fresh(input_ids=enc["input_ids"], attention_mask=enc["attention_mask"]).last_hidden_state[:, 0]
        rows = [np.asarray(r[:m][1:-1]) for r, m in zip(enc["input_ids"].numpy(), enc["attention_mask"].sum(1).tolist())]
        ours = PackedEncoder(model.eval(), ids, 8192, half=False).embed(rows)
    cosine = torch.nn.functional.cosine_similarity(theirs, ours)
    print(f"transformers against the training code: cosine {cosine.min():.6f} at least, {len(texts)} texts")
    if cosine.min() < 0.999:
        raise SystemExit("the package does not reproduce the checkpoint")


def main():
    args = arguments()
    tokenizer, ids, model = load(args.source, args.layers)
    args.out.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, args.out / "model.safetensors", metadata={"format": "pt"})
    (args.out / "model.safetensors").chmod(0o644)
    shutil.copyfile(WORK / "tokenizer.json", args.out / "tokenizer.json")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, "cls_token": "[CLS]",
        "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]", "unk_token": "[UNK]",
        "clean_up_tokenization_spaces": False, "model_input_names": ["input_ids", "attention_mask"],
    }
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    write_config(model.config, args.out)
    write_manifest(args.out, args.version)
    total = sum(p.numel() for p in model.parameters())
    print(f"{total / 1e6:.2f}M parameters, {sum(f.stat().st_size for f in args.out.iterdir()) / 1e6:.1f} MB")
    check(args.out, model, ids)


if __name__ == "__main__":
    main()
