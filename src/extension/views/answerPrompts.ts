import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { QuestionPrompt } from '../../shared/finetune.ts';

async function ask(model: vscode.LanguageModelChat, prompt: string, token: vscode.CancellationToken): Promise<string> {
  const response = await model.sendRequest([vscode.LanguageModelChatMessage.User(prompt)], {}, token);
  let text = '';
  for await (const part of response.text) text += part;
  return text;
}

/**
 * Sends prompts to a language model that another extension offers to VS Code. The user sees all of them in an editor, chooses the
 * model and agrees first. What was answered before a cancellation or an error is kept.
 * @throws SextantError `not_found` where no extension offers a model; the model's error where it answered nothing at all.
 */
export async function answerPrompts(
  prompts: readonly QuestionPrompt[],
): Promise<readonly { key: string; text: string }[] | undefined> {
  const models = await vscode.lm.selectChatModels();
  if (models.length === 0) {
    throw new SextantError('not_found', vscode.l10n.t('No extension offers a language model to VS Code.'), {
      hint: vscode.l10n.t('The command line can use a local server: sextant pairs --questions URL.'),
    });
  }
  const content = prompts.map(({ prompt }) => prompt).join(`\n\n${'─'.repeat(60)}\n\n`);
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: 'plaintext' }));
  const picked = await vscode.window.showQuickPick(
    models.map((model) => ({ label: model.name, description: model.vendor, model })),
    {
      title: vscode.l10n.t('Send these {0} requests to a language model?', prompts.length),
      placeHolder: vscode.l10n.t('The editor shows all that is sent. Escape sends nothing.'),
      ignoreFocusOut: true,
    },
  );
  if (picked === undefined) return undefined;
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Writing questions'),
    cancellable: true,
  };
  return vscode.window.withProgress(progress, async (report, token) => {
    const answers: { key: string; text: string }[] = [];
    for (const { key, prompt } of prompts) {
      let text: string;
      try {
        text = await ask(picked.model, prompt, token);
      } catch (error) {
        if (token.isCancellationRequested) break;
        if (answers.length === 0) throw error;
        const why = error instanceof Error ? error.message : String(error);
        const message = vscode.l10n.t(
          'The language model stopped after {0} of {1} requests: {2}',
          answers.length,
          prompts.length,
          why,
        );
        void vscode.window.showWarningMessage(message);
        break;
      }
      // A provider may end its answer where it was cancelled.
      if (token.isCancellationRequested) break;
      answers.push({ key, text });
      report.report({ increment: 100 / prompts.length, message: `${answers.length}/${prompts.length}` });
    }
    return answers;
  });
}
