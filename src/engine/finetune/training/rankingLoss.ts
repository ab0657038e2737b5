import type { Matrix } from '../../runtime/ortModel.ts';
import type { EncoderSettings } from './trainingTypes.ts';

export interface RankingLoss {
  readonly loss: number;
  /** Gradients of the loss, of the embeddings' shapes. */
  readonly queries: Matrix;
  readonly documents: Matrix;
}

type RankingSettings = Pick<EncoderSettings, 'scale' | 'symmetric' | 'matryoshka'>;

/**
 * Multiple-negatives ranking loss (Henderson et al. 2017, §4.4; van den Oord et al. 2018): cross-entropy of
 * `scale · cosine` over all documents, of which document `i` is the answer to query `i` and the others are wrong. There may
 * be more documents than queries. With Matryoshka dimensions, the loss of the leading columns is added by weight.
 * `queries [N, D]` and `documents [M, D]` are L2-normalised.
 */
export function rankingLoss(queries: Matrix, documents: Matrix, settings: RankingSettings): RankingLoss {
  const dQueries = new Float64Array(queries.data.length);
  const dDocuments = new Float64Array(documents.data.length);
  let loss = 0;
  const dimensions = [{ dimension: queries.columns, weight: 1 }, ...settings.matryoshka];
  for (const { dimension, weight } of dimensions) {
    const q = leading(queries, dimension);
    const d = leading(documents, dimension);
    const part = lossOf(q, d, settings, weight);
    loss += weight * part.loss;
    sendBack(part.queries, q, dQueries);
    sendBack(part.documents, d, dDocuments);
  }
  return {
    loss,
    queries: { ...queries, data: Float32Array.from(dQueries) },
    documents: { ...documents, data: Float32Array.from(dDocuments) },
  };
}

/** The first columns of each row, scaled to length 1. */
interface Leading {
  readonly rows: number;
  readonly columns: number;
  readonly allColumns: number;
  readonly data: Float64Array;
  readonly lengths: Float64Array;
}

function leading({ data, rows, columns: allColumns }: Matrix, columns: number): Leading {
  const result = new Float64Array(rows * columns);
  const lengths = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = 0; i < columns; i++) square += data[row * allColumns + i]! ** 2;
    // Rows of all columns have length 1 already, but for rounding.
    const length = columns === allColumns ? 1 : Math.sqrt(square) || 1;
    lengths[row] = length;
    for (let i = 0; i < columns; i++) result[row * columns + i] = data[row * allColumns + i]! / length;
  }
  return { rows, columns, allColumns, data: result, lengths };
}

/** Adds the gradient of normalised leading columns to that of all columns; see `NormalizeGradient` for the rule. */
function sendBack(
  gradient: Float64Array,
  { rows, columns, allColumns, data, lengths }: Leading,
  sum: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    let along = 0;
    if (columns < allColumns) for (let i = 0; i < columns; i++) along += gradient[at + i]! * data[at + i]!;
    for (let i = 0; i < columns; i++) {
      sum[row * allColumns + i]! += (gradient[at + i]! - along * data[at + i]!) / lengths[row]!;
    }
  }
}

function lossOf(
  queries: Leading,
  documents: Leading,
  { scale, symmetric }: RankingSettings,
  weight: number,
): { readonly loss: number; readonly queries: Float64Array; readonly documents: Float64Array } {
  const { rows: n, columns } = queries;
  const m = documents.rows;
  const scores = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += queries.data[i * columns + k]! * documents.data[j * columns + k]!;
      scores[i * m + j] = scale * sum;
    }
  }
  const dScores = new Float64Array(n * m);
  const share = 1 / n / (symmetric ? 2 : 1);
  let loss = 0;
  for (let i = 0; i < n; i++)
    loss += share * crossEntropy(scores, dScores, { start: i * m, step: 1, count: m, target: i, share });
  if (symmetric) {
    for (let j = 0; j < n; j++)
      loss += share * crossEntropy(scores, dScores, { start: j, step: m, count: n, target: j, share });
  }
  const dQueries = new Float64Array(queries.data.length);
  const dDocuments = new Float64Array(documents.data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const factor = weight * scale * dScores[i * m + j]!;
      for (let k = 0; k < columns; k++) {
        dQueries[i * columns + k]! += factor * documents.data[j * columns + k]!;
        dDocuments[j * columns + k]! += factor * queries.data[i * columns + k]!;
      }
    }
  }
  return { loss, queries: dQueries, documents: dDocuments };
}

interface Line {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly target: number;
  readonly share: number;
}

/** `-log softmax(line)[target]`; adds `share · (softmax - target)` to the gradient. */
function crossEntropy(
  scores: Float64Array,
  gradient: Float64Array,
  { start, step, count, target, share }: Line,
): number {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) largest = Math.max(largest, scores[start + i * step]!);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(scores[start + i * step]! - largest);
  for (let i = 0; i < count; i++)
    gradient[start + i * step]! += (share * Math.exp(scores[start + i * step]! - largest)) / sum;
  gradient[start + target * step]! -= share;
  return Math.log(sum) + largest - scores[start + target * step]!;
}
