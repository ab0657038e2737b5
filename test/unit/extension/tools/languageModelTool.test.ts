import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import { SextantError } from '../../../../src/shared/errors.ts';
import type { ToolBackend } from '../../../../src/shared/runTool.ts';
import { longResults } from '../../../support/longResults.ts';
import '../../../support/registerFakeVscode.ts';

const { SextantTool } = await import('../../../../src/extension/tools/languageModelTool.ts');
const { CancellationError, Disposable, resetFake, workspace } = await import('../../../support/fakeVscode.ts');

beforeEach(resetFake);

const folder = { uri: 'file:///w', path: '/w', name: 'w' };

function backend(search?: ToolBackend['search']): ToolBackend {
  const tookMs = { embed: 0, search: 0, total: 0 };
  const answer = {
    query: '',
    mode: 'hybrid',
    tookMs,
    results: longResults(folder.uri, 20),
    more: false,
    embeddedShare: 1,
  } as const;
  return {
    folders: [folder],
    search: search ?? (() => Promise.resolve(answer)),
    similar: () => Promise.resolve(answer),
    status: () => Promise.resolve({ paused: false, roots: [] }),
  };
}

interface Token extends vscode.CancellationToken {
  readonly cancel: () => void;
}

function token(): Token {
  const listeners = new Set<() => void>();
  const made = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: (event: unknown) => void) => {
      const call = (): void => listener(undefined);
      listeners.add(call);
      return new Disposable(() => listeners.delete(call));
    },
    cancel: (): void => {
      made.isCancellationRequested = true;
      for (const listener of listeners) listener();
    },
  };
  return made;
}

async function textOf(options: object, over = backend()): Promise<string> {
  const tool = new SextantTool('sextant_search', () => over);
  const result = await tool.invoke({ toolInvocationToken: undefined, input: { query: 'moor' }, ...options }, token());
  const [part] = result.content as { value: string }[];
  return part!.value;
}

describe('a tool for language models', () => {
  it('keeps to the budget as the model’s own tokenizer counts', async () => {
    for (const tokenBudget of [120, 700, 3000]) {
      let counted = 0;
      const countTokens = (text: string): Promise<number> => {
        counted += 1;
        return Promise.resolve(Math.ceil(text.length / 2));
      };
      const text = await textOf({ tokenizationOptions: { tokenBudget, countTokens } });
      assert.ok(text.length / 2 <= tokenBudget, `${text.length / 2} of ${tokenBudget}`);
      assert.ok(text.length / 2 > tokenBudget * 0.5, 'the budget is made use of');
      assert.ok(counted > 0);
    }
  });

  it('has a budget of its own where none is given', async () => {
    const text = await textOf({});
    assert.ok(text.length > 1000 && text.length < 4000 * 3);
  });

  it('says in plain words what is wrong, for the model to correct', async () => {
    await assert.rejects(textOf({ input: { query: '', colour: 'red' } }), /query.*colour/s);
    const failing = backend(() =>
      Promise.reject(new SextantError('disk_full', 'The disk is full.', { hint: 'Free some space.' })),
    );
    await assert.rejects(textOf({}, failing), { message: 'The disk is full. Free some space.' });
  });

  it('refuses in Restricted Mode, and asks nothing', async () => {
    workspace.isTrusted = false;
    let asked = false;
    const over = backend(() => ((asked = true), Promise.reject(new Error('asked'))));
    await assert.rejects(textOf({}, over), /not trusted/);
    assert.equal(asked, false);
  });

  it('ends when it is cancelled', async () => {
    const source = token();
    const never = backend(
      (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          source.cancel();
        }),
    );
    const tool = new SextantTool('sextant_search', () => never);
    const asked = tool.invoke({ toolInvocationToken: undefined, input: { query: 'moor' } }, source);
    await assert.rejects(asked, CancellationError);
  });

  it('tells the user what is searched for and where results go', () => {
    const tool = new SextantTool('sextant_search', backend);
    const { invocationMessage, confirmationMessages } = tool.prepareInvocation({
      input: { query: 'where are\nships moored', maxTokens: 900 },
    });
    assert.match(invocationMessage as string, /where are ships moored/);
    assert.match(confirmationMessages!.title, /ships moored/);
    assert.match((confirmationMessages!.message as { value: string }).value, /on this machine.*900 tokens/);
    const similar = new SextantTool('sextant_similar', backend);
    const prepared = similar.prepareInvocation({ input: { path: 'src/a.ts', startLine: 7 } });
    assert.match(prepared.invocationMessage as string, /src\/a\.ts:7/);
    assert.doesNotThrow(() => similar.prepareInvocation({ input: null }));
  });
});
