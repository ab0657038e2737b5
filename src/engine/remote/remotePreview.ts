import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { EngineSettings } from '../../shared/protocol.ts';
import type { RemotePreview, RemoteSettings, RemoteText } from '../../shared/remote.ts';
import { embeddingText } from '../chunk/embeddingText.ts';
import { textHashOf } from '../index/analyseFile.ts';
import { isFreeOfSecrets, withheldChunks } from '../secrets/scanSecrets.ts';
import type { RootStore } from '../store/rootStore.ts';
import { remoteBase } from './embeddingServer.ts';
import { remoteFingerprint } from './remoteEncoder.ts';

/**
 * What embedding the folder at the server would send, text for text, by the same rules as when it is done; nothing is sent and the
 * server is not asked. Of several chunks with one text the first is listed.
 */
export function remotePreview(store: RootStore, settings: RemoteSettings): RemotePreview {
  const base = remoteBase(settings.url);
  const known = store.knownTexts(({ fingerprint, name, dimension }) => {
    const model = settings.model === '' ? name : settings.model;
    return fingerprint === remoteFingerprint({ base, model, dimension }, settings);
  });
  const seen = new Set<string>();
  const texts: RemoteText[] = [];
  const withheld: RemotePreview['withheld'][number][] = [];
  let present = 0;
  store.read((reader) => {
    for (const { fileId } of reader.files()) {
      const rows = reader.chunksOfFile(fileId);
      const chunks = reader.chunked(rows.map(({ chunkId }) => chunkId));
      const secret =
        rows.length === 0
          ? new Set<number>()
          : withheldChunks(
              rows[0]!.path,
              rows.map(({ text }) => text),
            );
      for (const [place, { chunkId, path, startLine, endLine }] of rows.entries()) {
        const text = embeddingText(path, chunks.get(chunkId)!.chunk);
        const key = textHashOf(text).toString('base64');
        if (known.has(key)) present += 1;
        else if (secret.has(place) || !isFreeOfSecrets(text)) withheld.push({ path, startLine, endLine });
        else if (!seen.has(key)) texts.push({ path, startLine, endLine, text: settings.documentPrefix + text });
        seen.add(key);
      }
    }
  });
  return {
    server: base.host + base.pathname,
    model: settings.model,
    texts,
    characters: texts.reduce((sum, { text }) => sum + text.length, 0),
    withheld,
    known: present,
  };
}

/** The preview as a document for people: every text in full. */
export function describePreview({ server, model, texts, characters, withheld, known }: RemotePreview): string {
  const head = [
    '# What would be sent',
    '',
    `To ${server}${model === '' ? '' : `, model ${model}`}: ${texts.length} texts, ${characters} characters.`,
    `Embedded before and not sent again: ${known} chunks. Kept here because they look like secrets: ${withheld.length} chunks.`,
    'Questions are sent as well, and the messages of commits and issues where those are searched; of these too what looks like a secret stays.',
    '',
    ...withheld.map(({ path, startLine, endLine }) => `- kept: ${path}:${startLine}-${endLine}`),
  ];
  const sections = texts.map(({ path, startLine, endLine, text }) => {
    const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    return ['', `## ${path}:${startLine}-${endLine}`, '', fence, text, fence].join('\n');
  });
  return `${[...head, ...sections].join('\n')}\n`;
}

/** Writes previews beside the indexes, where only this user reads; the one before is replaced. */
export async function writePreview(
  storageDir: string,
  previews: readonly RemotePreview[],
): Promise<{ readonly file: string }> {
  const file = path.join(storageDir, 'what-would-be-sent.md');
  await writeFile(file, previews.map(describePreview).join('\n'), { mode: 0o600 });
  return { file };
}

/** @throws SextantError `invalid_argument` where no embedding server is set. */
export function requiredRemote({ remote }: Pick<EngineSettings, 'remote'>): RemoteSettings {
  if (remote !== undefined) return remote;
  throw new SextantError('invalid_argument', 'No embedding server is set: nothing leaves this machine.', {
    hint: 'Name one in sextant.remote.url, or with --remote.',
  });
}
