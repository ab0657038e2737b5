import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../../shared/errors.ts';
import { queryPairSchema, type QueryPair } from '../../../shared/finetune.ts';
import { csvLine, parseCsv } from '../../text/csv.ts';

const columns = ['query', 'path', 'startLine', 'endLine', 'context', 'source', 'date'] as const;
const needed = columns.filter((column) => column !== 'date');

function isCsv(file: string): boolean {
  return path.extname(file).toLowerCase() === '.csv';
}

function rowOf(pair: QueryPair): QueryPair {
  const { query, path: file, startLine, endLine, context, source, date } = pair;
  return { query, path: file, startLine, endLine, context, source, ...(date === undefined ? {} : { date }) };
}

/** Writes pairs as CSV where the file's name says so, else as JSON lines; the file is there whole or not at all. */
export async function writePairs(file: string, pairs: readonly QueryPair[]): Promise<void> {
  const rows = pairs.map(rowOf);
  const text = isCsv(file)
    ? [csvLine(columns), ...rows.map((row) => csvLine(columns.map((column) => row[column] ?? '')))].join('')
    : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const staging = `${file}.${process.pid}.tmp`;
  await writeFile(staging, text);
  await rename(staging, file);
}

function checked(value: unknown, file: string, line: number): QueryPair {
  const result = queryPairSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new SextantError(
    'invalid_argument',
    `Line ${line} of ${path.basename(file)} is no pair: ${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'invalid'}.`,
    { hint: `A row has ${needed.join(', ')}. Correct the line or delete it.` },
  );
}

function fromJsonLines(text: string, file: string): QueryPair[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new SextantError('invalid_argument', `Line ${index + 1} of ${path.basename(file)} is not JSON.`, { cause });
    }
    return [checked(value, file, index + 1)];
  });
}

function fromCsv(text: string, file: string): QueryPair[] {
  const [head, ...records] = parseCsv(text);
  const names = head?.fields.map((name) => name.trim()) ?? [];
  const missing = needed.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new SextantError('invalid_argument', `${path.basename(file)} lacks the column ${missing.join(', ')}.`, {
      hint: `The first line names the columns: ${columns.join(',')}.`,
    });
  }
  return records.map(({ line, fields }) => {
    const row = Object.fromEntries(names.map((name, index) => [name, fields[index]]));
    const { startLine, endLine, date, ...rest } = row;
    const value = { ...rest, startLine: Number(startLine), endLine: Number(endLine), ...(date ? { date } : {}) };
    return checked(value, file, line);
  });
}

/**
 * Reads pairs that {@link writePairs} wrote and a person may have edited.
 * @throws SextantError `not_found`; `invalid_argument` naming the line that cannot be used.
 */
export async function readPairs(file: string): Promise<QueryPair[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SextantError('not_found', `${file} cannot be read.`, { cause });
  }
  return isCsv(file) ? fromCsv(text, file) : fromJsonLines(text, file);
}
