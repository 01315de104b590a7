/**
 * The program of a thread: imports the module, creates its services, and performs and interrupts the tasks that it
 * receives. A task starts when it arrives: the process that sends the tasks ensures that few wait here.
 */
import { parentPort, workerData } from "node:worker_threads";
import * as Cause from "effect/Cause";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { Graph } from "../engine/graph.ts";
import { expandable } from "../engine/graph.ts";
import { describe } from "../values/describe.ts";
import { Performer } from "../workers/performing.ts";
import type { Answer, Said, Wire } from "../workers/task.ts";
import { textWire } from "../workers/wire.ts";
import type { Packed } from "./clone.ts";
import { cloneWire, unpacked } from "./clone.ts";
import { markThread } from "./marked-thread.ts";
import type { Order, Reply } from "./messages.ts";

markThread();
const port = parentPort!;
const { module } = workerData as { readonly module: string };
const say = (reply: Reply): void => port.postMessage(reply);

/** Large values that were sent with one task and that others refer to. */
const parcels = new Map<number, { readonly packed: Packed; value?: { readonly of: unknown } }>();

const clones: Wire = {
  name: "clone",
  write: cloneWire.write,
  read: (schema, sent) => {
    const { parcel } = sent as { readonly parcel?: number };
    if (parcel === undefined) return cloneWire.read(schema, sent);
    const kept = parcels.get(parcel)!;
    kept.value ??= { of: unpacked(kept.packed, schema) };
    return kept.value.of;
  },
};

const pipelinesIn = (exports: Readonly<Record<string, unknown>>): ReadonlyMap<string, Graph> => {
  const graphs = Object.values(exports).flatMap((value) => expandable(value) ?? []);
  return new Map(graphs.map((graph) => [graph.name, graph]));
};

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Loads the module; returns an error message if that fails. */
const load = async (): Promise<Performer | string> => {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    return `its module ${module} cannot be loaded: ${sentence(describe(error))} Each thread imports it: fix it, or give the step where: "here".`;
  }
  const layer = exports["layer"] ?? Layer.empty;
  if (!Layer.isLayer(layer)) {
    return `the export "layer" of its module ${module} must be a Layer that provides services of the steps. Write export const layer = Layer.succeed(Service, …), or rename it.`;
  }
  const built = await Effect.runPromiseExit(
    Layer.buildWithScope(layer as never, Scope.makeUnsafe()) as Effect.Effect<Context.Context<never>>,
  );
  if (Exit.isFailure(built)) {
    return `the layer of its module ${module} cannot be built: ${sentence(describe(Cause.squash(built.cause)))} Each thread builds it: fix the layer, or give the step where: "here".`;
  }
  const pipelines = pipelinesIn(exports);
  return new Performer({
    wires: { clone: clones, text: textWire },
    name: "the worker thread",
    pipelines,
    services: built.value,
  });
};

const running = new Map<number, Fiber<Answer>>();

const answered = (id: number, answer: Answer): void => {
  running.delete(id);
  try {
    say({ type: "answered", id, answer });
  } catch (error) {
    say({ type: "answered", id, answer: { type: "unwritable", issuePath: [], reason: describe(error) } });
  }
};

const perform = (
  performer: Performer,
  { id, task, parcels: sent }: Order & { readonly type: "perform" },
): void => {
  for (const [number, packed] of sent) parcels.set(number, { packed: packed as Packed });
  const tell = (said: Said): void => {
    try {
      say({ type: "said", id, said });
    } catch {
      // The value cannot be cloned: emitted values are only for watching.
    }
  };
  tell({ type: "began" });
  const fiber = Effect.runFork(performer.perform(task, tell));
  running.set(id, fiber);
  fiber.addObserver((exit) => answered(id, Exit.isSuccess(exit) ? exit.value : { type: "interrupted" }));
  if (!running.has(id)) return;
  // A task that has not ended by then waits for something.
  setImmediate(() => setImmediate(() => running.has(id) && say({ type: "waits", id })));
};

const begin = (performer: Performer): void => {
  port.on("message", (order: Order) => {
    switch (order.type) {
      case "perform":
        return perform(performer, order);
      case "interrupt":
        return running.get(order.id)?.interruptUnsafe();
      case "forget":
        return order.parcels.forEach((number) => parcels.delete(number));
    }
  });
  say({ type: "ready" });
};

const loaded = await load();
if (typeof loaded === "string") say({ type: "broken", reason: loaded });
else begin(loaded);
