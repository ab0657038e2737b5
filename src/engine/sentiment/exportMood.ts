import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { SextantError } from '../../shared/errors.ts';
import type { HistoryItem } from '../../shared/history.ts';
import { csvLine } from '../text/csv.ts';

const columns = [
  'id',
  'kind',
  'date',
  'author',
  'label',
  'negative',
  'neutral',
  'positive',
  'skipped',
  'text',
  'url',
] as const;

/** One item as exports and `--json` have it. */
export interface ExportedMood {
  readonly id: string;
  readonly kind: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly author: string;
  readonly text: string;
  readonly label: string;
  readonly scores: { readonly negative: number; readonly neutral: number; readonly positive: number };
  readonly skipped?: string;
  readonly url?: string;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** Undefined while the item is not classified. */
export function exportedMood({ key, kind, at, author, title, body, mood, url }: HistoryItem): ExportedMood | undefined {
  if (mood === undefined) return undefined;
  const { negative, neutral, positive } = mood.scores;
  return {
    id: key,
    kind,
    date: new Date(at * 1000).toISOString(),
    author,
    text: body === '' ? title : `${title}\n\n${body}`,
    label: mood.label,
    scores: { negative: rounded(negative), neutral: rounded(neutral), positive: rounded(positive) },
    ...(mood.skipped === undefined ? {} : { skipped: mood.skipped }),
    ...(url === undefined ? {} : { url }),
  };
}

/** A spreadsheet takes a cell that begins with one of these for a formula; a message is written by anybody. */
const formula = /^[=+\-@\t\r]/;

function csvRow({ scores, ...rest }: ExportedMood): string {
  const cells: Partial<Record<(typeof columns)[number], string | number>> = { ...rest, ...scores };
  return csvLine(
    columns.map((column) => {
      const cell = cells[column] ?? '';
      return typeof cell === 'string' && formula.test(cell) ? `'${cell}` : cell;
    }),
  );
}

/**
 * Writes the items to a file, CSV (RFC 4180, with a head) or a JSON array; returns how many.
 * @throws SextantError `invalid_argument` when the file cannot be written; the signal's reason when cancelled.
 */
export async function exportMood(
  items: AsyncIterable<ExportedMood>,
  file: string,
  format: 'csv' | 'json',
  signal: AbortSignal,
): Promise<number> {
  const out = createWriteStream(file, { encoding: 'utf8' });
  const failed = new Promise<never>((_, reject) => out.once('error', reject));
  failed.catch(() => undefined);
  const write = async (text: string): Promise<void> => {
    if (!out.write(text)) await Promise.race([once(out, 'drain'), failed]);
  };
  let count = 0;
  try {
    await write(format === 'csv' ? csvLine(columns) : '[');
    for await (const item of items) {
      signal.throwIfAborted();
      await write(format === 'csv' ? csvRow(item) : `${count === 0 ? '\n' : ',\n'}${JSON.stringify(item)}`);
      count += 1;
    }
    out.end(format === 'csv' ? '' : '\n]\n');
    await Promise.race([finished(out), failed]);
    return count;
  } catch (error) {
    out.destroy();
    signal.throwIfAborted();
    if (error instanceof SextantError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SextantError('invalid_argument', `The export cannot be written: ${reason}`, { cause: error });
  }
}
