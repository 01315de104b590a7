/** The critical path: the chain of steps that made the run take as long as it did. */
import type { PageStep } from "../page/data.ts";

interface Times {
  readonly began?: number | undefined;
  readonly ended?: number | undefined;
}

/** From the step that ended last back to each one that it waited for longest, the insides of expansions in their place. */
export const criticalPath = (
  steps: ReadonlyArray<PageStep>,
  timesOf: (step: number) => Times | undefined,
): ReadonlyArray<number> => {
  const inside = new Map<number, Array<number>>();
  steps.forEach(({ parent }, step) => {
    const list = inside.get(parent);
    if (list === undefined) inside.set(parent, [step]);
    else list.push(step);
  });
  const latest = (candidates: Iterable<number>): number => {
    let last = -1;
    let end = -Infinity;
    for (const step of candidates) {
      const { began, ended } = timesOf(step) ?? {};
      if (began === undefined || ended === undefined || ended < end) continue;
      last = step;
      end = ended;
    }
    return last;
  };
  const chain: Array<number> = [];
  // What is still to be walked, the next one last: the end of a chain, from which it goes back.
  const stack = [latest(inside.get(-1) ?? [])];
  const seen = new Set<number>([-1]);
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    if (seen.has(step)) continue;
    seen.add(step);
    stack.push(latest(steps[step]!.inputs.flatMap(([, from]) => (from === -1 ? [] : [from]))));
    const inner = latest(inside.get(step) ?? []);
    // The inside of an expansion is walked before what came before it, so that the chain is in reverse order.
    if (inner === -1) chain.push(step);
    else stack.push(inner);
  }
  return chain.toReversed();
};
