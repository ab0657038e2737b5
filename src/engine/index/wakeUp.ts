/** Lets a loop sleep until somebody calls {@link call}; a call while it is awake is not lost. */
export class WakeUp {
  #called = Promise.withResolvers<undefined>();

  call(): void {
    this.#called.resolve(undefined);
  }

  /** Sleeps until called, or for `ms` at most; `Infinity` waits for the call alone. */
  async sleep(ms: number): Promise<void> {
    const { promise } = this.#called;
    if (ms === Infinity) await promise;
    else {
      const timer = Promise.withResolvers<undefined>();
      const handle = setTimeout(() => timer.resolve(undefined), ms);
      await Promise.race([promise, timer.promise]);
      clearTimeout(handle);
    }
    this.#called = Promise.withResolvers<undefined>();
  }
}
