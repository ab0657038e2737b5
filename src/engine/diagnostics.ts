import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import * as z from 'zod/mini';
import type { Diagnostics } from '../shared/protocol.ts';
import type { EngineStatus } from '../shared/status.ts';
import type { OpenRoot } from './openRoot.ts';
import { backends } from './runtime/backends.ts';
import { version } from './version.ts';

const dependencies = ['better-sqlite3', 'sqlite-vec', 'onnxruntime-node', 'tokenizers'] as const;

/** The version that is installed, or why the package cannot be found. Not every package exports its manifest. */
function installedVersion(name: string): string {
  try {
    const manifestPath = findPackageJSON(name, import.meta.url);
    if (manifestPath === undefined) return 'missing';
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifestPath, 'utf8'))).version;
  } catch (error) {
    return `missing (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`;
  }
}

/** What a bug report needs: no file names but the roots', no contents. */
export function describeDiagnostics(roots: readonly OpenRoot[], status: EngineStatus): Diagnostics {
  const versions: Record<string, string> = {
    sextant: version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  for (const name of dependencies) versions[name] = installedVersion(name);
  return {
    versions,
    backends: backends(),
    databases: roots.map((root) => ({
      root: root.workspace.path,
      bytes: root.databaseBytes(),
      health: root.databaseHealth(),
    })),
    status,
    memory: { rssBytes: process.memoryUsage().rss },
  };
}
