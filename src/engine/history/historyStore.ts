import type { HistoryReader, HistoryWriter } from '../store/history/historyTypes.ts';

/** What the history needs of a root's store; {@link RootStore} has it. */
export interface HistoryStore {
  readHistory<T>(work: (history: HistoryReader) => T): T;
  /** One transaction. @throws SextantError `database_busy` where another process writes. */
  writeHistory<T>(work: (history: HistoryWriter) => T): T;
  /** Tries to become the one that writes; false while another process is. */
  acquire(): boolean;
}
