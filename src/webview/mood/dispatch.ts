import type { MoodEvent } from './model/update.ts';

export type Dispatch = (event: MoodEvent) => void;
