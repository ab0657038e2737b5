import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DuplicateGroup, SearchResponse, SearchResult, SymbolKind } from '../../../src/shared/search.ts';
import type { EngineStatus, RootStatus } from '../../../src/shared/status.ts';

export const workspaceFolder = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace');
export const root = 'file:///workspace/harbour';

interface Place {
  readonly path: string;
  readonly language: string;
  readonly kind: SymbolKind;
  readonly symbol: string;
  /** First and last line of the chunk: the first lines that contain, or after it start with, these texts. */
  readonly from: string;
  readonly to: string;
  readonly matches: readonly string[];
  readonly signals: Readonly<Record<string, number>>;
}

let chunkId = 0;

/** A result cut out of the fixture workspace, so that text and lines always agree with the file. */
export function sample(place: Place, score: number): SearchResult {
  const lines = readFileSync(path.join(workspaceFolder, place.path), 'utf8').split('\n');
  const first = lines.findIndex((line) => line.includes(place.from));
  const last = lines.findIndex((line, index) => index > first && line.startsWith(place.to));
  if (first < 0 || last < 0) throw new Error(`${place.path} has no «${place.from}» … «${place.to}»`);
  const { language, kind, symbol, matches, signals } = place;
  const text = lines.slice(first, last + 1).join('\n');
  const signature = text.split('\n').find((line) => line.includes(symbol.split('.').at(-1) ?? '')) ?? '';
  chunkId += 1;
  const location = { root, path: place.path, startLine: first + 1, endLine: last + 1 };
  return { ...location, chunkId, language, kind, symbol, signature, score, signals, matches, text };
}

const places: readonly Place[] = [
  {
    path: 'src/auth/session.ts',
    language: 'typescript',
    kind: 'function',
    symbol: 'signSession',
    from: '* Signs a session',
    to: '}',
    matches: ['Signs', 'session', 'signSession', 'Session'],
    signals: { meaning: 0.71, keyword: 0.52, name: 0.41, definition: 0.3, fileMeaning: 0.12 },
  },
  {
    path: 'src/auth/session.ts',
    language: 'typescript',
    kind: 'function',
    symbol: 'verifySession',
    from: 'Reads a cookie back',
    to: '}',
    matches: ['signature', 'session', 'Session', 'signSession'],
    signals: { meaning: 0.62, keyword: 0.4, name: 0.2, repeat: -0.11 },
  },
  {
    path: 'docs/security.md',
    language: 'markdown',
    kind: 'section',
    symbol: 'Security › Cookies',
    from: '## Cookies',
    to: 'the environment',
    matches: ['session', 'signed', 'cookie'],
    signals: { meaning: 0.66, keyword: 0.31, breadth: 0.2, prose: -0.15 },
  },
  {
    path: 'src/auth/session.ts',
    language: 'typescript',
    kind: 'function',
    symbol: 'createSession',
    from: 'Begins a session',
    to: '}',
    matches: ['session', 'Session'],
    signals: { meaning: 0.41, keyword: 0.3, name: 0.2, repeat: -0.2 },
  },
  {
    path: 'test/session.test.ts',
    language: 'typescript',
    kind: 'test',
    symbol: 'a session signed with another secret is refused',
    from: "test('a session signed",
    to: '});',
    matches: ['session', 'signed', 'signSession'],
    signals: { meaning: 0.5, keyword: 0.42, test: -0.4 },
  },
  {
    path: 'src/auth/password.ts',
    language: 'typescript',
    kind: 'function',
    symbol: 'hashPassword',
    from: 'Hashes a password',
    to: '}',
    matches: [],
    signals: { meaning: 0.48 },
  },
  {
    path: 'src/http/rateLimiter.ts',
    language: 'typescript',
    kind: 'method',
    symbol: 'RateLimiter.allow',
    from: 'Takes one token',
    to: '  }',
    matches: [],
    signals: { meaning: 0.32, container: 0.05 },
  },
  {
    path: 'services/billing/invoice.py',
    language: 'python',
    kind: 'function',
    symbol: 'invoice_number',
    from: 'def invoice_number',
    to: '    return',
    matches: [],
    signals: { meaning: 0.28 },
  },
  {
    path: 'services/search/cache.go',
    language: 'go',
    kind: 'method',
    symbol: 'Cache.Put',
    from: '// Put keeps',
    to: '}',
    matches: [],
    signals: { meaning: 0.24, keyword: 0.02 },
  },
  {
    path: 'services/media/scale.rs',
    language: 'rust',
    kind: 'enum',
    symbol: 'ScaleError',
    from: '#[derive(Debug',
    to: '}',
    matches: [],
    signals: { meaning: 0.2 },
  },
  {
    path: 'migrations/001_bookings.sql',
    language: 'sql',
    kind: 'block',
    symbol: '',
    from: '-- Two bookings',
    to: ');',
    matches: [],
    signals: { meaning: 0.18 },
  },
  {
    path: 'scripts/migrate.sh',
    language: 'shellscript',
    kind: 'function',
    symbol: 'applied',
    from: 'applied() {',
    to: '}',
    matches: [],
    signals: { meaning: 0.15 },
  },
];

export function sampleResults(): SearchResult[] {
  return places.map((place, index) => sample(place, 1 - index * 0.07));
}

/** Many results, for scrolling: the samples again and again in files of other names. */
export function manyResults(count: number): SearchResult[] {
  const base = sampleResults();
  return Array.from({ length: count }, (_, index) => {
    const result = base[index % base.length]!;
    const round = Math.floor(index / base.length);
    return { ...result, chunkId: 10_000 + index, path: round === 0 ? result.path : `copy${round}/${result.path}` };
  });
}

export function response(results: readonly SearchResult[], change: Partial<SearchResponse> = {}): SearchResponse {
  const tookMs = { embed: 11, search: 23, total: 34 };
  return { query: '', mode: 'hybrid', tookMs, results, more: false, embeddedShare: 1, ...change };
}

export function rootStatus(change: Partial<RootStatus> = {}): RootStatus {
  return {
    root,
    name: 'harbour',
    phase: 'ready',
    files: 31,
    chunks: 118,
    embedded: 118,
    skipped: {},
    degraded: 0,
    languages: { typescript: 12, python: 4, go: 2, rust: 1, markdown: 4 },
    ...change,
  };
}

export function engineStatus(...roots: RootStatus[]): EngineStatus {
  return {
    paused: false,
    model: { name: 'sextant-small', fingerprint: 'f00d', dimension: 256 },
    backend: { name: 'cpu', reason: 'No CUDA device was found.' },
    roots: roots.length === 0 ? [rootStatus()] : roots,
  };
}

export function sampleDuplicates(): DuplicateGroup[] {
  const member = (file: string, startLine: number, endLine: number, symbol: string) => ({
    root,
    path: file,
    startLine,
    endLine,
    symbol,
  });
  return [
    {
      score: 0.981,
      members: [
        member('src/store/berthStore.ts', 20, 23, 'BerthStore.byId'),
        member('src/store/guestStore.ts', 18, 21, 'GuestStore.byId'),
        member('src/store/invoiceStore.ts', 25, 28, 'InvoiceStore.byId'),
      ],
    },
    {
      score: 0.94,
      members: [member('scripts/backup.sh', 1, 9, ''), member('scripts/nightly/backup-media.sh', 1, 12, '')],
    },
  ];
}
