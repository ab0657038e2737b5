import { z } from 'zod';
import { SextantError } from '../../../shared/errors.ts';
import type { ClassifierSettings, EncoderSettings, MaskedSettings, OptimizerSettings } from './trainingTypes.ts';

const share = z.number().min(0).max(1);
const count = (max: number) => z.number().int().min(1).max(max);

const optimizer = {
  method: z.enum(['lora', 'full']),
  epochs: count(1000),
  batchSize: count(65_536),
  learningRate: z.number().positive().max(1),
  warmup: share,
  schedule: z.enum(['linear', 'cosine', 'constant']),
  weightDecay: share,
  tableRate: z.number().positive(),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive().max(1),
  maxGradientNorm: z.number().min(0),
  loraRank: count(1024),
  loraAlpha: z.number().positive().max(65_536),
  loraEmbeddings: z.boolean(),
  maxTokens: count(131_072),
  seed: z.number().int(),
  shuffle: z.boolean(),
  threads: z.number().int().min(0).max(1024),
  checkpointSeconds: z.number().min(0),
  precision: z.enum(['source', 'float16', 'float32']),
} satisfies Record<keyof OptimizerSettings, z.ZodType>;

const encoder = z.object({
  ...optimizer,
  scale: z.number().positive().max(10_000),
  symmetric: z.boolean(),
  negativesPerPair: z.number().int().min(0).max(1024),
  anchor: z.number().min(0).max(10_000),
  matryoshka: z.array(z.object({ dimension: count(16_384), weight: z.number().min(0).max(1000) })),
});

const classifier = z.object({
  ...optimizer,
  labelWeights: z.array(z.number().min(0)),
  labelSmoothing: share,
});

const masked = z.object({ ...optimizer, maskRate: z.number().gt(0).max(1) });

/** @throws SextantError `invalid_argument` for a setting that cannot be. */
export function checkEncoderSettings(settings: EncoderSettings): EncoderSettings {
  return checked(encoder, settings);
}

/** @throws SextantError `invalid_argument` for leading columns that embeddings of this width do not have. */
export function checkMatryoshka({ matryoshka }: Pick<EncoderSettings, 'matryoshka'>, width: number): void {
  const wrong = matryoshka.find(({ dimension }) => dimension >= width);
  if (wrong === undefined) return;
  throw new SextantError(
    'invalid_argument',
    `The first ${wrong.dimension} columns cannot be trained apart: the model’s embeddings have ${width}.`,
    { hint: 'Name Matryoshka dimensions below that.' },
  );
}

/** @throws SextantError `invalid_argument` for a setting that cannot be. */
export function checkClassifierSettings(settings: ClassifierSettings): ClassifierSettings {
  return checked(classifier, settings);
}

/** @throws SextantError `invalid_argument` for a setting that cannot be. */
export function checkMaskedSettings(settings: MaskedSettings): MaskedSettings {
  return checked(masked, settings);
}

function checked<Settings>(schema: z.ZodType<Settings>, settings: Settings): Settings {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SextantError(
    'invalid_argument',
    `The training setting ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}.`,
  );
}
