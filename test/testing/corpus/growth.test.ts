/** Expansions that grow too much, or forever. */
import { dynamic, pipeline, step } from "espalier";
import * as fc from "fast-check";
import { bugs, growing, sum, valuesOf } from "./harness.ts";

type Links = Readonly<Record<string, ReadonlyArray<string>>>;

/** A crawler that does not remember the pages that it has visited. */
const crawled = (links: Links, at: string): any =>
  dynamic("found", [], () => {
    const next = links[at] ?? [];
    if (next.length === 0) return 1;
    return (pipeline("page") as any)
      .addAll(
        next.map((link, i) =>
          dynamic(`link ${i}`, [], () =>
            (pipeline("linked") as any)
              .add(crawled(links, link))
              .step(`link ${i}`, ["found"], ({ found }: { found: number }) => found),
          ),
        ) as never,
      )
      .step("found", ["link *"] as never, ((read: any) => 1 + sum(valuesOf(read["link *"]))) as never);
  });

const crawler = dynamic("found", ["links"], ({ links }: { links: Links }): any =>
  (pipeline("site") as any).add(crawled(links, "a")),
);
const page = fc.constantFrom("a", "b", "c");

const halves = (items: ReadonlyArray<number>): any =>
  items.length === 0
    ? 0
    : pipeline("half").dynamic("found", [], (() =>
        halves(items.slice(0, Math.ceil(items.length / 2)))) as never);

bugs("bounded", {
  "a cycle of links": {
    checked: crawler,
    input: fc.record({ links: fc.dictionary(page, fc.uniqueArray(page, { maxLength: 1 })) }),
    smallest: { links: { a: ["a"] } },
    says: /Does it expand forever\?/,
  },
  "a cycle of links that branches": {
    checked: crawler,
    input: fc.record({ links: fc.dictionary(page, fc.uniqueArray(page)) }),
    smallest: { links: { a: ["a"] } },
  },
  "a recursion whose end is never reached": { checked: growing(halves), smallest: { items: [0] } },
  "a step for each subset": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(Array.from({ length: 2 ** items.length }, (_, set) => step(`set ${set}`, [], () => set)))
        .step("found", [], () => items.length),
    ),
    smallest: { items: Array.from({ length: 14 }, () => 0) },
    says: /16,385 steps for 14 items, and 8,193 for 13/,
  },
  "a step for each triple": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(
          items.flatMap((_, i) =>
            items.flatMap((_, j) => items.map((_, k) => step(`triple ${i} ${j} ${k}`, [], () => 1))),
          ),
        )
        .step("found", [], () => 1),
    ),
    says: /steps for \d+ items/,
  },
  "one more step than declared": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(items.map((item, i) => step(`item ${i}`, [], () => item)))
        .step("found", ["item *"] as never, ((read: any) => sum(valuesOf(read["item *"]))) as never),
    ),
    options: { bound: ({ items }: { items: Array<number> }) => ({ steps: items.length, depth: 1 }) },
    smallest: { items: [] },
  },
});
