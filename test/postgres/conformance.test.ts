/** The store laws, checked on Postgres stores. */
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { PostgresStore } from "espalier/postgres";
import { storeConformance } from "espalier/testing";
import { describe, expect, test } from "vitest";
import { storeLaws } from "../../src/testing/store-laws.ts";
import { sharedPostgres } from "./server/shared.ts";
import { newSchema, storeIn } from "./support.ts";

const names = storeLaws.map(({ name }) => name);
const codec = {
  encode: (text: string) => Buffer.from(text).toString("base64"),
  decode: (text: string) => Buffer.from(text, "base64").toString(),
};

describe("All laws hold", () => {
  test("in a schema of its own", async () => {
    expect((await storeConformance(() => storeIn())).map(({ name }) => name)).toEqual(names);
  });

  test("with a codec", async () => {
    expect(await storeConformance(() => storeIn(newSchema(), codec))).toHaveLength(names.length);
  });

  test("in schemas of any name", async () => {
    const odd = [
      'quo"ted',
      "with ' and \\",
      "日本語",
      "UPPER lower",
      "select",
      "a.b; drop schema public --",
      "🎈".repeat(15),
    ];
    let count = 0;
    await storeConformance(() =>
      storeIn(`${newSchema().slice(5)}${odd[count++ % odd.length]!.slice(0, 26)}`),
    );
    expect(count).toBeGreaterThanOrEqual(odd.length);
  });

  test("over a client of the program, which renames columns and is not closed", async () => {
    const settings = {
      url: Redacted.make(await sharedPostgres()),
      transformResultNames: (name: string) => name.toUpperCase(),
      transformQueryNames: (name: string) => name.toLowerCase(),
    };
    const program = Effect.gen(function* () {
      const client = yield* PgClient.PgClient;
      yield* Effect.promise(() =>
        storeConformance(() => PostgresStore.layer({ client, schema: newSchema() })),
      );
      return yield* client.unsafe("SELECT 1 AS one").withoutTransform;
    });
    expect(await Effect.runPromise(Effect.provide(program, PgClient.layer(settings)))).toEqual([{ one: 1 }]);
  });
});
