/**
 * Remembers what `compute` makes of a text, for up to `size` texts; then it starts anew, which costs less than keeping account of which
 * were used last.
 */
export function memo<V>(size: number, compute: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      value = compute(text);
      if (known.size >= size) known.clear();
      known.set(text, value);
    }
    return value;
  };
}
