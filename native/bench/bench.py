"""Sextant's CUDA executor beside PyTorch, everything in one run on one card.

    python3 bench.py --library build/libsextant_bench.so --out DIR [--shapes base,granite-small] [--minutes 5]
    python3 bench.py --library … --kind emulated --rehearse        the same on the CPU with a tiny model: proves the script

Prints one table at the end and writes `bench.json`. Every measurement that cannot be taken is named with the reason.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from peers import attention_peers, peer_encoders
from sextant import Library, Session, read_plan, write_weights

LENGTHS = [1, 2, 63, 64, 65, 66, 127, 128, 129, 130, 513, 2048]


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.device = "cpu" if arguments.rehearse else "cuda"
        self.started = time.monotonic()
        self.result = {"commit": commit(), "machine": machine(self.device), "shapes": {}, "left_out": []}
        self.library = Library(arguments.library, arguments.kind)

    def minutes_left(self):
        return self.arguments.minutes - (time.monotonic() - self.started) / 60

    def attempt(self, what, measure):
        """Runs one measurement; what fails or has no time is listed, and the rest goes on."""
        if self.minutes_left() < 0:
            self.result["left_out"].append(f"{what}: no time left")
            return None
        try:
            return measure()
        except Exception as error:  # noqa: BLE001 a benchmark reports whatever went wrong and goes on
            self.result["left_out"].append(f"{what}: {type(error).__name__}: {str(error)[:300]}")
            return None
        finally:
            self.save()

    def save(self):
        (Path(self.arguments.out) / "bench.json").write_text(json.dumps(self.result, indent=1))

    def run(self):
        rehearse = self.arguments.rehearse
        self.result["rates"] = self.attempt("rates", lambda: card_rates(self.device, rehearse))
        self.result["products"] = self.attempt("products", lambda: product_rates(self.library, self.device, rehearse))
        self.result["attention"] = self.attempt("attention", lambda: attention_times(self.library, self.device, rehearse))
        for name in self.arguments.shapes.split(","):
            self.result["shapes"][name] = {}
            with tempfile.TemporaryDirectory() as folder:
                self.shape(name, Path(folder))
        self.save()
        print_table(self.result)

    def shape(self, name, folder):
        plan = read_plan(name)
        weights = folder / "weights"
        arrays = write_weights(plan, weights)
        own = self.result["shapes"][name]
        session = Session(self.library, plan, weights, 1e9 if self.arguments.rehearse else 24e9)
        data = corpora(plan, self.arguments.rehearse)
        own["mflopPerTokenAt512"] = operations(plan["config"], 512) / 1e6
        own["agreement"] = self.attempt(f"{name} agreement", lambda: agreement(session, plan, arrays, self.device, data))
        own["repeatable"] = self.attempt(f"{name} repeatable", lambda: repeatable(session, plan, self.arguments.rehearse))
        own["query16"] = self.attempt(f"{name} query", lambda: latency(session, plan, 16, self.arguments.rehearse))
        own["sextant"] = {
            corpus: self.attempt(f"{name} {corpus}", lambda texts=texts, corpus=corpus: throughput(session, texts, corpus in ("mixed", "fixed512"), self.arguments.rehearse))
            for corpus, texts in data.items()
        }
        if self.device == "cuda":
            own["kernels"] = self.attempt(f"{name} kernels", lambda: kernel_shares(session, data["mixed"]))
        session.close()
        own["peers"] = {}
        for label, encode in peer_encoders(plan, arrays, self.device, self.arguments.rehearse, self.result["left_out"]):
            wanted = data if label.endswith("sdpa, batch 32") else {key: data[key] for key in ("mixed", "fixed512") if key in data}
            own["peers"][label] = {
                corpus: self.attempt(f"{name} {label} {corpus}", lambda t=texts, e=encode: peer_throughput(e, t, self.arguments.rehearse))
                for corpus, texts in wanted.items()
            }


def commit():
    answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return answer.stdout.strip() or "unknown"


def machine(device):
    facts = {"torch": torch.__version__, "device": device}
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        query = ["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.mem,power.limit", "--format=csv,noheader"]
        facts |= {"name": properties.name, "multiprocessors": properties.multi_processor_count,
                  "smi": subprocess.run(query, capture_output=True, text=True).stdout.strip()}
    return facts


def stream_of(device):
    return torch.cuda.current_stream().cuda_stream if device == "cuda" else None


def device_ms(run, device, repeats=20, warm=3):
    """Median milliseconds of the device, by events; in a rehearsal those of one run."""
    if device == "cpu":
        begin = time.perf_counter()
        run()
        return 1000 * (time.perf_counter() - begin)
    for _ in range(warm):
        run()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def card_rates(device, rehearse):
    """The two ceilings: bf16 products (TFLOP/s) and copies (TB/s, bytes read plus bytes written)."""
    size = 64 if rehearse else 8192
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    product = device_ms(lambda: a @ b, device)
    source = torch.randn(1 << (10 if rehearse else 28), device=device)
    target = torch.empty_like(source)
    copied = device_ms(lambda: target.copy_(source), device)
    return {"bf16TFlops": 2 * size**3 / product / 1e9, "copyTBs": 2 * source.nbytes / copied / 1e9}


NONE, RESIDUAL, GATED, ROTARY = 0, 1, 3, 4


def turned(x, cosines, sines):
    """Rotary embedding of neighbouring pairs, as weights are stored here."""
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack((first * cosines - second * sines, second * cosines + first * sines), -1).flatten(-2)


def product_rates(library, device, rehearse):
    """
    The products of a layer of the base shape at 16,384 tokens, TFLOP/s: ours with their epilogues, by the kernels of this card and
    by those that every card runs, and PyTorch's without; and how far ours are from float32.
    """
    own, plain = library.backend(), library.backend(80)
    rows = 70 if rehearse else 16384
    results = []
    small = [("qkv", 192, 64, ROTARY), ("out", 96, 64, RESIDUAL), ("gated", 96, 64, GATED)]
    cases = [("qkv", 2304, 768, ROTARY), ("out", 768, 768, RESIDUAL), ("gated", 2304, 768, GATED), ("down", 768, 1152, RESIDUAL),
             ("square", 4096, 4096, NONE)]
    positions = torch.arange(rows, device=device, dtype=torch.int32) % 512
    angles = torch.arange(512, device=device).float()[:, None] * 10000.0 ** (-torch.arange(32, device=device).float() / 32)
    table = torch.stack((angles.cos(), angles.sin()), -1).contiguous()
    for label, columns, inner, epilogue in small if rehearse else cases:
        # Several sets of inputs in turn, so that the cache holds none of them.
        sets = [(torch.randn(rows, inner, device=device, dtype=torch.bfloat16),
                 torch.randn(columns, inner, device=device, dtype=torch.bfloat16) / inner**0.5) for _ in range(4)]
        before = torch.randn(rows, columns // (2 if epilogue == GATED else 1), device=device, dtype=torch.bfloat16)
        output = before.clone()
        turn = iter(range(1 << 30))

        def ours(backend, pair=None):
            x, w = pair or sets[next(turn) % 4]
            library.check(library.c.sextant_linear(backend, rows, columns, inner, x.data_ptr(), w.data_ptr(), epilogue,
                                                   output.data_ptr(), positions.data_ptr(), table.data_ptr(), stream_of(device)))

        def theirs():
            x, w = sets[next(turn) % 4]
            return torch.nn.functional.linear(x, w)

        wanted = torch.nn.functional.linear(*(each.float() for each in sets[0]))
        if epilogue == RESIDUAL:
            wanted += before.float()
        elif epilogue == GATED:
            wanted = torch.nn.functional.gelu(wanted[:, 0::2]) * wanted[:, 1::2]
        elif epilogue == ROTARY:
            heads = wanted[:, : columns // 3 * 2].reshape(rows, -1, 64)
            places = positions.long()
            rotated = turned(heads, angles.cos()[places, None], angles.sin()[places, None])
            wanted = torch.cat((rotated.reshape(rows, -1), wanted[:, columns // 3 * 2 :]), 1)
        row = {"product": label, "torchTFlops": 2 * rows * columns * inner / device_ms(theirs, device) / 1e9}
        for name, backend in [("sextant", own), ("plain", plain)]:
            # What is left unwritten shows; a residual is read before.
            output.copy_(before) if epilogue == RESIDUAL else output.fill_(float("nan"))
            ours(backend, sets[0])
            row[f"{name}Error"] = ((output.float() - wanted).norm() / wanted.norm()).item()
            row[f"{name}TFlops"] = 2 * rows * columns * inner / device_ms(lambda b=backend: ours(b), device) / 1e9
        results.append(row)
    return results


def tiles_of(lengths, device):
    tiles, start = [], 0
    for length in lengths:
        tiles += [[start, length, query, 0] for query in range(0, length, 64)]
        start += length
    return torch.tensor(tiles, dtype=torch.int32, device=device)


def attention_times(library, device, rehearse):
    """Attention alone: window of 64 to each side at 8,192 tokens, global at 512, and a mixture; milliseconds and peers'."""
    backend = library.backend()
    results = []
    small = [("window", [130, 3, 70], 64), ("global", [130, 3, 70], -1)]
    cases = [("window, 8192", [8192] * 4, 64), ("window, mixed", mixture(32768, 1), 64),
             ("global, 512", [512] * 64, -1), ("global, mixed", mixture(32768, 1), -1)]
    for label, lengths, window in small if rehearse else cases:
        for heads, size in [(2, 64)] if rehearse else [(12, 64), (12, 32)]:
            tokens = sum(lengths)
            qkv = torch.randn(tokens, 3, heads, size, device=device, dtype=torch.bfloat16)
            output = torch.full((tokens, heads, size), float("nan"), device=device, dtype=torch.bfloat16)
            tiles = tiles_of(lengths, device)

            def ours():
                library.check(library.c.sextant_attention(backend, tiles.data_ptr(), len(tiles), heads, size, window, qkv.data_ptr(),
                                                          output.data_ptr(), stream_of(device)))

            row = {"case": label, "heads": heads, "headSize": size, "sextantMs": device_ms(ours, device), "peers": {}}
            for name, run in attention_peers(qkv, lengths, window):
                try:
                    difference = (run().reshape(tokens, heads, size).float() - output.float()).abs().max().item()
                    row["peers"][name] = {"ms": device_ms(run, device), "largestDifference": difference}
                except Exception as error:  # noqa: BLE001
                    row["peers"][name] = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
            results.append(row)
    return results


def mixture(tokens, seed):
    """Lengths as chunks of code have them: median about 120, a long tail."""
    random = np.random.default_rng(seed)
    lengths = []
    while sum(lengths) < tokens:
        lengths.append(int(np.clip(np.exp(random.normal(np.log(120), 0.8)), 8, 2048)))
    return lengths


def corpora(plan, rehearse):
    random = np.random.default_rng(3)
    vocabulary = plan["config"]["vocab_size"]
    # About a second of a large card for each pass, whatever the shape.
    total = 600 if rehearse else int(min(1_000_000, 2.4e14 / operations(plan["config"], 512)))
    fixed = [17, 130] if rehearse else [128, 512, 2048, 8192]
    lengths = {"mixed": mixture(total, 2)} | {f"fixed{each}": [each] * max(1, total // each) for each in fixed}
    return {name: [random.integers(0, vocabulary, length, dtype=np.int32) for length in each] for name, each in lengths.items()}


def operations(config, length):
    """Floating-point operations of a token in a sequence of this length."""
    hidden, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    linear = 2 * hidden * (4 * hidden + 3 * inner) * layers
    seen = [length if index % config["global_attn_every_n_layers"] == 0 else min(length, 129) for index in range(layers)]
    return linear + sum(4 * each * hidden for each in seen)


def agreement(session, plan, arrays, device, data):
    """Cosine with transformers in float32, per embedding, alone and in company."""
    from peers import reference_model, reference_embeddings

    model = reference_model(plan, arrays, device, torch.float32, "eager")
    longest = max(len(each) for each in data["mixed"])
    random = np.random.default_rng(5)
    lengths = [each for each in LENGTHS if each <= max(longest, 130)]
    texts = [random.integers(0, plan["config"]["vocab_size"], each, dtype=np.int32) for each in lengths]
    wanted = reference_embeddings(model, texts, plan["pooling"], device)
    together = session.encode(texts)
    alone = np.concatenate([session.encode([text]) for text in texts])
    queries = np.concatenate([session.encode([text], urgent=True) for text in texts if len(text) <= 512])
    cosines = (together * wanted).sum(1)
    return {"lengths": lengths, "leastCosine": float(cosines.min()), "cosines": cosines.tolist(),
            "aloneEqualsTogether": bool((alone == together).all()),
            "queryLeastCosine": float((queries * wanted[: len(queries)]).sum(1).min())}


def repeatable(session, plan, rehearse):
    """Random batches, each run twice: how many gave other bits."""
    random = np.random.default_rng(9)
    count = 3 if rehearse else 1000
    differing = 0
    for _ in range(count):
        lengths = np.clip(np.exp(random.normal(4, 1, random.integers(1, 4 if rehearse else 40))), 1, 60 if rehearse else 2000).astype(int)
        texts = [random.integers(0, plan["config"]["vocab_size"], each, dtype=np.int32) for each in lengths]
        differing += not np.array_equal(session.encode(texts), session.encode(texts))
    return {"batches": count, "differing": differing}


def latency(session, plan, tokens, rehearse):
    text = [np.arange(tokens, dtype=np.int32) % plan["config"]["vocab_size"]]
    times = []
    for _ in range(5 if rehearse else 300):
        begin = time.perf_counter()
        session.encode(text, urgent=True)
        times.append(1000 * (time.perf_counter() - begin))
    times = sorted(times[len(times) // 10:])
    return {"p50Ms": times[len(times) // 2], "p95Ms": times[int(len(times) * 0.95)], "runs": len(times)}


def throughput(session, texts, tune, rehearse):
    """Best batch size of four (or the product's usual one), then the median of three runs: tokens a second, and the share of time the device was busy."""
    tokens = sum(len(each) for each in texts)

    def once(budget):
        begin = time.perf_counter()
        _, busy = session.encode_all(texts, budget)
        seconds = time.perf_counter() - begin
        return tokens / seconds, busy / seconds

    budgets = [256] if rehearse else [8192, 16384, 32768, 65536] if tune else [32768]
    once(budgets[0])
    tried = {budget: once(budget)[0] for budget in budgets}
    best = max(tried, key=tried.get)
    runs = sorted(once(best) for _ in range(1 if rehearse else 3))
    rate, busy = runs[len(runs) // 2]
    return {"tokensPerSecond": rate, "deviceBusy": busy, "batchTokens": best, "tried": tried, "spread": [runs[0][0], runs[-1][0]]}


def peer_throughput(encode, texts, rehearse):
    tokens = sum(len(each) for each in texts)
    encode(texts[: max(1, len(texts) // 8)])
    runs = []
    for _ in range(1 if rehearse else 2):
        begin = time.perf_counter()
        encode(texts)
        runs.append(tokens / (time.perf_counter() - begin))
    return {"tokensPerSecond": max(runs)}


def kernel_shares(session, texts):
    """Shares of the device's time by kernel, from PyTorch's profiler, which sees every kernel of the process."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as recorded:
        session.encode_all(texts[: len(texts) // 4], 32768)
    totals = {}
    for event in recorded.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            totals[event.name] = totals.get(event.name, 0) + event.device_time
    everything = sum(totals.values()) or 1
    ranked = sorted(totals.items(), key=lambda item: -item[1])
    return [{"kernel": name[:120], "share": spent / everything, "ms": spent / 1000} for name, spent in ranked[:16]]


def print_table(result):
    rates = result.get("rates") or {}
    print(f"\n{result['machine']}\n{rates}")
    for row in result.get("products") or []:
        print(f"product {row['product']:8} error {row['sextantError']:.1e}  sextant {row['sextantTFlops']:6.0f}  plain {row['plainTFlops']:6.0f}  "
              f"torch {row['torchTFlops']:6.0f} TFLOP/s")
    for row in result.get("attention") or []:
        peers = "  ".join(f"{name} {each.get('ms', float('nan')):.3f}" for name, each in row["peers"].items())
        print(f"attention {row['case']:15} d{row['headSize']}  sextant {row['sextantMs']:.3f} ms  {peers}")
    print("\n| shape | corpus | sextant tok/s | busy | of matmul | best peer | ratio | ST default | ratio |\n| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    for name, own in result["shapes"].items():
        for corpus, measured in own.get("sextant", {}).items():
            if measured is None:
                continue
            rate = measured["tokensPerSecond"]
            peers = {label: (each.get(corpus) or {}).get("tokensPerSecond", 0) for label, each in own["peers"].items()}
            best = max(peers, key=peers.get, default="none")
            default = peers.get("sdpa, batch 32", 0)
            share = f"{rate * own['mflopPerTokenAt512'] / rates['bf16TFlops'] / 1e6:.0%}" if corpus == "fixed512" and rates else ""
            ratio = lambda other: f"{rate / other:.2f}" if other else ""  # noqa: E731
            print(f"| {name} | {corpus} | {rate:,.0f} | {measured['deviceBusy']:.0%} | {share} | {best} {peers.get(best, 0):,.0f} | {ratio(peers.get(best))} | {default:,.0f} | {ratio(default)} |")
        print(f"{name}: query {own.get('query16')}, agreement {(own.get('agreement') or {}).get('leastCosine')}, "
              f"alone = together {(own.get('agreement') or {}).get('aloneEqualsTogether')}, repeatable {own.get('repeatable')}")
    for left in result["left_out"]:
        print(f"left out: {left}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--kind", default="cuda")
    parser.add_argument("--out", default=".")
    parser.add_argument("--shapes", default="base,granite-small,embedded-default,large")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rehearse", action="store_true")
    arguments = parser.parse_args()
    if arguments.rehearse:
        arguments.shapes = "tiny"
    Bench(arguments).run()


if __name__ == "__main__":
    main()
