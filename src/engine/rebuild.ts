/**
 * Finds what earlier parts of a run did, to undo it: its recorded steps, with their inputs and outputs. Nothing runs again,
 * except for the functions that expanded: they are called to find the steps of their graphs. That includes graphs that a
 * resumed run skips: those inside a step with its own outcome, inside the turns before the last, and inside contenders
 * that lost.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Result from "effect/Result";
import { ExpansionChanged } from "../errors.ts";
import type { Recorded } from "../journal/compensation.ts";
import { asDecodedBefore } from "../journal/decoded-inputs.ts";
import { failureIn, shapeIn } from "../journal/expansion-text.ts";
import { shapeOf } from "../journal/shape.ts";
import { decode } from "../values/schema.ts";
import type { Done, Lost } from "./compensations.ts";
import { doneAt } from "./compensations.ts";
import type { Core } from "./core.ts";
import { Call, Frame, State } from "./frame.ts";
import { expandable } from "./graph.ts";
import { decodeInputs } from "./inputs.ts";
import { Turns } from "./loops.ts";
import { chosenOutcome, itemsOf, mapOutcome } from "./maps.ts";
import type { MapState, RaceState } from "./members.ts";
import { exposedOf, resultsOf } from "./outcome.ts";
import { item } from "../path.ts";
import { readInputs, storeSeveral } from "./outputs.ts";
import { performed } from "./settle.ts";

type Inputs = Readonly<Record<string, unknown>>;
/** The outputs of a node; undefined if it has none yet. */
type Found = { readonly value: unknown; readonly hasFailed?: boolean } | undefined;

export class Rebuild {
  readonly #core: Core;
  readonly #recorded: Recorded;
  readonly done: Array<Done> = [];
  readonly lost: Array<Lost> = [];

  constructor(core: Core, recorded: Recorded) {
    this.#core = core;
    this.#recorded = recorded;
  }

  /** Rebuilds into the frame of the run's own graph, in which nothing else has happened. */
  into(root: Frame): Effect.Effect<void> {
    return this.#graph(root);
  }

  /** Rebuilds into a frame that is like that of the run. */
  again(root: Frame, inputs: ReadonlyArray<unknown>): Effect.Effect<void> {
    const graph = root.graph!;
    const frame = new Frame(graph, undefined, undefined, 0);
    frame.layers = root.layers;
    this.#core.frames.setInputs(frame, inputs, graph.returnSlots);
    return this.#graph(frame);
  }

  #has(path: string): boolean {
    return this.#recorded.places.has(path);
  }

  #graph(frame: Frame): Effect.Effect<void> {
    const graph = frame.graph!;
    const lost = new Map<number, unknown>();
    return Effect.gen({ self: this }, function* () {
      for (const [index, node] of graph.nodes.entries()) {
        const path = frame.pathOf(index);
        if (node.definition.kind === "finally" || !this.#has(path)) continue;
        const sources = [...node.slots, ...node.globs.flatMap(({ slots }) => slots), node.overSlot];
        const owners = sources.map((slot) => (slot < 0 ? -1 : graph.builder.ownerOf(slot)));
        const missing = [...owners, ...node.waitsFor].find((owner) => lost.has(owner));
        const inputs = missing === undefined ? readInputs(frame, node) : {};
        const exit =
          missing === undefined && typeof inputs !== "string"
            ? yield* Effect.exit(this.#node(frame, index, inputs))
            : Exit.fail(missing === undefined ? inputs : lost.get(missing));
        if (Exit.isFailure(exit)) {
          const cause = reasonIn(exit);
          lost.set(index, cause);
          this.lost.push({ path, cause });
        } else if (exit.value !== undefined) {
          this.#provide(frame, index, exit.value.value);
        }
      }
    });
  }

  #provide(frame: Frame, index: number, value: unknown): void {
    const { outputs, firstSlot } = frame.graph!.nodes[index]!;
    frame.states[index] = State.succeeded;
    if (outputs.length !== 1) storeSeveral(frame, index, value);
    else if (frame.reads[firstSlot]! > 0) frame.values[firstSlot] = value;
    const guarded = value === false ? frame.graph!.guarded?.get(index) : undefined;
    for (const node of guarded ?? []) frame.states[node] = State.skipped;
    this.#note(frame, index, value);
  }

  #note(frame: Frame, index: number, value: unknown): void {
    const done = doneAt(frame, index, value);
    if (done !== undefined && !this.#recorded.fellBack.has(done.path)) this.done.push(done);
  }

  #node(frame: Frame, index: number, inputs: Inputs): Effect.Effect<Found, unknown> {
    if (frame.read !== undefined) frame.read[index] = inputs;
    switch (frame.definitionOf(index).kind) {
      case "map":
        return this.#map(frame, index, inputs);
      case "loop":
        return Effect.andThen(this.#loop(frame, index, inputs), this.#own(frame, index));
      case "race":
        return this.#race(frame, index, inputs);
      case "dynamic":
      case "switch":
        return this.#member(frame, index, inputs);
      case "step":
      case "await":
      case "sleep":
      case "when":
      case "finally":
        return this.#own(frame, index);
    }
  }

  /** The recorded outcome of the node itself. */
  #own(frame: Frame, index: number): Effect.Effect<Found, unknown> {
    return Effect.suspend((): Effect.Effect<Found, unknown> => {
      const replayed = this.#recorded.journal.replay(frame, index);
      switch (replayed?.type) {
        case undefined:
          return Effect.undefined;
        case "value":
          return Effect.succeed({ value: replayed.value });
        case "undecoded":
          return Effect.map(decode(replayed.schema, replayed.value), (value) => ({ value }));
        case "failure":
          return Effect.succeed({ value: Result.fail(replayed.error), hasFailed: true });
        case "corrupt":
          return Effect.fail(replayed.problem);
      }
    });
  }

  /** A node that may have expanded: a dynamic step, a switch, an item, a turn or a contender. */
  #member(frame: Frame, index: number, inputs: Inputs): Effect.Effect<Found, unknown> {
    return Effect.gen({ self: this }, function* () {
      const inside = yield* this.#expansion(frame, index, inputs);
      const own = yield* this.#own(frame, index);
      if (own !== undefined || inside === undefined) return own;
      const { output } = frame.definitionOf(index).options;
      return output === undefined ? inside : { value: yield* decode(output, inside.value) };
    });
  }

  #expansion(frame: Frame, index: number, inputs: Inputs): Effect.Effect<Found, unknown> {
    const core = this.#core;
    return Effect.gen({ self: this }, function* () {
      const path = frame.pathOf(index);
      const recorded = this.#recorded.journal.expansionAt(path);
      if (recorded === undefined) return undefined;
      const call = new Call(core, frame, index, inputs, recorded.attempt, undefined);
      const value = yield* this.#returned(call, recorded.text);
      const graph = expandable(value);
      if (graph === undefined || shapeOf(graph) !== shapeIn(recorded.text)) {
        return yield* new ExpansionChanged({ path, missing: [], added: [], changed: [path] });
      }
      const decoded = yield* decodeInputs(graph.inputs, inputs, path);
      const given = asDecodedBefore(path, recorded.text, graph.inputs, decoded);
      if (given.changed !== undefined) return yield* given.changed;
      const child = new Frame(graph, undefined, frame, index);
      core.frames.equip(child, graph);
      core.frames.setInputs(child, given.values, graph.returnSlots);
      const item = frame.givenTo(index);
      const { choice, count } = call;
      const failure = failureIn(recorded.text);
      child.given = { inputs, item, choice, attempt: count, failure, digest: undefined };
      yield* this.#graph(child);
      const isWhole = child.states.every(
        (state, at) => state === State.succeeded || state === State.skipped || child.isFinal(at),
      );
      if (!isWhole) return undefined;
      return { value: yield* exposedOf(child, resultsOf(child)) };
    });
  }

  /** The result of the function that expanded, called again. */
  #returned(call: Call, text: string): Effect.Effect<unknown, unknown> {
    const { layers } = call.frame;
    const { inputs, definition, context } = call;
    const perform = () => performed({ ...call.asStepCall(inputs), context }, layers);
    const failure = failureIn(text);
    return Effect.gen(function* () {
      if (failure !== undefined) {
        const { fallback } = definition.options;
        const cases = { again: (typeof fallback === "function" ? fallback : () => fallback) as never };
        const again = { ...definition, cases, schemas: undefined };
        const asCase = { ...call.asStepCall({}), definition: again, inputs: failure.error as Inputs };
        return yield* performed({ ...asCase, phase: "case", choice: "again", context }, undefined);
      }
      const value = yield* perform();
      if (call.phase !== "choose") return value;
      call.phase = "case";
      call.choice = String(value);
      return yield* perform();
    });
  }

  #map(frame: Frame, index: number, inputs: Inputs): Effect.Effect<Found, unknown> {
    return Effect.gen({ self: this }, function* () {
      const node = frame.graph!.nodes[index]!;
      const path = frame.pathOf(index);
      const over = itemsOf(frame, node, () => path, Number.MAX_SAFE_INTEGER);
      if (!("items" in over)) return yield* over;
      const { count, items, keys } = over;
      const map = mapStateOf(frame, index, inputs, over);
      const child = new Frame(undefined, map, frame, index);
      const collects = node.definition.options.failures === "collect";
      for (let at = 0; at < count; at++) {
        if (!this.#has(child.pathOf(at))) continue;
        const exit = yield* Effect.exit(this.#member(child, at, inputs));
        if (Exit.isFailure(exit)) {
          this.lost.push({ path: child.pathOf(at), cause: reasonIn(exit) });
          continue;
        }
        if (exit.value === undefined) continue;
        const { value, hasFailed = false } = exit.value;
        map.results[at] = hasFailed || !collects ? value : Result.succeed(value);
        map.failed += hasFailed ? 1 : 0;
        map.succeeded += hasFailed ? 0 : 1;
        if (!hasFailed) this.#note(child, at, value);
      }
      const chosen = this.#recorded.journal.chosen(path);
      if (chosen !== undefined) {
        const indices = chosen.map((key) => (keys === undefined ? Number(key) : keys.indexOf(key)));
        return { value: yield* chosenOutcome({ ...map, chosen: indices })! };
      }
      if (map.succeeded + map.failed < items.length) return undefined;
      const outcome = mapOutcome(child, map);
      return Exit.isSuccess(outcome) ? { value: outcome.value } : undefined;
    });
  }

  #loop(frame: Frame, index: number, inputs: Inputs): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function* () {
      const first = this.#recorded.journal.firstState(frame, index);
      if (first === undefined) return;
      const loop = new Turns(frame, index, inputs, first.value);
      const child = new Frame(undefined, loop, frame, index);
      for (; this.#has(child.pathOf(0)); loop.turn++) {
        const turn = yield* this.#member(child, 0, inputs);
        if (turn === undefined) return;
        this.#note(child, 0, turn.value);
        loop.state = turn.value;
      }
    });
  }

  /** Contenders that became pipelines: a contender's own work is not undone, but the output of the race is. */
  #race(frame: Frame, index: number, inputs: Inputs): Effect.Effect<Found, unknown> {
    return Effect.gen({ self: this }, function* () {
      const definition = frame.definitionOf(index);
      const keys = Object.keys(definition.cases!);
      const race: Omit<RaceState, "attempt"> = {
        type: "contenders",
        definition,
        inputs,
        policy: undefined,
        keys,
        errors: new Map(),
        winner: undefined,
        known: undefined,
      };
      const [winner] = this.#recorded.journal.chosen(frame.pathOf(index)) ?? [];
      let won: Found;
      for (const [contender, name] of keys.entries()) {
        const recorded = this.#recorded.journal.expansionAt(item(frame.pathOf(index), name));
        const child = new Frame(undefined, { ...race, attempt: recorded?.attempt ?? 1 }, frame, index);
        const exit = yield* Effect.exit(this.#expansion(child, contender, inputs));
        if (Exit.isFailure(exit)) this.lost.push({ path: child.pathOf(contender), cause: reasonIn(exit) });
        else if (name === winner) won = exit.value;
      }
      return (yield* this.#own(frame, index)) ?? won;
    });
  }
}

const reasonIn = (exit: Exit.Failure<unknown, unknown>): unknown => {
  const reason = exit.cause.reasons[0];
  return reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : exit.cause;
};

const mapStateOf = (
  frame: Frame,
  index: number,
  inputs: Inputs,
  {
    items,
    keys,
    count,
  }: { readonly items: ReadonlyArray<unknown>; readonly keys: MapState["keys"]; readonly count: number },
): MapState => ({
  type: "items",
  definition: frame.definitionOf(index),
  items,
  keys,
  inputs,
  results: new Array<unknown>(count),
  policy: undefined,
  next: 0,
  allowed: 0,
  succeeded: 0,
  failed: 0,
  chosen: undefined,
  recalled: undefined,
});
