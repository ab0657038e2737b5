import * as vscode from 'vscode';
import type { Location } from '../../shared/search.ts';
import type { CommandContext } from './commandContext.ts';

/** Asks for what is similar to a place and shows it in the panel; rejects when the engine cannot tell. */
export async function showSimilar(context: CommandContext, location: Location): Promise<void> {
  await context.view.reveal();
  const limit = context.settings().maxResults;
  const response = await vscode.window.withProgress({ location: { viewId: context.view.id } }, () =>
    context.engine.request('similar', { location, limit, filters: {} }),
  );
  context.panel.showSimilar(location, response);
}
