import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import { moodLabels, type MoodLabel } from '../../shared/sentiment.ts';
import { parseCsv } from '../text/csv.ts';

export interface LabelledText {
  readonly text: string;
  readonly label: MoodLabel;
}

/** A record of a data file, whichever form it has: its fields by name, and the line it is on. */
interface Row {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const textSchema = z.object({ text: z.string() });
const labelledSchema = z.object({ text: z.string(), label: z.union([z.string(), z.number()]) });

/** What data sets call the moods besides their names. */
const otherNames: Readonly<Record<string, MoodLabel>> = {
  neg: 'negative',
  '-1': 'negative',
  neu: 'neutral',
  '0': 'neutral',
  pos: 'positive',
  '1': 'positive',
};

/**
 * Reads texts with their moods: JSONL `{text, label}`, or CSV with a header that names `text` and `label`.
 * @throws SextantError `invalid_argument` naming file and line of the first record that is none.
 */
export function parseLabelledTexts(file: string, content: string): LabelledText[] {
  const texts = rowsOf(file, content).map(({ line, fields }) => {
    const row = labelledSchema.safeParse(fields);
    const label = row.success ? moodOf(row.data.label) : undefined;
    if (!row.success || label === undefined) {
      throw new SextantError('invalid_argument', `${file}:${line} has no text with a label.`, {
        hint: `Each record needs “text” and “label”, which is one of ${moodLabels.join(', ')}.`,
      });
    }
    return { text: row.data.text, label };
  });
  if (texts.length === 0) throw new SextantError('invalid_argument', `${file} holds no texts.`);
  return texts;
}

/** Reads texts: JSONL `{text}`, CSV with a column `text`, or, by any other extension, a text a line. */
export function parseTexts(file: string, content: string): string[] {
  if (!/\.(jsonl|ndjson|json|csv)$/i.test(file)) return content.split(/\r\n|\n/).filter((line) => line.trim() !== '');
  return rowsOf(file, content).map(({ line, fields }) => {
    const row = textSchema.safeParse(fields);
    if (!row.success) throw new SextantError('invalid_argument', `${file}:${line} has no “text”.`);
    return row.data.text;
  });
}

function moodOf(label: string | number): MoodLabel | undefined {
  const name = String(label).trim().toLowerCase();
  return moodLabels.find((mood) => mood === name) ?? (Object.hasOwn(otherNames, name) ? otherNames[name] : undefined);
}

function rowsOf(file: string, content: string): Row[] {
  return file.toLowerCase().endsWith('.csv') ? csvRows(content) : jsonRows(file, content);
}

function jsonRows(file: string, content: string): Row[] {
  return content.split('\n').flatMap((text, index) => {
    if (text.trim() === '') return [];
    const line = index + 1;
    try {
      return [{ line, fields: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) }];
    } catch (cause) {
      throw new SextantError('invalid_argument', `${file}:${line} is not a JSON object.`, { cause });
    }
  });
}

function csvRows(content: string): Row[] {
  const [header, ...records] = parseCsv(content);
  const names = header?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  return records.map(({ line, fields }) => ({
    line,
    fields: Object.fromEntries(names.map((name, column) => [name, fields[column]])),
  }));
}
