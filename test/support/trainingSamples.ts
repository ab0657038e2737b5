import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClassifiedText, TrainingPair } from '../../src/engine/finetune/training/trainingTypes.ts';
import { tinyModelFiles } from './tinyModel.ts';

/** Writes the tiny model into a new folder below `parent`. */
export function writeTinyModel(parent: string, name = 'modernbert-v5', pooling: 'cls' | 'mean' = 'cls'): string {
  const folder = path.join(parent, `model-${name}-${pooling}`);
  for (const [file, bytes] of Object.entries(tinyModelFiles(name, pooling))) {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
  return folder;
}

/** Pairs whose words tell nothing by themselves: query word i belongs to document words 40 + i and 60 + i. */
export function trainingPairs(count = 24): TrainingPair[] {
  return Array.from({ length: count }, (_, index) => ({
    query: `w${10 + index} w${5 + (index % 3)}`,
    document: Array.from({ length: 3 + (index % 7) }, (__, word) => `w${(word % 2 === 0 ? 40 : 60) + index}`).join(' '),
    negatives: [`w${90 + (index % 5)} w${35 + (index % 4)}`],
  }));
}

/** Texts with a word of their label among others. */
export function classifiedTexts(count = 48): ClassifiedText[] {
  return Array.from({ length: count }, (_, index) => {
    const label = ['sad', 'happy'][index % 2]!;
    return { text: `w${60 + (index % 30)} w${label === 'sad' ? 20 : 30} w${40 + (index % 11)}`, label };
  });
}
