import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { engineSettingsSchema, rootSchema, type WorkspaceRoot } from '../../shared/protocol.ts';

const entrySchema = z.object({
  /** Of the protocol on the socket; whoever speaks another one leaves this engine alone. */
  protocolVersion: z.int(),
  pid: z.int(),
  /** `window`: of a VS Code window, which keeps it up to date by itself. `agent`: of a command, which ends when it likes. */
  kind: z.enum(['window', 'agent']),
  address: z.string(),
  token: z.string(),
  storageDir: z.string(),
  settings: engineSettingsSchema,
  /** With absolute paths, links resolved. */
  roots: z.array(rootSchema),
});

/** What an engine tells the other processes of its user about itself, in a file that only they can read. */
export type EngineEntry = z.infer<typeof entrySchema>;

/** The root of an engine that is this folder; `folder` is absolute with links resolved. Windows knows no case. */
export function rootAt({ roots }: Pick<EngineEntry, 'roots'>, folder: string): WorkspaceRoot | undefined {
  const key = (file: string): string => (process.platform === 'win32' ? file.toLowerCase() : file);
  return roots.find((root) => key(root.path) === key(folder));
}

const suffix = '.engine.json';

export function entryFile(folder: string, id: string): string {
  return path.join(folder, `${id}${suffix}`);
}

/** Whole or not at all: a reader never sees half an entry. */
export function writeEntry(file: string, entry: EngineEntry): void {
  const partial = `${file}.partial`;
  writeFileSync(partial, JSON.stringify(entry), { mode: 0o600 });
  renameSync(partial, file);
}

/** Removes the traces of an engine that is gone. */
export function removeEntry(file: string, address: string): void {
  rmSync(file, { force: true });
  if (process.platform !== 'win32') rmSync(address, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export interface FoundEngine {
  readonly file: string;
  readonly entry: EngineEntry;
}

function readEntry(file: string): EngineEntry | undefined {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The engines that live now, windows first; what killed ones left behind is cleared away. Unreadable entries are passed over. */
export function liveEngines(folder: string): FoundEngine[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(suffix));
  } catch {
    return [];
  }
  const found: FoundEngine[] = [];
  for (const name of names.sort()) {
    const file = path.join(folder, name);
    const entry = readEntry(file);
    if (entry === undefined) continue;
    if (isAlive(entry.pid)) found.push({ file, entry });
    else removeEntry(file, entry.address);
  }
  return found.sort((a, b) => Number(b.entry.kind === 'window') - Number(a.entry.kind === 'window'));
}
