import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { ByteMeter } from './byteMeter.ts';
import { ContentHash } from './contentHash.ts';
import type { HubConnection, HubResponse } from './hubConnection.ts';
import type { HubFile } from './hubClient.ts';
import { connectionError, HubError } from './hubErrors.ts';
import { retrying } from './retrying.ts';

export interface FileDownload {
  readonly file: HubFile;
  /** The commit's own address of the file, so that what is resumed is what was begun. */
  readonly address: string;
  readonly page: string;
  /** Where the finished file goes; what is unfinished lies beside it as `….part`. */
  readonly target: string;
  readonly meter: ByteMeter;
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: (error: HubError, delayMs: number) => void;
}

/**
 * Fetches one file, goes on where an earlier attempt was cut, and puts it in place only when its digest is right.
 * @throws HubError when the hub refuses or cannot be reached, `model_invalid` when what it sends is twice not what it
 * announced, `disk_full`; the signal's reason when cancelled, with the part kept.
 */
export async function downloadFile(connection: HubConnection, download: FileDownload): Promise<void> {
  const part = new PartialFile(download);
  if (await part.isFinished()) return;
  await mkdir(path.dirname(download.target), { recursive: true });
  let damaged = 0;
  const attempt = async (progressed: () => void): Promise<void> => {
    try {
      await fetchRest(connection, download, part, progressed);
    } catch (error) {
      throw connectionError(error, connection.endpoint.host, download.signal);
    }
    if (await part.finish()) return;
    // A part that went bad on the disk or between two servers: once more, from the start.
    if (++damaged === 2) throw damagedError(download.file.path);
    await attempt(progressed);
  };
  await retrying(attempt, { timing: connection.timing, signal: download.signal, onWait: download.onWait });
}

function damagedError(name: string): SextantError {
  return new SextantError('model_invalid', `What the hub sends as ${name} is not the file it announces.`, {
    hint: 'Nothing was installed. Try again later, or use another mirror.',
  });
}

/** One request for what is missing. */
async function fetchRest(
  connection: HubConnection,
  { file, address, page, signal, meter }: FileDownload,
  part: PartialFile,
  progressed: () => void,
): Promise<void> {
  const have = await part.open(signal);
  try {
    if (have === file.bytes) return;
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (have > 0) {
      headers['range'] = `bytes=${have}-`;
      if (part.etag !== undefined) headers['if-range'] = part.etag;
    }
    const response = await connection.get(address, { what: file.path, page, headers, signal, accepted: [206, 416] });
    await part.startAt(startOf(response, have, file.bytes), response.headers['etag']);
    if (response.status === 416) {
      response.body.destroy();
      throw new HubError('network', `The hub has no more of ${file.path}.`, { retryable: true });
    }
    for await (const bytes of response.body as AsyncIterable<Buffer>) {
      if (part.bytes + bytes.length > file.bytes) {
        await part.startAt(0, undefined);
        throw damagedError(file.path);
      }
      await part.append(bytes);
      meter.add(bytes.length);
      progressed();
    }
    if (part.bytes < file.bytes) {
      throw new HubError('network', `The line was cut in the middle of ${file.path}.`, { retryable: true });
    }
  } finally {
    await part.close();
  }
}

/** Offset from which the answer's body counts: a server may ignore the range or answer another one. */
function startOf({ status, headers }: HubResponse, have: number, total: number): number {
  if (status !== 206) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (range !== null && Number(range[1]) === have && (range[2] === '*' || Number(range[2]) === total)) return have;
  throw new HubError('network', 'The hub answers another part of the file than was asked for.', { retryable: true });
}

/** What there is of a file, with the digest so far. */
class PartialFile {
  readonly #download: FileDownload;
  readonly #part: string;
  readonly #etagFile: string;
  #handle: FileHandle | undefined;
  #hash: ContentHash;
  #counted = 0;
  bytes = 0;
  etag: string | undefined;

  constructor(download: FileDownload) {
    this.#download = download;
    this.#part = `${download.target}.part`;
    this.#etagFile = `${download.target}.etag`;
    this.#hash = this.#newHash();
  }

  /** True for a file that an earlier attempt finished and that is still right. */
  async isFinished(): Promise<boolean> {
    const { target, file, meter, signal } = this.#download;
    const found = await stat(target).catch(() => undefined);
    if (found === undefined) return false;
    if (found.isFile() && found.size === file.bytes) {
      await this.#hash.updateFromFile(target, signal);
      const right = this.#hash.hex() === file.digest.hex;
      if (right) {
        meter.skip(file.bytes);
        return true;
      }
    }
    await rm(target, { recursive: true, force: true });
    return false;
  }

  /** Opens the part for appending and takes up its digest; tells how many bytes there are. */
  async open(signal: AbortSignal | undefined): Promise<number> {
    const { file } = this.#download;
    this.#handle = await open(this.#part, 'a');
    this.bytes = (await this.#handle.stat()).size;
    this.#hash = this.#newHash();
    if (this.bytes > file.bytes) await this.#clear();
    if (this.bytes > 0) await this.#hash.updateFromFile(this.#part, signal);
    this.etag = this.bytes > 0 ? await readFile(this.#etagFile, 'utf8').catch(() => undefined) : undefined;
    this.#count();
    return this.bytes;
  }

  /** Goes on at `offset`, which is the end or the start, with what the server calls this version. */
  async startAt(offset: number, etag: string | undefined): Promise<void> {
    if (offset !== this.bytes) await this.#clear();
    this.#count();
    // A weak tag does not promise equal bytes (RFC 9110, section 8.8.1).
    if (etag?.startsWith('"') === true) await writeFile(this.#etagFile, etag);
    else await rm(this.#etagFile, { force: true });
  }

  async append(bytes: Buffer): Promise<void> {
    await this.#handle!.appendFile(bytes);
    this.#hash.update(bytes);
    this.bytes += bytes.length;
    this.#counted = this.bytes;
  }

  async close(): Promise<void> {
    // On the disk before its name says that it is whole.
    await this.#handle?.datasync();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Puts the file in place if it is right; throws it away if it is not. */
  async finish(): Promise<boolean> {
    const { target, file } = this.#download;
    await rm(this.#etagFile, { force: true });
    if (this.#hash.hex() !== file.digest.hex) {
      await rm(this.#part, { force: true });
      return false;
    }
    await rename(this.#part, target);
    return true;
  }

  async #clear(): Promise<void> {
    await truncate(this.#part, 0);
    this.bytes = 0;
    this.#hash = this.#newHash();
  }

  /** Tells the meter of bytes that were there already, or have to come again. */
  #count(): void {
    this.#download.meter.skip(this.bytes - this.#counted);
    this.#counted = this.bytes;
  }

  #newHash(): ContentHash {
    const { digest, bytes } = this.#download.file;
    return new ContentHash(digest.kind, bytes);
  }
}
