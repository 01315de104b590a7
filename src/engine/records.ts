/**
 * What the engine does differently in a run with a store: recorded outputs take the place of running a step, an output is
 * handed on once it is recorded, and an expansion begins once it is recorded.
 */
import * as Cause from "effect/Cause";
import type { ExpansionChanged, InvalidOutput, OutputNotEncodable } from "../errors.ts";
import { StepFailed } from "../errors.ts";
import type { Core, RecordRoom } from "./core.ts";
import type { CachedStep, Given } from "../journal/cache.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { Frame } from "./frame.ts";
import { missingOutput } from "./outputs.ts";
import type { Attempt } from "./policy.ts";

export class Records implements RecordRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** True: an earlier part of the run recorded the node, and that takes the place of running it. */
  replays(journal: RunJournal, frame: Frame, index: number): boolean {
    const recorded = journal.replay(frame, index);
    if (recorded === undefined) return false;
    const core = this.#core;
    if (core.emitter.watcher !== undefined) {
      core.emitter.emit({ type: "step.recalled", path: frame.pathOf(index), attempt: 0 });
    }
    if (recorded.type === "value") core.handOn(frame, index, recorded.value, 0);
    else if (recorded.type === "failure") core.failures.collect(frame, index, recorded.error);
    else core.failures.abort(frame, recorded.problem, frame.pathOf(index));
    return true;
  }

  /** Records what a node provides, and hands it on then. */
  provide(journal: RunJournal, frame: Frame, index: number, value: unknown, attempt: number): void {
    const core = this.#core;
    const changed = journal.directChange(frame, index, attempt);
    if (changed !== undefined) {
      core.failures.abort(frame, changed, changed.path);
      return;
    }
    let kept: boolean | OutputNotEncodable | InvalidOutput | StepFailed | undefined;
    // The work is done: what remains is a commit, which needs no slot.
    if (core.pools !== undefined) core.pools.giveBack(frame, index);
    try {
      const { outputs } = frame.definitionOf(index);
      if (frame.map === undefined && outputs !== "all" && outputs.length > 1) {
        kept = missingOutput(frame, index, value);
      }
      const { watcher } = core.emitter;
      if (watcher !== undefined) (frame.uncommitted ??= new Map()).set(index, { value, attempt });
      kept ??= journal.keep(frame, index, value, attempt, () => {
        frame.uncommitted?.delete(index);
        if (frame.ended) return;
        if (frame.map === undefined) core.handOn(frame, index, value, attempt);
        else core.maps.provideItem(frame, frame.map, index, value, attempt, true);
      });
    } catch (thrown) {
      kept = new StepFailed({ path: frame.pathOf(index), cause: thrown }); // A getter threw.
    }
    if (kept !== true) frame.uncommitted?.delete(index);
    if (kept === false) core.handOn(frame, index, value, attempt);
    else if (kept !== true) core.failures.failed(frame, index, Cause.fail(kept), attempt);
    else if (frame.map !== undefined && frame.ending === undefined) core.maps.nextItem(frame, frame.map);
  }

  /** The steps of an expansion start once it is recorded, so that a resumed run knows of every step that ran. */
  beginOnceRecorded(
    child: Frame,
    path: string,
    record: (done: () => void) => ExpansionChanged | undefined,
    begin: () => void,
  ): void {
    const changed = record(() => {
      if (child.ending === undefined) begin();
    });
    if (changed !== undefined) this.#core.failures.abort(child, changed, path);
  }

  /** What an earlier run computed takes the place of an attempt, if the step is cached. */
  cachedAttempts(
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
  ): ((attempt: Attempt) => Attempt) | undefined {
    const { journal, emitter } = this.#core;
    const definition = frame.definitionOf(index);
    if (journal === undefined || definition.options.cache === undefined) return undefined;
    const item = frame.map === undefined ? undefined : { value: frame.map.items[index] };
    const { timeoutMillis } = frame.policyOf(index)!;
    const around: Array<Given> = [];
    let root = frame;
    for (let inner: Frame | undefined = frame; inner !== undefined; inner = inner.parent) {
      if (inner.given !== undefined) around.push(inner.given);
      root = inner;
    }
    const pipeline = root.graph!.name;
    const path = frame.pathOf(index);
    const step: CachedStep = { definition, path, inputs, item, pipeline, around, timeoutMillis };
    return (attempt) => (count) =>
      journal.cached(step, attempt(count), (told) => emitter.emit({ ...told, attempt: 0 }));
  }
}
