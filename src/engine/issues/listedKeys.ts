import * as z from 'zod/mini';
import type { ForgeHttp } from './forgeHttp.ts';
import type { ForgeStream } from './syncIssues.ts';

/**
 * Keys of everything that the forge's lists hold now, read from their beginnings: what is stored and not among them was deleted.
 * Throws what {@link ForgeHttp} does, and then tells nothing.
 */
export async function listedKeys(http: ForgeHttp, streams: readonly ForgeStream[]): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const stream of streams) await readKeys(http, stream, keys);
  return keys;
}

/** As `IssueSyncRun.read` goes through a list, without storing. What changes meanwhile moves to the end and is met again there. */
async function readKeys(http: ForgeHttp, stream: ForgeStream, keys: Set<string>): Promise<void> {
  let since: string | undefined;
  let path = stream.path(since);
  for (;;) {
    const { body, next } = await http.get(path);
    const parsed = z.array(z.unknown()).parse(body).map(stream.parse);
    for (const { item } of parsed) keys.add(item.key);
    if (parsed.length < stream.pageSize) return;
    const last = parsed.at(-1)!.updated;
    if (last === since && next === undefined) return;
    path = last === since ? next! : stream.path(last);
    since = last;
  }
}

/** Whether an item is gone. Comments that no list holds by themselves go with what they hang on. */
export function isGone(key: string, listed: ReadonlySet<string>, streams: readonly ForgeStream[]): boolean {
  if (listed.has(key)) return false;
  const [thread = key] = key.split('#');
  const hangsOn = thread !== key && streams.every(({ children }) => children !== undefined);
  return !(hangsOn && listed.has(thread));
}
