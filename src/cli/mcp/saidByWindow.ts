import { readFileSync, realpathSync } from 'node:fs';
import { agentSettingsSchema, type AgentSettings } from '../../shared/agentSettings.ts';

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** What the window of this file said last; undefined where it says nothing that this version understands. */
export function saidByWindow(file: string): AgentSettings | undefined {
  try {
    const { settings, roots } = agentSettingsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return { settings, roots: roots.map((root) => ({ ...root, path: real(root.path) })) };
  } catch {
    return undefined;
  }
}
