import type { ChunkRow, SearchIndex } from '../../store/searchIndex.ts';
import { rolesOf, type FileRole } from '../../search/fileRoles.ts';
import { isTestCode } from '../../search/signals.ts';

/** Files that nobody looks for first: no answers are taken from them. */
const notAnswers: ReadonlySet<FileRole> = new Set(['test', 'example', 'generated', 'vendored', 'declaration', 'data']);
/** A name with more definitions than this says nothing about which one is meant. */
const mostDefinitions = 3;

/** What the pair sources look at: the chunks of one root's index, in the order of paths and lines. */
export interface PairWorkspace {
  /** Absolute path of the root. */
  readonly folder: string;
  readonly chunks: readonly ChunkRow[];
  readonly byPath: ReadonlyMap<string, readonly ChunkRow[]>;
  /** Code that may be an answer: definitions and blocks outside of tests, examples, generated and vendored files. */
  readonly answers: readonly ChunkRow[];
  readonly tests: readonly ChunkRow[];
  readonly docs: readonly ChunkRow[];
  /** Definitions among the answers that bear the name; empty where too many do. */
  definitionsOf(name: string): readonly ChunkRow[];
  isAnswer(chunk: ChunkRow): boolean;
}

/** Reads the whole index once. */
export function readPairWorkspace(folder: string, index: SearchIndex): PairWorkspace {
  const byPath = new Map<string, ChunkRow[]>();
  const answers: ChunkRow[] = [];
  const tests: ChunkRow[] = [];
  const docs: ChunkRow[] = [];
  for (const file of index.files()) {
    const chunks = index.chunksOfFile(file.fileId);
    byPath.set(file.path, chunks);
    const roles = new Set(rolesOf(file));
    for (const chunk of chunks) {
      if (file.scope === 'docs') docs.push(chunk);
      else if (roles.has('test') || isTestCode(chunk)) tests.push(chunk);
      else if (![...roles].some((role) => notAnswers.has(role))) answers.push(chunk);
    }
  }
  const definitions = Map.groupBy(
    answers.filter(({ definition, name }) => definition && name !== ''),
    ({ name }) => name,
  );
  const answerIds = new Set(answers.map(({ chunkId }) => chunkId));
  return {
    folder,
    chunks: [...byPath.values()].flat(),
    byPath,
    answers,
    tests,
    docs,
    definitionsOf: (name) => {
      const found = definitions.get(name) ?? [];
      return found.length > mostDefinitions ? [] : found;
    },
    isAnswer: ({ chunkId }) => answerIds.has(chunkId),
  };
}
