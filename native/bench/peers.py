"""What Sextant is measured against: transformers' ModernBERT as sentence-transformers drives it, and PyTorch's attentions.

Texts are tokenised beforehand and sorted by length, as sentence-transformers sorts them, and no time is counted for either:
the comparison favours the peers.
"""

import inspect

import numpy as np
import torch


def reference_model(plan, arrays, device, dtype, attention):
    from transformers import ModernBertConfig, ModernBertModel

    config = {key: value for key, value in plan["config"].items() if key != "model_type"}
    wanted = ModernBertConfig(**config, pad_token_id=0, attn_implementation=attention)
    model = ModernBertModel(wanted)
    missing, unexpected = model.load_state_dict({name: torch.from_numpy(each) for name, each in arrays.items()}, strict=False)
    assert not unexpected and all("rotary" in name or "inv_freq" in name for name in missing), (missing, unexpected)
    return model.to(device=device, dtype=dtype).eval()


def pooled(hidden, mask, pooling):
    if pooling == "cls":
        rows = hidden[:, 0]
    else:
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        rows = (hidden * weights).sum(1) / weights.sum(1)
    return torch.nn.functional.normalize(rows.float(), dim=1)


@torch.inference_mode()
def reference_embeddings(model, texts, pooling, device):
    """Each text alone, so that no padding plays a part."""
    rows = []
    for text in texts:
        ids = torch.from_numpy(text.astype(np.int64)).unsqueeze(0).to(device)
        mask = torch.ones_like(ids)
        rows.append(pooled(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask, pooling)[0].cpu().numpy())
    return np.stack(rows)


def padded_encoder(model, pooling, device, batch_size):
    @torch.inference_mode()
    def encode(texts):
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        rows = []
        for start in range(0, len(order), batch_size):
            chosen = [texts[index] for index in order[start:start + batch_size]]
            longest = len(chosen[0])
            ids = np.zeros((len(chosen), longest), dtype=np.int64)
            mask = np.zeros((len(chosen), longest), dtype=np.int64)
            for row, text in enumerate(chosen):
                ids[row, :len(text)] = text
                mask[row, :len(text)] = 1
            ids, mask = (torch.from_numpy(each).to(device, non_blocking=True) for each in (ids, mask))
            rows.append(pooled(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask, pooling))
        return torch.cat(rows).cpu()

    return encode


def token_budget_encoder(model, pooling, device, tokens):
    """Batches of as many texts as fit a padded area: batch size tuned to each length."""

    def encode(texts):
        order = sorted(texts, key=lambda text: -len(text))
        results, start = [], 0
        while start < len(order):
            count = max(1, tokens // len(order[start]))
            results.append(padded_encoder(model, pooling, device, count)(order[start:start + count]))
            start += count
        return torch.cat(results)

    return encode


def peer_encoders(plan, arrays, device, rehearse, left_out):
    """Yields (label, encode). Attention implementations that are not installed are named in `left_out`."""
    pooling = plan["pooling"]
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    for attention in ["sdpa"] if rehearse else ["sdpa", "flash_attention_2", "flex_attention"]:
        try:
            model = reference_model(plan, arrays, device, dtype, attention)
            padded_encoder(model, pooling, device, 2)([np.zeros(5, dtype=np.int32), np.zeros(70, dtype=np.int32)])
        except Exception as error:  # noqa: BLE001
            left_out.append(f"{attention}: {type(error).__name__}: {str(error)[:200]}")
            continue
        yield f"{attention}, batch 32", padded_encoder(model, pooling, device, 32)
        if rehearse:
            continue
        for size in (128, 512):
            yield f"{attention}, batch {size}", padded_encoder(model, pooling, device, size)
        for tokens in (32768, 131072):
            yield f"{attention}, {tokens} tokens", token_budget_encoder(model, pooling, device, tokens)
        if attention == "sdpa":
            compiled = torch.compile(model, dynamic=True)
            yield "sdpa, compiled, 32768 tokens", token_budget_encoder(compiled, pooling, device, 32768)
        del model
        torch.cuda.empty_cache()


def attention_peers(qkv, lengths, window):
    """Yields (name, run) for the same packed q|k|v `[tokens, 3, heads, size]`."""
    ends = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32, device=qkv.device)
    longest = max(lengths)
    query, key, value = (each.contiguous() for each in qkv.unbind(1))
    try:
        from torch.nn.attention.varlen import varlen_attn

        names = inspect.signature(varlen_attn).parameters
        if window < 0:
            yield "torch varlen", lambda: varlen_attn(query, key, value, ends, ends, longest, longest)
        elif "window_size" in names:
            yield "torch varlen", lambda: varlen_attn(query, key, value, ends, ends, longest, longest, window_size=(window, window))
        else:
            yield "torch varlen without window", lambda: varlen_attn(query, key, value, ends, ends, longest, longest)
    except ImportError:
        pass
    try:
        from flash_attn import flash_attn_varlen_func

        yield "flash-attn", lambda: flash_attn_varlen_func(query, key, value, ends, ends, longest, longest, window_size=(window, window))
    except ImportError:
        pass
    if qkv.device.type == "cpu":
        document = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
        mask = document[:, None] == document[None, :]
        if window >= 0:
            places = torch.arange(len(qkv))
            mask &= (places[:, None] - places[None, :]).abs() <= window
        q, k, v = (each.transpose(0, 1).float() for each in (query, key, value))
        attend = torch.nn.functional.scaled_dot_product_attention
        yield "sdpa with a mask", lambda: attend(q, k, v, attn_mask=mask).transpose(0, 1)
        return
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    document = torch.repeat_interleave(torch.arange(len(lengths), device=qkv.device), torch.tensor(lengths, device=qkv.device))

    def visible(batch, head, q, k):
        same = document[q] == document[k]
        return same if window < 0 else same & ((q - k).abs() <= window)

    tokens = len(document)
    mask = create_block_mask(visible, None, None, tokens, tokens, device=qkv.device)
    compiled = torch.compile(flex_attention)
    q, k, v = (each.transpose(0, 1).unsqueeze(0) for each in (query, key, value))
    yield "flex", lambda: compiled(q, k, v, block_mask=mask)[0].transpose(0, 1)
