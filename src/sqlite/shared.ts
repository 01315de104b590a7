/** The open stores of this process: the first user opens a file, and it is closed after its last user and its last run. */
import * as Effect from "effect/Effect";
import type { StoreProblem } from "../journal/store.ts";
import { inMemory, nameOf } from "./database.ts";
import { patiently } from "./retry.ts";
import type { Limits } from "./service.ts";
import { SqliteService } from "./service.ts";

const open = new Map<string, SqliteService>();
const users = new Map<SqliteService, number>();
let inMemoryCount = 0;

const find = (filename: string, limits: Limits): SqliteService => {
  const path = nameOf(filename);
  const name = path === inMemory && inMemoryCount++ > 0 ? `${inMemory} ${inMemoryCount}` : path;
  const found = open.get(name);
  if (found !== undefined) return found;
  const service = new SqliteService(name, path, limits);
  open.set(name, service);
  service.onClosed = () => {
    if (open.get(name) === service) open.delete(name);
  };
  return service;
};

/** Returns the store of a file. */
export const acquire = (filename: string, limits: Limits): Effect.Effect<SqliteService, StoreProblem> =>
  patiently(filename, () => {
    const service = find(filename, limits);
    users.set(service, (users.get(service) ?? 0) + 1);
    service.wanted();
    return service;
  });

export const release = (service: SqliteService): Effect.Effect<void> =>
  Effect.sync(() => {
    const left = users.get(service)! - 1;
    users.set(service, left);
    if (left > 0) return;
    users.delete(service);
    service.unwanted();
  });
