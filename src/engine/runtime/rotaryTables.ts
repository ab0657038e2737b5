import type { Rotary } from './onnx/feedNames.ts';

/** Cosines and sines by position, `[positions, headSize / 2]` each. */
export interface RotaryTable {
  readonly positions: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/**
 * Angles `position · theta^(-2i / headSize)`. Angles are rounded to float32 before the cosine is taken, as every
 * implementation that trained these models did: at position 8,000 the rounding shows in the third digit.
 */
export function rotaryTable({ theta, headSize }: Rotary, positions: number): RotaryTable {
  const half = headSize / 2;
  const frequencies = Float32Array.from(
    { length: half },
    (_, i) => 1 / Math.fround(theta ** Math.fround((2 * i) / headSize)),
  );
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { positions, cos, sin };
}
