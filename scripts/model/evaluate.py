"""Stage 9: one table of every development set for a packaged model folder, through plain transformers.

    python evaluate.py ../../media/models/sextant-embed-small
"""

import json
import sys
import time

import numpy as np
import torch
from transformers import ModernBertModel, PreTrainedTokenizerFast

from metrics import evaluate

VARIANTS = ("full", "128", "64", "1bit")


def folder_embedder(folder):
    with open(f"{folder}/sextant.json", encoding="utf-8") as handle:
        manifest = json.load(handle)
    model = ModernBertModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)

    def embed(texts, kind):
        texts = [manifest["prefixes"][kind] + t for t in texts]
        order = np.argsort([len(t) for t in texts], kind="stable")
        out = np.empty((len(texts), manifest["dimension"]), dtype=np.float32)
        for at in range(0, len(order), 32):
            chosen = order[at : at + 32]
            batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True,
                              max_length=manifest["maxTokens"], return_tensors="pt")
            with torch.no_grad():
                hidden = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            if manifest["pooling"] == "cls":
                out[chosen] = hidden[:, 0].numpy()
            else:
                mask = batch["attention_mask"].unsqueeze(-1)
                out[chosen] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
        return out

    return embed


def main():
    folder = sys.argv[1]
    embed = folder_embedder(folder)
    embed(["warm up"], "query")
    began = time.time()
    for _ in range(20):
        embed(["how are sessions signed and verified"], "query")
    latency = (time.time() - began) / 20 * 1000
    table = evaluate(embed)
    print("| set | measure | full | 128 dims | 64 dims | 1 bit + rescoring | kept |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, row in table.items():
        for measure in ("ndcg10", "mrr10"):
            cells = [row[v][measure] for v in VARIANTS]
            kept = cells[3] / cells[0] if cells[0] else 0
            print(f"| {name} | {measure} | " + " | ".join(f"{c:.4f}" for c in cells) + f" | {kept:.1%} |")
    print(f"\nquery embedding {latency:.1f} ms (transformers, this machine, {torch.get_num_threads()} threads)")


if __name__ == "__main__":
    main()
