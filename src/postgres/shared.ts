/** The open stores of this process: the first user opens a store, and it is closed after its last user and its last run. */
import * as Effect from "effect/Effect";
import type { StoreCodec } from "../../types/store.ts";
import type { StoreProblem } from "../journal/store.ts";
import { hashOf } from "../stores/texts.ts";
import type { Target } from "./address.ts";
import { checkSchema, nameOfTarget } from "./address.ts";
import { Database, pause } from "./database.ts";
import { prepare } from "./open.ts";
import { isPassing, problemOf } from "./problems.ts";
import type { Names } from "./schema.ts";
import { namesOf } from "./schema.ts";
import { PostgresService } from "./service.ts";

export interface Options {
  readonly target: Target;
  readonly schema: string;
  readonly maxValueBytes: number | undefined;
  readonly codec: StoreCodec | undefined;
}

interface Open {
  readonly service: Promise<PostgresService>;
  users: number;
}

const mostAttempts = 4;

const open = new Map<string, Open>();

/** Numbers for objects that cannot be compared by their contents. */
const identities = new WeakMap<object, number>();
let identified = 0;
const identityOf = (value: object | undefined): number => {
  if (value === undefined) return 0;
  const found = identities.get(value) ?? ++identified;
  identities.set(value, found);
  return found;
};

const keyOf = ({ target, schema, codec }: Options): string => {
  const where = "url" in target ? hashOf(String(target.url)) : `client ${identityOf(target.client)}`;
  return JSON.stringify([where, schema, identityOf(codec)]);
};

/** A restarting server or a lost connection is retried after a moment; a wrong address fails soon. */
const prepared = async (database: Database, names: Names): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prepare(database, names);
    } catch (error) {
      const problem = problemOf(database.name, error);
      if (attempt < mostAttempts && isPassing(problem) && "kind" in problem && problem.kind !== "denied") {
        await pause(50 * 2 ** attempt);
        continue;
      }
      await database.close();
      throw problem;
    }
  }
};

const start = async ({ target, schema, maxValueBytes, codec }: Options, key: string) => {
  checkSchema(schema);
  const names = namesOf(schema);
  const database = await Database.connect(target, nameOfTarget(target, schema));
  await prepared(database, names);
  const service = new PostgresService(database, names, { maxValueBytes, codec });
  // A store opened in the meantime is another one.
  service.onClosing = () => open.delete(key);
  return service;
};

/** A store that its caller releases. */
export const acquire = (options: Options): Effect.Effect<PostgresService, StoreProblem> =>
  Effect.tryPromise({
    try: async () => {
      const key = keyOf(options);
      let found = open.get(key);
      if (found === undefined) {
        const service = start(options, key);
        found = { service, users: 0 };
        open.set(key, found);
        service.catch(() => open.delete(key));
      }
      found.users++;
      const service = await found.service;
      service.wanted();
      users.set(service, found);
      return service;
    },
    catch: (error) => problemOf("postgres", error),
  });

const users = new WeakMap<PostgresService, Open>();

export const release = (service: PostgresService): Effect.Effect<void> =>
  Effect.promise(async () => {
    const found = users.get(service)!;
    found.users--;
    if (found.users === 0) await service.unwanted();
  });
