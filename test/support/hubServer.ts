import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** How the hub misbehaves for one file; each counts requests from 1. */
export interface HubFault {
  /** Sends this many bytes of the body and cuts the line. */
  readonly cutAfter?: (request: number) => number | undefined;
  /** Sends nothing more after this many bytes, with the line open. */
  readonly stallAfter?: (request: number) => number | undefined;
  /** Answers a range with the whole file. */
  readonly ignoresRange?: boolean;
  /** Answers a range with another one. */
  readonly wrongRange?: boolean;
  /** Sends other bytes of the same length, for these requests. */
  readonly corrupt?: (request: number) => boolean;
  readonly status?: (
    request: number,
  ) => { readonly status: number; readonly headers?: Record<string, string> } | undefined;
  /** Sends the file from another host, as the hub does with large ones. */
  readonly redirect?: string;
  readonly etag?: (request: number) => string;
  /** Milliseconds between pieces of 1 kB. */
  readonly slowMs?: number;
}

export interface HubModel {
  readonly repository: string;
  readonly files: Readonly<Record<string, Buffer>>;
  readonly license?: string;
  /** As the hub lists them; architectures are among them. */
  readonly tags?: readonly string[];
  /** Wants this token. */
  readonly token?: string;
  readonly gated?: boolean;
  readonly faults?: Readonly<Record<string, HubFault>>;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface TestHub {
  readonly address: string;
  readonly seen: SeenRequest[];
  requestsFor(file: string): SeenRequest[];
}

export const commit = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const largeBytes = 20_000;

/** A hub that speaks the API of the real one over these models, and misbehaves where told. */
export async function testHub(t: TestContext, models: readonly HubModel[]): Promise<TestHub> {
  const seen: SeenRequest[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://hub');
    seen.push({ path: pathname, headers: request.headers });
    const count = (counts.get(pathname) ?? 0) + 1;
    counts.set(pathname, count);
    answer(models, pathname, count, request, response);
  });
  const address = await listen(t, server);
  return { address, seen, requestsFor: (file) => seen.filter(({ path }) => path.endsWith(`/${file}`)) };
}

/** A plain server of one body, standing for a content network. */
export async function testStore(t: TestContext, body: Buffer): Promise<{ address: string; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    send(request, response, body, {}, 1);
  });
  return { address: await listen(t, server), seen };
}

/** A forwarding proxy that counts, for plain and tunnelled requests. */
export async function testProxy(t: TestContext): Promise<{ address: string; hosts: string[] }> {
  const hosts: string[] = [];
  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '');
    hosts.push(target.host);
    const upstream = connect(Number(target.port), target.hostname, () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
      upstream.write(
        `GET ${target.pathname}${target.search} HTTP/1.1\r\n${headers.join('\r\n')}\r\nconnection: close\r\n\r\n`,
      );
    });
    upstream.pipe(response.socket!);
  });
  server.on('connect', (request, socket) => {
    hosts.push(request.url ?? '');
    const [host = '', port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  return { address: await listen(t, server), hosts };
}

async function listen(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Asked {
  readonly model: HubModel;
  /** The revision of an API call, or nothing for a file. */
  readonly revision: string | undefined;
  readonly commit: string | undefined;
  readonly file: string;
}

interface Refused {
  readonly status: number;
  readonly code?: string;
  readonly headers?: Record<string, string>;
}

function answer(
  models: readonly HubModel[],
  pathname: string,
  count: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const api = /^\/api\/models\/(.+)\/revision\/([^/]+)$/.exec(pathname);
  if (pathname === '/api/models') {
    listModels(models, request, response);
    return;
  }
  const file = /^\/(.+?)\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(pathname);
  const model = models.find(({ repository }) => repository === (api ?? file)?.[1]);
  const { authorization } = request.headers;
  const asked = model && { model, revision: api?.[2], commit: file?.[2], file: decodeURIComponent(file?.[3] ?? 'api') };
  const refused = asked === undefined ? hidden(authorization) : refusal(asked, authorization, count);
  if (refused !== undefined) {
    const code = refused.code === undefined ? {} : { 'x-error-code': refused.code };
    response.writeHead(refused.status, { ...refused.headers, ...code });
    response.end('{"error":"no"}');
  } else if (asked!.revision !== undefined) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(description(asked!.model)));
  } else {
    const fault = asked!.model.faults?.[asked!.file] ?? {};
    if (fault.redirect === undefined) send(request, response, asked!.model.files[asked!.file]!, fault, count);
    else response.writeHead(302, { location: fault.redirect }).end();
  }
}

function listModels(models: readonly HubModel[], request: IncomingMessage, response: ServerResponse): void {
  const wanted = new URL(request.url ?? '', 'http://hub').searchParams.get('search') ?? '';
  const found = models.filter(({ repository }) => repository.includes(wanted));
  const hits = found.map(({ repository, license, tags = ['modernbert'] }, index) => ({
    id: repository,
    downloads: 1000 - index,
    tags: [...tags, ...(license === undefined ? [] : [`license:${license}`])],
  }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(hits));
}

/** The real hub does not tell strangers what is private. */
function hidden(authorization: string | undefined): Refused {
  return { status: authorization === undefined ? 401 : 404, code: 'RepoNotFound' };
}

function refusal(asked: Asked, authorization: string | undefined, count: number): Refused | undefined {
  const { model, revision, file } = asked;
  const welcome = model.token === undefined || authorization === `Bearer ${model.token}`;
  if (!welcome && model.gated === true && revision === undefined) return { status: 401, code: 'GatedRepo' };
  if (!welcome && model.gated !== true) return authorization === undefined ? hidden(undefined) : { status: 403 };
  if (revision !== undefined && !['main', commit].includes(revision)) return { status: 404, code: 'RevisionNotFound' };
  const missing = revision === undefined && (model.files[file] === undefined || asked.commit !== commit);
  if (missing) return { status: 404, code: 'EntryNotFound' };
  return model.faults?.[file]?.status?.(count);
}

function description({ repository, files, license, gated }: HubModel): unknown {
  return {
    id: repository,
    sha: commit,
    gated: gated === true ? 'auto' : false,
    private: false,
    cardData: license === undefined ? undefined : { license },
    tags: ['transformers'],
    siblings: Object.entries(files).map(([rfilename, body]) => {
      const size = body.length;
      const blobId = createHash('sha1').update(`blob ${size}\0`).update(body).digest('hex');
      if (size < largeBytes) return { rfilename, size, blobId };
      const sha256 = createHash('sha256').update(body).digest('hex');
      return { rfilename, size, blobId, lfs: { sha256, size, pointerSize: 134 } };
    }),
  };
}

function send(request: IncomingMessage, response: ServerResponse, whole: Buffer, fault: HubFault, count: number): void {
  const body = fault.corrupt?.(count) === true ? Buffer.alloc(whole.length, 7) : whole;
  const etag = fault.etag?.(count) ?? `"${createHash('sha1').update(whole).digest('hex')}"`;
  const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const matches = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const ranged = asked > 0 && matches && fault.ignoresRange !== true;
  if (ranged && asked >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` });
    response.end();
    return;
  }
  const start = ranged ? asked - (fault.wrongRange === true && count === 2 ? 1 : 0) : 0;
  const part = body.subarray(start);
  response.writeHead(ranged ? 206 : 200, {
    etag,
    'content-length': part.length,
    ...(ranged ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
  });
  const cut = fault.cutAfter?.(count);
  const stall = fault.stallAfter?.(count);
  // Long enough for the client to store what came: what is still on its way goes with the line.
  if (cut !== undefined) response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), cutDelayMs));
  else if (stall !== undefined) response.write(part.subarray(0, stall));
  else if (fault.slowMs !== undefined) trickle(response, part, fault.slowMs);
  else response.end(part);
}

const cutDelayMs = 300;

function trickle(response: ServerResponse, part: Buffer, milliseconds: number): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(part.subarray(at, at + 1024));
    at += 1024;
    if (at < part.length) return;
    clearInterval(timer);
    response.end();
  }, milliseconds);
  response.on('close', () => clearInterval(timer));
}
