import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';

const rowSchema = z.object({
  _id: z.union([z.string(), z.number()]),
  text: z.string(),
  title: z.optional(z.string()),
});

export interface BeirRow {
  readonly id: string;
  readonly text: string;
}

async function* linesOf(file: string): AsyncGenerator<[line: string, number: number]> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number++;
      if (line.trim() !== '') yield [line, number];
    }
  } catch (error) {
    throw new SextantError('not_found', `${file} cannot be read.`, { cause: error });
  }
}

function parseRow(line: string): z.infer<typeof rowSchema> | undefined {
  try {
    return rowSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Documents or queries, the title put before the text. @throws SextantError `not_found`, `invalid_argument` */
export async function readBeirRows(file: string): Promise<BeirRow[]> {
  const rows: BeirRow[] = [];
  for await (const [line, number] of linesOf(file)) {
    const row = parseRow(line);
    if (row === undefined) {
      throw new SextantError(
        'invalid_argument',
        `Line ${number} of ${path.basename(file)} is no row with _id and text.`,
      );
    }
    rows.push({ id: String(row._id), text: row.title ? `${row.title}\n${row.text}` : row.text });
  }
  return rows;
}

/** Relevant documents by query: rows `query document score` with a positive score; a head line is skipped. */
export async function readQrels(file: string): Promise<Map<string, Set<string>>> {
  const relevant = new Map<string, Set<string>>();
  for await (const [line, number] of linesOf(file)) {
    const fields = line.split('\t');
    const score = Number(fields.at(-1));
    if (number === 1 && Number.isNaN(score)) continue;
    const [query, document] = fields.length === 4 ? [fields[0], fields[2]] : fields;
    if (query === undefined || document === undefined || Number.isNaN(score)) {
      throw new SextantError('invalid_argument', `Line ${number} of ${path.basename(file)} is no judgement.`);
    }
    if (score <= 0) continue;
    relevant.set(query, (relevant.get(query) ?? new Set()).add(document));
  }
  return relevant;
}
