import type { AttentionOperation, LinearOperation, Network, Operation } from './network.ts';
import { sliceRows } from './tensorRows.ts';

/**
 * Where an embedding is read off the first token, the last layer need not compute the others: only its keys and values
 * take every token. This rewrites the operations from the last attention onwards to run on one row a sequence, which
 * saves about three quarters of that layer and changes no number. Networks that pool otherwise come back as they are.
 */
export function firstTokenOnly<N extends Network>(network: N): N {
  const { operations } = network;
  const last = operations.findLastIndex(({ kind }) => kind === 'attention');
  const attention = operations[last];
  if (attention?.kind !== 'attention') return network;
  const tail = operations.slice(last + 1);
  if (!tail.some((operation) => operation.kind === 'pool' && operation.how === 'cls')) return network;
  if (tail.some((operation) => operation.kind === 'pool' && operation.how !== 'cls')) return network;
  const source = operations.findIndex(({ output }) => output === attention.input);
  const qkv = operations[source];
  if (qkv?.kind !== 'linear' || operations.slice(source + 1, last).length > 0) return network;
  return {
    ...network,
    operations: [
      ...operations.slice(0, source),
      ...splitQueries(qkv, attention),
      ...firstRows(tail, attention.output, qkv.input),
    ],
  };
}

/** The same attention, asked by the first tokens only. */
function splitQueries(qkv: LinearOperation, attention: AttentionOperation): Operation[] {
  const { inputWidth } = qkv;
  const width = qkv.outputWidth / 3;
  const first = firstName(qkv.input);
  const query = `${qkv.output}.query`;
  const keysAndValues = `${qkv.output}.keys_values`;
  const linear = (input: string, output: string, start: number, count: number): LinearOperation => ({
    kind: 'linear',
    input,
    output,
    inputWidth,
    outputWidth: count,
    weights: sliceRows(qkv.weights, start, count),
    biases: sliceRows(qkv.biases, start, count),
  });
  return [
    { kind: 'pool', input: qkv.input, output: first, width: inputWidth, how: 'cls' },
    // The first token's position is 0, by which the rotary embedding does not turn.
    linear(first, query, 0, width),
    {
      ...linear(qkv.input, keysAndValues, width, 2 * width),
      parts: 2,
      ...(qkv.epilogue === undefined ? {} : { epilogue: qkv.epilogue }),
    },
    { ...attention, input: keysAndValues, query },
  ];
}

function firstName(value: string): string {
  return `${value}.first`;
}

/**
 * Lets row-wise operations after `start` run on first rows, which are picked out of whatever else they read; those of
 * `picked` are there already.
 */
function firstRows(tail: readonly Operation[], start: string, picked: string): Operation[] {
  const alias = new Map([
    [start, start],
    [picked, firstName(picked)],
  ]);
  const result: Operation[] = [];
  const rowsOf = (value: string, width: number): string => {
    const known = alias.get(value);
    if (known !== undefined) return known;
    const output = firstName(value);
    result.push({ kind: 'pool', input: value, output, width, how: 'cls' });
    alias.set(value, output);
    return output;
  };
  for (const operation of tail) {
    if (operation.kind === 'pool') {
      // Its rows were picked already.
      alias.set(operation.output, rowsOf(operation.input, operation.width));
      continue;
    }
    if (operation.kind === 'embed' || operation.kind === 'attention') throw new Error(`Unexpected ${operation.kind}.`);
    const input = rowsOf(operation.input, operation.kind === 'linear' ? operation.inputWidth : operation.width);
    alias.set(operation.output, operation.output);
    if (operation.kind === 'linear' && operation.epilogue?.kind === 'residual') {
      const value = rowsOf(operation.epilogue.value, operation.outputWidth);
      result.push({ ...operation, input, epilogue: { kind: 'residual', value } });
    } else {
      result.push({ ...operation, input });
    }
  }
  return result;
}
