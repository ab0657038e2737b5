/** Tells those who wait when work is done or cannot be. */
export class Completion {
  #state: { readonly done: true } | { readonly error: unknown } | undefined;
  readonly #waiting = new Set<PromiseWithResolvers<undefined>>();

  /** There is something to do again. */
  begin(): void {
    this.#state = undefined;
  }

  done(): void {
    this.#settle({ done: true });
  }

  failed(error: unknown): void {
    this.#settle({ error });
  }

  /** Resolves when the work is done, rejects with what keeps it from being done or with the signal's reason. */
  async wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#state !== undefined) {
      if ('error' in this.#state) throw this.#state.error;
      return;
    }
    const waiting = Promise.withResolvers<undefined>();
    const onAbort = (): void => waiting.reject(signal?.reason);
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await waiting.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#waiting.delete(waiting);
    }
  }

  #settle(state: { readonly done: true } | { readonly error: unknown }): void {
    this.#state = state;
    for (const waiting of this.#waiting) {
      if ('error' in state) waiting.reject(state.error);
      else waiting.resolve(undefined);
    }
  }
}
