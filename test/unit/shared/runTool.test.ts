import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SextantError } from '../../../src/shared/errors.ts';
import { indexState } from '../../../src/shared/indexState.ts';
import { runTool, type ToolBackend } from '../../../src/shared/runTool.ts';
import type { SearchRequest, SearchResponse, SimilarRequest } from '../../../src/shared/search.ts';
import type { RootStatus } from '../../../src/shared/status.ts';
import { estimateTokens } from '../../../src/shared/toolAnswer.ts';
import { parseToolInput } from '../../../src/shared/toolInput.ts';
import { toolInputSchema, toolNames, tools } from '../../../src/shared/tools.ts';
import { longResults } from '../../support/longResults.ts';

const signal = new AbortController().signal;
const reader = { countTokens: estimateTokens, countStructured: true };
const harbour = { uri: 'file:///home/me/harbour', path: '/home/me/harbour', name: 'harbour' };
const quay = { uri: 'file:///home/me/quay', path: '/home/me/quay', name: 'quay' };

const ready: RootStatus = {
  root: harbour.uri,
  name: 'harbour',
  phase: 'ready',
  files: 3,
  chunks: 9,
  embedded: 9,
  skipped: {},
  degraded: 0,
};

const empty: SearchResponse = {
  query: '',
  mode: 'hybrid',
  tookMs: { embed: 0, search: 0, total: 0 },
  results: [],
  more: false,
  embeddedShare: 1,
};

interface Recorded {
  readonly backend: ToolBackend;
  readonly searched: SearchRequest[];
  readonly compared: SimilarRequest[];
}

/** Notes what it is asked; `similar` knows the files in `known`, as `root path`. */
function recorder(folders = [harbour], known: readonly string[] = []): Recorded {
  const searched: SearchRequest[] = [];
  const compared: SimilarRequest[] = [];
  const backend: ToolBackend = {
    folders,
    search: (request) => {
      searched.push(request);
      return Promise.resolve(empty);
    },
    similar: ({ location, ...rest }) => {
      compared.push({ location, ...rest });
      if (known.includes(`${location.root} ${location.path}`)) return Promise.resolve(empty);
      return Promise.reject(new SextantError('not_found', `Nothing is indexed at ${location.path}.`));
    },
    status: () => Promise.resolve({ paused: false, roots: [ready] }),
  };
  return { backend, searched, compared };
}

describe('input of tools', () => {
  it('is refused with the name of what is wrong', () => {
    const refused = (input: unknown, words: RegExp): void => {
      assert.throws(
        () => parseToolInput('sextant_search', input),
        (error: SextantError) => {
          assert.equal(error.code, 'invalid_argument');
          assert.match(error.message, words);
          return true;
        },
      );
    };
    refused({}, /query/);
    refused(undefined, /query/);
    refused('text', /object/);
    refused({ query: 'x', limit: 1.5 }, /limit/);
    refused({ query: 'x', maxTokens: 3 }, /maxTokens/);
    refused({ query: 'x', mode: 'psychic' }, /mode.*hybrid/);
    refused({ query: 'x', paths: 'src' }, /paths/);
    refused({ query: 'x', color: 1 }, /color/);
  });

  it('has a schema that says the same, with a description for every property', () => {
    for (const name of toolNames) {
      const schema = toolInputSchema(name) as {
        properties: Record<string, { description?: string }>;
        additionalProperties: boolean;
      };
      assert.equal(schema.additionalProperties, false);
      for (const [key, property] of Object.entries(schema.properties)) {
        assert.ok((property.description ?? '').length > 10, `${name}.${key}`);
      }
    }
    assert.ok(Object.keys(tools.sextant_search.input.shape).includes('query'));
  });
});

describe('sextant_search', () => {
  it('asks for the folders, filters and bounds that were given', async () => {
    const { backend, searched } = recorder([harbour, quay]);
    const input = {
      query: 'moor',
      scope: ['code' as const],
      languages: ['go'],
      paths: ['src'],
      kinds: ['class' as const],
      folder: 'quay',
      limit: 4,
    };
    await runTool({ name: 'sextant_search', input }, backend, reader, signal);
    assert.deepEqual(searched, [
      {
        query: 'moor',
        mode: 'hybrid',
        limit: 4,
        filters: { languages: ['go'], paths: ['src'], kinds: ['class'], scopes: ['code'] },
        roots: [quay.uri],
        withholdSecrets: true,
      },
    ]);
  });

  it('takes a folder by name, path or URI, and no other', async () => {
    const { backend, searched } = recorder([harbour, quay]);
    for (const folder of ['harbour', harbour.path, harbour.uri]) {
      await runTool({ name: 'sextant_search', input: { query: 'x', folder } }, backend, reader, signal);
    }
    assert.ok(searched.every(({ roots }) => roots?.[0] === harbour.uri));
    await assert.rejects(
      runTool({ name: 'sextant_search', input: { query: 'x', folder: '/etc' } }, backend, reader, signal),
      /harbour, quay/,
    );
    const none = recorder([]);
    await assert.rejects(runTool({ name: 'sextant_search', input: { query: 'x' } }, none.backend, reader, signal), {
      code: 'workspace_missing',
    });
  });

  it('keeps to the smaller of the budgets of call and reader', async () => {
    const { backend } = recorder();
    const results = longResults(harbour.uri, 30);
    const long: ToolBackend = { ...backend, search: () => Promise.resolve({ ...empty, results }) };
    const tokens = async (maxTokens: number | undefined, most: number | undefined): Promise<number> => {
      const input = { query: 'x', ...(maxTokens && { maxTokens }) };
      const own = most === undefined ? reader : { ...reader, most };
      const { text } = await runTool({ name: 'sextant_search', input }, long, own, signal);
      return estimateTokens(text);
    };
    assert.ok((await tokens(5000, 300)) <= 300);
    assert.ok((await tokens(300, 5000)) <= 300);
    assert.ok((await tokens(undefined, 5000)) > 4100);
    assert.ok((await tokens(undefined, undefined)) <= 4000);
    assert.ok((await tokens(undefined, 10)) <= 10);
  });
});

describe('sextant_similar', () => {
  const call = (path: string, { backend }: Recorded) =>
    runTool({ name: 'sextant_similar', input: { path, startLine: 3 } }, backend, reader, signal);

  it('takes paths as results give them, and absolute ones', async () => {
    const known = [`${harbour.uri} src/a.ts`];
    for (const path of ['src/a.ts', './src/a.ts', 'src\\a.ts', '/home/me/harbour/src/a.ts']) {
      const recorded = recorder([harbour], known);
      await call(path, recorded);
      assert.deepEqual(recorded.compared.at(-1)?.location, {
        root: harbour.uri,
        path: 'src/a.ts',
        startLine: 3,
        endLine: 3,
      });
    }
    const several = recorder([harbour, quay], [`${quay.uri} src/a.ts`]);
    await call('quay/src/a.ts', several);
    assert.equal(several.compared.at(-1)?.location.root, quay.uri);
    assert.deepEqual(several.compared.at(-1)?.roots, [harbour.uri, quay.uri]);
  });

  it('refuses what leads out of the folders without asking for it', async () => {
    for (const path of [
      '../x.ts',
      'src/../../x.ts',
      '/etc/passwd',
      'C:\\Windows\\x',
      '/home/me/harbour/../secret.ts',
      '/home/me/harbourmaster/a.ts',
    ]) {
      const recorded = recorder();
      await assert.rejects(call(path, recorded), { code: 'invalid_argument' }, path);
      assert.deepEqual(recorded.compared, []);
    }
  });

  it('passes on that nothing is indexed there', async () => {
    await assert.rejects(call('src/none.ts', recorder()), { code: 'not_found' });
  });
});

describe('the state of the index', () => {
  const sentences = (status: Partial<RootStatus>, embeddedShare = 1): string =>
    indexState({ embeddedShare }, [{ ...ready, ...status }]).join(' ');

  it('is not mentioned when it is complete', () => {
    assert.equal(sentences({}), '');
  });

  it('is said when it is partial, empty or broken', () => {
    assert.match(sentences({}, 0.377), /37 %/);
    assert.match(sentences({ phase: 'scanning' }), /still being read/);
    assert.match(sentences({ files: 0 }), /Nothing in harbour is indexed/);
    assert.match(
      sentences({ phase: 'error', error: { code: 'disk_full', message: 'The disk is full.' } }),
      /disk is full/,
    );
  });
});
