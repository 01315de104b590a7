/** Databases that cannot be used: each is reported in time, in one sentence that says how to fix it, and never with a password. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type { StoreLayer } from "espalier";
import { pipeline, Runs } from "espalier";
import { PostgresStore } from "espalier/postgres";
import { describe, expect, test } from "vitest";
import { PostgresServer } from "./server/postgres-server.ts";
import { sharedPostgres } from "./server/shared.ts";
import { newSchema, sql } from "./support.ts";

const flow = pipeline("flow")
  .step("a", [], async () => 1)
  .step("b", ["a"], async ({ a }) => a + 1);

const secret = "hunter2!";

/** The error of a run that cannot begin in a store. */
const refusedBy = async (store: StoreLayer): Promise<{ kind: string; message: string; _tag: string }> => {
  const exit = await Effect.runPromiseExit(flow.run({}, { store, runId: "r" }));
  if (exit._tag === "Success") throw new Error("It ran.");
  const text = JSON.stringify(exit);
  expect(text).not.toContain(secret);
  const error = exit.cause.reasons[0] as unknown as { readonly error: any };
  return error.error;
};

const at = (url: unknown, schema?: string): StoreLayer =>
  PostgresStore.layer({ url: url as string, ...(schema === undefined ? {} : { schema }) });

const changed = async (change: (url: URL) => void): Promise<string> => {
  const url = new URL(await sharedPostgres());
  change(url);
  return url.href;
};

describe("A database that cannot be reached", () => {
  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      "a text that is not a URL",
      async () => `no url ${secret}`,
      "failed",
      /url is not a URL\. Write it as postgres:\/\//,
    ],
    [
      "nothing",
      async () => undefined,
      "failed",
      /url must be a string such as postgres:\/\/.*; got undefined/,
    ],
    [
      "the URL of another kind of database",
      async () => `mysql://root:${secret}@localhost/x`,
      "failed",
      /url must begin with postgres:\/\/; got "mysql:"/,
    ],
    [
      "a host that does not exist",
      async () => `postgres://me:${secret}@nobody.invalid/x`,
      "unreachable",
      /^Store "postgres:\/\/nobody\.invalid:5432\/x": Postgres cannot be reached \(.*nobody\.invalid/,
    ],
    [
      "a port where nothing listens",
      async () => `postgres://me:${secret}@127.0.0.1:1/x`,
      "unreachable",
      /cannot be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\)/,
    ],
    [
      "a wrong password",
      () => changed((url) => (url.password = secret)),
      "denied",
      /password authentication failed for user "postgres"\. Correct the user or the password\./,
    ],
    [
      "a database that does not exist",
      () => changed((url) => (url.pathname = "/nowhere")),
      "missing",
      /database "nowhere" does not exist: create it first, or correct the URL\./,
    ],
  ])("is reported: %s", async (_, url, kind, message) => {
    const error = await refusedBy(at(await url()));
    expect(error).toMatchObject({ _tag: "StoreError", kind });
    expect(error.message).toMatch(message);
  });

  test.each(["", "pg_mine", "x".repeat(64)])("the schema %j is refused", async (schema) => {
    const error = await refusedBy(at(await sharedPostgres(), schema));
    expect(error.message).toContain("schema must be a name of 1 to 63 bytes");
  });
});

describe("A schema", () => {
  const inSchema = async (prepare: (schema: string) => Promise<unknown>): Promise<StoreLayer> => {
    const schema = newSchema();
    const store = at(await sharedPostgres(), schema);
    await Runs.listPromise({ store });
    await prepare(schema);
    return store;
  };

  test("that was written by a newer version is refused, and left as it is", async () => {
    const store = await inSchema((schema) => sql(`UPDATE "${schema}".espalier_version SET version = 99`));
    const error = await refusedBy(store);
    expect(error).toMatchObject({ _tag: "StoreError", kind: "newer" });
    expect(error.message).toContain("version 99 of the schema");
  });

  test("without one of its tables is damaged", async () => {
    const store = await inSchema((schema) => sql(`DROP TABLE "${schema}".espalier_chunks`));
    expect(await refusedBy(store)).toMatchObject({
      _tag: "StoreCorrupt",
      message: expect.stringContaining('its table "espalier_chunks" is missing'),
    });
  });

  test("of the user's own tables keeps them, names that the store could use among them", async () => {
    const schema = newSchema();
    await sql(`CREATE SCHEMA "${schema}"`);
    for (const name of ["runs", "chunks", "events", "cache", "version", "messages"]) {
      await sql(`CREATE TABLE "${schema}".${name} (mine text)`);
      await sql(`INSERT INTO "${schema}".${name} VALUES ('kept')`);
    }
    expect(await flow.runPromise({}, { store: at(await sharedPostgres(), schema) })).toEqual({ a: 1, b: 2 });
    expect(await sql(`SELECT mine FROM "${schema}".runs`)).toEqual([{ mine: "kept" }]);
  });

  test("that the user is not allowed to write is reported", async () => {
    const schema = newSchema();
    const role = `reader_${schema.slice(5)}`;
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD '${secret}'`);
    const url = await changed((to) => {
      to.username = role;
      to.password = secret;
    });
    const error = await refusedBy(at(url, schema));
    expect(error).toMatchObject({ _tag: "StoreError", kind: "denied" });
    expect(error.message).toContain("grant it to the store's user");
    await sql(`DROP ROLE ${role}`);
  });

  test("that many processes make at once is made once", async () => {
    const schema = newSchema();
    const url = await sharedPostgres();
    // Within one process, different URLs are different stores, like those of several processes.
    const stores = Array.from({ length: 8 }, (_, i) => at(`${url}?application_name=p${i}`, schema));
    const ran = await Promise.all(stores.map((store, i) => flow.runPromise({}, { store, runId: `r${i}` })));
    expect(ran).toEqual(stores.map(() => ({ a: 1, b: 2 })));
    expect(await sql(`SELECT count(*)::int AS n FROM "${schema}".espalier_runs`)).toEqual([{ n: 8 }]);
  });
});

describe("A disk that is full", () => {
  test("pauses a run until there is space, and loses nothing", async () => {
    const schema = newSchema();
    const store = at(await sharedPostgres(), schema);
    await Runs.listPromise({ store });
    // Postgres itself reports a full disk with this error.
    await sql(`CREATE FUNCTION "${schema}".full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
    await sql(
      `CREATE TRIGGER full_disk BEFORE INSERT ON "${schema}".espalier_chunks EXECUTE FUNCTION "${schema}".full()`,
    );
    const run = await flow.startPromise({}, { store, runId: "r" });
    const seen: Array<string> = [];
    for await (const event of run.events) {
      if (event.type === "run.paused") {
        seen.push(event.error.message);
        await sql(`DROP TRIGGER full_disk ON "${schema}".espalier_chunks`);
      }
      if (event.type === "run.resumed") seen.push("resumed");
    }
    expect(await run.result).toEqual({ a: 1, b: 2 });
    expect(seen).toEqual([expect.stringContaining("there is no space left on Postgres's disk"), "resumed"]);
    expect(await Runs.valuePromise("r", "b", { store })).toBe(2);
  });
});

describe("A server that is down", () => {
  const millis = process.env["ESPALIER_LONG"] === undefined ? 1_500 : 8_000;

  test(`for ${millis / 1000} s pauses its runs: nothing is lost, and nothing runs twice`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "espalier-down-"));
    const server = await PostgresServer.start(folder, ["fsync=off", "full_page_writes=off"]);
    try {
      const store = at(server.url());
      const ran: Array<string> = [];
      const reached = new Map<string, () => void>();
      const runs = ["first", "second"].map((runId) => {
        const chain = Array.from({ length: 40 }, (_, i) => i).reduce<any>(
          (built, i) =>
            built.step(`s${i}`, i === 0 ? [] : [`s${i - 1}`], async () => {
              ran.push(`${runId} s${i}`);
              if (i === 10) reached.get(runId)!();
              return i;
            }),
          pipeline("chain"),
        );
        const halfway = new Promise<void>((resolve) => reached.set(runId, resolve));
        return { halfway, outputs: chain.runPromise({}, { store, runId }) as Promise<unknown> };
      });
      await Promise.race(runs.map(({ halfway }) => halfway));
      // As in a crash: a commit that was sent but not answered has possibly succeeded.
      await server.down("immediate");
      const before = ran.length;
      await new Promise((resolve) => setTimeout(resolve, millis));
      // A step whose inputs were recorded at the last moment may have begun; no step that still needed a record has.
      expect(ran.length).toBeLessThanOrEqual(before + 2);
      await server.up();
      await Promise.all(runs.map(({ outputs }) => outputs));
      const expected = ["first", "second"].flatMap((id) =>
        Array.from({ length: 40 }, (_, i) => `${id} s${i}`),
      );
      expect(ran.toSorted()).toEqual(expected.toSorted());
      for (const { id, status } of await Runs.listPromise({ store })) {
        expect([status, (await Runs.getPromise(id, { store })).steps.length]).toEqual(["succeeded", 40]);
      }
    } finally {
      await server.remove();
    }
  });
});

describe("A server that cannot serve", () => {
  test("since it is too old is refused", async () => {
    const settings = PgClient.layer({ url: Redacted.make(await sharedPostgres()) });
    const program = Effect.gen(function* () {
      const client = yield* PgClient.PgClient;
      // Reports its version as Postgres 11.
      const old = Object.assign(Object.create(client) as typeof client, {
        unsafe: (text: string, parameters?: ReadonlyArray<unknown>) =>
          client.unsafe(text.replace("current_setting('server_version_num')", "'110022'"), parameters),
      });
      return yield* Effect.promise(() => refusedBy(PostgresStore.layer({ client: old })));
    });
    const error = await Effect.runPromise(Effect.provide(program, settings));
    expect(error).toMatchObject({ _tag: "StoreError", kind: "unsupported" });
    expect(error.message).toContain("it is Postgres 11, but 14 or newer is required");
  });

  test("since notifications do not arrive, as through a pooler in transaction mode, is refused", async () => {
    const settings = PgClient.layer({ url: Redacted.make(await sharedPostgres()) });
    const program = Effect.gen(function* () {
      const client = yield* PgClient.PgClient;
      const deaf = Object.assign(Object.create(client) as typeof client, {
        unsafe: (text: string, parameters?: ReadonlyArray<unknown>) =>
          client.unsafe(text.replace("SELECT pg_notify($1, $2)", "SELECT $1::text, $2::text"), parameters),
      });
      return yield* Effect.promise(() =>
        refusedBy(PostgresStore.layer({ client: deaf, schema: newSchema() })),
      );
    });
    const error = await Effect.runPromise(Effect.provide(program, settings));
    expect(error).toMatchObject({ _tag: "StoreError", kind: "unsupported" });
    expect(error.message).toContain("a connection pooler in transaction mode in between");
  });
});

describe("A connection that is lost", () => {
  test("at any moment of a run costs nothing: all steps run once, and all are recorded", async () => {
    const schema = newSchema();
    const url = await sharedPostgres();
    const name = schema.replace(" ", "_");
    const store = at(`${url}?application_name=${name}`, schema);
    const ran: Array<string> = [];
    const chain = Array.from({ length: 60 }, (_, i) => i).reduce<any>(
      (built, i) =>
        built.step(`s${i}`, i === 0 ? [] : [`s${i - 1}`], async (_: unknown, { path }: { path: string }) => {
          ran.push(path);
          return i;
        }),
      pipeline("chain"),
    );
    const over = new AbortController();
    const cutting = (async () => {
      let cuts = 0;
      // The cuts are spread over the phases of a commit, which takes a few milliseconds.
      while (!over.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
        if (ran.length === 0) continue;
        const rows = await sql(
          `SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity WHERE query LIKE '%"${schema}"%'
             AND pid <> pg_backend_pid()`,
        );
        cuts += rows.length;
      }
      return cuts;
    })();
    try {
      await chain.runPromise({}, { store, runId: "r" });
    } finally {
      over.abort();
    }
    expect(await cutting).toBeGreaterThan(0);
    expect(ran).toEqual(Array.from({ length: 60 }, (_, i) => `s${i}`));
    const { steps, status } = await Runs.getPromise("r", { store });
    expect([status, steps.length]).toEqual(["succeeded", 60]);
  });
});
