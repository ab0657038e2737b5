import { readFile } from 'node:fs/promises';
import { SextantError } from '../shared/errors.ts';

/** @throws SextantError `not_found` when the file is not there or may not be read. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SextantError('not_found', `${file} cannot be read.`, { cause });
  }
}
