import { sequenceLengths, type PackedInput } from '../packedInput.ts';

/** Whole sequences in order, cut into parts of at most `tokens` tokens; a longer sequence makes a part of its own. */
export function splitByTokens(input: PackedInput, tokens: number): PackedInput[] {
  const { ids, cuSeqlens, types } = input;
  if (ids.length <= tokens) return [input];
  const parts: PackedInput[] = [];
  let first = 0;
  const cut = (end: number): void => {
    const from = cuSeqlens[first]!;
    const to = cuSeqlens[end]!;
    const part = { ids: ids.slice(from, to), cuSeqlens: cuSeqlens.slice(first, end + 1).map((at) => at - from) };
    parts.push(types === undefined ? part : { ...part, types: types.slice(from, to) });
    first = end;
  };
  for (const [sequence, length] of sequenceLengths(input).entries()) {
    if (sequence > first && cuSeqlens[sequence]! - cuSeqlens[first]! + length > tokens) cut(sequence);
  }
  cut(cuSeqlens.length - 1);
  return parts;
}
