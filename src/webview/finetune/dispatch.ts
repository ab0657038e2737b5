import type { FinetuneToHost } from '../../shared/finetunePanel.ts';

export type Send = (message: FinetuneToHost) => void;
