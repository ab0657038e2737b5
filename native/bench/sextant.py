"""The library of `c_api.cc` for Python: sessions over plans, and single kernels on PyTorch's tensors."""

import ctypes
import json
from collections import deque
from pathlib import Path

import numpy as np

INT_POINTER = ctypes.POINTER(ctypes.c_int)
FLOAT_POINTER = ctypes.POINTER(ctypes.c_float)
DOUBLE_POINTER = ctypes.POINTER(ctypes.c_double)


class Library:
    """`kind` is `cuda`; in a library built for the CPU `emulated` or `reference`."""

    def __init__(self, path, kind):
        self.kind = kind.encode()
        self.c = ctypes.CDLL(str(path))
        self.c.sextant_error.restype = ctypes.c_char_p
        self.c.sextant_start.restype = ctypes.c_void_p
        self.c.sextant_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_char_p, DOUBLE_POINTER,
                                        ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)]
        self.c.sextant_close.argtypes = [ctypes.c_void_p]
        self.c.sextant_start.argtypes = [ctypes.c_void_p, INT_POINTER, ctypes.c_int, INT_POINTER, ctypes.c_int, ctypes.c_int]
        self.c.sextant_finish.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, FLOAT_POINTER]
        self.c.sextant_backend.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p)]
        self.c.sextant_attention.argtypes = [ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int] * 4 + [ctypes.c_void_p] * 3
        self.c.sextant_linear.argtypes = ([ctypes.c_void_p] + [ctypes.c_int] * 3 + [ctypes.c_void_p] * 2 + [ctypes.c_int]
                                          + [ctypes.c_void_p] * 4)

    def check(self, result):
        if result != 0:
            raise RuntimeError(self.c.sextant_error().decode())

    def backend(self, generation=1000):
        """`generation`: whose instructions are used at most, ten times a compute capability."""
        handle = ctypes.c_void_p()
        self.check(self.c.sextant_backend(self.kind, 0, generation, ctypes.byref(handle)))
        return handle


class Session:
    """A model: flat float32 weights and the plan that `makePlans.ts` wrote for them."""

    def __init__(self, library, plan, weights, memory_bytes):
        self.library = library
        self.dimension = plan["config"]["hidden_size"]
        words = np.asarray(plan["words"], dtype=np.float64)
        self.handle = ctypes.c_void_p()
        library.check(library.c.sextant_open(library.kind, 0, memory_bytes, str(weights).encode(),
                                             words.ctypes.data_as(DOUBLE_POINTER), len(words), ctypes.byref(self.handle)))

    def close(self):
        self.library.c.sextant_close(self.handle)

    def start(self, sequences, urgent=False):
        ids = np.concatenate(sequences).astype(np.int32)
        ends = np.zeros(len(sequences) + 1, dtype=np.int32)
        ends[1:] = np.cumsum([len(each) for each in sequences])
        return self.library.c.sextant_start(self.handle, ids.ctypes.data_as(INT_POINTER), len(ids),
                                            ends.ctypes.data_as(INT_POINTER), len(sequences), int(urgent))

    def finish(self, ticket, count):
        """Rows `[count, dimension]` and the milliseconds of the device."""
        rows = np.empty((count, self.dimension), dtype=np.float32)
        milliseconds = ctypes.c_float()
        self.library.check(self.library.c.sextant_finish(ticket, rows.ctypes.data, rows.nbytes, ctypes.byref(milliseconds)))
        return rows, milliseconds.value

    def encode(self, sequences, urgent=False):
        return self.finish(self.start(sequences, urgent), len(sequences))[0]

    def encode_all(self, sequences, batch_tokens, under_way=3):
        """All sequences, sorted by length and packed as the product packs them: rows in the order given, device seconds."""
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
        rows = np.empty((len(sequences), self.dimension), dtype=np.float32)
        pending = deque()
        device_seconds = 0.0

        def finish_one():
            nonlocal device_seconds
            ticket, indices = pending.popleft()
            rows[indices], milliseconds = self.finish(ticket, len(indices))
            device_seconds += milliseconds / 1000

        batch, tokens = [], 0
        for index in [*order, None]:
            if batch and (index is None or tokens + len(sequences[index]) > batch_tokens):
                pending.append((self.start([sequences[each] for each in batch]), batch))
                batch, tokens = [], 0
                if len(pending) >= under_way:
                    finish_one()
            if index is not None:
                batch.append(index)
                tokens += len(sequences[index])
        while pending:
            finish_one()
        return rows, device_seconds


def read_plan(name):
    return json.loads((Path(__file__).parent / "plans" / f"{name}.json").read_text())


def write_weights(plan, path, seed=1):
    """Random weights in the plan's order, as a flat file and as arrays by name."""
    random = np.random.default_rng(seed)
    arrays = {}
    with open(path, "wb") as file:
        for name, shape, offset in plan["tensors"]:
            assert file.tell() == offset
            values = random.standard_normal(shape, dtype=np.float32)
            # Sizes at which layers change their input about as much as trained ones do.
            values = 1 + 0.1 * values if len(shape) == 1 else values * (0.05 if "embeddings" in name else 1.0 / shape[1] ** 0.5)
            values = values.astype(np.float32)
            arrays[name] = values
            file.write(values.tobytes())
    return arrays
