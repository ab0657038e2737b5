import { once } from 'node:events';
import type { AgentSettings } from '../../shared/agentSettings.ts';
import type { EngineStatus } from '../../shared/status.ts';
import { storageIsChosen } from '../askLiveEngine.ts';
import { stringListOption, stringOption, UsageError, type Command } from '../command.ts';
import { engineSettings, withOptions } from '../engineSettings.ts';
import { workspaceRoot } from '../roots.ts';
import { storageDirectory } from '../storageDirectory.ts';

export const mcpCommand: Command = {
  name: 'mcp',
  usage: 'mcp [--dir DIR]… [--window-settings FILE]',
  summary: 'Serve the tools for coding agents to an MCP client, over standard input and output.',
  options: { dir: { type: 'string', multiple: true }, 'window-settings': { type: 'string' } },
  arity: [0, 0],
  async run({ options, signal, say }) {
    if (options['json'] === true) throw new UsageError('mcp speaks the Model Context Protocol; it has no --json.');
    const folders = stringListOption(options, 'dir').map((directory) => workspaceRoot(directory).path);
    // The SDK is of no use to the other commands and takes a while to load.
    const { StdioServerTransport, serveStdio } = await import('@modelcontextprotocol/server/stdio');
    const { IndexAccess } = await import('../../engine/share/indexAccess.ts');
    const { createMcpServer } = await import('../mcp/createMcpServer.ts');
    const { protocolOutput } = await import('../mcp/protocolOutput.ts');
    const { saidByWindow } = await import('../mcp/saidByWindow.ts');
    const file = stringOption(options, 'window-settings');
    const said = (): AgentSettings | undefined => {
      const window = file === undefined ? undefined : saidByWindow(file);
      return window && { ...window, settings: withOptions(window.settings, options) };
    };
    const listeners = new Set<(status: EngineStatus) => void>();
    const access = new IndexAccess({
      storageDir: storageDirectory(),
      onlyStorage: storageIsChosen(),
      onlyOwn: ['model', 'backend', 'remote'].some((name) => options[name] !== undefined),
      said,
      // Half of the cores unless told otherwise: agents work beside their user.
      settings: { ...engineSettings(options), ...(options['threads'] === undefined && { threads: 0 }) },
      onStatus: (status) => {
        for (const listener of listeners) listener(status);
      },
      onLog: ({ level, message }) => {
        if (level === 'warn' || level === 'error') say(`sextant: ${message}`);
      },
    });
    const onStatus = (listener: (status: EngineStatus) => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const handle = serveStdio(() => createMcpServer({ access, folders, cwd: process.cwd(), onStatus }), {
      transport: new StdioServerTransport(process.stdin, protocolOutput()),
      onerror: (error) => say(`sextant: ${error.message}`),
    });
    try {
      // A client that is gone, however it ended, closes its end of the pipe.
      await Promise.race([once(process.stdin, 'close'), once(process.stdin, 'end'), aborted(signal)]);
    } finally {
      await handle.close();
      await access.dispose();
    }
    return { json: null, text: '' };
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
