/** Bits of a word. */
export const wordBits = 32;

/** Numbers from 0 on, one bit each. */
export class BitSet {
  /** Lowest bit first; ends with the highest number that is in it. */
  readonly words: Uint32Array;
  /** How many there are. */
  readonly size: number;

  /** `numbers`: all different, in any order. */
  constructor(numbers: ArrayLike<number>) {
    let highest = -1;
    for (let i = 0; i < numbers.length; i += 1) highest = Math.max(highest, numbers[i]!);
    this.size = numbers.length;
    this.words = new Uint32Array(Math.floor(highest / wordBits) + 1);
    for (let i = 0; i < numbers.length; i += 1) {
      this.words[Math.floor(numbers[i]! / wordBits)]! |= 1 << (numbers[i]! % wordBits);
    }
  }

  /** In ascending order. */
  values(): number[] {
    const values: number[] = [];
    for (const [place, word] of this.words.entries()) {
      for (let bits = word; bits !== 0; bits &= bits - 1) values.push(place * wordBits + 31 - Math.clz32(bits & -bits));
    }
    return values;
  }

  has(number: number): boolean {
    return ((this.words[Math.floor(number / wordBits)] ?? 0) & (1 << (number % wordBits))) !== 0;
  }
}
