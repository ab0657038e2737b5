import { useState } from 'preact/hooks';
import type { MoodPeriod } from '../../../shared/mood.ts';
import type { Dispatch } from '../dispatch.ts';
import { barsOf, scaleOf, shareOf, totalOf, type Bar } from '../model/chart.ts';
import { text } from '../text.ts';

const barWidth = 10;
const gap = 2;
const half = 40;
/** Bars of fewer items are drawn lighter: their shares jump. */
const leastSure = 5;

function describe({ name, counts }: Bar): string {
  return text.bar(name, totalOf(counts), counts.negative, counts.positive);
}

function BarShape({ bar, index, scale, active }: { bar: Bar; index: number; scale: number; active: boolean }) {
  const x = index * barWidth + gap / 2;
  const total = totalOf(bar.counts);
  const up = (shareOf(bar.counts, 'positive') / scale) * half;
  const down = (shareOf(bar.counts, 'negative') / scale) * half;
  const width = barWidth - gap;
  return (
    <g class={`${active ? 'bar active' : 'bar'}${total < leastSure ? ' unsure' : ''}`} data-name={bar.name}>
      <rect class="hit" x={index * barWidth} y={0} width={barWidth} height={2 * half} />
      <rect class="positive" x={x} y={half - up} width={width} height={up} />
      <rect class="negative" x={x} y={half} width={width} height={down} />
      {total > 0 && <rect class="base" x={x} y={half - 0.5} width={width} height={1} />}
    </g>
  );
}

function moved(key: string, at: number, last: number): number | undefined {
  if (key === 'ArrowRight' || key === 'ArrowUp') return Math.min(last, at + 1);
  if (key === 'ArrowLeft' || key === 'ArrowDown') return Math.max(0, at - 1);
  if (key === 'Home') return 0;
  return key === 'End' ? last : undefined;
}

/** Shares over time: positive above the line, negative below. One stop of the Tab key; the arrows move from bar to bar. */
export function Timeline({ timeline, dispatch }: { timeline: readonly MoodPeriod[]; dispatch: Dispatch }) {
  const bars = barsOf(timeline, text.unreleased);
  const [chosen, choose] = useState(Infinity);
  const active = Math.min(chosen, bars.length - 1);
  const bar = bars[active];
  if (bar === undefined) return null;
  const scale = scaleOf(bars);
  const narrow = ({ name, since, until }: Bar) =>
    dispatch({ type: 'asked', query: { period: { name, since, until } } });
  const indexAt = (event: MouseEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - box.left) / box.width) * bars.length)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = moved(event.key, active, bars.length - 1);
    if (next !== undefined) choose(next);
    else if (event.key === 'Enter' || event.key === ' ') narrow(bar);
    else return;
    event.preventDefault();
  };
  return (
    <div class="timeline">
      <div class="legend">
        <span class="positive-text">▲ {text.above}</span>
        <span class="negative-text">▼ {text.below}</span>
        <span class="dim scale">± {text.share(scale)}</span>
      </div>
      <div
        class="chart"
        role="slider"
        tabIndex={0}
        aria-label={text.timeline}
        aria-valuemin={0}
        aria-valuemax={bars.length - 1}
        aria-valuenow={active}
        aria-valuetext={describe(bar)}
        onKeyDown={onKeyDown}
      >
        <svg
          viewBox={`0 0 ${bars.length * barWidth} ${2 * half}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          onMouseMove={(event) => choose(indexAt(event))}
          onClick={(event) => narrow(bars[indexAt(event)]!)}
        >
          {bars.map((each, index) => (
            <BarShape key={each.since} bar={each} index={index} scale={scale} active={index === active} />
          ))}
        </svg>
      </div>
      <div class="axis dim">
        <span>{bars[0]!.name}</span>
        <span>{bars.at(-1)!.name}</span>
      </div>
      <p class="readout">{describe(bar)}</p>
    </div>
  );
}
