import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import type { ContentDigest } from './hubClient.ts';

/** A running digest of one kind; git's blob ids are SHA-1 over a header with the length, then the contents. */
export class ContentHash {
  readonly #hash;

  constructor(kind: ContentDigest['kind'], bytes: number) {
    this.#hash = createHash(kind === 'sha256' ? 'sha256' : 'sha1');
    if (kind === 'gitBlob') this.#hash.update(`blob ${bytes}\0`);
  }

  update(part: Buffer): void {
    this.#hash.update(part);
  }

  /** Adds what a file holds. */
  async updateFromFile(file: string, signal?: AbortSignal): Promise<void> {
    const stream = createReadStream(file, { highWaterMark: 1024 * 1024 });
    if (signal !== undefined) addAbortSignal(signal, stream);
    for await (const part of stream) this.#hash.update(part as Buffer);
  }

  hex(): string {
    return this.#hash.digest('hex');
  }
}
