import type { HostToMood, MoodToHost } from '../../../shared/moodPanel.ts';
import type { MoodLabel } from '../../../shared/sentiment.ts';
import type { MoodListItem } from '../../../shared/mood.ts';
import { itemKey, requestOf, type MoodQuery, type MoodState } from './state.ts';

export type MoodEvent =
  | { readonly type: 'started' }
  | { readonly type: 'host'; readonly message: HostToMood }
  | { readonly type: 'asked'; readonly query: Partial<MoodQuery> }
  | { readonly type: 'toggledWhy'; readonly item: MoodListItem }
  | { readonly type: 'toggledCorrection'; readonly item: MoodListItem }
  | { readonly type: 'corrected'; readonly item: MoodListItem; readonly label: MoodLabel }
  | { readonly type: 'exported'; readonly format: 'csv' | 'json' }
  | { readonly type: 'posted'; readonly message: MoodToHost };

export type Update = readonly [state: MoodState, messages: readonly MoodToHost[]];

function asking(state: MoodState, now: number): Update {
  const id = state.asked + 1;
  return [{ ...state, asked: id }, [{ type: 'load', id, request: requestOf(state.query, now) }]];
}

/** What an event makes of the state, and what is to be sent. `now` in Unix seconds. */
export function update(state: MoodState, event: MoodEvent, now: number): Update {
  switch (event.type) {
    case 'started': {
      const [next, messages] = asking(state, now);
      return [next, [{ type: 'ready' }, ...messages]];
    }
    case 'host':
      return onHost(state, event.message, now);
    case 'asked':
      return asking({ ...state, query: { ...state.query, ...event.query }, open: null, correcting: null }, now);
    case 'toggledWhy': {
      const { root, id } = event.item;
      const key = itemKey(event.item);
      if (state.open === key) return [{ ...state, open: null }, []];
      return [{ ...state, open: key }, state.explained.has(key) ? [] : [{ type: 'explain', root, id }]];
    }
    case 'toggledCorrection': {
      const key = itemKey(event.item);
      return [{ ...state, correcting: state.correcting === key ? null : key }, []];
    }
    case 'corrected': {
      const { root, id } = event.item;
      return [{ ...state, correcting: null }, [{ type: 'correct', root, id, label: event.label }]];
    }
    case 'exported':
      // The host keeps what a filter has of the request.
      return [state, [{ type: 'export', filter: requestOf(state.query, now), format: event.format }]];
    case 'posted':
      return [state, [event.message]];
  }
}

function onHost(state: MoodState, message: HostToMood, now: number): Update {
  switch (message.type) {
    case 'report':
      if (message.id !== state.asked) return [state, []];
      return [{ ...state, report: message.report, answered: message.id, error: null }, []];
    case 'failed':
      if (message.id >= 0 && message.id !== state.asked) return [state, []];
      return [{ ...state, error: message.error, answered: state.asked }, []];
    case 'explained': {
      const explained = new Map(state.explained).set(itemKey(message), message.explanation);
      return [{ ...state, explained }, []];
    }
    case 'progress':
      return [{ ...state, progress: message.progress }, []];
    case 'blocker':
      return [{ ...state, blocker: message.blocker }, []];
    case 'changed':
      return asking(state, now);
  }
}
