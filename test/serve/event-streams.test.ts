/** Resumed event streams: the events that a reader receives when it is too far behind. */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { expect, test } from "vitest";
import type { PipelineEvent } from "../../src/events.ts";
import type { Watched } from "../../src/serve/run-events.ts";
import { EventStreams } from "../../src/serve/event-streams.ts";

const logged = (count: number): ReadonlyArray<PipelineEvent> =>
  Array.from({ length: count }, (_, i) => ({
    type: "step.logged",
    runId: "r",
    path: "a",
    attempt: 1,
    message: [String(i)],
    time: i,
  }));

test("a reader that is too far behind receives the events that were kept, then must begin again", async () => {
  const watches: Array<Watched> = [];
  const streams = new EventStreams((_, watched) => {
    watches.push(watched);
    return Effect.never;
  });
  const all = (last?: string) => Effect.runPromise(Stream.runCollect(streams.open("r", last)));
  const first = all();
  await expect.poll(() => watches.length).toBe(1);
  watches[0]!.take(logged(50_001), false);
  // The stream has ended: later events are not kept.
  watches[0]!.take(logged(10), false);
  const received = await first;
  expect(received.length).toBe(50_001);

  const again = all(received.at(-1)!.id);
  await expect.poll(() => watches.length).toBe(2);
  watches[1]!.take(logged(3), false);
  watches[1]!.end();
  expect((await again).map(({ data }) => data.type)).toEqual([
    "stream.reset",
    ...Array.from({ length: 3 }, () => "step.logged"),
  ]);
  streams.close();
});
