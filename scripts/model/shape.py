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
