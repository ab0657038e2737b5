import type { RankCandidate } from './gatherCandidates.ts';

/** Numbers the files of candidates from 0 on: the same file, in whichever layer of its root, has the same number. */
export class FileNumbers {
  readonly #roots = new Map<string, Map<string, number>>();
  #count = 0;

  of({ root, head }: RankCandidate): number {
    let paths = this.#roots.get(root);
    if (paths === undefined) this.#roots.set(root, (paths = new Map<string, number>()));
    let number = paths.get(head.path);
    if (number === undefined) paths.set(head.path, (number = this.#count++));
    return number;
  }
}
