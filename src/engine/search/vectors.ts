/** Inner product; the cosine for L2-normalised vectors. */
export function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}

/** L2-normalised mean of L2-normalised vectors; undefined without any. */
export function meanDirection(vectors: readonly Float32Array[]): Float32Array | undefined {
  if (vectors.length < 2) return vectors[0];
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) {
    for (let index = 0; index < sum.length; index++) sum[index]! += vector[index]!;
  }
  const norm = Math.sqrt(dot(sum, sum));
  return norm === 0 ? undefined : sum.map((value) => value / norm);
}
