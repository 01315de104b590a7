/** Faults of loops, races, conditions, `finally` steps and compensations. */
import type { Plant } from "./plant.ts";

export const flowPlants: ReadonlyArray<Plant> = [
  {
    fault: "each turn of a loop receives the first state",
    file: "src/engine/loops.ts",
    from: "    loop.state = state;\n    if (frame.ending",
    to: "    if (loop.turn === 0) loop.state = state;\n    if (frame.ending",
  },
  {
    fault: "a loop takes one turn more than maxTurns",
    file: "src/engine/loops.ts",
    from: "loop.turn + 1 >= maxTurns",
    to: "loop.turn >= maxTurns",
  },
  {
    fault: "a loop does not end if until holds after its last possible turn",
    file: "src/engine/loops.ts",
    from: "    if (isLast === true) {",
    to: "    if (isLast === true && loop.turn + 1 < maxTurns) {",
  },
  {
    fault: "a race fails with the first contender that fails",
    file: "src/engine/races.ts",
    from: "    if (--frame.remaining === 0) {",
    to: "    this.#core.failures.endEarly(frame, cause, frame.path);\n    if (--frame.remaining === 0) {",
  },
  {
    fault: "only the first error of a race's contenders is kept",
    file: "src/engine/races.ts",
    from: "    race.errors.set(race.keys[index]!, Cause.squash(cause));",
    to: "    if (race.errors.size === 0) race.errors.set(race.keys[index]!, Cause.squash(cause));",
  },
  {
    fault: "a race waits for all of its contenders before it ends",
    file: "src/engine/races.ts",
    from: "    failures.endEarly(frame, Cause.interrupt(), path, reason);",
    to: "    void [failures, path, Cause.interrupt, reason];\n    if (--frame.remaining === 0) this.#core.frames.checkOver(frame);",
  },
  {
    fault: "only the first step of a condition that does not hold is skipped",
    file: "src/engine/frames.ts",
    from: "filter((node) => frame.states[node] === State.waiting);\n    for (const node of skipped) {",
    to: "filter((node) => frame.states[node] === State.waiting).slice(0, 1);\n    for (const node of skipped) {",
  },
  {
    fault: "finally steps do not run if the run fails",
    file: "src/engine/frames.ts",
    from: "    if (graph?.finals === undefined || this.#core.journal?.isLost === true) return false;",
    to: "    if (graph?.finals !== undefined || this.#core.journal?.isLost === true) return false;",
  },
  {
    fault: "steps are undone in the order in which they succeeded",
    file: "src/engine/compensations.ts",
    from: "of left.toReversed()) yield*",
    to: "of left) yield*",
  },
  {
    fault: "finally steps run before the compensations",
    file: "src/engine/frames.ts",
    from: "    if (frame.ending !== undefined && frame.parent === undefined && this.#core.compensations.holds(frame))\n      return;\n    if (frame.ending !== undefined && this.#startFinals(frame)) return;",
    to: "    if (frame.ending !== undefined && this.#startFinals(frame)) return;\n    if (frame.ending !== undefined && frame.parent === undefined && this.#core.compensations.holds(frame))\n      return;",
  },
  {
    fault: "the turns of a loop are not undone",
    file: "src/engine/loops.ts",
    from: "    if (frame.read !== undefined) this.#core.compensations.note(frame, 0, state, attempt);\n",
    to: "",
  },
  {
    fault: "a run that fails undoes its steps although nothing asked for it",
    file: "src/engine/compensations.ts",
    from: "    return limits.compensate && !Cause",
    to: "    return !Cause",
  },
];

export const recordedFlowPlants: ReadonlyArray<Plant> = [
  {
    fault: "the first state of a loop is computed again when the run is resumed",
    file: "src/engine/loops.ts",
    from: "    const first = journal.firstState(frame, index);",
    to: "    const first = undefined as ReturnType<typeof journal.firstState>;",
  },
  {
    fault: "a resumed loop begins with its first turn",
    file: "src/engine/loops.ts",
    from: "    loop.turn = Math.max(0, turns - 1);\n",
    to: "",
  },
  {
    fault: "what is recorded as undone is undone again when the run is resumed",
    file: "src/engine/compensations.ts",
    from: "      !undone.has(path) && !this.#done.has(path);",
    to: "      undone !== undefined && !this.#done.has(path);",
  },
  {
    fault: "a resumed run undoes only what it has done itself",
    file: "src/engine/compensations.ts",
    from: "    const all = [...done, ...this.#done.values()];",
    to: "    const all = [...done.slice(done.length), ...this.#done.values()];",
  },
];
