/** Work that outlives a run. */
import type { FileHandle } from "node:fs/promises";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import * as Effect from "effect/Effect";
import { afterAll } from "vitest";
import { bugs, sleep, stepping } from "./harness.ts";

const opened: Array<FileHandle> = [];
afterAll(async () => {
  for (const file of opened) await file.close();
});

bugs("leavesNothing", {
  "a failing notification that no one awaits": {
    checked: stepping(async (items) => {
      const notify = async (): Promise<void> => {
        await sleep(0);
        if (items.length > 3) throw new Error("notify failed");
      };
      void notify();
      return items.length;
    }),
    smallest: { items: [0, 0, 0, 0] },
    says: /a rejected promise that nothing handled: .*notify failed/,
  },
  "promises of all items, some of which reject": {
    checked: stepping((items) => {
      const all = items.map(async (item) => {
        if (item > 50) throw new Error("too large");
        return item;
      });
      return all.length;
    }),
    smallest: { items: [51] },
  },
  "a missing file, whose read is not awaited": {
    checked: stepping((items) => {
      void readFile("/does/not/exist").then((text) => text.length);
      return items.length;
    }),
    says: /ENOENT/,
  },
  "a file that is not closed": {
    checked: stepping(async (items) => {
      opened.push(await open(new URL(import.meta.url)));
      return items.length;
    }),
    says: /"found\/found" left a file open/,
  },
  "an interval": {
    checked: stepping((items) => {
      setInterval(() => {}, 1000);
      return items.length;
    }),
    smallest: { items: [] },
    says: /"found\/found" left an interval of 1000 ms running/,
  },
  "an interval that is not cleared on one exit path": {
    checked: stepping((items) => {
      const polling = setInterval(() => {}, 100);
      if (items.length > 2) return items.length;
      clearInterval(polling);
      return 0;
    }),
    smallest: { items: [0, 0, 0] },
  },
  "a long timer": {
    checked: stepping((items) => {
      setTimeout(() => {}, 60_000);
      return items.length;
    }),
  },
  "a timer that throws": {
    checked: stepping((items) => {
      setTimeout(() => {
        throw new Error("too late");
      }, 10);
      return items.length;
    }),
    says: /threw an uncaught error: .*too late/,
  },
  "the timer of a timeout that lost its race": {
    checked: stepping((items) =>
      Promise.race([
        sleep(1).then(() => items.length),
        sleep(30_000).then(() => {
          throw new Error("timed out");
        }),
      ]),
    ),
    says: /a timer of 30000 ms/,
  },
  "a fiber of a separate runtime": {
    checked: stepping((items) => {
      Effect.runFork(Effect.sleep("20 seconds"));
      return items.length;
    }),
  },
  "a detached fiber": {
    checked: stepping((items) => Effect.as(Effect.forkDetach(Effect.sleep("1 hour")), items.length)),
    says: /a fiber was still/,
  },
  "a server that listens": {
    checked: stepping(async (items) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      server.unref();
      server.ref();
      return items.length;
    }),
    says: /left a server that listens open/,
  },
});
