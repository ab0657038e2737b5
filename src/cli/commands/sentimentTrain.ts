import path from 'node:path';
import { trainMoodModel } from '../../engine/sentiment/trainMoodModel.ts';
import { numberOption, stringOption, UsageError, type CommandContext, type CommandResult } from '../command.ts';
import { engineSettings } from '../engineSettings.ts';
import { storageDirectory } from '../storageDirectory.ts';
import { labelledData, table } from './sentimentEval.ts';

/** `sentiment train --data F --out DIR`: goes on from the shipped classifier, or from `--model`, with the user's own texts. */
export async function runSentimentTrain(context: CommandContext): Promise<CommandResult> {
  const { options, signal, progress } = context;
  const out = stringOption(options, 'out');
  if (out === undefined) throw new UsageError('sentiment train needs --out DIR.');
  const { modelPath, threads, backend } = engineSettings(options);
  const result = await trainMoodModel({
    data: await labelledData(context),
    outDir: path.resolve(out),
    storageDir: storageDirectory(),
    ...(stringOption(options, 'model') === undefined ? {} : { modelDir: modelPath }),
    epochs: numberOption(options, 'epochs', { fallback: 2, min: 1, max: 100 }),
    batchSize: numberOption(options, 'batch', { fallback: 32, min: 1, max: 4096 }),
    learningRate: numberOption(options, 'lr', { fallback: 8e-5, min: 1e-8, max: 1, integer: false }),
    threads,
    backend,
    signal,
    onProgress: progress,
  });
  const text =
    `Trained on ${result.texts.train} texts, ${result.texts.eval} kept for the comparison: ${result.model}\n` +
    `before\n${table(result.before)}after\n${table(result.after)}`;
  return { json: result, text };
}
