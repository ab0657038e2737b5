"""A ModernBERT over packed tokens: no padding in any linear layer, variable-length attention on CUDA.

`ids [T]` holds the tokens of all sequences, `cu [B + 1]` where each begins and the last ends. The parameters are those
of a `transformers.ModernBertModel` whose layers all attend globally, so a checkpoint is a model of that class.
"""

import numpy as np
import torch
import torch.nn.functional as F

from common import LONGEST

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:  # older PyTorch
    varlen_attn = None

THETA = 160000.0
# Sequences that a CPU attends to at a time: enough to multiply well, few enough that their scores stay in the caches.
CPU_GROUP, CPU_LEAST, CPU_SCORES = 32, 4, 1_440_000


def pack(rows, cls, sep):
    """(ids int64 [T], cu int32 [B + 1]) of token rows, with [CLS] and [SEP] added."""
    lengths = np.fromiter((len(r) + 2 for r in rows), dtype=np.int64, count=len(rows))
    cu = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.empty(int(cu[-1]), dtype=np.int64)
    for row, start, end in zip(rows, cu[:-1], cu[1:]):
        ids[start] = cls
        ids[start + 1 : end - 1] = row
        ids[end - 1] = sep
    return torch.from_numpy(ids), torch.from_numpy(cu.astype(np.int32))


def split_packs(lengths, budget):
    """Index arrays, sequences sorted by length, each pack at most `budget` tokens (or one sequence)."""
    order = np.argsort(lengths, kind="stable")
    ends = np.cumsum(lengths[order])
    packs, start, base = [], 0, 0
    while start < len(order):
        stop = max(start + 1, int(np.searchsorted(ends, base + budget, side="right")))
        packs.append(order[start:stop])
        base, start = int(ends[stop - 1]), stop
    return packs


def attend(q, k, v, cu_q, cu_k, longest_q, longest_k):
    """Global attention within each sequence; q `[Tq, heads, size]`, k and v `[Tk, heads, size]`."""
    if q.is_cuda and varlen_attn is not None:
        return varlen_attn(q, k, v, cu_q, cu_k, longest_q, longest_k)
    parts = []
    group = max(CPU_LEAST, min(CPU_GROUP, CPU_SCORES // (longest_q * longest_k)))
    for at in range(0, len(cu_q) - 1, group):
        end = min(at + group, len(cu_q) - 1)
        rows_q, real_q = _grid(cu_q[at : end + 1])
        rows_k, real_k = _grid(cu_k[at : end + 1])
        mixed = _attend_padded(_take(q, rows_q), _take(k, rows_k), _take(v, rows_k), real_k)
        parts.append(mixed.transpose(1, 2).flatten(0, 1).index_select(0, torch.nonzero(real_q.flatten()).squeeze(1)))
    return torch.cat(parts)


def _take(x, rows):
    """`[T, heads, size]` → `[B, heads, L, size]`; the gradient of index_select is quicker than that of indexing."""
    return x.index_select(0, rows.flatten()).view(*rows.shape, *x.shape[1:]).transpose(1, 2)


def _attend_padded(q, k, v, real):
    """Attention in two matrix products: on the CPU its gradient takes a quarter of the time of PyTorch's own kernel's."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return scores.masked_fill(~real[:, None, None, :], -torch.inf).softmax(-1) @ v


def _grid(cu):
    """Row numbers of sequences as a padded matrix, and which of its cells are real."""
    lengths = (cu[1:] - cu[:-1]).long()
    step = torch.arange(int(lengths.max()), device=cu.device)
    real = step[None] < lengths[:, None]
    return cu[:-1].long()[:, None] + torch.where(real, step[None], 0), real


def rotary_of(cu, size, total):
    """cos and sin `[T, 1, size / 2]`; positions restart with each sequence."""
    starts = torch.repeat_interleave(cu[:-1].long(), (cu[1:] - cu[:-1]).long(), output_size=total)
    positions = torch.arange(total, device=cu.device) - starts
    inverse = THETA ** (-torch.arange(0, size, 2, device=cu.device).float() / size)
    angles = positions.float()[:, None] * inverse[None]
    return angles.cos()[:, None], angles.sin()[:, None]


def turn(x, cos, sin):
    """Split-half rotary embedding; keeps the type of x."""
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


def feed_forward(x, layer):
    value, gate = layer.mlp.Wi(layer.mlp_norm(x)).chunk(2, -1)
    return x + layer.mlp.Wo(F.gelu(value) * gate)


def hidden_states(model, ids, cu, longest, first_only):
    """Rows after the last layer and `final_norm`: of all tokens, or of the first of each sequence alone, which spares most of the
    last layer. `[T, hidden]` or `[B, hidden]`."""
    config = model.config
    heads, size = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    cos, sin = rotary_of(cu, size, len(ids))
    x = model.embeddings.norm(model.embeddings.tok_embeddings(ids))
    layers = list(model.layers)
    for layer in layers[:-1] if first_only else layers:
        q, k, v = layer.attn.Wqkv(layer.attn_norm(x)).view(len(ids), 3, heads, size).unbind(1)
        mixed = attend(turn(q, cos, sin), turn(k, cos, sin), v.contiguous(), cu, cu, longest, longest)
        x = feed_forward(x + layer.attn.Wo(mixed.reshape(len(x), -1)), layer)
    if first_only:
        x = _first_rows(layers[-1], x, cu, longest, cos, sin)
    return model.final_norm(x)


def _first_rows(layer, x, cu, longest, cos, sin):
    """The last layer for the first token of each sequence: keys and values of all tokens, everything else of that one."""
    heads, size = layer.attn.config.num_attention_heads, 2 * cos.shape[-1]
    first = cu[:-1].long()
    read = layer.attn_norm(x)
    weight_q, weight_kv = layer.attn.Wqkv.weight.split([heads * size, 2 * heads * size])
    q = F.linear(read[first], weight_q).view(-1, heads, size)
    k, v = F.linear(read, weight_kv).view(-1, 2, heads, size).unbind(1)
    one_each = torch.arange(len(cu), device=cu.device, dtype=torch.int32)
    mixed = attend(turn(q, cos[first], sin[first]), turn(k, cos, sin), v.contiguous(), one_each, cu, 1, longest)
    return feed_forward(x[first] + layer.attn.Wo(mixed.reshape(len(first), -1)), layer)


class PackedEncoder:
    """[CLS] embeddings of token rows through a model, pack by pack of at most `budget` tokens; the activations of up to `held`
    tokens may be kept for the gradient."""

    def __init__(self, model, special, budget, held=0, half=None):
        self.model, self.special, self.budget, self.held = model, special, budget, held
        self.device = model.embeddings.tok_embeddings.weight.device
        self.half = has_bfloat16(self.device) if half is None else half

    def packs(self, rows):
        return split_packs(np.fromiter((len(r) + 2 for r in rows), dtype=np.int64, count=len(rows)), self.budget)

    def forward(self, rows):
        """float32 `[len(rows), hidden]`; bf16 inside where the device multiplies it faster."""
        ids, cu = pack(rows, self.special["[CLS]"], self.special["[SEP]"])
        longest = max(len(r) + 2 for r in rows)
        ids, cu = ids.to(self.device, non_blocking=True), cu.to(self.device, non_blocking=True)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half):
            return hidden_states(self.model, ids, cu, longest, first_only=True).float()

    @torch.no_grad()
    def embed(self, rows):
        """Embeddings in the order given, without gradient."""
        out = torch.empty(len(rows), self.model.config.hidden_size, device=self.device)
        for chosen in self.packs(rows):
            out[torch.from_numpy(chosen).to(self.device)] = self.forward([rows[i] for i in chosen])
        return out

    def backward(self, rows, loss_of):
        """Gradients of `loss_of(embeddings)`; returns the loss. More than `held` tokens go by gradient caching (Gao et al. 2021):
        embed everything, take the loss's gradient there, then go through the packs again."""
        packs = self.packs(rows)
        if sum(len(r) + 2 for r in rows) <= self.held:
            order = torch.from_numpy(np.argsort(np.concatenate(packs))).to(self.device)
            loss = loss_of(torch.cat([self.forward([rows[i] for i in chosen]) for chosen in packs])[order])
            loss.backward()
            return loss.detach()
        leaf = self.embed(rows).requires_grad_()
        loss = loss_of(leaf)
        (gradient,) = torch.autograd.grad(loss, leaf)
        for chosen in packs:
            part = self.forward([rows[i] for i in chosen])
            part.backward(gradient[torch.from_numpy(chosen).to(self.device)])
        return loss.detach()


def has_bfloat16(device):
    """Whether bf16 products are quicker than float32 there: 2.5 times on a CPU with AVX512-BF16, while others emulate
    it."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def special_ids(tokenizer):
    return {t: tokenizer.token_to_id(t) for t in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")}


def text_embedder(encoder, tokenizer, limit=LONGEST - 2):
    """`embed(texts, kind)` as `metrics.evaluate` wants it."""

    def embed(texts, _kind):
        rows = [np.asarray(e.ids[:limit]) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        return encoder.embed(rows).cpu().numpy()

    return embed
