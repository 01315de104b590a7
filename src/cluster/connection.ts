/** A connection from another runner that has this one perform steps: receives orders, and sends batches of replies. */
import type { Answer } from "../workers/task.ts";
import type { Order, Reply } from "./messages.ts";
import { SharedByNumber } from "./shared-values.ts";
import type { Taken, TaskServer } from "./task-server.ts";
import type { Incoming } from "./transport.ts";
import { mostInBatch, mostLength } from "./transport.ts";

const tooLong = (length: number): Answer => ({
  type: "unwritable",
  issuePath: [],
  reason: `it has ${length} characters as text, and a message between runners has at most ${mostLength}`,
});

export class Connection implements Incoming {
  readonly #server: TaskServer;
  readonly #size: () => number;
  readonly #send: (text: string) => void;
  readonly #taken = new Map<number, Taken>();
  readonly #shared = new SharedByNumber();
  #replies: Array<string> = [];
  #length = 0;
  #isFlushing = false;

  constructor(server: TaskServer, size: () => number, send: (text: string) => void) {
    this.#server = server;
    this.#size = size;
    this.#send = send;
    this.#flushSoon();
  }

  ordered(text: string): void {
    for (const order of JSON.parse(text) as ReadonlyArray<Order>) this.#obey(order);
  }

  closed(): void {
    for (const taken of this.#taken.values()) taken.leave();
    this.#taken.clear();
  }

  /** Announces that no more tasks are accepted. */
  stopping(): void {
    this.#reply({ type: "stopping" });
  }

  /** Announces that no task is in progress any more, after which the other side closes the connection. */
  stopped(): void {
    this.#reply({ type: "stopped" });
  }

  #obey(order: Order): void {
    switch (order.type) {
      case "perform": {
        const { id, task, shared } = order;
        this.#shared.add(shared);
        let isOver = false;
        const over = (reply: Reply): void => {
          isOver = true;
          this.#taken.delete(id);
          this.#reply(reply);
        };
        const taken = this.#server.take(this.#shared.taskOf(task), {
          said: (said) => this.#reply({ type: "said", id, said }),
          done: (answer) => over({ type: "answered", id, answer }),
          returned: () => over({ type: "returned", id }),
        });
        if (!isOver) this.#taken.set(id, taken);
        return;
      }
      case "interrupt":
        return this.#taken.get(order.id)?.interrupt();
      case "forget":
        return this.#shared.forget(order.shared);
      case "ask":
        return this.#reply({ type: "known", id: order.id, places: this.#server.orphansOf(order.runId) });
    }
  }

  #reply(reply: Reply): void {
    let text = JSON.stringify(reply);
    if (text.length > mostLength && reply.type === "answered") {
      text = JSON.stringify({ ...reply, answer: tooLong(text.length) } satisfies Reply);
    }
    // The values that a step emits are only for watching.
    if (text.length > mostLength) return;
    if (this.#length + text.length > mostInBatch) this.#flush();
    this.#replies.push(text);
    this.#length += text.length;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const replies = this.#replies.join(",");
    this.#replies = [];
    this.#length = 0;
    this.#send(`{"load":${this.#server.load},"size":${this.#size()},"replies":[${replies}]}`);
  }
}
