"""The shipped architecture, and how the warmed bag of `warm.py` is written into it without changing its output."""

import torch
from transformers import ModernBertConfig, ModernBertModel

INTERMEDIATE = 384


def config_of(vocab, hidden, heads, layers, ids):
    """All layers attend globally: inputs are function-sized, and the last one must see every token from [CLS]."""
    return ModernBertConfig(
        vocab_size=vocab, hidden_size=hidden, intermediate_size=INTERMEDIATE, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=1024, global_attn_every_n_layers=1, local_attention=128,
        pad_token_id=ids["[PAD]"], cls_token_id=ids["[CLS]"], sep_token_id=ids["[SEP]"], bos_token_id=ids["[CLS]"],
        eos_token_id=ids["[SEP]"], classifier_pooling="cls", attention_dropout=0.0, embedding_dropout=0.0, mlp_dropout=0.0,
        reference_compile=False, attn_implementation="sdpa",
    )


def from_bag(state, config, ids):
    """A ModernBERT that embeds exactly as the bag does: only its last attention is switched on."""
    model = ModernBertModel(config)
    table, score = state["table"], state["score"]
    heads, hidden = score.shape
    size = hidden // heads
    with torch.no_grad():
        model.embeddings.tok_embeddings.weight.copy_(table)
        model.embeddings.norm.weight.fill_(1.0)
        for layer in model.layers:
            layer.attn.Wo.weight.zero_()
            layer.mlp.Wo.weight.zero_()
        last = model.layers[-1].attn
        cls = torch.nn.functional.layer_norm(table[ids["[CLS]"]], (hidden,))
        weight = last.Wqkv.weight
        weight[: 2 * hidden] *= 0.05
        weight[2 * hidden :] = torch.eye(hidden)
        # The slowest rotary pair of a head hardly turns over 1,024 positions, so a score kept there ignores position.
        slow = size // 2 - 1
        weight[hidden : 2 * hidden] = 0.0
        for h in range(heads):
            weight[h * size + slow] = cls * (size**0.5) / cls.dot(cls)
            weight[hidden + h * size + slow] = score[h]
        last.Wo.weight.copy_(state["out"])
        model.layers[-1].mlp.Wi.weight.copy_(state["mlp_in"])
        model.layers[-1].mlp.Wo.weight.copy_(state["mlp_out"])
        model.layers[-1].mlp_norm.weight.copy_(state["mlp_gamma"])
        model.final_norm.weight.copy_(state["gamma"])
    return model


def rotary(length, size, theta):
    inverse = theta ** (-torch.arange(0, size, 2).float() / size)
    angles = torch.arange(length).float()[:, None] * inverse[None]
    return torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()


def turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def encode_cls(model, ids, lengths):
    """[CLS] embeddings of a padded batch through the parameters of a ModernBertModel.

    The same arithmetic as `ModernBertModel.forward` for all-global layers, but the last layer is only worked out for
    [CLS], which saves most of that layer.
    """
    config = model.config
    hidden, heads = config.hidden_size, config.num_attention_heads
    size = hidden // heads
    n, longest = ids.shape
    cos, sin = rotary(longest, size, 160000.0)
    cos, sin = cos.to(ids.device), sin.to(ids.device)
    mask = (torch.arange(longest, device=ids.device)[None] < lengths[:, None])[:, None, None, :]
    x = model.embeddings.norm(model.embeddings.tok_embeddings(ids))
    for index, layer in enumerate(model.layers):
        last = index == len(model.layers) - 1
        normed = layer.attn_norm(x)
        if last:
            w = layer.attn.Wqkv.weight
            q = torch.nn.functional.linear(normed[:, :1], w[:hidden]).view(n, 1, heads, size).transpose(1, 2)
            k, v = torch.nn.functional.linear(normed, w[hidden:]).view(n, longest, 2, heads, size).unbind(2)
            k, v = turn(k.transpose(1, 2), cos, sin), v.transpose(1, 2)
            x = x[:, :1]
        else:
            q, k, v = layer.attn.Wqkv(normed).view(n, longest, 3, heads, size).transpose(1, 3).unbind(2)
            q, k = turn(q, cos, sin), turn(k, cos, sin)
        mixed = torch.nn.functional.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), attn_mask=mask)
        x = x + layer.attn.Wo(mixed.transpose(1, 2).reshape(n, -1, hidden))
        gate_in, gate = layer.mlp.Wi(layer.mlp_norm(x)).chunk(2, -1)
        x = x + layer.mlp.Wo(torch.nn.functional.gelu(gate_in) * gate)
    return model.final_norm(x[:, 0])
