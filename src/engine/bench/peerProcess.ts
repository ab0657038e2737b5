import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';

/** Seconds of one round: by the clock, and of all processor cores together. */
export interface Seconds {
  readonly wall: number;
  readonly cpu: number;
}

const readySchema = z.object({ ready: z.string() });
const roundSchema = z.object({ wall: z.number(), cpu: z.number(), embeddings: z.array(z.array(z.number())) });
export type PeerRound = z.infer<typeof roundSchema>;

/** Another library in a process of its own, warm over all rounds; speaks JSON lines as scripts/bench says. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: string[] = [];
  description = '';

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => this.#errors.push(error.message));
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors.push(text);
      if (this.#errors.length > 50) this.#errors.shift();
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until it has loaded the model. @throws SextantError `runtime_unavailable` with its last words. */
  async start(): Promise<void> {
    this.description = readySchema.parse(await this.#answer()).ready;
  }

  async run(texts: readonly string[]): Promise<PeerRound> {
    this.#child.stdin.write(`${JSON.stringify(texts)}\n`);
    return roundSchema.parse(await this.#answer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    this.#child.stdin.end();
    this.#child.kill();
    await once(this.#child, 'close');
  }

  async #answer(): Promise<unknown> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done === true) {
        const words = this.#errors.join('').trim().split('\n').slice(-3).join(' ');
        throw new SextantError('runtime_unavailable', `The other side of the comparison ended: ${words}`);
      }
      // Libraries print remarks of their own.
      if (next.value.startsWith('{')) return JSON.parse(next.value);
    }
  }
}
