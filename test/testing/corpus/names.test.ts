/** Names that collide, and invalid graphs: found with inputs that contain twins. */
import { dynamic, pipeline, step } from "espalier";
import * as fc from "fast-check";
import { bugs, growing, sum, valuesOf } from "./harness.ts";

const word = fc.stringMatching(/^[A-Za-z0-9 ._-]{1,8}$/);

type Texts = { readonly texts: ReadonlyArray<string> };

const named = (
  nameOf: (text: string) => string,
  pick: (texts: ReadonlyArray<string>) => Iterable<string> = (all) => all,
) =>
  dynamic("index", ["texts"], ({ texts }: Texts) =>
    pipeline("sub")
      .addAll([...pick(texts)].map((text) => step(`text ${nameOf(text)}`, [], () => text.length)))
      .step("index", ["text *"], (read) => Object.keys(read["text *"]).length),
  );

const unique = (texts: ReadonlyArray<string>): ReadonlySet<string> => new Set(texts);
const texts = (each: fc.Arbitrary<string>): fc.Arbitrary<Texts> => fc.record({ texts: fc.uniqueArray(each) });

bugs("wellFormed", {
  "names that differ only in case": { checked: named((text) => text.toLowerCase()), input: texts(word) },
  "names that differ only in whitespace": { checked: named((text) => text.trim()), input: texts(word) },
  "names that differ only in their normal form": {
    checked: named((text) => text.normalize("NFC"), unique),
    input: texts(
      fc.string({
        unit: fc.constantFrom("a", "e", "o", "\u0301", "\u0308", "é", "ö"),
        minLength: 1,
        maxLength: 5,
      }),
    ),
  },
  "two titles with the same slug": {
    checked: named((text) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")),
    input: texts(fc.stringMatching(/^[a-zA-Z _-]{1,12}$/)),
  },
  "truncated names": {
    checked: named((text) => text.slice(0, 6)),
    input: texts(fc.stringMatching(/^[a-z]{1,9}$/)),
  },
  "names with a slash in them": {
    checked: named((text) => text, unique),
    input: fc.record({ texts: fc.array(fc.string({ minLength: 1 })) }),
    says: /A name/,
  },
  "the number 1 and the string 1": {
    checked: dynamic("rows", ["ids"], ({ ids }: { ids: ReadonlyArray<string | number> }) =>
      pipeline("sub")
        .addAll([...new Set(ids)].map((id) => step(`row ${id}`, [], () => id)))
        .step("rows", ["row *"], (read) => Object.keys(read["row *"]).length),
    ),
    input: fc.record({ ids: fc.array(fc.oneof(fc.nat(), fc.nat().map(String))) }),
  },
  "two users with the same address in another case": {
    checked: dynamic("mails", ["users"], ({ users }: { users: ReadonlyArray<{ readonly email: string }> }) =>
      pipeline("sub")
        .addAll(users.map(({ email }) => step(`mail ${email.toLowerCase()}`, [], () => email)))
        .step("mails", [], () => users.length),
    ),
    input: fc.record({
      users: fc.uniqueArray(fc.record({ email: fc.stringMatching(/^[a-zA-Z]{1,6}@x$/) }), {
        selector: ({ email }) => email,
      }),
    }),
  },
  "two users with the same name": {
    checked: dynamic("mails", ["users"], ({ users }: { users: ReadonlyArray<{ readonly name: string }> }) =>
      pipeline("sub")
        .addAll(users.map(({ name }) => step(`mail ${name}`, [], () => name)))
        .step("mails", [], () => users.length),
    ),
    input: fc.record({
      users: fc.uniqueArray(fc.record({ id: fc.nat(), name: word }), { selector: ({ id }) => id }),
    }),
  },
  "a value that is in two lists": {
    checked: dynamic("index", ["texts", "others"], ({ texts, others }: Texts & { others: Texts["texts"] }) =>
      pipeline("sub")
        .addAll([...texts, ...others].map((text) => step(`text ${text}`, [], () => text)))
        .step("index", [], () => texts.length),
    ),
    input: fc.record({ texts: fc.uniqueArray(word), others: fc.uniqueArray(word) }),
  },
  "files with the same name in two folders": {
    checked: named((path) => path.slice(path.lastIndexOf("/") + 1)),
    input: texts(
      fc
        .tuple(fc.constantFrom("in", "out"), fc.stringMatching(/^[a-z]{1,4}$/))
        .map((parts) => parts.join("/")),
    ),
  },
  "indexOf for an index": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(items.map((item) => step(`item ${items.indexOf(item)}`, [], () => item)))
        .step("found", ["item *"], (read) => sum(valuesOf(read["item *"]))),
    ),
  },
  "an expansion that throws for some inputs": {
    checked: growing((items) => {
      if (items.length === 3) throw new Error("three");
      return pipeline("sub").step("found", [], () => 1);
    }),
    says: /"found" threw three/,
  },
});

bugs("exposes", {
  "a branch that forgets an output": {
    checked: dynamic(
      "best",
      ["items"],
      (({ items }: { items: ReadonlyArray<number> }) =>
        items.length === 1
          ? pipeline("one").step("best", [], () => items[0])
          : pipeline("sub")
              .step("best", [], () => Math.max(0, ...items))
              .step("scores", [], () => items)) as never,
      { outputs: ["best", "scores"] },
    ),
    smallest: { items: [0] },
    says: /provides "best", and not "scores"/,
  },
});
