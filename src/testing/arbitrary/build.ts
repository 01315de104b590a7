/** Builds the pipeline that a shape describes, with the builder, as a user would. */
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import type { Pipeline } from "../../../types/pipeline.ts";
import { itemLabel, stepOf } from "../../path.ts";
import { pipeline } from "../../pipeline.ts";
import { unchecked } from "../../values/schema.ts";
import type { Shape, ShapeNode, ShapeStyle, Values } from "./shape.ts";
import {
  before,
  choose,
  contender,
  digest,
  isLastState,
  isUndone,
  isWinner,
  itemsOfEnough,
  kindOf,
  listBefore,
  listOf,
  nameOf,
  partsOfWhen,
  readsOf,
} from "./shape.ts";

type Run = (inputs: Values, context: { readonly path: string }) => unknown;
type Turn = (state: number, inputs: Values, context: { readonly path: string }) => unknown;
type Undo = (...given: ReadonlyArray<unknown>) => unknown;
type Each = (item: unknown, inputs: Values, context: { readonly path: string }) => unknown;

/** The builder without its types: names are data here. */
interface Untyped {
  input(name: string, schema: unknown): Untyped;
  step(name: string, inputs: ReadonlyArray<string>, run: Run, options?: object): Untyped;
  dynamic(name: string, inputs: ReadonlyArray<string>, expand: Run, options?: object): Untyped;
  map(name: string, over: string, inputs: ReadonlyArray<string>, each: Each, options?: object): Untyped;
  switch(
    name: string,
    inputs: ReadonlyArray<string>,
    on: Run,
    cases: Record<string, Run>,
    options?: object,
  ): Untyped;
  loop(
    name: string,
    inputs: ReadonlyArray<string>,
    start: Run,
    turn: Turn,
    options: { readonly until: (state: number) => boolean; readonly compensate?: Undo },
  ): Untyped;
  race(
    name: string,
    inputs: ReadonlyArray<string>,
    contenders: Record<string, Run>,
    options?: object,
  ): Untyped;
  finally(name: string, inputs: ReadonlyArray<string>, run: Run): Untyped;
  sleep(name: string, duration: () => number, options: { readonly after: ReadonlyArray<string> }): Untyped;
  when(
    name: string,
    inputs: ReadonlyArray<string>,
    condition: Run,
    build: (inside: Untyped) => Untyped,
  ): Untyped;
  returns(...names: ReadonlyArray<string>): Untyped;
}

/**
 * A pipeline whose outputs are known only from a run.
 *
 * @public
 */
export type RandomPipeline = Pipeline<{}, {}, never, never>;

const inStyle = (style: ShapeStyle, value: () => unknown): unknown => {
  switch (style) {
    case "value":
      return value();
    case "promise":
      return Promise.resolve().then(value);
    case "effect":
      return Effect.sync(value);
    case "sleeping effect":
      return Effect.flatMap(Effect.sleep(1), () => Effect.sync(value));
  }
};

const failsIn = ({ salt, style }: ShapeNode): unknown =>
  inStyle(salt % 2 === 0 ? style : "sleeping effect", () => {
    throw new Error("It loses.");
  });

/** The input of a `finally` step, as in its model. */
const settled = (result: unknown): unknown =>
  Result.isSuccess(result as Result.Result<unknown, unknown>)
    ? (result as Result.Success<unknown, unknown>).success
    : "failed";

/** Called with the path of each function call. */
export type OnCall = (path: string) => void;

/** Receives the calls of compensations, and those of the steps that have one. */
export interface OnUndo {
  readonly undone: (path: string) => unknown;
  readonly undoable: (path: string) => void;
}

class Builder {
  readonly #onCall: OnCall;
  readonly #onUndo: OnUndo | undefined;

  constructor(onCall: OnCall, onUndo: OnUndo | undefined) {
    this.#onCall = onCall;
    this.#onUndo = onUndo;
  }

  make(shape: Shape, depth: number, title: string, given: ReadonlyArray<string>): Untyped {
    let built = pipeline(title) as unknown as Untyped;
    for (const input of given) built = built.input(input, unchecked);
    shape.nodes.forEach((node, index) => {
      built = this.#add(built, shape, node, depth, index, given);
    });
    return built;
  }

  /** A function that reports its call, and returns its value in the style of its node. */
  #called({ style }: ShapeNode, value: (inputs: Values) => unknown, undo: object = {}): Run {
    return (inputs, { path }) => {
      this.#onCall(path);
      // A race is undone as a whole.
      if ("compensate" in undo)
        this.#onUndo?.undoable(path.endsWith(itemLabel(contender.wins)) ? stepOf(path) : path);
      return inStyle(style, () => value(inputs));
    };
  }

  #add(
    built: Untyped,
    shape: Shape,
    node: ShapeNode,
    depth: number,
    index: number,
    given: ReadonlyArray<string>,
  ): Untyped {
    const name = nameOf(depth, index);
    const reads = readsOf(node, depth, index, given);
    const seedOf = (inputs: Values): number =>
      digest(
        node.salt,
        reads.map((read) => inputs[read]),
      );
    const undo = isUndone(shape, node) ? { compensate: this.#undoes } : {};
    const called = (value: (inputs: Values) => unknown): Run => this.#called(node, value, undo);
    const expansion = (seed: number) => this.#expansion(node, seed, name, depth, reads);
    const expanding = called((inputs) => expansion(seedOf(inputs)));
    switch (kindOf(shape, index)) {
      case "step":
        return built.step(name, reads, called(seedOf), undo);
      case "pair": {
        const both = (inputs: Values) => ({ [name]: seedOf(inputs), [`${name}b`]: seedOf(inputs) + 1 });
        return built.step(name, reads, called(both), { outputs: [name, `${name}b`], ...undo });
      }
      case "list": {
        const list = called((inputs) => listOf(seedOf(inputs)));
        return built.step(name, reads, list, undo);
      }
      case "map": {
        const each: Each = (item, inputs, context) =>
          called(() => expansion(digest(seedOf(inputs), [item])))(inputs, context);
        return built.map(name, listBefore(shape, depth, index)!, reads, each, undo);
      }
      case "switch": {
        const odd = { ...node, style: "value" } as const;
        const cases = {
          even: expanding,
          odd: this.#called(odd, (inputs) => expansion(seedOf(inputs)), undo),
        };
        return built.switch(
          name,
          reads,
          (inputs) => (seedOf(inputs) % 2 === 0 ? "even" : "odd"),
          cases,
          undo,
        );
      }
      case "dynamic":
        return built.dynamic(name, reads, expanding, undo);
      case "loop": {
        const turn: Turn = (state, inputs, context) =>
          called(() => expansion(digest(seedOf(inputs), [state])))(inputs, context);
        return built.loop(name, reads, this.#called(node, seedOf), turn, { until: isLastState, ...undo });
      }
      case "race":
        return built.race(name, reads, this.#contenders(node, expanding), undo);
      case "enough":
        return this.#enough(built, node, name, reads, undo, (key, inputs) =>
          expansion(digest(seedOf(inputs), [key])),
        );
      case "when":
        return this.#when(built, node, name, reads, depth, seedOf);
      case "finally":
        return built
          .finally(
            before(name, "finally"),
            reads,
            this.#called(node, (inputs) =>
              digest(
                node.salt,
                reads.map((read) => settled(inputs[read])),
              ),
            ),
          )
          .step(
            name,
            [`${before(name, "finally")}?`],
            called((inputs) => digest(node.salt, [inputs[before(name, "finally")] ?? null])),
            undo,
          );
      case "sleep":
        return built
          .sleep(before(name, "sleep"), () => 1, { after: reads })
          .step(name, [before(name, "sleep"), ...reads], called(seedOf), undo);
    }
  }

  readonly #undoes = (...given: ReadonlyArray<unknown>): unknown =>
    this.#onUndo?.undone((given.at(-1) as { readonly path: string }).path);

  #when(
    built: Untyped,
    node: ShapeNode,
    name: string,
    reads: ReadonlyArray<string>,
    depth: number,
    seedOf: (inputs: Values) => number,
  ): Untyped {
    const { condition, guarded } = partsOfWhen(name);
    const holds = this.#called(node, (inputs) => seedOf(inputs) % 2 === 0);
    const grows = this.#called(node, (inputs) =>
      this.#expansion(node, seedOf(inputs), guarded, depth, reads),
    );
    const read = this.#called(node, (inputs) => digest(node.salt, [inputs[guarded] ?? null]));
    return built
      .when(condition, reads, holds, (inside) => inside.dynamic(guarded, reads, grows))
      .step(name, [`${guarded}?`], read);
  }

  /** Exactly the requested number of items succeed. Those that fail do so before the others, after them or never. */
  #enough(
    built: Untyped,
    node: ShapeNode,
    name: string,
    reads: ReadonlyArray<string>,
    undo: object,
    wins: (key: string, inputs: Values) => unknown,
  ): Untyped {
    const { keys, enough } = itemsOfEnough(node);
    const list = before(name, "enough");
    const each: Each = (key, inputs, context) =>
      isWinner(key as string)
        ? this.#called(node, () => wins(key as string, inputs), undo)(inputs, context)
        : failsIn(node);
    const listed = built.step(
      list,
      reads,
      this.#called({ ...node, style: "value" }, () => keys),
    );
    return listed.map(name, list, reads, each, { enough, key: (item: unknown) => item, ...undo });
  }

  /** Whether the one that fails does so before the other succeeds, after it or never depends on the order of execution. */
  #contenders(node: ShapeNode, wins: Run): Record<string, Run> {
    const fails: Run = () => failsIn(node);
    return node.salt % 4 < 2
      ? { [contender.wins]: wins, [contender.fails]: fails }
      : { [contender.fails]: fails, [contender.wins]: wins };
  }

  /** The sub-pipeline reads what its step reads, as it may, and its last node is exposed under the step's name. */
  #expansion(
    node: ShapeNode,
    seed: number,
    name: string,
    depth: number,
    reads: ReadonlyArray<string>,
  ): unknown {
    const chosen = choose(node.subs, seed);
    if (chosen === undefined) return seed;
    const last = nameOf(depth + 1, chosen.nodes.length - 1);
    return this.make(chosen, depth + 1, `sub of ${name}`, reads)
      .step("exposed", [last], (inputs, { path }) => {
        this.#onCall(path);
        return digest(seed, [inputs[last]]);
      })
      .dynamic(name, ["exposed"], (inputs, { path }) => {
        this.#onCall(path);
        return inputs["exposed"];
      })
      .returns(name);
  }
}

/** The pipeline that a shape describes. */
export const build = (shape: Shape, onCall: OnCall = () => {}, onUndo?: OnUndo): RandomPipeline =>
  new Builder(onCall, onUndo).make(shape, 0, "random", []) as unknown as RandomPipeline;
