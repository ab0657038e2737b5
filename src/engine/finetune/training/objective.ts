import type { Checkpoint } from './packedGradients.ts';

/** Cuts data into the steps of an epoch; the same each time it is asked for. */
export interface Objective<Input> {
  /** Steps of an epoch, which counts from 0. */
  epoch(epoch: number): readonly (() => Input)[];
}

/** Adds the gradients of a step to the parameters that are trained. */
export interface Gradients<Input> {
  step(input: Input, checkpoint: Checkpoint): Promise<{ readonly loss: number; readonly tokens: number }>;
  dispose(): Promise<void>;
}

/** A step with its data, which are made when it is taken. */
export type Step = (checkpoint: Checkpoint) => ReturnType<Gradients<unknown>['step']>;

/** All steps of a training, by epoch. */
export function stepsOf<Input>(objective: Objective<Input>, gradients: Gradients<Input>, epochs: number): Step[][] {
  return Array.from({ length: epochs }, (_, epoch) =>
    objective.epoch(epoch).map(
      (make): Step =>
        (checkpoint) =>
          gradients.step(make(), checkpoint),
    ),
  );
}
