/** The pipeline that a shape describes, made with the builder as a user would make it. */
import * as Effect from "effect/Effect";
import type { Pipeline } from "../../../types/pipeline.ts";
import { pipeline } from "../../pipeline.ts";
import { unchecked } from "../../values/schema.ts";
import type { Shape, ShapeNode, ShapeStyle, Values } from "./shape.ts";
import {
  choose,
  contender,
  digest,
  isLastState,
  kindOf,
  listBefore,
  listOf,
  nameOf,
  partsOfWhen,
  readsOf,
} from "./shape.ts";

type Run = (inputs: Values, context: { readonly path: string }) => unknown;
type Turn = (state: number, inputs: Values, context: { readonly path: string }) => unknown;
type Each = (item: unknown, inputs: Values, context: { readonly path: string }) => unknown;

/** The builder without its types: names are data here. */
interface Untyped {
  input(name: string, schema: unknown): Untyped;
  step(name: string, inputs: ReadonlyArray<string>, run: Run, options?: object): Untyped;
  dynamic(name: string, inputs: ReadonlyArray<string>, expand: Run, options?: object): Untyped;
  map(name: string, over: string, inputs: ReadonlyArray<string>, each: Each): Untyped;
  switch(name: string, inputs: ReadonlyArray<string>, on: Run, cases: Record<string, Run>): Untyped;
  loop(
    name: string,
    inputs: ReadonlyArray<string>,
    start: Run,
    turn: Turn,
    options: { readonly until: (state: number) => boolean },
  ): Untyped;
  race(name: string, inputs: ReadonlyArray<string>, contenders: Record<string, Run>): Untyped;
  when(
    name: string,
    inputs: ReadonlyArray<string>,
    condition: Run,
    build: (inside: Untyped) => Untyped,
  ): Untyped;
  returns(...names: ReadonlyArray<string>): Untyped;
}

/**
 * A pipeline of which only a run tells what it gives.
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

/** Told of each call of a function, by path. */
export type OnCall = (path: string) => void;

class Builder {
  readonly #onCall: OnCall;

  constructor(onCall: OnCall) {
    this.#onCall = onCall;
  }

  make(shape: Shape, depth: number, title: string, given: ReadonlyArray<string>): Untyped {
    let built = pipeline(title) as unknown as Untyped;
    for (const input of given) built = built.input(input, unchecked);
    shape.nodes.forEach((node, index) => {
      built = this.#add(built, shape, node, depth, index, given);
    });
    return built;
  }

  /** A function that tells that it was called, and gives its value in the style of its node. */
  #called({ style }: ShapeNode, value: (inputs: Values) => unknown): Run {
    return (inputs, { path }) => {
      this.#onCall(path);
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
    const expansion = (seed: number) => this.#expansion(node, seed, name, depth, reads);
    const expanding = this.#called(node, (inputs) => expansion(seedOf(inputs)));
    switch (kindOf(shape, index)) {
      case "step":
        return built.step(name, reads, this.#called(node, seedOf));
      case "pair": {
        const both = (inputs: Values) => ({ [name]: seedOf(inputs), [`${name}b`]: seedOf(inputs) + 1 });
        return built.step(name, reads, this.#called(node, both), { outputs: [name, `${name}b`] });
      }
      case "list":
        return built.step(
          name,
          reads,
          this.#called(node, (inputs) => listOf(seedOf(inputs))),
        );
      case "map": {
        const each: Each = (item, inputs, context) =>
          this.#called(node, () => expansion(digest(seedOf(inputs), [item])))(inputs, context);
        return built.map(name, listBefore(shape, depth, index)!, reads, each);
      }
      case "switch":
        return built.switch(name, reads, (inputs) => (seedOf(inputs) % 2 === 0 ? "even" : "odd"), {
          even: expanding,
          odd: this.#called({ ...node, style: "value" }, (inputs) => expansion(seedOf(inputs))),
        });
      case "dynamic":
        return built.dynamic(name, reads, expanding);
      case "loop": {
        const turn: Turn = (state, inputs, context) =>
          this.#called(node, () => expansion(digest(seedOf(inputs), [state])))(inputs, context);
        return built.loop(name, reads, this.#called(node, seedOf), turn, { until: isLastState });
      }
      case "race":
        return built.race(name, reads, this.#contenders(node, expanding));
      case "when": {
        const { condition, guarded } = partsOfWhen(name);
        const holds = this.#called(node, (inputs) => seedOf(inputs) % 2 === 0);
        const grows = this.#called(node, (inputs) =>
          this.#expansion(node, seedOf(inputs), guarded, depth, reads),
        );
        return built
          .when(condition, reads, holds, (inside) => inside.dynamic(guarded, reads, grows))
          .step(
            name,
            [`${guarded}?`],
            this.#called(node, (inputs) => digest(node.salt, [inputs[guarded] ?? null])),
          );
      }
    }
  }

  /** Whether the one that fails does so before the other succeeds, after it or never depends on the order of execution. */
  #contenders({ salt, style }: ShapeNode, wins: Run): Record<string, Run> {
    const fails: Run = () =>
      inStyle(salt % 2 === 0 ? style : "sleeping effect", () => {
        throw new Error("It loses.");
      });
    return salt % 4 < 2
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
export const build = (shape: Shape, onCall: OnCall = () => {}): RandomPipeline =>
  new Builder(onCall).make(shape, 0, "random", []) as unknown as RandomPipeline;
