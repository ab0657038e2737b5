/** A query and the text it should find; every other text of the batch is taken for wrong. */
export interface TrainingPair {
  readonly query: string;
  readonly document: string;
  /** Texts that look right for the query and are not; a batch uses as many of each pair as `negativesPerPair` says. */
  readonly negatives?: readonly string[];
}

export interface ClassifiedText {
  readonly text: string;
  readonly label: string;
}

/** `lora` trains low-rank additions to the linear layers (Hu et al. 2021), `full` every weight. */
export type TrainingMethod = 'lora' | 'full';
export type LearningRateSchedule = 'linear' | 'cosine' | 'constant';

/** What encoder and classifier training have in common. */
export interface OptimizerSettings {
  readonly method: TrainingMethod;
  readonly epochs: number;
  /** Pairs or texts of one step; memory does not grow with it. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Share of all steps in which the learning rate rises from 0. */
  readonly warmup: number;
  readonly schedule: LearningRateSchedule;
  /** Decoupled weight decay of AdamW (Loshchilov & Hutter 2017); norms and biases are left out. */
  readonly weightDecay: number;
  /** Rows of token tables learn so many times faster: each is read in few steps only. */
  readonly tableRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Gradients longer than this together are scaled down to it; 0 never does. */
  readonly maxGradientNorm: number;
  readonly loraRank: number;
  /** Low-rank additions count `loraAlpha / loraRank` times. */
  readonly loraAlpha: number;
  /** Whether `lora` adapts the token embeddings too; where layers are few, most of the gain is there. */
  readonly loraEmbeddings: boolean;
  /** Texts are cut to this many tokens, or to what the model allows if that is less. */
  readonly maxTokens: number;
  /** Everything random follows from it: the order of the data and the first values of new weights. */
  readonly seed: number;
  /** `false` takes the data in the order given, in every epoch. */
  readonly shuffle: boolean;
  /** Threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  /** Seconds between saved states: what a crash loses at most, besides the step in flight. */
  readonly checkpointSeconds: number;
  /** How the trained weights are stored; `source` keeps the precision of the model trained from. */
  readonly precision: 'source' | 'float16' | 'float32';
}

export interface EncoderSettings extends OptimizerSettings {
  /** Factor of the cosines before the softmax, the inverse of a temperature. */
  readonly scale: number;
  /** Also asks each document for its query, and takes the mean of both losses. */
  readonly symmetric: boolean;
  readonly negativesPerPair: number;
  /**
   * Weight of the mean of `1 − cosine` between each embedding of a batch and what it was before training: holds the model where it
   * was as far as the pairs do not ask for something else, so that it forgets less. 0 lets it go.
   */
  readonly anchor: number;
  /** Leading columns that are trained to serve as embeddings on their own (Kusupati et al. 2022), beside all columns at weight 1. */
  readonly matryoshka: readonly { readonly dimension: number; readonly weight: number }[];
}

export interface ClassifierSettings extends OptimizerSettings {
  /** Weights of the labels in the loss, in the order of the labels; all 1 if empty. */
  readonly labelWeights: readonly number[];
  /** Share of the target that is spread over all labels. */
  readonly labelSmoothing: number;
}

/** Filling in hidden tokens of texts: learns a workspace's words before any question about them. */
export interface MaskedSettings extends OptimizerSettings {
  /** Share of a text's tokens that are to be told. */
  readonly maskRate: number;
}

export interface TrainingStep {
  /** Counts from 1 over all epochs. After a resumed crash, steps since the last saved state come again, with the same loss. */
  readonly step: number;
  readonly steps: number;
  /** Counts from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Length of the gradient before it was clipped. */
  readonly gradientNorm: number;
  /** Tokens of this step, special tokens counted. */
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

/** The weights as they are after `step`, as a complete model folder that is replaced once `evaluate` has answered. */
export interface TrainingCandidate {
  readonly modelDir: string;
  readonly step: number;
  readonly epoch: number;
  readonly signal: AbortSignal | undefined;
}

export interface Verdict {
  /** The candidate with the highest score becomes the result; scores that are equal keep the earlier one. */
  readonly score: number;
  /** Ends training with the best candidate so far. */
  readonly stop?: boolean;
}

export interface Evaluation {
  readonly step: number;
  readonly score: number;
}

interface TrainingOptions {
  /** Model folder to start from; only read. */
  readonly modelDir: string;
  /** Folder the trained model is written to; it must not exist, and appears only when it is complete. */
  readonly outDir: string;
  /**
   * Folder for what a resumed run needs. If it holds the state of the same run (same data, settings and model), training
   * goes on from there; otherwise it starts anew. It is emptied when training succeeds.
   */
  readonly checkpointDir: string;
  /** Training ends after so many seconds of this call with the weights that it has then. */
  readonly maxSeconds?: number;
  /** Aborting saves the state, so that the same call resumes; then it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onStep?: (step: TrainingStep) => void;
  /** Called after every `evaluateEvery` steps and after the last one. Without it, the last weights are the result. */
  readonly evaluate?: (candidate: TrainingCandidate) => Promise<Verdict>;
  /** Steps between evaluations; once an epoch if it is not said. */
  readonly evaluateEvery?: number;
  /** Name of the trained model in its `sextant.json`. */
  readonly name?: string;
}

export interface TrainEncoderOptions extends TrainingOptions {
  /** Model whose embeddings the anchor holds to, where it is not the one that training starts from. */
  readonly anchorDir?: string;
  /** Without the model's prefixes, which training adds. */
  readonly pairs: readonly TrainingPair[];
  readonly settings?: Partial<EncoderSettings>;
}

export interface TrainClassifierOptions extends TrainingOptions {
  readonly examples: readonly ClassifiedText[];
  /** In the order of the logits. */
  readonly labels: readonly string[];
  readonly settings?: Partial<ClassifierSettings>;
}

export interface AdaptEncoderOptions extends Omit<TrainingOptions, 'evaluate' | 'evaluateEvery'> {
  /** Without the model's prefix for documents, which training adds. */
  readonly texts: readonly string[];
  readonly settings?: Partial<MaskedSettings>;
}

export interface TrainingResult {
  readonly modelDir: string;
  /** Steps made, those before a resume counted. */
  readonly steps: number;
  /** Step whose weights the result has. */
  readonly bestStep: number;
  readonly evaluations: readonly Evaluation[];
  /** Ended by a verdict before the last step. */
  readonly stoppedEarly: boolean;
  /** Of this call; time before a resume is not counted. */
  readonly seconds: number;
  readonly tokens: number;
}

const shared: Omit<OptimizerSettings, 'method' | 'epochs' | 'batchSize' | 'learningRate'> = {
  warmup: 0.1,
  schedule: 'linear',
  weightDecay: 0,
  tableRate: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  maxGradientNorm: 1,
  loraRank: 16,
  loraAlpha: 32,
  loraEmbeddings: true,
  maxTokens: 512,
  seed: 1,
  shuffle: true,
  threads: 0,
  checkpointSeconds: 60,
  precision: 'source',
};

export const defaultEncoderSettings: EncoderSettings = {
  ...shared,
  method: 'lora',
  epochs: 1,
  batchSize: 64,
  learningRate: 2e-4,
  scale: 20,
  symmetric: false,
  negativesPerPair: 1,
  anchor: 0,
  matryoshka: [],
};

/** The seed recipe for sentiment models. */
export const defaultClassifierSettings: ClassifierSettings = {
  ...shared,
  method: 'full',
  epochs: 2,
  batchSize: 32,
  learningRate: 8e-5,
  warmup: 0,
  weightDecay: 8e-6,
  beta2: 0.98,
  epsilon: 1e-6,
  labelWeights: [],
  labelSmoothing: 0,
};

/** The share of masks is that of BERT's authors. */
export const defaultMaskedSettings: MaskedSettings = {
  ...shared,
  method: 'full',
  epochs: 1,
  batchSize: 64,
  learningRate: 1e-4,
  weightDecay: 0.01,
  maskRate: 0.15,
};
