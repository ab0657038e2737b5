/** Where the lines of a text are, and how much is on them. Lines are 0-based here and ranges half-open. */
export class LineTable {
  readonly text: string;
  readonly count: number;
  readonly #starts: Uint32Array;
  /** Running sum of the lines' weights. */
  readonly #weights: Float64Array;

  constructor(text: string) {
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    if (starts.length > 1 && starts.at(-1) === text.length) starts.pop();
    this.count = starts.length;
    this.#starts = Uint32Array.from([...starts, text.length]);
    this.#weights = new Float64Array(this.count + 1);
    for (let line = 0; line < this.count; line++) {
      this.#weights[line + 1] = this.#weights[line]! + weightOf(text, this.start(line), this.end(line));
    }
  }

  start(line: number): number {
    return this.#starts[line]!;
  }

  /** End of the line's text, line break left out. */
  end(line: number): number {
    let end = this.#starts[line + 1]!;
    if (end > this.start(line) && this.text.charCodeAt(end - 1) === 10) end--;
    if (end > this.start(line) && this.text.charCodeAt(end - 1) === 13) end--;
    return end;
  }

  line(line: number): string {
    return this.text.slice(this.start(line), this.end(line));
  }

  lineAt(offset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Characters of the lines without indentation, one more for each line that is not blank: what chunk sizes mean. */
  weight(from: number, to: number): number {
    return this.#weights[to]! - this.#weights[from]!;
  }

  isBlank(line: number): boolean {
    return this.#weights[line + 1] === this.#weights[line];
  }
}

function weightOf(text: string, start: number, end: number): number {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return to === from ? 0 : to - from + 1;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;
}
