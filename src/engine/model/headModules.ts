import type { ModelConfig } from './modelConfig.ts';
import type { Activation, Pooling } from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';

/** What a head is for; see `taskHead.ts`. */
export type HeadTask = 'classify' | 'fill-mask' | 'token-classify' | 'qa' | 'nsp' | 'multiple-choice';

/** The modules of a head, by the names they have in files: (pool) → (dense → activation) → (norm) → last linear layer. */
export interface HeadModules {
  /** Heads without it work on each token. */
  readonly pooling?: Pooling;
  readonly dense?: { readonly module: string; readonly activation: Activation };
  readonly norm?: { readonly module: string; readonly epsilon: number };
  /** Names the last layer's tensors may have, the first one that is there counts. */
  readonly weight: readonly string[];
  readonly bias: readonly string[];
  /** Whether the token embeddings serve as the last layer's weight where it has none of its own. */
  readonly tied?: true;
  /** Rows the last layer must have; whatever it has otherwise. */
  readonly rows?: number;
}

/** The head that transformers puts on a family for a task; nothing where it has none. */
export function headModules(task: HeadTask, config: ModelConfig, shapes: TensorShapes): HeadModules | undefined {
  switch (config.family) {
    case 'modernbert': {
      const head = {
        dense: { module: 'head.dense', activation: config.classifierActivation },
        norm: { module: 'head.norm', epsilon: config.normEpsilon },
      };
      const classifier = { ...head, ...last('classifier') };
      return byTask(task, {
        classify: { ...classifier, pooling: config.classifierPooling },
        'multiple-choice': { ...classifier, pooling: config.classifierPooling, rows: 1 },
        'token-classify': classifier,
        qa: { ...classifier, rows: 2 },
        'fill-mask': { ...head, ...last('decoder'), tied: true, rows: config.vocabularySize },
      });
    }
    case 'bert': {
      const pooled = { pooling: 'cls', dense: { module: pooler('bert', shapes), activation: 'tanh' } } as const;
      const predictions = 'cls.predictions';
      return byTask(task, {
        classify: { ...pooled, ...last('classifier') },
        'multiple-choice': { ...pooled, ...last('classifier'), rows: 1 },
        nsp: { ...pooled, ...last('cls.seq_relationship'), rows: 2 },
        'token-classify': last('classifier'),
        qa: { ...last('qa_outputs'), rows: 2 },
        'fill-mask': {
          dense: { module: `${predictions}.transform.dense`, activation: config.activation },
          norm: { module: `${predictions}.transform.LayerNorm`, epsilon: config.normEpsilon },
          weight: [`${predictions}.decoder.weight`],
          bias: [`${predictions}.bias`, `${predictions}.decoder.bias`],
          tied: true,
          rows: config.vocabularySize,
        },
      });
    }
    case 'roberta': {
      const pooled = { pooling: 'cls', dense: { module: pooler('roberta', shapes), activation: 'tanh' } } as const;
      return byTask(task, {
        classify: {
          pooling: 'cls',
          dense: { module: 'classifier.dense', activation: 'tanh' },
          ...last('classifier.out_proj'),
        },
        'multiple-choice': { ...pooled, ...last('classifier'), rows: 1 },
        'token-classify': last('classifier'),
        qa: { ...last('qa_outputs'), rows: 2 },
        'fill-mask': {
          dense: { module: 'lm_head.dense', activation: 'gelu' },
          norm: { module: 'lm_head.layer_norm', epsilon: config.normEpsilon },
          weight: ['lm_head.decoder.weight'],
          bias: ['lm_head.bias', 'lm_head.decoder.bias'],
          tied: true,
          rows: config.vocabularySize,
        },
      });
    }
    case 'distilbert': {
      const pooled = { pooling: 'cls', dense: { module: 'pre_classifier', activation: 'relu' } } as const;
      return byTask(task, {
        classify: { ...pooled, ...last('classifier') },
        'multiple-choice': { ...pooled, ...last('classifier'), rows: 1 },
        'token-classify': last('classifier'),
        qa: { ...last('qa_outputs'), rows: 2 },
        'fill-mask': {
          dense: { module: 'vocab_transform', activation: config.activation },
          norm: { module: 'vocab_layer_norm', epsilon: config.normEpsilon },
          ...last('vocab_projector'),
          tied: true,
          rows: config.vocabularySize,
        },
      });
    }
  }
}

function byTask(task: HeadTask, heads: Partial<Record<HeadTask, HeadModules>>): HeadModules | undefined {
  return heads[task];
}

function last(module: string): { readonly weight: readonly string[]; readonly bias: readonly string[] } {
  return { weight: [`${module}.weight`], bias: [`${module}.bias`] };
}

/** Bare encoders keep their pooler without the family's prefix. */
function pooler(family: string, shapes: TensorShapes): string {
  const prefixed = `${family}.pooler.dense`;
  return shapes(`${prefixed}.weight`) === undefined ? 'pooler.dense' : prefixed;
}
