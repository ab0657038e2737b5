import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DuplicateGroup, DuplicatesRequest, DuplicatesResponse } from '../../shared/search.ts';
import type { ChunkRow, SearchSource } from '../store/searchIndex.ts';
import { nearPairs, type NearPair } from './nearPairs.ts';
import { embeddedShareOf, type SearchRoot } from './searchRoot.ts';

/** Chunks below these sizes are alike by nature (getters, re-exports) and would bury what matters. */
const smallestLines = 4;
const smallestCharacters = 100;
const commentLine = /^\s*(?:\/\/|#(?!include)|--|\*|\/\*|;|%)/;
const importLine =
  /^\s*(?:import|from|use|using|require\w*|include|#include|package|export \{|export \*|@import|open|alias)\b/;

/** What grouping needs to know of a chunk; texts are let go. */
interface Member {
  readonly root: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string;
}

function isTrivial(row: ChunkRow): boolean {
  if (row.scope !== 'code' || row.endLine - row.startLine + 1 < smallestLines) return true;
  if (row.text.replace(/\s+/g, '').length < smallestCharacters) return true;
  if (row.definition) return false;
  const lines = row.text.split('\n').filter((line) => line.trim() !== '' && !commentLine.test(line));
  return lines.filter((line) => importLine.test(line)).length * 2 >= lines.length;
}

function overlap(left: Member, right: Member): boolean {
  const sameFile = left.root === right.root && left.path === right.path;
  return sameFile && left.startLine <= right.endLine && right.startLine <= left.endLine;
}

async function collect(root: string, index: SearchSource, signal: AbortSignal): Promise<[Member, Float32Array][]> {
  const collected: [Member, Float32Array][] = [];
  for (const file of await index.files()) {
    if (file.scope !== 'code') continue;
    const rows = (await index.chunksOfFile(file.fileId)).filter((row) => !isTrivial(row));
    const embeddings = await index.embeddings(rows.map((row) => row.chunkId));
    for (const { chunkId, path, startLine, endLine, symbol } of rows) {
      const embedding = embeddings.get(chunkId);
      if (embedding !== undefined) collected.push([{ root, path, startLine, endLine, symbol }, embedding]);
    }
    await nextTurn();
    signal.throwIfAborted();
  }
  return collected;
}

interface Neighbour {
  readonly other: number;
  readonly cosine: number;
}

function neighbourLists(pairs: readonly NearPair[]): Map<number, Neighbour[]> {
  const lists = new Map<number, Neighbour[]>();
  const add = (from: number, other: number, cosine: number) => {
    const list = lists.get(from);
    if (list === undefined) lists.set(from, [{ other, cosine }]);
    else list.push({ other, cosine });
  };
  for (const { left, right, cosine } of pairs) {
    add(left, right, cosine);
    add(right, left, cosine);
  }
  return lists;
}

/**
 * Leader clustering: the chunk with the most neighbours leads a group of them, then the next among those left. So every
 * member is as near to the first as the threshold asks; chains of ever less similar chunks cannot form.
 */
function groupsOf(members: readonly Member[], pairs: readonly NearPair[]): DuplicateGroup[] {
  const lists = neighbourLists(pairs);
  const leaders = [...lists.entries()].sort((a, b) => b[1].length - a[1].length || a[0] - b[0]);
  const taken = new Set<number>();
  const groups: DuplicateGroup[] = [];
  for (const [leader, neighbours] of leaders) {
    if (taken.has(leader)) continue;
    const group = [members[leader]!];
    let score = 1;
    for (const { other, cosine } of neighbours.toSorted((a, b) => b.cosine - a.cosine)) {
      const member = members[other]!;
      if (taken.has(other) || group.some((known) => overlap(known, member))) continue;
      taken.add(other);
      group.push(member);
      score = Math.min(score, cosine);
    }
    taken.add(leader);
    if (group.length > 1) groups.push({ score, members: group });
  }
  return groups.sort((a, b) => b.score - a.score || b.members.length - a.members.length);
}

/** Groups of code chunks whose embeddings are at least `threshold` alike; overlapping and trivial chunks are left out. */
export async function findDuplicates(
  roots: readonly SearchRoot[],
  request: DuplicatesRequest,
  signal: AbortSignal,
): Promise<DuplicatesResponse> {
  const collected: [Member, Float32Array][] = [];
  for (const { root, index } of roots) collected.push(...(await collect(root, index, signal)));
  const members = collected.map(([member]) => member);
  const embeddings = collected.map(([, embedding]) => embedding);
  const pairs = await nearPairs(embeddings, request.threshold, signal);
  const apart = pairs.filter(({ left, right }) => !overlap(members[left]!, members[right]!));
  return { groups: groupsOf(members, apart), embeddedShare: await embeddedShareOf(roots) };
}
