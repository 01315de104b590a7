/** Receives the notifications of a store, once one is needed, and verifies that they arrive at all. */
import { randomUUID } from "node:crypto";
import { StoreError } from "../errors.ts";
import type { Database } from "./database.ts";
import { pause } from "./database.ts";
import { poolerReason } from "./problems.ts";

/** How long, and how many times, a notification to this process may fail to arrive. */
const probeMillis = 5_000;
const mostProbes = 20;

export class Listener {
  readonly #database: Database;
  readonly #channel: string;
  readonly #hear: (payload: string) => void;
  readonly #probe = `probe ${randomUUID()}`;
  #stop: (() => Promise<void>) | undefined = undefined;
  #hasHeard = false;

  /** `hear` receives the payloads of others, and "" when one may have been missed. */
  constructor(database: Database, channel: string, hear: (payload: string) => void) {
    this.#database = database;
    this.#channel = channel;
    this.#hear = hear;
  }

  /** Starts to listen; the session that listens first runs `first`. Fails if notifications do not arrive: a pooler in transaction mode silently drops them. */
  async start(first: string): Promise<void> {
    this.#stop ??= this.#database.listen(
      this.#channel,
      first,
      () => this.#hear(""),
      (payload) => {
        if (payload === this.#probe) this.#hasHeard = true;
        else if (!payload.startsWith("probe ")) this.#hear(payload);
      },
    );
    const until = performance.now() + probeMillis;
    for (let probes = 0; !this.#hasHeard; probes++) {
      if (probes >= mostProbes && performance.now() > until) {
        await this.close();
        throw new StoreError({ store: this.#database.name, kind: "unsupported", reason: poolerReason });
      }
      await this.#database.query("SELECT pg_notify($1, $2)", [this.#channel, this.#probe]);
      await pause(probes < 5 ? 2 : 50);
    }
  }

  async close(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }
}
