import type { CurvePoint } from '../../../shared/finetune.ts';
import { Throttle } from '../../index/throttle.ts';
import type { TrainingStep } from '../training/trainingTypes.ts';
import type { CurveRow, RunFolder } from './runFolder.ts';

const publishMs = 400;
/** Weight of the newest step in the time that a step takes. */
const smoothing = 0.1;

export interface Curves {
  readonly loss: readonly CurvePoint[];
  readonly maskedLoss: readonly CurvePoint[];
  readonly evaluations: readonly CurvePoint[];
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
}

/** What the rows of a curve file show; of a fold of a cross-validation that came later, only the last. */
export function curvesOf(rows: readonly CurveRow[]): Curves {
  const loss: CurvePoint[] = [];
  const maskedLoss: CurvePoint[] = [];
  const evaluations: CurvePoint[] = [];
  let last = { step: 0, steps: 0, epoch: 0 };
  for (const row of rows) {
    if ('loss' in row) {
      loss.push({ step: row.step, value: row.loss });
      last = { step: row.step, steps: row.steps, epoch: row.epoch };
    } else if ('maskedLoss' in row) maskedLoss.push({ step: row.step, value: row.maskedLoss });
    else evaluations.push({ step: row.step, value: row.ndcg10 });
  }
  return { loss, maskedLoss, evaluations, ...last };
}

/** Writes down how a run goes on, and tells it a few times a second. */
export class RunProgress {
  doing = 'Starting';
  /** Where training stands now; nothing yet where only what came before it is known. */
  position: Pick<TrainingStep, 'step' | 'steps' | 'epoch'> = { step: 0, steps: 0, epoch: 0 };
  tokensPerSecond: number | undefined;
  etaSeconds: number | undefined;
  readonly #folder: RunFolder;
  readonly #throttle: Throttle;
  #stepMs: number | undefined;
  #lastStep = performance.now();

  constructor(folder: RunFolder, onChange: () => void) {
    this.#folder = folder;
    this.#throttle = new Throttle(onChange, publishMs);
  }

  activity(doing: string): void {
    this.doing = doing;
    this.etaSeconds = undefined;
    this.tokensPerSecond = undefined;
    this.#stepMs = undefined;
    this.#lastStep = performance.now();
    this.#throttle.soon();
  }

  step({ step, steps, epoch, loss, tokensPerSecond }: TrainingStep): void {
    this.#folder.addToCurve({ step, steps, epoch, loss, tokensPerSecond });
    this.position = { step, steps, epoch };
    this.#took({ step, steps, tokensPerSecond });
  }

  /** Steps of the adaptation are told by the activity, since those of training begin at 1 after them. */
  maskedStep({ step, steps, loss, tokensPerSecond }: TrainingStep): void {
    this.#folder.addToCurve({ step, maskedLoss: loss });
    this.position = { step: 0, steps: 0, epoch: 0 };
    this.doing = `Learning the words of the workspace: step ${step} of ${steps}, loss ${loss.toFixed(2)}`;
    this.#took({ step, steps, tokensPerSecond });
  }

  #took({ step, steps, tokensPerSecond }: Pick<TrainingStep, 'step' | 'steps' | 'tokensPerSecond'>): void {
    const now = performance.now();
    const took = now - this.#lastStep;
    this.#lastStep = now;
    this.#stepMs = this.#stepMs === undefined ? took : this.#stepMs + smoothing * (took - this.#stepMs);
    this.tokensPerSecond = tokensPerSecond;
    this.etaSeconds = ((steps - step) * this.#stepMs) / 1000;
    this.#throttle.soon();
  }

  evaluation(step: number, ndcg10: number): void {
    this.#folder.addToCurve({ step, ndcg10 });
    this.#throttle.soon();
  }

  end(): void {
    this.#throttle.dispose();
  }
}
