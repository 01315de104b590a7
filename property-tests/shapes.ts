/**
 * Random pipelines as plain data, the pipeline that each describes, and a sequential interpreter that says what a run of
 * it must give and which steps it must run. The interpreter knows nothing of frames, fibers or queues.
 */
import * as Effect from "effect/Effect";
import { pipeline, type } from "espalier";
import * as fc from "fast-check";

/** How a step gives its value. */
type Style = "value" | "promise" | "effect" | "sleeping effect";

/** A node reads earlier nodes only, so that every shape is well-formed and shrinking keeps it so. */
export interface Node {
  readonly kind: "step" | "pair" | "list" | "map" | "switch" | "dynamic";
  /** Where among the earlier nodes its reads are, as fractions. */
  readonly reads: ReadonlyArray<number>;
  readonly style: Style;
  readonly salt: number;
  /** What it may expand to. None: a direct value. */
  readonly subs: ReadonlyArray<Shape>;
}

export interface Shape {
  readonly nodes: ReadonlyArray<Node>;
}

type Values = Record<string, unknown>;

/** An order-sensitive digest of all that a step read: a wrong wire shows. */
const digest = (salt: number, values: ReadonlyArray<unknown>): number => {
  let hash = salt | 0;
  for (const character of JSON.stringify(values)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return hash;
};

/** Names differ from depth to depth, since a sub-pipeline has names of its own and those that it is given. */
const nameOf = (depth: number, index: number): string => `${"abcdefgh"[depth]}${index}`;

/** The names that node `index` reads, in order, without repetitions. The first node reads what its pipeline is given. */
const readsOf = (
  node: Node,
  depth: number,
  index: number,
  given: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  index === 0
    ? given
    : [...new Set(node.reads.map((fraction) => nameOf(depth, Math.floor(fraction * index))))];

/** The list that a map runs over: the nearest earlier node that gives one. */
const listBefore = (shape: Shape, depth: number, index: number): string | undefined => {
  for (let i = index - 1; i >= 0; i--) {
    const kind = effectiveKind(shape, i);
    if (kind === "list" || kind === "map") return nameOf(depth, i);
  }
  return undefined;
};

const effectiveKind = (shape: Shape, index: number): Node["kind"] => {
  const { kind } = shape.nodes[index]!;
  if (kind !== "map") return kind;
  for (let i = index - 1; i >= 0; i--) if (["list", "map"].includes(effectiveKind(shape, i))) return "map";
  return "step";
};

const choose = <Choice>(choices: ReadonlyArray<Choice>, by: number): Choice | undefined =>
  choices.length === 0 ? undefined : choices[Math.abs(by) % (choices.length + 1)];

const listOf = (seed: number): ReadonlyArray<number> =>
  Array.from({ length: Math.abs(seed) % 4 }, (_, i) => digest(seed, [i]));

// -- The interpreter ------------------------------------------------------------------------------------------------

export interface Outcome {
  readonly outputs: Values;
  /** How often each function was called, by path. */
  readonly calls: Record<string, number>;
}

/** What a run of the shape must do. `given` are the inputs of a sub-pipeline. */
const interpret = (
  shape: Shape,
  depth: number,
  prefix: string,
  given: Values,
  calls: Record<string, number>,
): Values => {
  const values: Values = { ...given };
  const call = (path: string): void => {
    calls[path] = (calls[path] ?? 0) + 1;
  };
  /** The value of a sub-pipeline is a digest of its last node, exposed by a step of its own. */
  const expand = (node: Node, path: string, seed: number, inputs: Values): unknown => {
    const sub = choose(node.subs, seed);
    if (sub === undefined) return seed;
    const results = interpret(sub, depth + 1, `${path}/`, inputs, calls);
    call(`${path}/exposed`);
    return digest(node.salt, [results[nameOf(depth + 1, sub.nodes.length - 1)]]);
  };
  shape.nodes.forEach((node, index) => {
    const name = nameOf(depth, index);
    const path = prefix + name;
    const reads = readsOf(node, depth, index, Object.keys(given));
    const seed = digest(
      node.salt,
      reads.map((read) => values[read]),
    );
    const inputs = Object.fromEntries(reads.map((read) => [read, values[read]]));
    switch (effectiveKind(shape, index)) {
      case "step":
        call(path);
        values[name] = seed;
        break;
      case "pair":
        call(path);
        values[name] = seed;
        values[`${name}b`] = seed + 1;
        break;
      case "list":
        call(path);
        values[name] = listOf(seed);
        break;
      case "map": {
        const items = values[listBefore(shape, depth, index)!] as ReadonlyArray<unknown>;
        values[name] = items.map((item, i) => {
          call(`${path}[${i}]`);
          return expand(node, `${path}[${i}]`, digest(seed, [item]), inputs);
        });
        break;
      }
      case "switch":
      case "dynamic":
        call(path);
        values[name] = expand(node, path, seed, inputs);
        break;
    }
  });
  return values;
};

export const expected = (shape: Shape): Outcome => {
  const calls: Record<string, number> = {};
  return { outputs: interpret(shape, 0, "", {}, calls), calls };
};

// -- The pipeline ---------------------------------------------------------------------------------------------------

const inStyle = (style: Style, value: () => unknown): unknown => {
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

/** The builder without its types: names are data here. */
interface Untyped {
  input(name: string, schema: unknown): Untyped;
  step(name: string, inputs: ReadonlyArray<string>, run: Run, options?: object): Untyped;
  dynamic(name: string, inputs: ReadonlyArray<string>, expand: Run, options?: object): Untyped;
  map(name: string, over: string, inputs: ReadonlyArray<string>, each: Each): Untyped;
  switch(name: string, inputs: ReadonlyArray<string>, on: Run, cases: Record<string, Run>): Untyped;
  returns(...names: ReadonlyArray<string>): Untyped;
  run(inputs?: object, options?: object): Effect.Effect<Values, unknown>;
}
type Run = (inputs: Values, context: { readonly path: string }) => unknown;
type Each = (item: unknown, inputs: Values, context: { readonly path: string }) => unknown;

/** The pipeline that a shape describes. It counts its calls in `calls`. */
export const build = (shape: Shape, calls: Record<string, number>): Untyped => {
  const call = (path: string): void => {
    calls[path] = (calls[path] ?? 0) + 1;
  };
  const make = (sub: Shape, depth: number, title: string, given: ReadonlyArray<string>): Untyped => {
    let built = pipeline(title) as unknown as Untyped;
    for (const input of given) built = built.input(input, type<unknown>());
    sub.nodes.forEach((node, index) => {
      const name = nameOf(depth, index);
      const reads = readsOf(node, depth, index, given);
      const seedOf = (inputs: Values): number =>
        digest(
          node.salt,
          reads.map((read) => inputs[read]),
        );
      /** The sub-pipeline reads what its step reads, as it may, and its last node is exposed under the step's name. */
      const expansion = (seed: number, exposed: string): unknown => {
        const chosen = choose(node.subs, seed);
        if (chosen === undefined) return seed;
        const last = nameOf(depth + 1, chosen.nodes.length - 1);
        return make(chosen, depth + 1, `sub of ${exposed}`, reads)
          .step(`exposed`, [last], (inputs, { path }) => {
            call(path);
            return digest(node.salt, [inputs[last]]);
          })
          .dynamic(exposed, ["exposed"], (inputs) => inputs["exposed"])
          .returns(exposed);
      };
      switch (effectiveKind(sub, index)) {
        case "step":
          built = built.step(name, reads, (inputs, { path }) => {
            call(path);
            return inStyle(node.style, () => seedOf(inputs));
          });
          break;
        case "pair":
          built = built.step(
            name,
            reads,
            (inputs, { path }) => {
              call(path);
              return inStyle(node.style, () => ({
                [name]: seedOf(inputs),
                [`${name}b`]: seedOf(inputs) + 1,
              }));
            },
            { outputs: [name, `${name}b`] },
          );
          break;
        case "list":
          built = built.step(name, reads, (inputs, { path }) => {
            call(path);
            return inStyle(node.style, () => listOf(seedOf(inputs)));
          });
          break;
        case "map":
          built = built.map(name, listBefore(sub, depth, index)!, reads, (item, inputs, { path }) => {
            call(path);
            return inStyle(node.style, () => expansion(digest(seedOf(inputs), [item]), name));
          });
          break;
        case "switch":
          built = built.switch(name, reads, (inputs) => (seedOf(inputs) % 2 === 0 ? "even" : "odd"), {
            even: (inputs, { path }) => {
              call(path);
              return inStyle(node.style, () => expansion(seedOf(inputs), name));
            },
            odd: (inputs, { path }) => {
              call(path);
              return expansion(seedOf(inputs), name);
            },
          });
          break;
        case "dynamic":
          built = built.dynamic(name, reads, (inputs, { path }) => {
            call(path);
            return inStyle(node.style, () => expansion(seedOf(inputs), name));
          });
          break;
      }
    });
    return built;
  };
  return make(shape, 0, "random", []);
};

// -- The arbitrary --------------------------------------------------------------------------------------------------

const style: fc.Arbitrary<Style> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Style>("value") },
  { weight: 3, arbitrary: fc.constant<Style>("effect") },
  { weight: 2, arbitrary: fc.constant<Style>("promise") },
  { weight: 1, arbitrary: fc.constant<Style>("sleeping effect") },
);

const node = (depth: number): fc.Arbitrary<Node> =>
  fc.record({
    kind:
      depth === 0
        ? fc.constantFrom<Node["kind"]>("step", "step", "pair", "list", "map")
        : fc.constantFrom<Node["kind"]>("step", "step", "pair", "list", "map", "switch", "dynamic"),
    reads: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 3 }),
    style,
    salt: fc.nat(1000),
    subs: depth === 0 ? fc.constant([]) : fc.array(shapeOf(depth - 1, 5), { maxLength: 2 }),
  });

const shapeOf = (depth: number, most: number): fc.Arbitrary<Shape> =>
  fc.record({ nodes: fc.array(node(depth), { minLength: 1, maxLength: most }) });

/** Shapes with expansions nested up to three deep. */
export const shape: fc.Arbitrary<Shape> = shapeOf(3, 12);
