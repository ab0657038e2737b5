import { findAtLeast32, type Find } from './findKernel.ts';
import { wordBytes } from './wasmCode.ts';

const pageBytes = 65_536;
const scoreBytes = Float32Array.BYTES_PER_ELEMENT;

interface Board {
  /** Undefined where there is no WebAssembly. */
  readonly memory: WebAssembly.Memory | undefined;
  readonly find: Find;
}

/** Scores by slot. All searches of a process use the same ones in turn: making them costs more than filling them. */
class ScoreBoard {
  #board: Board | undefined;

  /**
   * So many zeros, in place of all that were handed out before. `slots`: a multiple of four.
   * @throws RangeError where there is no memory for them.
   */
  zeros(slots: number): Float32Array {
    const { memory } = (this.#board ??= makeBoard());
    if (memory === undefined) return new Float32Array(slots);
    const missing = Math.ceil((slots * scoreBytes - memory.buffer.byteLength) / pageBytes);
    if (missing > 0) memory.grow(missing);
    return new Float32Array(memory.buffer, 0, slots).fill(0);
  }

  /** Slots of the scores, none negative, whose bits are at least `least`, in their order. `scores`: what {@link zeros} handed out last. */
  slotsFrom(scores: Float32Array, least: number): number[] {
    // The bits of positive floats are in the order of the floats.
    const bits = new Uint32Array(scores.buffer, 0, scores.length);
    const { find } = (this.#board ??= makeBoard());
    const found: number[] = [];
    const end = bits.byteLength;
    for (let at = find(0, end, least); at < end; at = find(at + wordBytes, end, least)) {
      const first = at / scoreBytes;
      const behind = first + wordBytes / scoreBytes;
      for (let slot = first; slot < behind; slot += 1) if (bits[slot]! >= least) found.push(slot);
    }
    return found;
  }
}

function makeBoard(): Board {
  try {
    const memory = new WebAssembly.Memory({ initial: 1 });
    return { memory, find: findAtLeast32(memory) };
  } catch {
    // No 128-bit instructions, or no WebAssembly at all: every word is looked at.
    return { memory: undefined, find: (at) => at };
  }
}

export const scoreBoard = new ScoreBoard();
