import { readFileSync } from 'node:fs';
import type { Diagnostics } from '../shared/protocol.ts';
import type { EngineStatus } from '../shared/status.ts';
import type { OpenRoot } from './openRoot.ts';
import { dependencyFile } from './paths.ts';
import { version } from './version.ts';

const dependencies = ['better-sqlite3', 'sqlite-vec', 'onnxruntime-node', 'tokenizers'] as const;

/** The version that is installed, or why the package cannot be found. */
function installedVersion(name: string): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(dependencyFile(`${name}/package.json`), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    return 'unknown';
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
    backends: [
      { name: 'cpu', available: true, reason: 'ONNX Runtime' },
      { name: 'cuda', available: false, reason: 'There is no CUDA addon in this version.' },
    ],
    databases: roots.map((root) => ({
      root: root.workspace.path,
      bytes: root.databaseBytes(),
      health: root.databaseHealth(),
    })),
    status,
    memory: { rssBytes: process.memoryUsage().rss },
  };
}
