import * as vscode from 'vscode';
import { isCancellation, serializeError, SextantError } from '../../shared/errors.ts';
import { runTool, type ToolBackend, type ToolCall, type ToolReader } from '../../shared/runTool.ts';
import { defaultTokenBudget, type ToolName } from '../../shared/tools.ts';
import { estimateTokens } from '../../shared/toolAnswer.ts';
import { parseToolInput } from '../../shared/toolInput.ts';
import { abortOn } from './abortOn.ts';

type Options = vscode.LanguageModelToolInvocationOptions<unknown>;

/** Whoever calls names a budget and counts in the tokenizer of its model; else we count ourselves. */
function readerOf({ tokenizationOptions }: Options, token: vscode.CancellationToken): ToolReader {
  if (tokenizationOptions === undefined) return { countTokens: estimateTokens, countStructured: false };
  return {
    most: tokenizationOptions.tokenBudget,
    countTokens: (text) => tokenizationOptions.countTokens(text, token),
    countStructured: false,
  };
}

function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new SextantError(
    'workspace_untrusted',
    vscode.l10n.t('Agents may not search a workspace that is not trusted.'),
    {
      hint: vscode.l10n.t('Trust the workspace first; its text could try to mislead an agent.'),
    },
  );
}

/** What the call is about, for the user; whatever an agent sent, without line breaks and short. */
function subjectOf(input: unknown): string {
  const { query, path, startLine } = (input ?? {}) as Readonly<Record<string, unknown>>;
  const line = typeof startLine === 'number' ? `:${startLine}` : '';
  const text = typeof query === 'string' ? query : typeof path === 'string' ? `${path}${line}` : '';
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length > 120 ? `${flat.slice(0, 120)}…` : flat;
}

function messages(name: ToolName, subject: string): { readonly running: string; readonly question: string } {
  switch (name) {
    case 'sextant_similar':
      return {
        running: vscode.l10n.t('Looking for code like {0}', subject),
        question: vscode.l10n.t('Find code like {0}?', subject),
      };
    case 'sextant_commits':
      return {
        running: vscode.l10n.t('Searching commits for “{0}”', subject),
        question: vscode.l10n.t('Search the commits for “{0}”?', subject),
      };
    case 'sextant_search':
    case 'index_status':
      return {
        running: vscode.l10n.t('Searching by meaning for “{0}”', subject),
        question: vscode.l10n.t('Search this workspace for “{0}”?', subject),
      };
  }
}

/** A Markdown text in which what an agent sent is only text. */
function confirmation(budget: number): vscode.MarkdownString {
  return new vscode.MarkdownString(
    vscode.l10n.t(
      'The search runs on this machine. Up to {0} tokens of code and docs that it finds go to the model of this chat.',
      budget,
    ),
  );
}

/** One of the tools of `shared/tools.ts` for VS Code's language models. */
export class SextantTool implements vscode.LanguageModelTool<unknown> {
  readonly #name: ToolName;
  readonly #backend: () => ToolBackend;

  /** `backend` is asked anew for every call: folders come and go. */
  constructor(name: ToolName, backend: () => ToolBackend) {
    this.#name = name;
    this.#backend = backend;
  }

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<unknown>): vscode.PreparedToolInvocation {
    const { running, question } = messages(this.#name, subjectOf(input));
    const { maxTokens } = (input ?? {}) as { readonly maxTokens?: unknown };
    const budget = typeof maxTokens === 'number' ? maxTokens : defaultTokenBudget;
    return {
      invocationMessage: running,
      confirmationMessages: { title: question, message: confirmation(budget) },
    };
  }

  async invoke(options: Options, token: vscode.CancellationToken): Promise<vscode.LanguageModelToolResult> {
    const { signal, dispose } = abortOn(token);
    try {
      requireTrust();
      const name = this.#name;
      const call = { name, input: parseToolInput(name, options.input) } as ToolCall as Parameters<typeof runTool>[0];
      const { text } = await runTool(call, this.#backend(), readerOf(options, token), signal);
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    } catch (error) {
      if (isCancellation(error)) throw new vscode.CancellationError();
      const { message, hint } = serializeError(error);
      // The model reads this and may correct its call.
      throw new Error(hint === undefined ? message : `${message} ${hint}`, { cause: error });
    } finally {
      dispose();
    }
  }
}
