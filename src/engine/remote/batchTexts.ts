/** Code gives about this many characters a token with the tokenizers in use; taken low, so that estimates are high. */
const charactersPerToken = 3;

export function estimatedTokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken) + 2;
}

export interface BatchLimits {
  readonly tokens: number;
  readonly texts: number;
}

/**
 * Places of the texts, cut into requests: within the limits, long texts with long ones, so that a server that pads wastes little.
 * A text beyond the limit goes alone.
 */
export function batchTexts(texts: readonly string[], limits: BatchLimits): number[][] {
  const longestFirst = [...texts.keys()].sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
  const batches: number[][] = [];
  let current: number[] = [];
  let tokens = 0;
  for (const place of longestFirst) {
    const cost = estimatedTokens(texts[place]!);
    if (current.length > 0 && (tokens + cost > limits.tokens || current.length >= limits.texts)) {
      batches.push(current);
      current = [];
      tokens = 0;
    }
    current.push(place);
    tokens += cost;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
