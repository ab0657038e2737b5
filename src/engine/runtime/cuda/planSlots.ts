/** A value of a network: rows of `width` columns, one a token or one a sequence, and when it is needed. */
export interface PlannedValue {
  readonly width: number;
  readonly perSequence: boolean;
  /** Index of the operation that makes it. */
  readonly made: number;
  /** Index of the last operation that reads it. */
  lastUse: number;
  /** A value that its operation may overwrite, element by element, if nobody reads it later. */
  readonly reuses?: string;
}

export interface Slot {
  readonly perSequence: boolean;
  readonly width: number;
}

export interface Slots {
  readonly slots: readonly Slot[];
  readonly of: ReadonlyMap<string, number>;
}

interface OpenSlot {
  readonly perSequence: boolean;
  width: number;
  /** Free for values made after this operation. */
  freeAfter: number;
}

/**
 * Gives each value a buffer, and values that are never needed at the same time the same one: first the smallest free buffer
 * that is wide enough, else the widest, made wider. Values named in `without` get none.
 */
export function assignSlots(
  values: ReadonlyMap<string, PlannedValue>,
  operations: number,
  without: readonly string[] = [],
): Slots {
  const slots: OpenSlot[] = [];
  const of = new Map<string, number>();
  for (const [name, { width, perSequence, made, lastUse, reuses }] of values) {
    if (without.includes(name)) continue;
    const inherited = reuses === undefined || values.get(reuses)!.lastUse > made ? undefined : of.get(reuses);
    const index =
      inherited ?? bestSlot(slots, width, perSequence, made) ?? slots.push({ perSequence, width, freeAfter: 0 }) - 1;
    const slot = slots[index]!;
    slot.width = Math.max(slot.width, width);
    // What nothing reads is the result, which is copied after the last operation.
    slot.freeAfter = lastUse === made ? operations : lastUse;
    of.set(name, index);
  }
  return { slots, of };
}

function bestSlot(slots: readonly OpenSlot[], width: number, perSequence: boolean, made: number): number | undefined {
  const free = [...slots.entries()].filter(([, slot]) => slot.perSequence === perSequence && slot.freeAfter < made);
  const wide = free.filter(([, slot]) => slot.width >= width).sort(([, a], [, b]) => a.width - b.width);
  const narrow = free.sort(([, a], [, b]) => b.width - a.width);
  return (wide[0] ?? narrow[0])?.[0];
}
