import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import { choiceOption, stringOption, UsageError, type Command } from '../command.ts';

const lineSchema = z.object({ text: z.string() });

async function readTexts(file: string): Promise<string[]> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SextantError('not_found', `${file} cannot be read.`, { cause });
  }
  return content
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return lineSchema.parse(JSON.parse(line)).text;
      } catch (cause) {
        throw new SextantError('invalid_argument', `${file}:${number} is not {"text": "…"}.`, { cause });
      }
    });
}

export const embedCommand: Command = {
  name: 'embed',
  usage: 'embed --input F.jsonl [--kind query|document]',
  summary: 'Embed texts: JSONL {text} in, JSONL {embedding} out (one JSON array with --json).',
  options: { input: { type: 'string' }, kind: { type: 'string' } },
  arity: [0, 0],
  async run({ options, engine, signal, progress }) {
    const file = stringOption(options, 'input');
    if (file === undefined) throw new UsageError('embed needs --input FILE.');
    const kind = choiceOption(options, 'kind', ['query', 'document'] as const, 'document');
    const texts = await readTexts(file);
    const encoder = await engine().encoder();
    const onProgress = (done: number): void => progress(`${done} of ${texts.length} texts`);
    const { embeddings } = await encoder.embed(texts, kind, { signal, onProgress });
    const rows = embeddings.map((embedding) => ({ embedding: [...embedding] }));
    return { json: rows, text: rows.map((row) => `${JSON.stringify(row)}\n`).join('') };
  },
};
