import type { PanelEvent } from './model/event.ts';

export type Dispatch = (event: PanelEvent) => void;
