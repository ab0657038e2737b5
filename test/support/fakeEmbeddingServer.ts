import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { fakeVector } from './fakeEncoder.ts';

/** What one request is answered with; `good` unless said otherwise. */
export type Fault =
  | 'good'
  | 'slow'
  | 'drop'
  | 'dropMidway'
  | 'tooMany'
  | 'unavailable'
  | 'wrongDimension'
  | 'tooFew'
  | 'tooManyVectors'
  | 'notANumber'
  | 'null'
  | 'zero'
  | 'sameIndex'
  | 'shuffled'
  | 'withoutIndex'
  | 'base64'
  | 'html'
  | 'otherModel'
  | 'denied'
  | 'redirect';

export interface FakeServerOptions {
  readonly dimension?: number;
  readonly models?: readonly string[];
  /** By the number of the request from 0; probes count. */
  readonly fault?: (request: number, input: readonly string[]) => Fault;
  /** More texts at once are refused, as text-embeddings-inference does. */
  readonly mostTexts?: number;
  /** A longer text is refused, as vLLM does. */
  readonly longestText?: number;
  readonly key?: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: http.OutgoingHttpHeaders;
}

/** An embedding server of the OpenAI kind with the faults that real ones have. */
export class FakeEmbeddingServer {
  /** Every text that arrived, whatever was answered. */
  readonly received: string[] = [];
  requests = 0;
  /** Most requests that were under way at the same time. */
  busiest = 0;
  port = 0;
  #active = 0;
  readonly #options: FakeServerOptions;
  readonly #server: http.Server;
  readonly #dimension: number;

  private constructor(options: FakeServerOptions) {
    this.#options = options;
    this.#dimension = options.dimension ?? 32;
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
  }

  static async start(t: TestContext, options: FakeServerOptions = {}, port = 0): Promise<FakeEmbeddingServer> {
    const fake = new FakeEmbeddingServer(options);
    await new Promise<void>((resolve) => fake.#server.listen(port, '127.0.0.1', resolve));
    fake.port = (fake.#server.address() as AddressInfo).port;
    t.after(() => fake.stop());
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const send = ({ status, body, headers = {} }: Answer): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    };
    if (request.url === '/v1/models') {
      const { models } = this.#options;
      if (models === undefined) send({ status: 404, body: '{}' });
      else send({ status: 200, body: JSON.stringify({ data: models.map((id) => ({ id })) }) });
      return;
    }
    const asked = JSON.parse(Buffer.concat(parts).toString()) as { input: string[]; model: string };
    this.received.push(...asked.input);
    const number = this.requests++;
    this.#active += 1;
    this.busiest = Math.max(this.busiest, this.#active);
    const fault = this.#options.fault?.(number, asked.input) ?? 'good';
    await new Promise((resolve) => setTimeout(resolve, fault === 'slow' ? 3000 : 2));
    this.#active -= 1;
    if (fault === 'drop') request.socket.destroy();
    else if (fault === 'dropMidway') {
      response.writeHead(200, { 'content-length': 5000 }).write('{"data":[');
      setTimeout(() => request.socket.destroy(), 5);
    } else send(this.#answer(fault, asked, request.headers.authorization));
  }

  #answer(
    fault: Fault,
    { input, model }: { input: string[]; model: string },
    authorization: string | undefined,
  ): Answer {
    const { key, mostTexts = Infinity, longestText = Infinity } = this.#options;
    const refused = (status: number, message: string, headers = {}): Answer => ({
      status,
      body: JSON.stringify({ error: { message, type: 'invalid_request_error' } }),
      headers,
    });
    if (fault === 'denied' || (key !== undefined && authorization !== `Bearer ${key}`)) return refused(401, 'bad key');
    if (fault === 'redirect') return refused(307, 'moved', { location: 'http://127.0.0.1:1/v1/embeddings' });
    if (fault === 'tooMany') return refused(429, 'slow down', { 'retry-after': '0.05' });
    if (fault === 'unavailable') return refused(503, 'loading');
    if (fault === 'html') return { status: 200, body: '<html>proxy login</html>' };
    if (input.length > mostTexts) return refused(422, `batch size ${input.length} > maximum allowed ${mostTexts}`);
    if (input.some((text) => text.length > longestText)) return refused(400, 'maximum context length exceeded');
    return { status: 200, body: JSON.stringify(this.#good(fault, input, model)) };
  }

  #good(fault: Fault, input: readonly string[], model: string): unknown {
    const dimension = fault === 'wrongDimension' ? this.#dimension / 2 : this.#dimension;
    const seed = fault === 'otherModel' ? 'other' : 'fake';
    let data: Record<string, unknown>[] = input.map((text, index) => {
      // Not of length one: normalising is the client's duty.
      const vector = [...fakeVector(text, dimension, seed)].map((value) => value * 3);
      return { object: 'embedding', index, embedding: fault === 'base64' ? base64Of(vector) : spoiled(fault, vector) };
    });
    if (fault === 'tooFew') data = data.slice(1);
    if (fault === 'tooManyVectors') data = [...data, data[0]!];
    if (fault === 'sameIndex') data = data.map((item) => ({ ...item, index: 0 }));
    if (fault === 'shuffled') data = data.toReversed();
    if (fault === 'withoutIndex') data = data.map(({ embedding }) => ({ embedding }));
    return { object: 'list', data, model, usage: { prompt_tokens: input.length * 7, total_tokens: input.length * 7 } };
  }
}

function spoiled(fault: Fault, vector: number[]): unknown {
  if (fault === 'notANumber') return vector.map((value, i) => (i === 3 ? 'NaN' : value));
  if (fault === 'null') return vector.map((value, i) => (i === 3 ? null : value));
  if (fault === 'zero') return vector.map(() => 0);
  return vector;
}

function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}
