import { useState } from 'preact/hooks';
import type { MoodPlace, MoodReport } from '../../../shared/mood.ts';
import { Icon, IconButton } from '../../shared/icon.tsx';
import type { Dispatch } from '../dispatch.ts';
import { shareOf, totalOf } from '../model/chart.ts';
import { text } from '../text.ts';

/** Shown before the user asks for the rest: the hottest come first. */
const fewPlaces = 10;

function Breadcrumb({ folder, dispatch }: { folder: string; dispatch: Dispatch }) {
  const parts = folder === '' ? [] : folder.split('/');
  const go = (depth: number) => dispatch({ type: 'asked', query: { folder: parts.slice(0, depth).join('/') } });
  if (parts.length === 0) return null;
  return (
    <nav class="breadcrumb" aria-label={text.places}>
      <button type="button" class="link" onClick={() => go(0)}>
        {text.top}
      </button>
      {parts.map((part, index) => (
        <span key={part}>
          <span class="dim"> / </span>
          <button
            type="button"
            class="link"
            aria-current={index === parts.length - 1 ? 'location' : undefined}
            onClick={() => go(index + 1)}
          >
            {part}
          </button>
        </span>
      ))}
    </nav>
  );
}

/** Heat: a bar as long as the place's share of negative items, compared with the hottest place of the list. */
function Heat({ share, most }: { share: number; most: number }) {
  return (
    <svg class="heat" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x={0} y={0} width={100} height={10} />
      <rect class="negative" x={0} y={0} width={most === 0 ? 0 : (share / most) * 100} height={10} />
    </svg>
  );
}

function Place({ place, most, dispatch }: { place: MoodPlace; most: number; dispatch: Dispatch }) {
  const { path, folder, counts, trend } = place;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const share = shareOf(counts, 'negative');
  const open = () => {
    if (folder) dispatch({ type: 'asked', query: { folder: path } });
    else dispatch({ type: 'posted', message: { type: 'openFile', path } });
  };
  return (
    <li class="place">
      <button
        type="button"
        class="place-name"
        title={text.place(path, counts.negative, totalOf(counts))}
        aria-label={text.place(path, counts.negative, totalOf(counts))}
        onClick={open}
      >
        <Icon name={folder ? 'folder' : 'file'} />
        <span>{name}</span>
      </button>
      <Heat share={share} most={most} />
      <span class="number">{text.share(share)}</span>
      <span class="number dim" title={trend === null ? '' : text.trendHint(trend)}>
        {trend === null ? '' : text.trend(trend)}
      </span>
      <IconButton
        icon="filter"
        label={`${text.onlyPath}: ${path}`}
        onClick={() => dispatch({ type: 'asked', query: { paths: path } })}
      />
    </li>
  );
}

/** Where the negative items gather: folders, and in them files. */
export function Places({ report, dispatch }: { report: MoodReport; dispatch: Dispatch }) {
  const [all, showAll] = useState(false);
  const shown = all ? report.places : report.places.slice(0, fewPlaces);
  const most = Math.max(0, ...shown.map(({ counts }) => shareOf(counts, 'negative')));
  return (
    <section>
      <h2>{text.places}</h2>
      <Breadcrumb folder={report.folder} dispatch={dispatch} />
      {report.places.length === 0 ? (
        <p class="dim">{text.noPlaces}</p>
      ) : (
        <ul class="places">
          {shown.map((place) => (
            <Place key={place.path} place={place} most={most} dispatch={dispatch} />
          ))}
        </ul>
      )}
      {report.places.length > fewPlaces && (
        <button type="button" class="link" aria-expanded={all} onClick={() => showAll(!all)}>
          {all ? text.fewer : text.allPlaces(report.places.length)}
        </button>
      )}
    </section>
  );
}
