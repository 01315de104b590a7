/** Faults to plant in the simulated processes and their store, and in how a run behaves when it is claimed. */
import type { Plant } from "./plant.ts";

export const clusterPlants: ReadonlyArray<Plant> = [
  {
    fault: "a process that has lost a run still writes to it",
    file: "src/testing/memory-store.ts",
    from: "return this.kept.epoch === this.epoch && this.kept.owner !== undefined;",
    to: "return true;",
  },
  {
    fault: "a claim does not raise the epoch",
    file: "src/testing/memory-store.ts",
    from: "    kept.epoch++;\n    if (crashes",
    to: "    if (crashes",
  },
  {
    fault: "what is sent again is recorded again",
    file: "src/testing/cluster.ts",
    from: "if (isWritten) return; // It was sent again.",
    to: "",
  },
  {
    fault: "a record is confirmed before it is there",
    file: "src/testing/cluster.ts",
    from: "      arrives(fault, () => {\n        const isOwner",
    to: "      confirm();\n      arrives(fault, () => {\n        const isOwner",
  },
  {
    fault: "a terminated process does not release its run",
    file: "src/testing/memory-store.ts",
    from: '      kept.owner = undefined;\n      if (status === "succeeded") kept.messages = [];',
    to: '      if (!this.releases) kept.owner = undefined;\n      if (status === "succeeded") kept.messages = [];',
  },
  {
    fault: "a run is read before it is claimed",
    file: "src/testing/cluster.ts",
    from: '      yield* Effect.sleep(this.#wayOf(life, fault));\n      if (fault?.kind === "kill") return this.#killed(life);\n      const claim = yield* Effect.orDie(this.store.service.claim(...asked));',
    to: '      const early = yield* Effect.orDie(this.store.service.find(observedRun));\n      yield* Effect.sleep(this.#wayOf(life, fault));\n      if (fault?.kind === "kill") return this.#killed(life);\n      const granted = yield* Effect.orDie(this.store.service.claim(...asked));\n      const claim = granted.type === "existing" && early !== undefined ? { ...granted, run: early } : granted;',
  },
  {
    fault: "a process that has lost a run can end it",
    file: "src/testing/memory-store.ts",
    from: '    if (!this.#store.isDead && this.#isOwner) {\n      if (status === "interrupted"',
    to: '    if (!this.#store.isDead) {\n      if (status === "interrupted"',
  },
  {
    fault: "a run that has ended is executed again by who takes runs",
    file: "src/testing/memory-store.ts",
    from: 'if (which === "under way" && kept.state.status !== "running") return { type: "ended" };',
    to: "",
  },
  {
    fault: "a record that is sent while the connection is cut is confirmed and lost",
    file: "src/testing/cluster.ts",
    from: "      let isWritten = false;\n",
    to: "      if (life.cutUntil > this.#now()) return queueMicrotask(() => done?.());\n      let isWritten = false;\n",
  },
  {
    fault: "the lease of a dead process never ends",
    file: "src/testing/cluster.ts",
    from: "    this.#later(leaseMillis, () => {\n      for (const { epoch }",
    to: "    this.#later(leaseMillis, () => {\n      if (life.isDead) return;\n      for (const { epoch }",
  },
  {
    fault: "a claim does not give the last record",
    file: "src/testing/memory-store.ts",
    from: "return { ...this.#summary(kept), shape, inputs, entries: newest(entries),",
    to: "return { ...this.#summary(kept), shape, inputs, entries: newest(entries).slice(0, -1),",
  },
  {
    fault: "a run that is interrupted while it is opened stays claimed",
    file: "src/run/run.ts",
    from: "Effect.flatMap(openInStore(request, restore), (session)",
    to: "Effect.flatMap(restore(openInStore(request, restore)), (session)",
  },
  {
    fault: "reading a run that has succeeded claims it",
    file: "src/run/open.ts",
    from: '(yield* OnlyUnderWay) ? "under way" : isRunAgain ? "all" : "not succeeded"',
    to: '(yield* OnlyUnderWay) ? "under way" : "all"',
  },
  {
    fault: "a run that is lost while it receives what was sent to it never ends",
    file: "src/run/open.ts",
    from: "    live.interrupt = goOn;\n",
    to: "",
  },
  {
    fault: "a worker takes the graph of another item's expansion",
    file: "src/workers/performing.ts",
    from: "key += `\\n${expansion.path}#${expansion.attempt}`;",
    to: "key += `\\n${expansion.attempt}`;",
  },
  {
    fault: "what a worker has computed for an owner that is gone is lost",
    file: "src/cluster/task-server.ts",
    from: "      one.answer = answer;\n",
    to: "",
  },
  {
    fault: "a worker answers the earlier owner of a step that a later one has joined",
    file: "src/cluster/task-server.ts",
    from: "    one.asker = asker;\n    if (one.fiber",
    to: "    if (one.fiber",
  },
  {
    fault: "a step that a worker returns when it stops counts as interrupted",
    file: "src/cluster/task-server.ts",
    from: "      asker?.returned();\n    } else if",
    to: "      asker?.done(answer);\n    } else if",
  },
  {
    fault: "the steps of a worker that is killed are not sent again",
    file: "src/testing/cluster-workers.ts",
    from: "      lost();\n      taken?.interrupt();",
    to: "      taken?.interrupt();",
  },
  {
    fault: "a record whose time is before that of the last one is dropped: the clock was set back",
    file: "src/testing/memory-store.ts",
    from: "    this.kept.entries.push(entry);\n",
    to: "    if (entry.ended >= (this.kept.entries.at(-1)?.ended ?? 0)) this.kept.entries.push(entry);\n",
  },
];
