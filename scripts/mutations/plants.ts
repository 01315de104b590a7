/** Faults to plant in the engine, each as a text that is replaced by another. */

export interface Plant {
  /** What the engine then does wrong. */
  readonly fault: string;
  readonly file: string;
  /** A text that the file has exactly once. */
  readonly from: string;
  readonly to: string;
  /** Which laws must find it; by default those of the engine. */
  readonly laws?: "engine" | "recorded";
}

const enginePlants: ReadonlyArray<Plant> = [
  {
    fault: "a step runs once for each of its inputs: it does not wait for all of them",
    file: "src/engine/engine.ts",
    from: "if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting) this.push(frame, reader);",
    to: "frame.waits[reader]!--; if (frame.states[reader] === State.waiting) this.push(frame, reader);",
  },
  {
    fault: "a step is run twice",
    file: "src/engine/engine.ts",
    from: "if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting) this.push(frame, reader);",
    to: "if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting) { this.push(frame, reader); if (reader === 3) this.push(frame, reader); }",
  },
  {
    fault: "an edge is dropped: the last reader is never notified",
    file: "src/engine/engine.ts",
    from: "for (let edge = readersFrom[index]!; edge < until; edge++) {\n      const reader",
    to: "for (let edge = readersFrom[index]!; edge < until - (until > 4 ? 1 : 0); edge++) {\n      const reader",
  },
  {
    fault: "the concurrency limit is off by one",
    file: "src/engine/engine.ts",
    from: "if (jobs.active >= concurrency || ",
    to: "if (jobs.active > concurrency || ",
  },
  {
    fault: "a step that ended keeps its slot of the concurrency limit",
    file: "src/engine/jobs.ts",
    from: "if (job.takesSlot) this.active--;",
    to: "if (job.takesSlot && !job.cancelled && this.active > 1) this.active--;",
  },
  {
    fault: "a map's concurrency is off by one",
    file: "src/engine/maps.ts",
    from: "map.allowed = Math.min(count, map.definition.options.concurrency ?? Infinity);",
    to: "map.allowed = Math.min(count, (map.definition.options.concurrency ?? Infinity) + 1);",
  },
  {
    fault: "a pool lets one more in than it should",
    file: "src/engine/pools.ts",
    from: "if (shared.used >= limits.concurrency) return Infinity;",
    to: "if (shared.used > limits.concurrency) return Infinity;",
  },
  {
    fault: "a failed item keeps its slot of the pool",
    file: "src/engine/pools.ts",
    from: "    queue.shared.used--;\n",
    to: "",
  },
  {
    fault: "a rate counts in fixed windows, so that twice the limit can start within one length of time",
    file: "src/engine/starts.ts",
    from: "return time === undefined ? 0 : Math.max(0, time + perMillis - now);",
    to: "return time === undefined ? 0 : Math.max(0, Math.floor(time / perMillis) * perMillis + perMillis - now);",
  },
  {
    fault: "a step counts as started when it gets a slot of its pool, although its function is called later",
    file: "src/engine/pools.ts",
    from: "    return limits.rate === undefined ? 0 : shared.starts.delay(limits.rate, this.now, shared.starting);",
    to: "    return limits.rate === undefined ? 0 : shared.starts.delay(limits.rate, this.now, 0);",
  },
  {
    fault: "a step that waits for a rate is not woken when the window has passed",
    file: "src/engine/pools.ts",
    from: "      this.shared.wake(this.host);\n      this.host.drain();",
    to: "      this.host.drain();",
  },
  {
    fault: "a run that ends leaves the timer of a rate behind",
    file: "src/engine/pools.ts",
    from: "    timer?.interruptUnsafe();\n    this.#waiting = [];",
    to: "    this.#waiting = [];",
  },
  {
    fault: "an async generator that is stopped is not returned: its finally does not run",
    file: "src/engine/generators.ts",
    from: "      await ended(generator);\n",
    to: "",
  },
  {
    fault: "the first value that an async generator yields is its output",
    file: "src/engine/generators.ts",
    from: "if (done === true) return value;",
    to: 'if (done === true || typeof value === "number") return value;',
  },
  {
    fault: "the outputs of a step are swapped",
    file: "src/engine/outputs.ts",
    from: "if (frame.reads[slot]! > 0) frame.values[slot] = value[outputs[k]!];",
    to: "if (frame.reads[slot]! > 0) frame.values[slot] = value[outputs[outputs.length - 1 - k]!];",
  },
  {
    fault: "a map gives its results in the order in which its items ended",
    file: "src/engine/maps.ts",
    from: "map.results[index] = collects ? Result.succeed(value) : value;",
    to: "map.results[map.succeeded] = collects ? Result.succeed(value) : value;",
  },
  {
    fault: "an expansion is not checked before it runs",
    file: "src/engine/expansions.ts",
    from: "      expansionProblem(call, graph) ??\n",
    to: "",
  },
  {
    fault: "maxDepth is off by one",
    file: "src/engine/limits.ts",
    from: "if (frame.depth < maxDepth) return undefined;",
    to: "if (frame.depth <= maxDepth) return undefined;",
  },
  {
    fault: "maxSteps is off by one",
    file: "src/engine/limits.ts",
    from: "    if (total <= maxSteps) {",
    to: "    if (total <= maxSteps + 1) {",
  },
  {
    fault: "steps that were expanded are not counted",
    file: "src/engine/limits.ts",
    from: "      this.#steps = total;\n",
    to: "",
  },
  {
    fault: "a fiber is leaked: a step that is stopped is not interrupted",
    file: "src/engine/failures.ts",
    from: "    job.fiber?.interruptUnsafe();\n",
    to: "",
  },
  {
    fault: "a signal is not fired",
    file: "src/engine/failures.ts",
    from: "    job.call?.abort(reason);\n",
    to: "",
  },
  {
    fault: "a frame ends while something of it still runs: finalizers are not waited for",
    file: "src/engine/frames.ts",
    from: "if (frame.ended || frame.running > 0) return;",
    to: "if (frame.ended || (frame.running > 0 && frame.ending === undefined)) return;",
  },
  {
    fault: "a step that was ready before the failure is started after it",
    file: "src/engine/engine.ts",
    from: "      if (frame.ending === undefined || frame.mayStillStart(index)) {",
    to: "      if (frame.ending === undefined || frame.running > 0 || frame.mayStillStart(index)) {",
  },
  {
    fault: "readers of a failed step are not skipped",
    file: "src/engine/failures.ts",
    from: "        frame.states[reader] = State.skipped;\n        frame.remaining--;",
    to: "        frame.states[reader] = State.skipped;\n        this.#core.push(frame, reader);",
  },
  {
    fault: "the grace period has no end",
    file: "src/engine/failures.ts",
    from: "frame.endGrace = this.#afterGrace(() => frame.jobsWithin());",
    to: "frame.endGrace = undefined;",
  },
  {
    fault: "one retry too few",
    file: "src/engine/policy.ts",
    from: "times: asked.times ?? Infinity,",
    to: "times: Math.max(0, (asked.times ?? Infinity) - 1),",
  },
  {
    fault: "every attempt has the number 1",
    file: "src/engine/attempts.ts",
    from: "              job.attempt = attempt;\n              return this.#attempt(frame, index, inputs, attempt);",
    to: "              job.attempt = attempt;\n              return this.#attempt(frame, index, inputs, 1);",
  },
  {
    fault: "a timeout that passes does not stop the attempt",
    file: "src/engine/attempts.ts",
    from: "      if (attempt.job !== undefined) core.failures.cancel(attempt.job, this.#timedOut);\n      core.drain();\n    });",
    to: "      core.drain();\n    });",
  },
  {
    fault: "a timer of a timeout outlives the attempt",
    file: "src/engine/attempts.ts",
    from: "    this.#timer?.interruptUnsafe();\n",
    to: "",
  },
  {
    fault: "minSuccess is off by one",
    file: "src/engine/maps.ts",
    from: "if (least === undefined || map.succeeded >= least)",
    to: "if (least === undefined || map.succeeded > least)",
  },
  {
    fault: "a failed item of a map that collects counts as a success",
    file: "src/engine/failures.ts",
    from: "    map.results[index] = Result.fail(error);\n",
    to: "    map.results[index] = Result.fail(error);\n    map.succeeded++;\n",
  },
  {
    fault: "a value is dropped although a step still reads it",
    file: "src/engine/frames.ts",
    from: "    for (const slot of keep) frame.reads[slot]!++;\n",
    to: "    for (const slot of keep) if (slot > 0) frame.reads[slot]!++;\n",
  },
  {
    fault: "the end of an expansion is reported before its steps have ended",
    file: "src/engine/expansions.ts",
    from: "    const child = new Frame(graph, undefined, call.frame, call.index);\n",
    to: '    emitter.emit({ type: "expansion.succeeded", path: call.path, attempt: call.count });\n    const child = new Frame(graph, undefined, call.frame, call.index);\n',
  },
  {
    fault: "a switch takes its first case",
    file: "src/engine/executor.ts",
    from: "const { [choice]: run } = cases!;",
    to: "const run = Object.values(cases!)[0];",
  },
  {
    fault:
      "a glob reads only outputs that existed when the step was added, and none that were added in the run",
    file: "src/engine/outputs.ts",
    from: "  for (const name of Object.keys(value)) frame.late.set(name, { value: value[name], by: index });\n",
    to: "  for (const name of Object.keys(value).slice(1)) frame.late.set(name, { value: value[name], by: index });\n",
  },
  {
    fault: "a run that is interrupted is not ended",
    file: "src/engine/engine.ts",
    from: '      this.failures.endEarly(frame, Cause.interrupt(), "", reason);\n      this.drain();\n',
    to: "      this.drain();\n",
  },
  {
    fault: "skipped steps are not reported",
    file: "src/engine/frames.ts",
    from: "    if (frame.ending !== undefined) this.#reportRest(frame);\n",
    to: "",
  },
  {
    fault: "a forked fiber outlives its step, and continues in the next one",
    file: "src/engine/worker.ts",
    from: "if (this.isLast || mayHaveChildren(this.#fiber!)) {",
    to: "if (this.isLast || !mayHaveChildren) {",
  },
  {
    fault: "an Effect sees the path of the step that its fiber evaluated before",
    file: "src/engine/worker.ts",
    from: "    this.#fiber!.setContext(Context.addUnsafe(this.#around, CurrentStep.key, this.context));",
    to: "    this.#fiber!.setContext(Context.addUnsafe(this.#around, CurrentStep.key, ((this as any).first ??= this.context)));",
  },
  {
    fault: "an Effect that a promise resolves to is passed on as a value",
    file: "src/engine/calls.ts",
    from: "if (isOver || !isBareEffect(value)) {",
    to: "if (isOver || value !== undefined) {",
  },
  {
    fault: "a promise whose `then` throws is treated as pending",
    file: "src/engine/calls.ts",
    from: "    whenSettled(\n      thenable,\n      (value) => this.#fulfilled(job, call, value),\n      (thrown) =>\n        jobs.leafIsOver(\n          job,\n          call,\n          job.cancelled ? Exit.interrupt() : Exit.failCause(thrownCause(call, thrown)),\n        ),\n    );\n    const job = jobs.newLeaf(call);\n",
    to: "    const job = jobs.newLeaf(call);\n    whenSettled(\n      thenable,\n      (value) => this.#fulfilled(job, call, value),\n      (thrown) =>\n        jobs.leafIsOver(\n          job,\n          call,\n          job.cancelled ? Exit.interrupt() : Exit.failCause(thrownCause(call, thrown)),\n        ),\n    );\n",
  },
  {
    fault: "a foreign `then` is trusted to call back only once",
    file: "src/values/thenable.ts",
    from: "ownThen.call(promiseOf(thenable), ",
    to: "(thenable as any).then(",
  },
  {
    fault: "a thrown value is treated as a bug of the engine",
    file: "src/engine/calls.ts",
    from: "    this.#core.jobs.callIsOver(call, Exit.failCause(thrownCause(call, thrown)));",
    to: "    this.#core.jobs.callIsOver(call, Exit.die(thrown));",
  },
  {
    fault: "an attempt does not wait for a slot of the concurrency limit",
    file: "src/engine/attempts.ts",
    from: "    if (core.jobs.active < core.limits.concurrency) {\n      start();",
    to: "    if (core.limits.concurrency > 0) {\n      start();",
  },
  {
    fault: "there is no delay between two attempts",
    file: "src/engine/policy.ts",
    from: "delayMillis > 0 ? Effect.sleep(delayMillis) : Effect.yieldNow;",
    to: "Effect.yieldNow;",
  },
  {
    fault: "`while` is not called before another attempt",
    file: "src/engine/policy.ts",
    from: " || retry.while?.(failure.error) === false) {",
    to: ") {",
  },
  {
    fault: "the error of a failed fallback is lost",
    file: "src/engine/policy.ts",
    from: "if (Effect.isEffect(returned)) return returned as Effect.Effect<unknown, unknown>;",
    to: "if (Effect.isEffect(returned)) return Effect.orElseSucceed(returned as Effect.Effect<unknown, unknown>, () => undefined);",
  },
  {
    fault: "a timeout stops an expansion's steps, but not the expansion",
    file: "src/engine/failures.ts",
    from: "      this.endEarly(job.child, Cause.interrupt(), job.frame.pathOf(job.index), reason);\n      return;",
    to: "      return;",
  },
  {
    fault: "an empty map never ends",
    file: "src/engine/maps.ts",
    from: "      if (count === 0) core.pushOver(child);\n",
    to: "",
  },
  {
    fault: "of several failures only the last is reported",
    file: "src/engine/failures.ts",
    from: "(frame.failures ??= []).push(cause);",
    to: "frame.failures = [cause];",
  },
  {
    fault: "a step whose pool its dynamic step holds waits forever",
    file: "src/engine/frames.ts",
    from: "    pools.giveBack(frame, index);\n",
    to: "",
  },
  {
    fault: "a step that waits for its next attempt holds its slot of the pool",
    file: "src/engine/attempts.ts",
    from: "        hasEnded = true;\n        if (frame.hasPools) core.pools.giveBack(frame, index);",
    to: "        hasEnded = true;",
  },
  {
    fault: "work that blocked the event loop past its timeout has not timed out",
    file: "src/engine/attempts.ts",
    from: "return millis > this.#timeoutMillis ? Exit.fail(this.#error()) : exit;",
    to: "return exit;",
  },
  {
    fault: "an item that was interrupted counts as a failed one in a map that collects",
    file: "src/engine/failures.ts",
    from: 'map.definition.options.failures === "collect" && !interrupted) {\n      const error',
    to: 'map.definition.options.failures === "collect") {\n      const error',
  },
  {
    fault: "a failure inside of an item ends a map that collects",
    file: "src/engine/failures.ts",
    from: '        (parent.map?.type === "items" && toleratesFailures(parent.map.definition));',
    to: "        false;",
  },
  {
    fault: "a failure inside of an expansion is not the failure of an attempt of its step",
    file: "src/engine/failures.ts",
    from: "        top.job!.call?.attempt !== undefined ||\n",
    to: "",
  },
  {
    fault: "a sub-pipeline gets none of the inputs of its dynamic step",
    file: "src/engine/frames.ts",
    from: "      if (frame.reads[slot]! > 0) frame.values[slot] = inputs[i];",
    to: "",
  },
];

const recordedPlants: ReadonlyArray<Omit<Plant, "laws">> = [
  {
    fault: "the key of a cached step leaves out the inputs of the expansions around it",
    file: "src/journal/cache.ts",
    from: "item === undefined ? [] : [item.value], digests]));",
    to: "item === undefined ? [] : [item.value], []]));",
  },
  {
    fault: "the key of a cached step leaves out the item around it",
    file: "src/journal/cache.ts",
    from: "canonical([given.inputs, given.item, given.choice ?? null]);",
    to: "canonical([given.inputs, [], given.choice ?? null]);",
  },
  {
    fault: "the key of a cached step leaves out its path",
    file: "src/journal/cache.ts",
    from: "const of = name ?? `${pipeline}: ${staticPathOf(path)}${within}`;",
    to: "const of = name ?? pipeline;",
  },
  {
    fault: "the key of a cached item leaves out the item",
    file: "src/journal/cache.ts",
    from: "canonical([inputs, item === undefined ? [] : [item.value], digests])",
    to: "canonical([inputs, [], digests])",
  },
  {
    fault: "a cached output is not decoded by its schema",
    file: "src/journal/cache.ts",
    from: ": Effect.succeed(decodeBy(output, text)),",
    to: ": Effect.succeed(decodeText(text)),",
  },
  {
    fault: "a second value is accepted for a step that already has one",
    file: "src/run/mailbox.ts",
    from: '            this.#slots.set(path, { state: "closed", reason: answered });\n            slot.accept(value);',
    to: "            slot.accept(value);",
  },
  {
    fault: "a value that came early is lost when its step begins to wait",
    file: "src/run/mailbox.ts",
    from: 'if (kept?.state !== "kept") return this.#begin(step);',
    to: "if (kept !== undefined) this.#slots.delete(path);\n      return this.#begin(step);",
  },
  {
    fault: "a deadline that passes while an accepted value is recorded loses the value",
    file: "src/run/mailbox.ts",
    from: "if (this.#slots.get(path) !== slot) return Effect.never; // A value was accepted and is about to arrive.",
    to: "",
  },
  {
    fault: "a step that has stopped waiting accepts a value",
    file: "src/run/mailbox.ts",
    from: '      this.#slots.set(path, { state: "closed", reason: tooLate });\n',
    to: "",
  },
  {
    fault: "an accepted value is lost with the process",
    file: "src/journal/replay.ts",
    from: "        this.#signals.set(path, text);\n        return;",
    to: "        return;",
  },
  {
    fault: "a deadline starts again when the run is resumed",
    file: "src/journal/run-journal.ts",
    from: "return Math.min(Math.max(recorded - time, 0), millis);",
    to: "return millis;",
  },
  {
    fault: "a signal reaches a run of the same id in another store",
    file: "src/run/live.ts",
    from: "  stored.get(store)?.get(runId);",
    to: "  [...all].find((run) => run.runId === runId);",
  },
  {
    fault: "a recorded item runs again",
    file: "src/journal/replay.ts",
    from: "const entry = this.#outcomes.get(path);",
    to: 'const entry = path.endsWith("]") ? undefined : this.#outcomes.get(path);',
  },
  {
    fault: "a recorded failure of an item runs again",
    file: "src/journal/run-journal.ts",
    from: "if (entry === undefined || !isOfUse(entry, frame.definitionOf(index))) {",
    to: "if (entry === undefined || entry.kind === Kind.failure) {",
  },
  {
    fault: "a recorded failure loses the fields of its error",
    file: "src/journal/failure-text.ts",
    from: "Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });",
    to: "if (!enumerable) Object.defineProperty(error, key, { value });",
  },
  {
    fault: "a step that was stopped in its second attempt resumes with the first",
    file: "src/journal/run-journal.ts",
    from: "return this.#replay.expansion(path)?.attempt ?? 1;",
    to: "return 1;",
  },
  {
    fault: "records of an earlier attempt count for the next one",
    file: "src/journal/run-journal.ts",
    from: "if (count > 1 && this.#replay.expansion(path)?.attempt !== count) this.drop([path]);",
    to: "",
  },
  {
    fault: "an input is decoded again when the run is resumed",
    file: "src/run/open.ts",
    from: "values.push(once === undefined ? value : decode(once));",
    to: "values.push(value);",
  },
  {
    fault: "inputs that differ in the order of their keys are treated as different",
    file: "src/run/open.ts",
    from: "canonicalText(text) === canonicalText(there);",
    to: "text === there;",
  },
  {
    fault: "an expansion is not recorded before its steps start",
    file: "src/journal/run-journal.ts",
    from: "    this.#record({ kind: Kind.expansion, path, text, began: time, ended: time, attempt }, done);",
    to: "    void [text, time, attempt];\n    done();",
  },
];

export const plants: ReadonlyArray<Plant> = [
  ...enginePlants,
  ...recordedPlants.map((plant): Plant => ({ ...plant, laws: "recorded" })),
];
