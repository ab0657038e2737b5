import type { CurvePoint } from '../../../shared/finetune.ts';
import { text } from '../text.ts';

interface LineChartProps {
  readonly loss: readonly CurvePoint[];
  /** Which loss it is; that of the pairs if it is not said. */
  readonly lossName?: string;
  readonly evaluations: readonly CurvePoint[];
  /** Last step of the run; the axis ends there from the beginning. */
  readonly steps: number;
}

const width = 300;
const height = 110;
const margin = { left: 30, right: 34, top: 8, bottom: 16 } as const;

interface Scale {
  readonly low: number;
  readonly high: number;
}

/** The range of the values with a little air, never empty; no air below zero, where no value was. */
function scaleOf(points: readonly CurvePoint[]): Scale {
  const values = points.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = Math.max((high - low) * 0.08, 0.005);
  return { low: low < 0 ? low - air : Math.max(0, low - air), high: high + air };
}

function pathOf(points: readonly CurvePoint[], scale: Scale, steps: number): string {
  const x = (step: number): number => margin.left + ((width - margin.left - margin.right) * step) / Math.max(1, steps);
  const y = (value: number): number =>
    margin.top + (height - margin.top - margin.bottom) * (1 - (value - scale.low) / (scale.high - scale.low));
  return points
    .map(({ step, value }, at) => `${at === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
}

function Axis({ scale, side, digits }: { scale: Scale; side: 'left' | 'right'; digits: number }) {
  const x = side === 'left' ? margin.left - 4 : width - margin.right + 4;
  const anchor = side === 'left' ? 'end' : 'start';
  return (
    <g class={`axis ${side}`} text-anchor={anchor}>
      <text x={x} y={margin.top + 5}>
        {scale.high.toFixed(digits)}
      </text>
      <text x={x} y={height - margin.bottom + 2}>
        {scale.low.toFixed(digits)}
      </text>
    </g>
  );
}

/** Loss and evaluation over the steps, each with an axis of its own. Screen readers hear the last values. */
export function LineChart({ loss, lossName = text.chart.loss, evaluations, steps }: LineChartProps) {
  const last = Math.max(steps, loss.at(-1)?.step ?? 0, evaluations.at(-1)?.step ?? 0);
  const label = text.chartLabel(lossName, loss.at(-1)?.value, evaluations.at(-1)?.value);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        <path
          class="frame"
          d={`M${margin.left} ${margin.top}V${height - margin.bottom}H${width - margin.right}V${margin.top}`}
        />
        {loss.length > 1 && (
          <g>
            <Axis scale={scaleOf(loss)} side="left" digits={1} />
            <path class="line loss" d={pathOf(loss, scaleOf(loss), last)} />
          </g>
        )}
        {evaluations.length > 0 && (
          <g>
            <Axis scale={scaleOf(evaluations)} side="right" digits={2} />
            <path class="line ndcg" d={pathOf(evaluations, scaleOf(evaluations), last)} />
          </g>
        )}
        <text class="steps" x={width - margin.right} y={height - 4} text-anchor="end">
          {last}
        </text>
      </svg>
      <figcaption>
        <span class="key loss">{lossName}</span>
        {evaluations.length > 0 && <span class="key ndcg">{text.chart.ndcg}</span>}
      </figcaption>
    </figure>
  );
}
