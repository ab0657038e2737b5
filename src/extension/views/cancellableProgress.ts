import * as vscode from 'vscode';
import { abortOn } from '../tools/abortOn.ts';

/** Runs long work that the user waits for, with a notification whose Cancel aborts the signal. */
export async function cancellableProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return await vscode.window.withProgress(options, async (_progress, token) => {
    const { signal, dispose } = abortOn(token);
    try {
      return await work(signal);
    } finally {
      dispose();
    }
  });
}
