import { readFile } from 'node:fs/promises';
import path from 'node:path';

const field = /^license:\s*["']?([\w.+-]{1,100})["']?\s*$/m;

/** The licence that a model's README.md states in its front matter, if there is one. */
export async function readmeLicense(folder: string): Promise<string | undefined> {
  const text = await readFile(path.join(folder, 'README.md'), 'utf8').catch(() => '');
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text.slice(0, 64 * 1024))?.[1];
  return matter === undefined ? undefined : field.exec(matter.replaceAll('\r', ''))?.[1];
}
