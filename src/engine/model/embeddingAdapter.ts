import type { Network, Operation } from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';

const names = { rows: 'adapter.embeddings.rows', columns: 'adapter.embeddings.columns' };
/** Under a head, transformers looks for `model.` in front of the encoder's names. */
const prefixes = ['', 'model.'];

/**
 * A low-rank change of the token embeddings (after LoRA, Hu et al. 2021): row `i` of the table becomes
 * `table[i] + rows[i] · columnsᵀ`, with `rows [vocabulary, r]` and `columns [width, r]` from the adapter, so that the
 * table itself is shared with the base. Networks without one come back as they are.
 */
export function withEmbeddingAdapter<N extends Network>(network: N, shapes: TensorShapes): N {
  const prefix = prefixes.find((candidate) => shapes(candidate + names.rows) !== undefined);
  const [embed, ...rest] = network.operations;
  if (prefix === undefined || embed?.kind !== 'embed') return network;
  const rowsName = prefix + names.rows;
  const columnsName = prefix + names.columns;
  const rank = shapes(rowsName)?.[1] ?? 0;
  const { width, output, norm, ...table } = embed;
  const sum = norm === undefined ? output : `${output}.sum`;
  const operations: Operation[] = [
    { ...table, output: `${output}.shared`, width },
    { kind: 'embed', output: `${output}.rows`, width: rank, tokens: rowsName },
    {
      kind: 'linear',
      input: `${output}.rows`,
      output: sum,
      inputWidth: rank,
      outputWidth: width,
      weights: [{ tensor: columnsName, start: 0, count: width }],
      biases: [],
      epilogue: { kind: 'residual', value: `${output}.shared` },
    },
    ...(norm === undefined ? [] : [{ kind: 'norm' as const, input: sum, output, width, ...norm }]),
    ...rest,
  ];
  const weights = new Map(network.weights)
    .set(rowsName, [network.vocabularySize, rank])
    .set(columnsName, [width, rank]);
  return { ...network, operations, weights };
}
