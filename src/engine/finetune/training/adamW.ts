import type { ParameterSet, TrainedParameter } from './parameterSet.ts';
import type { OptimizerSettings } from './trainingTypes.ts';

type AdamWSettings = Pick<OptimizerSettings, 'weightDecay' | 'beta1' | 'beta2' | 'epsilon' | 'tableRate'>;

/**
 * AdamW (Loshchilov & Hutter 2017, algorithm 2), as PyTorch computes it. Rows of a table that no token has ever read have no
 * gradient and no moments: only their decay is computed, which changes no result.
 */
export class AdamW {
  readonly #settings: AdamWSettings;

  constructor(settings: AdamWSettings) {
    this.#settings = settings;
  }

  /** The `step`-th update, counted from 1, by the gradients in `parameters` times `scale`. */
  update(parameters: ParameterSet, step: number, learningRate: number, scale: number): void {
    const { beta1, beta2, tableRate } = this.#settings;
    const rate = { size: learningRate / (1 - beta1 ** step), root: Math.sqrt(1 - beta2 ** step), decay: 1, scale };
    for (const parameter of parameters.all) {
      const decay = parameter.decays ? 1 - learningRate * this.#settings.weightDecay : 1;
      if (parameter.touched === undefined) {
        this.#update(parameter, 0, parameter.data.length, { ...rate, decay });
        continue;
      }
      const [rows, columns = 1] = parameter.shape;
      for (let row = 0; row < rows!; row++) {
        if (parameter.touched[row] === 1)
          this.#update(parameter, row * columns, (row + 1) * columns, { ...rate, size: rate.size * tableRate, decay });
        else if (decay !== 1) decayValues(parameter.data, row * columns, (row + 1) * columns, decay);
      }
    }
  }

  #update({ data, gradient, mean, square }: TrainedParameter, from: number, to: number, rate: Rate): void {
    const { beta1, beta2, epsilon } = this.#settings;
    const { size, root, decay, scale } = rate;
    for (let i = from; i < to; i++) {
      const g = gradient[i]! * scale;
      const m = beta1 * mean[i]! + (1 - beta1) * g;
      const v = beta2 * square[i]! + (1 - beta2) * g * g;
      mean[i] = m;
      square[i] = v;
      data[i] = data[i]! * decay - (size * m) / (Math.sqrt(v) / root + epsilon);
    }
  }
}

interface Rate {
  /** Learning rate with the correction of the first moment. */
  readonly size: number;
  /** Root of the correction of the second moment. */
  readonly root: number;
  readonly decay: number;
  readonly scale: number;
}

function decayValues(data: Float32Array, from: number, to: number, decay: number): void {
  for (let i = from; i < to; i++) data[i]! *= decay;
}
