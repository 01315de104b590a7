/** Runs that fail, and runs that never end. */
import * as Effect from "effect/Effect";
import { pipeline, step } from "espalier";
import * as fc from "fast-check";
import { bugs, growing, obstacles, reading, stepping } from "./harness.ts";

type User = { readonly address: { readonly city: string } | undefined };

bugs("succeeds", {
  "the best of none": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(items.map((item, i) => step(`model ${i}`, [], () => ({ item, score: 1 / (1 + item) }))))
        .step(
          "found",
          ["model *"] as never,
          ((read: any) =>
            (Object.values(read["model *"]) as Array<{ item: number; score: number }>).reduce((a, b) =>
              b.score > a.score ? b : a,
            ).item) as never,
        ),
    ),
    smallest: { items: [] },
    says: /"found\/found" threw TypeError: Reduce of empty array/,
  },
  "a misspelt property, with every input": {
    checked: stepping((items) => (items as any).lenght.toFixed()),
    smallest: { items: [] },
  },
  "a property of a value that may be missing": {
    checked: reading(
      ({ user }: { user: User }) =>
        pipeline("sub").step("found", [], () => (user as any).address.city.length),
      "user",
    ),
    input: fc.record({
      user: fc.record({ address: fc.option(fc.record({ city: fc.string() }), { nil: undefined }) }),
    }),
  },
  "JSON.parse of any text": {
    checked: reading(
      ({ text }: { text: string }) => pipeline("sub").step("found", [], () => JSON.parse(text) as unknown),
      "text",
    ),
    input: fc.record({ text: fc.string() }),
    smallest: { text: "" },
  },
  "an Effect that dies": {
    checked: stepping((items) => (items.length > 2 ? Effect.die(new Error("bug")) : Effect.succeed(1))),
    smallest: { items: [0, 0, 0] },
  },
  "a typed error for every input": {
    checked: stepping(() => Effect.fail({ _tag: "NotFound" })),
    says: /with every input it failed with \{ _tag: "NotFound" \}/,
  },
});

obstacles({
  "a step that exits the process": {
    checked: stepping((items) => {
      if (items.length > 4) process.exit(3);
      return 1;
    }),
    smallest: { items: [0, 0, 0, 0, 0] },
    says: /"found\/found" called process\.exit\(3\)/,
  },
  "a promise that never settles, for two items": {
    checked: stepping((items) => (items.length === 2 ? new Promise(() => {}) : 1)),
    smallest: { items: [0, 0] },
    says: /Under way: "found\/found"/,
  },
  "a deadlock by a limit on concurrency": {
    checked: growing(() => {
      let open = (): void => {};
      const ready = new Promise<void>((resolve) => {
        open = resolve;
      });
      return pipeline("sub")
        .step("wait", [], async () => {
          await ready;
          return 1;
        })
        .step("open", [], () => (open(), 1))
        .step("found", ["wait", "open"], () => 1);
    }),
    options: { run: { concurrency: 1 } },
    smallest: { items: [] },
    says: /Under way: "found\/wait"\. Not begun: "found\/open" waits for a concurrency slot.*; "found\/found" waits for "found\/wait" and "found\/open"/,
  },
  "a deadlock of two steps": {
    checked: growing(() => {
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      return pipeline("sub")
        .step("first", [], async () => {
          await gate;
          return 1;
        })
        .step("found", ["first"], () => (open(), 1));
    }),
    says: /"found\/found" waits for "found\/first"/,
  },
  "a timer that is longer than the patience": {
    checked: stepping(() => new Promise((resolve) => setTimeout(resolve, 500))),
    options: { patience: "100 millis" },
    says: /waits for a timer of 500 ms, longer than the limit on waiting of 100 ms \(option "patience"\)/,
  },
});
