import type { HostToPanel, PanelToHost } from '../../../shared/panelProtocol.ts';
import type { SearchFilters, SearchMode } from '../../../shared/search.ts';

export type PanelCommand = Extract<PanelToHost, { type: 'command' }>['command'];
export type OpenHow = Extract<PanelToHost, { type: 'open' }>['how'];

/** Everything that can happen to the panel. */
export type PanelEvent =
  | { readonly type: 'host'; readonly message: HostToPanel }
  | { readonly type: 'typed'; readonly query: string }
  /** The typing pause is over. */
  | { readonly type: 'debounced' }
  | { readonly type: 'submitted' }
  | { readonly type: 'modeChosen'; readonly mode: SearchMode }
  | { readonly type: 'filtersChosen'; readonly filters: SearchFilters }
  | { readonly type: 'cleared' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'wentBack' }
  | { readonly type: 'recalled'; readonly direction: 'older' | 'newer' }
  | { readonly type: 'historyPicked'; readonly query: string }
  | { readonly type: 'historyCleared' }
  /** A row became the active one; `quiet` when nothing shall be previewed. */
  | { readonly type: 'moved'; readonly key: string; readonly quiet?: boolean }
  | { readonly type: 'listEntered' }
  | { readonly type: 'queryEntered' }
  | { readonly type: 'escaped'; readonly from: 'query' | 'list' }
  /** Something was typed while the list had the focus; it goes on in the query box. */
  | { readonly type: 'typedAhead'; readonly characters: string }
  | { readonly type: 'expanded'; readonly key: string; readonly open: boolean }
  | { readonly type: 'allExpanded'; readonly open: boolean }
  /** `line` opens one line of the place instead of all of it. */
  | { readonly type: 'opened'; readonly key: string; readonly how: OpenHow; readonly line?: number }
  | { readonly type: 'similarAsked'; readonly key: string }
  | { readonly type: 'copied'; readonly key: string; readonly what: 'text' | 'path' }
  | { readonly type: 'endReached' }
  | { readonly type: 'scrolled'; readonly top: number }
  | { readonly type: 'refreshed' }
  | { readonly type: 'commanded'; readonly command: PanelCommand };

/** What the panel does besides showing its state. */
export type Effect =
  | { readonly type: 'post'; readonly message: PanelToHost }
  /** Starts the typing pause anew; it ends with `debounced`. */
  | { readonly type: 'debounce' }
  | { readonly type: 'stopDebounce' }
  /** Shows the active row in the editor after a short rest, so that holding an arrow key opens one file, not fifty. */
  | { readonly type: 'preview'; readonly key: string }
  | { readonly type: 'focus'; readonly target: 'query' | 'list'; readonly selectAll?: boolean }
  /** For screen readers. */
  | { readonly type: 'announce'; readonly text: string };
