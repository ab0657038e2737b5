import type { MeasurePhase, MeasureReport } from '../../shared/measure.ts';
import type { FinetuneRun, PairSource, Verdict } from '../../shared/finetune.ts';
import type { PanelBlocker } from '../../shared/panelProtocol.ts';
import { count, eta } from '../shared/format.ts';

const sources: Readonly<Record<PairSource, string>> = {
  doc: 'Doc comments',
  name: 'Names',
  commit: 'Commit subjects',
  test: 'Test names',
  docs: 'Documentation',
  issue: 'Issues',
  call: 'Remarks at calls',
  model: 'Language model',
};

const phases: Readonly<Record<MeasurePhase, string>> = {
  mining: 'Making questions',
  indexing: 'Building an index without their answers’ words',
  searching: 'Searching',
};

/** All words of the view. */
export const text = {
  title: 'Fine-tune',
  folder: 'Folder',
  steps: { pairs: 'Pairs', split: 'Split', train: 'Train', result: 'Result' },
  measureTitle: 'Measure my search',
  measureIntro:
    'Questions are made from your doc comments, commits and tests; the words they came from are hidden first.',
  measure: 'Measure',
  measureAgain: 'Measure again',
  cancel: 'Cancel',
  remove: 'Remove',
  intro: 'Trains the model on your own code, checks it on questions it never saw, and uses it only if it is better.',
  makePairs: 'Make pairs',
  newRun: 'New run',
  makingPairs: 'Making pairs from code, tests, docs and commits…',
  review: 'Review',
  reviewHint: 'Opens the pairs in an editor. Delete, change or add lines before training.',
  questions: 'Add questions by a language model…',
  questionsHint: 'Shows what would be sent, and asks, before anything leaves this machine.',
  start: 'Start training',
  settings: 'Settings',
  pause: 'Pause',
  resume: 'Resume',
  use: 'Use it',
  keep: 'Keep old',
  inUse: 'In use for this folder.',
  rollback: 'Back to the model from before',
  before: 'before',
  after: 'after',
  measureName: 'Measure',
  change: 'change',
  moved: 'Questions that moved',
  movedHint: 'Place of the right answer among all code, before and after.',
  notAmong: 'not found',
  earlier: 'Earlier runs',
  compare: 'Compare with',
  nothing: 'nothing',
  thisRun: 'this run',
  showLog: 'Show Log',
  notIndexed: 'This folder is not indexed yet.',
  rows: {
    ndcg10: 'nDCG@10',
    mrr10: 'MRR@10',
    recall10: 'Recall@10',
    search: 'Hybrid search',
    guard: 'General questions',
  },
  chart: { maskedLoss: 'masked loss', loss: 'loss', ndcg: 'nDCG@10' },
  fields: {
    method: 'Method',
    epochs: 'Epochs',
    batchSize: 'Batch size',
    learningRate: 'Learning rate',
    warmup: 'Warm-up share',
    schedule: 'Learning rate falls',
    negatives: 'Hard negatives',
    maskedEpochs: 'Masked epochs first',
    matryoshka: 'Matryoshka',
    maxMinutes: 'Minutes at most',
  },
  methods: { lora: 'LoRA', full: 'All weights' },
  schedules: { linear: 'Linearly', cosine: 'By a cosine', constant: 'Not at all' },
  matryoshkaExample: '128, 64',
  matryoshkaHint:
    'Leading columns of the embedding that are to serve on their own, for uses of the model elsewhere: Sextant searches by all. With weights: 128:1, 64:0.5',
  blockers: {
    noFolder: 'Open a folder to measure and fine-tune search on it.',
    untrusted: 'Trust this workspace first.',
    engineDown: 'The engine has stopped.',
  } satisfies Record<PanelBlocker, string>,
  between: (min: number, max: number) => `${min} to ${max}`,
  leading: (dimension: number) => `First ${dimension} columns`,
  source: (source: PairSource | 'all') => (source === 'all' ? 'All questions' : sources[source]),
  phase: (phase: MeasurePhase) => phases[phase],
  split: (train: number, tune: number, held: number) =>
    tune === 0
      ? `${count(train)} in turns, ${count(held)} judged`
      : `${count(train)} to learn from, ${count(tune)} to choose by, ${count(held)} held out by file and time`,
  progress: ({ epoch, settings, step, steps, tokensPerSecond, etaSeconds }: FinetuneRun) =>
    [
      steps > 0 ? `epoch ${epoch} of ${settings.epochs}, step ${step} of ${steps}` : '',
      tokensPerSecond === undefined ? '' : `${count(Math.round(tokensPerSecond))} tokens/s`,
      etaSeconds === undefined ? '' : `${eta(etaSeconds)} left`,
    ]
      .filter((part) => part !== '')
      .join(' · '),
  verdict: { better: 'Better', not_better: 'Not better', guard_dropped: 'Worse elsewhere' } satisfies Record<
    Verdict,
    string
  >,
  judgedBy: (queries: number, crossValidated: boolean) =>
    `${count(queries)} held-out questions${crossValidated ? ', each folder part in turn' : ''}`,
  reportSummary: ({ queries, chunks }: MeasureReport) =>
    `${count(queries)} questions over ${count(chunks)} chunks; nDCG@10`,
  rank: (rank: number | null) => (rank === null ? 'not found' : String(rank)),
  chartLabel: (lossName: string, loss: number | undefined, ndcg: number | undefined) =>
    [
      'Training so far',
      loss === undefined ? '' : `${lossName} ${loss.toFixed(3)}`,
      ndcg === undefined ? '' : `nDCG@10 ${ndcg.toFixed(3)}`,
    ]
      .filter((part) => part !== '')
      .join(', '),
} as const;
