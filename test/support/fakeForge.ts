import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface ForgeCall {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
}

export interface ForgeReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A forge on this machine: answers by a function, and remembers what it was asked. */
export class FakeForge {
  readonly calls: ForgeCall[] = [];
  answer: (call: ForgeCall) => ForgeReply;
  readonly #server: http.Server;

  private constructor(answer: (call: ForgeCall) => ForgeReply) {
    this.answer = answer;
    this.#server = http.createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x');
      const call = { path: decodeURIComponent(url.pathname), query: url.searchParams, headers: request.headers };
      this.calls.push(call);
      const { status = 200, headers = {}, body } = this.answer(call);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(status === 304 ? undefined : typeof body === 'string' ? body : JSON.stringify(body ?? []));
    });
  }

  static async start(context: TestContext, answer: (call: ForgeCall) => ForgeReply): Promise<FakeForge> {
    const forge = new FakeForge(answer);
    await new Promise<void>((resolve) => forge.#server.listen(0, '127.0.0.1', resolve));
    context.after(() => forge.stop());
    return forge;
  }

  get host(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
