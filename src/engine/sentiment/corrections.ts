import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { moodKinds, moodLabels, type Mood, type MoodKind, type MoodLabel } from '../../shared/sentiment.ts';

const lineSchema = z.object({ text: z.string(), label: z.enum(moodLabels), kind: z.enum(moodKinds), at: z.string() });

/** Where corrections are kept: the user's own work, so neither in an index nor gone with one. */
export function correctionsFile(storageDir: string): string {
  return path.join(storageDir, 'mood-corrections.jsonl');
}

/**
 * What the user said a text's mood really is: JSONL `{text, label, kind, at}`, as `sentiment train --data` reads it. A later line
 * replaces an earlier one about the same text.
 */
export class Corrections {
  readonly #file: string;
  #labels: Map<string, MoodLabel> | undefined;

  constructor(storageDir: string) {
    this.#file = correctionsFile(storageDir);
  }

  add(text: string, kind: MoodKind, label: MoodLabel): void {
    const line = { text, label, kind, at: new Date().toISOString() };
    mkdirSync(path.dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    this.#read().set(text, label);
  }

  /** The mood as the user has it, or the one given. */
  apply(text: string, mood: Mood): Mood {
    const label = this.#read().get(text);
    return label === undefined ? mood : correctedMood(label);
  }

  #read(): Map<string, MoodLabel> {
    this.#labels ??= new Map(readLines(this.#file).map(({ text, label }) => [text, label]));
    return this.#labels;
  }
}

export function correctedMood(label: MoodLabel): Mood {
  const scores = { negative: 0, neutral: 0, positive: 0, [label]: 1 };
  return { label, scores };
}

/** Lines that are not ours, such as one cut by a crash, are passed over. */
function readLines(file: string): z.infer<typeof lineSchema>[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return content.split('\n').flatMap((line) => {
    try {
      const parsed = lineSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}
