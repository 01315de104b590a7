/**
 * Combines requests: those that arrive while one is under way are sent together as the next one. So a single request is sent
 * at once, and a thousand take a few statements.
 */
interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

export class Gathered<Key, Value> {
  readonly #ask: (keys: ReadonlyArray<Key>) => Promise<ReadonlyArray<Value>>;
  readonly #most: number;
  readonly #later: (send: () => void) => void;
  readonly #waiting: Array<Waiting<Key, Value>> = [];
  #isScheduled = false;

  /**
   * `ask` returns the values in the order of their keys. It is passed at most `most` keys at once. The requests that arrive until
   * `later` calls its function are combined: without it, those of the same turn of the event loop.
   */
  constructor(
    ask: (keys: ReadonlyArray<Key>) => Promise<ReadonlyArray<Value>>,
    most: number,
    later: (send: () => void) => void = queueMicrotask,
  ) {
    this.#ask = ask;
    this.#most = most;
    this.#later = later;
  }

  ask(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      this.#later(() => void this.#send());
    });
  }

  async #send(): Promise<void> {
    for (;;) {
      const some = this.#waiting.splice(0, this.#most);
      if (some.length === 0) break;
      try {
        const values = await this.#ask(some.map(({ key }) => key));
        for (const [i, { resolve }] of some.entries()) resolve(values[i]!);
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.#isScheduled = false;
  }
}
