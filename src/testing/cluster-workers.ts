/**
 * Simulated workers, which perform the steps with `where: "worker"` of a simulated cluster's processes. They find the function
 * of a task, call it, and let the next owner of a run join a step that an earlier one began, as real ones do. Only the connection
 * to them is simulated: tasks and answers can be late, or be lost together with the worker, which starts again.
 */
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { placeOf } from "../cluster/messages.ts";
import type { Taken } from "../cluster/task-server.ts";
import { TaskServer } from "../cluster/task-server.ts";
import type { Graph } from "../engine/graph.ts";
import { Performer } from "../workers/performing.ts";
import type { Performed, Said, Task } from "../workers/task.ts";
import { textWire } from "../workers/wire.ts";
import type { WorkersService } from "../workers/workers.ts";
import type { Fault } from "./cluster-faults.ts";

export type Perform = WorkersService["perform"];

const workersOf = (perform: Perform): WorkersService => ({
  wire: textWire,
  sparesOwner: false,
  size: 1,
  perform,
});

/** Each step is performed by its owner. */
export const noWorkers = workersOf((_task, _listen, here) => here);

/** The world in which they are simulated. */
interface World {
  readonly context: () => Context.Context<never>;
  readonly later: (millis: number, act: () => void) => void;
  readonly note: (line: string) => void;
}

/** The process that sends a task. */
export interface Sender {
  readonly isDead: () => boolean;
  /** How long a message to it, or from it, takes now. */
  readonly wayMillis: () => number;
  /** The fault of the next request. */
  readonly next: () => Fault | undefined;
  readonly kill: () => void;
}

/** The time until a worker that has ended starts again, in milliseconds. */
const restartMillis = 20;
/** How long a worker that stops waits for its steps. */
const drainMillis = 10;

/** A task at a worker. */
interface Sent {
  readonly isOfDead: () => boolean;
  readonly lost: () => void;
  taken: Taken | undefined;
}

/** One life of a worker. */
class Worker {
  readonly name: string;
  readonly server: TaskServer;
  readonly sent = new Set<Sent>();
  isDown = false;
  /** It takes no more tasks. */
  isStopping = false;

  constructor(name: string, graph: Graph, context: () => Context.Context<never>) {
    this.name = name;
    const wires = { text: textWire, clone: textWire };
    const pipelines = new Map([[graph.name, graph]]);
    let performer: Performer | undefined;
    this.server = new TaskServer({
      perform: (task, tell) => {
        performer ??= new Performer({ wires, name: "the worker", pipelines, services: context() });
        tell({ type: "began" });
        return Effect.updateContext(performer.perform(task, tell), context);
      },
      threads: () => 0,
    });
  }

  /** Ends it with all its steps; their owners send them again. */
  kill(): void {
    if (this.isDown) return;
    this.isDown = true;
    const all = [...this.sent];
    this.sent.clear();
    for (const { taken, lost } of all) {
      lost();
      taken?.interrupt();
    }
  }
}

export class SimulatedWorkers {
  readonly #graph: Graph;
  readonly #world: World;
  readonly #workers: Array<Worker>;
  #tasks = 0;
  #lives = 0;

  constructor(graph: Graph, world: World) {
    this.#graph = graph;
    this.#world = world;
    this.#workers = [this.#started(), this.#started()];
  }

  #started(): Worker {
    return new Worker(`worker ${++this.#lives}`, this.#graph, this.#world.context);
  }

  /** The workers as a process sees them. */
  of(perform: Perform): WorkersService {
    return workersOf(perform);
  }

  /** A process has been killed: the connections to it end. */
  left(): void {
    for (const { sent } of this.#workers) {
      for (const one of sent) {
        if (!one.isOfDead()) continue;
        sent.delete(one);
        one.taken?.leave();
      }
    }
  }

  /** Performs a task at a worker; at its owner while there is no worker. */
  perform(
    task: Task,
    listen: (said: Said) => void,
    here: Effect.Effect<Performed>,
    sender: Sender,
  ): Effect.Effect<Performed> {
    return Effect.callback((resume) => {
      let isOver = false;
      let sent: Sent | undefined;
      const end = (outcome: Effect.Effect<Performed>): void => {
        if (isOver || sender.isDead()) return;
        isOver = true;
        resume(outcome);
      };
      const send = (): void => {
        if (isOver || sender.isDead()) return;
        const worker = this.#workerFor(task);
        if (worker === undefined) return end(here);
        const fault = sender.next();
        const way = Math.max(sender.wayMillis(), fault?.kind === "late" ? fault.millis : 0);
        this.#world.later(way, () => {
          const isOfSender = (fault?.millis ?? 0) % 2 === 1;
          if (fault?.kind === "kill" && !isOfSender) this.#kill(worker);
          if (worker.isDown || isOver || sender.isDead()) return send();
          sent = this.#give(worker, task, listen, sender, fault, end, send);
          if (fault?.kind === "kill" && isOfSender) sender.kill();
          if (fault?.kind === "terminate") this.#stop(worker);
        });
      };
      send();
      return Effect.sync(() => {
        isOver = true;
        sent?.taken?.interrupt();
      });
    });
  }

  #give(
    worker: Worker,
    task: Task,
    listen: (said: Said) => void,
    sender: Sender,
    fault: Fault | undefined,
    end: (outcome: Effect.Effect<Performed>) => void,
    again: () => void,
  ): Sent {
    const leaves = (): boolean => worker.sent.delete(sent);
    const lost = (): void => {
      leaves();
      this.#world.later(0, again);
    };
    const sent: Sent = { isOfDead: sender.isDead, lost, taken: undefined };
    worker.sent.add(sent);
    // A task that an earlier owner began can have ended already: then it is answered at once.
    sent.taken = worker.server.take(task, {
      said: (said) => {
        if (!sender.isDead()) listen(said);
      },
      done: (answer) => {
        if (!worker.sent.has(sent)) return;
        if (fault?.kind === "kill after") return this.#kill(worker);
        leaves();
        const late = fault?.kind === "late answer" ? fault.millis : 0;
        this.#world.later(Math.max(sender.wayMillis(), late), () => end(Effect.succeed(answer)));
      },
      returned: () => {
        if (worker.sent.has(sent)) lost();
      },
    });
    return sent;
  }

  /** The worker that performs the task already, for an owner that is gone; otherwise each in turn. */
  #workerFor(task: Task): Worker | undefined {
    const up = this.#workers.filter(({ isDown, isStopping }) => !isDown && !isStopping);
    const place = placeOf(task);
    const begun = up.find(({ server }) => server.orphansOf(task.runId).includes(place));
    return begun ?? up[this.#tasks++ % up.length];
  }

  #kill(worker: Worker): void {
    this.#world.note(`${worker.name} is killed`);
    worker.kill();
    this.#restart(worker);
  }

  /** The worker ends what it has begun, or gives it back, and starts again. */
  #stop(worker: Worker): void {
    this.#world.note(`${worker.name} stops`);
    if (worker.isStopping) return;
    worker.isStopping = true;
    const draining = Effect.provideContext(worker.server.drain(drainMillis), this.#world.context());
    Effect.runForkWith(this.#world.context())(draining).addObserver(() => {
      worker.kill();
      this.#restart(worker);
    });
  }

  #restart(worker: Worker): void {
    this.#world.later(restartMillis, () => {
      const at = this.#workers.indexOf(worker);
      if (at !== -1) this.#workers[at] = this.#started();
    });
  }
}
