/** Records can be read only by their owner, and secrets are never recorded in the clear. */
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { pipeline, resume, Runs, Signal, Store } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { storeAt, temporary } from "./support.ts";

const newFolder = temporary();
const secret = "correct-horse-battery-staple";
const redacted = Schema.Redacted(Schema.String);

const newFile = (): string => {
  const folder = newFolder();
  mkdirSync(folder);
  return join(folder, "runs.db");
};

/** All files of a store. */
const filesOf = (file: string): ReadonlyArray<string> =>
  readdirSync(dirname(file)).map((name) => join(dirname(file), name));

const rot = (text: string): string =>
  Buffer.from(Buffer.from(text).map((byte) => byte ^ 0x5a)).toString("base64");
const unrot = (text: string): string =>
  Buffer.from(Buffer.from(text, "base64").map((byte) => byte ^ 0x5a)).toString();
const codec = { encode: rot, decode: unrot };

/** Returns "refused" or "recorded". The secret must appear in no error and in no file. */
const kept = async (made: any, inputs: object, file: string, options = {}) => {
  const store = SqliteStore.layer({ filename: file, ...options });
  const outcome = await made.runPromise(inputs, { store, runId: "r" }).then(
    () => "recorded",
    (error: any) => {
      expect(typeof error._tag).toBe("string");
      expect(`${error.message}${JSON.stringify(error)}`).not.toContain(secret);
      return "refused";
    },
  );
  for (const one of filesOf(file)) expect(readFileSync(one).includes(secret)).toBe(false);
  return outcome as string;
};

test.skipIf(process.platform === "win32")(
  "the store's files can be read by their owner only, while a run is under way and after it",
  async () => {
    const file = newFile();
    const modes = () => filesOf(file).map((one) => [basename(one), (statSync(one).mode & 0o777).toString(8)]);
    const before = process.umask(0o022);
    const seen = await pipeline("p")
      .step("token", [], () => "t")
      .step("modes", ["token"], () => modes())
      .runPromise({}, { store: storeAt(file) })
      .finally(() => process.umask(before));
    expect(seen.modes.length).toBeGreaterThan(1);
    for (const [name, mode] of [...seen.modes, ...modes()]) expect([name, mode]).toEqual([name, "600"]);
  },
);

const plain = pipeline("p").step("key", [], () => Redacted.make(secret));
const whole = pipeline("p").step("key", [], () => Redacted.make(secret), { output: redacted });
const field = pipeline("p").step("key", [], () => ({ user: "ada", password: Redacted.make(secret) }), {
  output: Schema.Struct({ user: Schema.String, password: redacted }),
});
const deep = pipeline("p").step("key", [], () => [{ of: new Map([["ada", Redacted.make(secret)]]) }], {
  output: Schema.Array(Schema.Struct({ of: Schema.ReadonlyMap(Schema.String, redacted) })),
});
const made = pipeline("p").step("key", [], (): unknown => Redacted.make(secret), {
  output: Schema.RedactedFromValue(Schema.String),
});
const input = pipeline("p")
  .input("key", redacted)
  .step("length", ["key"], ({ key }) => Redacted.value(key).length);

const token = z.string().transform((text) => Redacted.make(text));

describe("Without a codec", () => {
  test("a text of which a schema makes a Redacted input is refused", async () => {
    for (const schema of [token, Schema.RedactedFromValue(Schema.String)]) {
      const used = pipeline("p")
        .input("key", schema as typeof token)
        .step("length", ["key"], ({ key }) => Redacted.value(key).length);
      const file = newFile();
      expect(await kept(used, { key: secret }, file)).toBe("refused");
    }
  });

  test.each([
    ["refused", {}, expect.stringContaining("give the store a codec"), undefined],
    ["accepted with a codec", { codec }, "accepted", { length: secret.length }],
  ] as ReadonlyArray<[string, object, unknown, unknown]>)(
    "a text of which the schema of a waiting step makes a Redacted value is %s",
    async (_, options, told, got) => {
      for (const schema of [token, redacted, Schema.RedactedFromValue(Schema.String)]) {
        const waits = pipeline("p")
          .await("key", schema as typeof token)
          .step("length", ["key"], ({ key }) => Redacted.value(key).length)
          .returns("length");
        const file = newFile();
        const store = SqliteStore.layer({ filename: file, ...options });
        const run = await waits.startPromise({}, { store, runId: "r" });
        for await (const { type } of run.events) if (type === "step.waiting") break;
        const sending = Signal.sendPromise("r", "key", secret, { store }).then(
          () => "accepted",
          ({ reason }) => reason as string,
        );
        expect(await sending).toEqual(told);
        if (got === undefined) await run.interrupt();
        expect(await run.result.catch(() => undefined)).toEqual(got);
        for (const one of filesOf(file)) expect(readFileSync(one).includes(secret)).toBe(false);
      }
    },
  );

  test.each([
    ["without a schema", plain, {}],
    ["by its schema", whole, {}],
    ["in a field", field, {}],
    ["deep within", deep, {}],
    ["made from a value", made, {}],
    ["as an input", input, { key: Redacted.make(secret) }],
  ] as ReadonlyArray<[string, any, object]>)("a Redacted value %s is refused", async (_, made, inputs) => {
    expect(await kept(made, inputs, newFile())).toBe("refused");
  });

  test("the refusal says what to do", async () => {
    await expect(whole.runPromise({}, { store: storeAt(newFile()) })).rejects.toThrow(/codec/);
  });

  test("a value of a schema that allows a Redacted one, and has none, is recorded", async () => {
    const optional = pipeline("p").step("key", [], () => undefined as Redacted.Redacted | undefined, {
      output: Schema.UndefinedOr(redacted),
    });
    expect(await kept(optional, {}, newFile())).toBe("recorded");
  });

  test("and without a store a Redacted value goes from step to step", async () => {
    const used = whole.step("length", ["key"], ({ key }) => Redacted.value(key).length).returns("length");
    expect(await used.runPromise()).toEqual({ length: secret.length });
  });
});

describe("With a codec", () => {
  const bytes = pipeline("p").step("key", [], () => Redacted.make(Buffer.from(secret).toString("base64")), {
    output: Schema.Redacted(Schema.Uint8ArrayFromBase64),
  });

  test.each([
    ["by its schema", whole, {}, "<redacted>"],
    ["in a field", field, {}, { user: "ada", password: "<redacted>" }],
    ["deep within", deep, {}, [{ of: [["ada", "<redacted>"]] }]],
    ["that its schema writes in another way", bytes, {}, "<redacted>"],
  ] as ReadonlyArray<[string, any, object, unknown]>)(
    "a Redacted value %s is read by a resumed run, and shown to no one",
    async (_, made, inputs, shown) => {
      const store = SqliteStore.layer({ filename: newFile(), codec });
      const { key: first } = await made.runPromise(inputs, { store, runId: "r" });
      expect(await Runs.valuePromise("r", "key", { store })).toEqual(shown);
      const { key: again } = await Effect.runPromise(resume(made, "r", { store }) as Effect.Effect<any>);
      const clear = (value: unknown): unknown =>
        Redacted.isRedacted(value)
          ? Redacted.value(value)
          : value instanceof Map
            ? [...value].map(([key, part]) => [key, clear(part)])
            : Array.isArray(value)
              ? value.map(clear)
              : typeof value === "object" && value !== null
                ? Object.entries(value).map(([key, part]) => [key, clear(part)])
                : value;
      expect(clear(again)).toEqual(clear(first));
    },
  );

  test("a Redacted input is not shown", async () => {
    const store = SqliteStore.layer({ filename: newFile(), codec });
    await input.runPromise({ key: Redacted.make(secret) }, { store, runId: "r" });
    expect((await Runs.getPromise("r", { store })).inputs).toEqual({ key: "<redacted>" });
  });

  test.each([
    ["by its schema", whole, {}],
    ["in a field", field, {}],
    ["as an input", input, { key: Redacted.make(secret) }],
  ] as ReadonlyArray<[string, any, object]>)(
    "a Redacted value %s is recorded, not in clear",
    async (_, made, inputs) => {
      expect(await kept(made, inputs, newFile(), { codec })).toBe("recorded");
    },
  );

  test("what is recorded, small and large, is read again with it, and not without it", async () => {
    const file = newFile();
    let ran = 0;
    const p = pipeline("p")
      .step("large", [], () => {
        ran++;
        return secret.repeat(20_000);
      })
      .step("end", ["large"], ({ large }) => {
        if (ran === 1) throw new Error(`${secret} was wrong`);
        return large.length;
      });
    const store = SqliteStore.layer({ filename: file, codec });
    await expect(p.runPromise({}, { store, runId: "r" })).rejects.toMatchObject({ _tag: "StepFailed" });
    for (const one of filesOf(file)) expect(readFileSync(one).includes(secret)).toBe(false);
    ran = 2;
    await expect(Effect.runPromise(resume(p, "r", { store: storeAt(file) }))).rejects.toMatchObject({
      _tag: "StoreError",
      message: expect.stringContaining("encrypted"),
    });
    const seen = await Effect.runPromise(
      Effect.flatMap(Store, (service) => service.find("r")).pipe(Effect.provide(storeAt(file))),
    );
    expect(seen?.entries.map(({ text }) => text)).toEqual(['"<encrypted>"']);
    expect(JSON.stringify(seen)).not.toContain(secret);
    expect((await Effect.runPromise(resume(p, "r", { store }))).end).toBe(secret.length * 20_000);
    expect(ran).toBe(2);
  });

  test("a codec that throws fails the run with its reason, and no other run", async () => {
    const broken = {
      ...codec,
      encode: (text: string) => {
        if (text.includes("no")) throw new Error("no key");
        return rot(text);
      },
    };
    const store = SqliteStore.layer({ filename: newFile(), codec: broken });
    const bad = pipeline("bad").step("a", [], () => "no");
    const good = pipeline("good").step("a", [], () => "yes");
    const [one, two] = await Promise.allSettled([
      bad.runPromise({}, { store }),
      good.runPromise({}, { store }),
    ]);
    expect(one).toMatchObject({ status: "rejected", reason: { _tag: "StoreError" } });
    expect(two).toMatchObject({ status: "fulfilled", value: { a: "yes" } });
  });
});
