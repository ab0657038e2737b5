"""One side of `sextant bench embed --compare`: sentence-transformers over the same weights, on the CPU.

    python sentenceTransformers.py MODEL_DIR POOLING MAX_TOKENS THREADS BATCH

Reads one JSON list of texts a line, answers {"wall": s, "cpu": s, "embeddings": [[…], …]} a line; embeddings of the
first few texts only. CPU seconds are those of the process, all threads.
"""

import json
import sys
import time

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer

folder, pooling, max_tokens, threads, batch = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_num_interop_threads(1)
body = Transformer(folder, max_seq_length=int(max_tokens))
head = Pooling(body.get_word_embedding_dimension(), pooling_mode=pooling)
model = SentenceTransformer(modules=[body, head], device="cpu").float()
print(json.dumps({"ready": f"sentence-transformers, torch {torch.__version__}"}), flush=True)

for line in sys.stdin:
    texts = json.loads(line)
    wall, cpu = time.perf_counter(), time.process_time()
    rows = model.encode(texts, batch_size=int(batch), normalize_embeddings=True, show_progress_bar=False)
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**seconds, "embeddings": rows[:8].tolist()}), flush=True)
