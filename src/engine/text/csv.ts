import { SextantError } from '../../shared/errors.ts';

/** One record and the 1-based line that it begins on. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/**
 * Reads comma-separated values as RFC 4180 has them: quoted fields may hold commas, line breaks and doubled quotes. Empty lines are
 * left out, and so is a byte order mark.
 * @throws SextantError `invalid_argument` naming the line where a quote is not closed or stands inside a field.
 */
export function parseCsv(text: string): CsvRecord[] {
  const source = text.replace(/^\uFEFF/, '');
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  field.lastIndex = 0;
  while (field.lastIndex < source.length || fields.length > 0) {
    const found = field.exec(source);
    if (found === null)
      throw new SextantError('invalid_argument', `Line ${line} has a quote that is not closed or doubled.`);
    const [whole, quoted, plain = '', end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split(/\r\n|\n|\r/).length - 1;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: start, fields });
    fields = [];
    start = line;
    if (field.lastIndex >= source.length) break;
  }
  return records;
}

function csvField(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** One record, with the line break that ends it. */
export function csvLine(values: readonly (string | number)[]): string {
  return `${values.map((value) => csvField(String(value))).join(',')}\r\n`;
}
