/** Functions generic in a step's name. */
import { dynamic, pipeline, step } from "espalier";
export const constant = <const Name extends string, Value>(name: Name, value: Value) =>
  step(name, [], () => value);
export const named = <const Name extends string, Value>(name: Name, value: Value) =>
  pipeline("p").step(name, [], () => value);
export const p = pipeline("p")
  .add(constant("a", 1))
  .step("b", ["a"], ({ a }) => a.toFixed());
export const q = named("a", 1).step("b", ["a"], ({ a }) => a.toFixed());

// Names that are made of a type parameter, in every member that has a name, and as the names that a standalone step reads.
export const scored = <const Name extends string>(name: Name) =>
  pipeline("p")
    .step("xs", [], () => [1])
    .step(`step_${name}`, ["xs"], ({ xs }) => xs[0])
    .map(`map_${name}`, "xs", [], (x) => x)
    .dynamic(`dynamic_${name}`, [], () => "text")
    .switch(`switch_${name}`, [], () => name.length > 3, { true: () => 1, false: () => 2 })
    .race(`race_${name}`, [], { first: () => 1 });
scored("a").step("z", ["step_a", "map_a", "dynamic_a", "switch_a", "race_a"], (found) =>
  [found.step_a ?? 0, ...found.map_a, found.dynamic_a.length, found.switch_a, found.race_a].length.toFixed(),
);
export const doubled = <const Name extends string>(name: Name) =>
  step(
    `double_${name}`,
    [`raw_${name}`],
    (found: { readonly [Key in `raw_${Name}`]: number }) => found[`raw_${name}`] * 2,
  );
pipeline("p")
  .step("raw_a", [], () => 1)
  .add(doubled("a"))
  .step("z", ["double_a"], ({ double_a }) => double_a.toFixed());
export const family = <const Name extends string>(name: Name, keys: ReadonlyArray<string>) =>
  pipeline("p").addAll(keys.map((key) => step(`${name}_${key}`, [], () => 1)));
family("a", []).step("z", ["a_*"], (found) => Object.values(found["a_*"]).map((n) => n.toFixed()));

// A name of a type parameter that is read where it is added: by standalone steps, whose parameter says what they read.
export const measured = <const Name extends string>(name: Name) =>
  [
    step(name, [], () => [1, 2]),
    step(`${name}_size`, [name], (found: { readonly [Key in Name]: number[] }) => found[name].length),
    dynamic(`${name}_all`, [name], (found: { readonly [Key in Name]: number[] }) =>
      pipeline("all").step(`${name}_all`, [], () => found[name].join()),
    ),
  ] as const;
pipeline("p")
  .addAll(measured("a"))
  .step("z", ["a", "a_size", "a_all"], (found) => [
    found.a.length,
    found.a_size.toFixed(),
    found.a_all.trim(),
  ]);
export const extended = <const Name extends string>(name: Name) =>
  pipeline("p")
    .step(name, [], () => 1)
    .add(step("next", [name], (found: { readonly [Key in Name]: number }) => found[name] + 1));
extended("a").step("z", ["a", "next"], ({ a, next }) => (a + next).toFixed());
// @ts-expect-error: the name is known now, and it is another one.
extended("a").step("z", ["b"], ({ b }) => b);
