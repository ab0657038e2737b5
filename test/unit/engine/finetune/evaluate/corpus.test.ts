import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCorpus } from '../../../../../src/engine/finetune/evaluate/corpus.ts';
import { chunkedFiles } from '../../../../support/chunkedFiles.ts';
import { searchRoot } from '../../../../support/searchRoots.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

function documented(name: string, says: string): string {
  const body = Array.from({ length: 12 }, (_, i) => `  total += values[${i}] * ${name}Weights[${i}];`).join('\n');
  return `/** ${says} */\nexport function ${name}(values: number[]): number {\n  let total = 0;\n${body}\n  return total;\n}\n`;
}

test('no code of the corpus has its documentation, asked for or not, and tests are not in it', async (context) => {
  const files = await chunkedFiles({
    'src/asked.ts': documented('weighParcel', 'Finds how heavy a parcel is before it is shipped.'),
    'src/other.ts': documented('foldLetter', 'Folds a letter so that it fits its envelope.'),
    'test/other.test.ts': documented('folds', 'Checks that letters fit.'),
  });
  const { index } = await searchRoot(context, files);
  const pair = {
    query: 'Finds how heavy a parcel is before it is shipped.',
    path: 'src/asked.ts',
    startLine: 1,
    endLine: 18,
    context: 'what a person made of it',
    source: 'doc' as const,
  };
  const corpus = readCorpus(temporaryFolder(context), index, [pair]);
  assert.deepEqual(corpus.map(({ path }) => path).sort(), ['src/asked.ts', 'src/other.ts']);
  const textOf = (path: string): string => corpus.find((entry) => entry.path === path)!.text;
  assert.equal(textOf('src/asked.ts'), 'what a person made of it');
  assert.match(textOf('src/other.ts'), /foldLetterWeights/);
  assert.doesNotMatch(textOf('src/other.ts'), /envelope/);
});
