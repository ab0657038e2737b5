/** What agents in VS Code can call: found, confirmed by the user, kept to the budget. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { toolNames, tools } from '../../../src/shared/tools.ts';
import { waitFor } from '../../support/waitFor.ts';
import { test } from '../runner.ts';
import { untilIdle } from '../window.ts';

const question = 'how are sessions signed so that a cookie cannot be forged';
const offered = toolNames.filter((name) => (tools[name].hosts as readonly string[]).includes('languageModel'));

/** Four characters a token, as a tokenizer that is not ours. */
const countTokens = (text: string): number => Math.ceil(text.length / 4);

async function invoke(name: string, input: object, tokenBudget: number): Promise<string> {
  const result = await vscode.lm.invokeTool(name, {
    toolInvocationToken: undefined,
    input,
    tokenizationOptions: { tokenBudget, countTokens: (text) => Promise.resolve(countTokens(text)) },
  });
  return result.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
}

test('the tools are there for language models, with the schema of their input', async () => {
  const own = await waitFor('the tools', () => {
    const found = vscode.lm.tools.filter(({ tags }) => tags.includes('sextant'));
    return found.length === offered.length ? found : undefined;
  });
  assert.deepEqual(own.map(({ name }) => name).sort(), [...offered].sort());
  for (const { description, inputSchema } of own) {
    assert.ok(description.length > 50);
    assert.equal((inputSchema as { type: string }).type, 'object');
  }
});

test('a tool answers within the token budget', async () => {
  await untilIdle();
  for (const budget of [250, 1500]) {
    const text = await invoke('sextant_search', { query: question }, budget);
    assert.ok(countTokens(text) <= budget, `${countTokens(text)} of ${budget}`);
    assert.match(text, /src\/auth\/session\.ts:\d+-\d+/);
  }
});

test('a tool finds what is like a place', async () => {
  const text = await invoke('sextant_similar', { path: 'src/auth/session.ts', startLine: 20 }, 800);
  assert.ok(countTokens(text) <= 800);
  assert.match(text, /\w+\.\w+:\d+-\d+/);
});

test('a tool says what is wrong with its input', async () => {
  await assert.rejects(
    invoke('sextant_similar', { path: '/etc/passwd', startLine: 1 }, 500),
    /not in a folder that may be searched/,
  );
  await assert.rejects(invoke('sextant_similar', { path: 'src/auth/session.ts', startLine: 0 }, 500), /startLine/);
});
