import path from 'node:path';
import type { TestContext } from 'node:test';
import { RootStore } from '../../src/engine/store/rootStore.ts';
import type { Encoder } from '../../src/engine/runtime/encoder.ts';
import type { SearchRoot } from '../../src/engine/search/searchRoot.ts';
import type { SearchIndex } from '../../src/engine/store/searchIndex.ts';
import type { IndexedFile } from '../../src/engine/store/fileWriter.ts';
import { hashOf } from './indexedFiles.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** A root whose store holds exactly these files; with an encoder every chunk is embedded by its text. */
export async function searchRoot(
  context: TestContext,
  files: readonly IndexedFile[],
  encoder?: Encoder,
  root = 'file:///root',
): Promise<SearchRoot & { readonly index: SearchIndex }> {
  const store = new RootStore(path.join(temporaryFolder(context), 'root.sqlite'));
  context.after(() => store.close());
  store.acquire();
  const target = store.prepare('1', encoder);
  store.writeFiles(files.map((file) => ({ file, chunkSetIds: [target.chunkSet.id] })));
  if (encoder !== undefined) {
    const texts = [...new Set(files.flatMap((file) => file.chunks.map(({ chunk }) => chunk.text)))];
    const { embeddings } = await encoder.embed(texts, 'document');
    store.storeEmbeddings(
      target.generation!,
      embeddings.map((vector, index) => ({ textHash: hashOf(texts[index]!), vector })),
    );
  }
  store.promote(target);
  return { root, index: store.reader };
}
