"""The embedded model with an adapter: a low-rank change of its token embeddings, its first layers of which the last is made anew
from what it was, mean pooling and transformers' sequence-classification head. Written for training on padded batches; Sextant runs it packed."""

import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

RANK = 16
ROWS, COLUMNS = "adapter.embeddings.rows", "adapter.embeddings.columns"


def rotate(x, theta):
    """Split-half rotary embedding (Su et al. 2021) of `[batch, heads, tokens, size]`."""
    tokens, size = x.shape[-2:]
    angles = torch.outer(torch.arange(tokens).float(), theta ** (-torch.arange(0, size, 2).float() / size))
    a, b = x.chunk(2, -1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def dropped(x, share):
    """Dropout with masks of random bytes: on a CPU, PyTorch's own masks take a tenth of a step."""
    limit = int(share * 256)
    return x * (torch.randint(0, 256, x.shape, dtype=torch.uint8) >= limit) * (256 / (256 - limit))


class MoodModel(nn.Module):
    def __init__(self, base, layers, labels=3, embedding_dropout=0.15, dropout=0.25, token_dropout=0.2):
        super().__init__()
        config = json.loads((base / "config.json").read_text())
        self.heads, self.width = config["num_attention_heads"], config["hidden_size"]
        self.depth, self.epsilon = min(layers, config["num_hidden_layers"]), config["norm_eps"]
        if set(config["layer_types"]) != {"full_attention"}:
            raise SystemExit("this recipe is for a base whose layers all attend globally")
        self.theta = config["rope_parameters"]["full_attention"]["rope_theta"]
        self.unknown, self.special = 1, 5
        self.embedding_dropout, self.dropout, self.token_dropout = embedding_dropout, dropout, token_dropout
        weights = {name: tensor.float() for name, tensor in load_file(base / "model.safetensors").items()}
        last = f"layers.{self.depth - 1}."
        adapted = ("embeddings.norm.", "final_norm.", last)
        # A module's parameter names may hold no dots, the file's names do.
        below = tuple(f"layers.{index}." for index in range(self.depth - 1))
        self.kept = {name: tensor for name, tensor in weights.items() if name.startswith(("embeddings.tok", *below))}
        self.adapted = nn.ParameterDict(
            {name.replace(".", "/"): nn.Parameter(t) for name, t in weights.items() if name.startswith(adapted)}
        )
        vocabulary = len(self.kept["embeddings.tok_embeddings.weight"])
        self.rows = nn.Parameter(torch.zeros(vocabulary, RANK))
        self.columns = nn.Parameter(torch.randn(RANK, self.width) * 0.1)
        self.dense = nn.Parameter(torch.randn(self.width, self.width) * 0.05)
        self.norm = nn.Parameter(torch.ones(self.width))
        self.classifier = nn.Linear(self.width, labels)
        nn.init.normal_(self.classifier.weight, std=0.02)

    def weight(self, name):
        return self.kept[name] if name in self.kept else self.adapted[name.replace(".", "/")]

    def layer_norm(self, x, name):
        return F.layer_norm(x, (self.width,), eps=self.epsilon) * self.weight(f"{name}.weight")

    def drop(self, x):
        return dropped(x, self.dropout) if self.training else x

    def forward(self, ids, mask):
        """Logits `[batch, labels]` for ids and mask `[batch, tokens]`."""
        if self.training:
            lost = (torch.rand(ids.shape) < self.token_dropout) & (ids >= self.special)
            ids = torch.where(lost, self.unknown, ids)
        x = self.kept["embeddings.tok_embeddings.weight"][ids] + self.rows[ids] @ self.columns
        x = self.layer_norm(x, "embeddings.norm")
        if self.training:
            x = dropped(x, self.embedding_dropout)
        for index in range(self.depth):
            x = self.layer(x, mask, index)
        x = self.layer_norm(x, "final_norm")
        there = mask.float()[:, :, None]
        pooled = self.drop((x * there).sum(1) / there.sum(1))
        pooled = F.layer_norm(F.gelu(pooled @ self.dense.T), (self.width,), eps=self.epsilon) * self.norm
        return self.classifier(self.drop(pooled))

    def layer(self, x, mask, index):
        at = f"layers.{index}"
        batch, tokens, width = x.shape
        y = x if index == 0 else self.layer_norm(x, f"{at}.attn_norm")
        qkv = F.linear(y, self.weight(f"{at}.attn.Wqkv.weight"))
        q, k, v = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, self.theta), rotate(k, self.theta)
        # Written out: on a CPU, PyTorch's fused attention is slower for texts this short.
        scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
        mixed = scores.masked_fill(~mask[:, None, None, :], -1e9).softmax(-1).to(v.dtype) @ v
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.drop(F.linear(mixed, self.weight(f"{at}.attn.Wo.weight")))
        up, gate = F.linear(self.layer_norm(x, f"{at}.mlp_norm"), self.weight(f"{at}.mlp.Wi.weight")).chunk(2, -1)
        return x + self.drop(F.linear(F.gelu(up) * gate, self.weight(f"{at}.mlp.Wo.weight")))

    def tensors(self, temperature):
        """What the adapter's file holds. The temperature (Guo et al. 2017), which makes the probabilities honest, goes into
        the classifier."""
        result = {
            ROWS: self.rows.half(),
            COLUMNS: self.columns.T.half(),
            "head.dense.weight": self.dense.half(),
            "head.norm.weight": self.norm.half(),
            "classifier.weight": (self.classifier.weight / temperature).half(),
            "classifier.bias": (self.classifier.bias / temperature).half(),
            **{name.replace("/", "."): tensor.half() for name, tensor in self.adapted.items()},
        }
        return {name: tensor.detach().contiguous() for name, tensor in result.items()}
