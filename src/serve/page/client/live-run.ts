/** A run as the server reports it. The page requests the changes, and the server responds once there are any. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Change, Look } from "../../../draw/page/client/look.ts";
import { firstLook, unfoldable } from "../../../draw/page/client/look.ts";
import type { PageData } from "../../../draw/page/data.ts";
import type { ViewPatch } from "../../view-changes.ts";
import { withSteps } from "./more-steps.ts";
import type { RecordedStep } from "../../api.ts";
import type { RunView } from "./requests.ts";
import { requests } from "./requests.ts";

export interface Shown {
  readonly data: PageData;
  readonly look: Look;
}

/** The view with the changes applied. */
const patched = (before: RunView, answer: RunView | ViewPatch): RunView => {
  if (!("patch" in answer)) return answer;
  const { version, title, run, count, steps: changed, ...wholes } = answer;
  const steps = before.steps.slice(0, count);
  for (const [place, step] of changed) steps[place] = step;
  return { ...before, ...wholes, version, title, steps, ...(run === undefined ? {} : { run }) };
};

/** The look refers to steps by index, and indexes change as the graph grows, so it is carried over by path. */
const carried = ({ data: before, look }: Shown, data: PageData): Look => {
  const places = new Map(data.steps.map(({ path }, i) => [path, i]));
  const known = new Set(before.steps.map(({ path }) => path));
  const place = (step: number): number => places.get(before.steps[step]?.path ?? "") ?? -1;
  const kept = [...look.unfolded].map(place).filter((step) => step !== -1);
  // New steps are unfolded as on a newly opened page, unless the reader has unfolded all.
  const fresh = [...(look.isAllOpen ? unfoldable(data.steps) : firstLook(data).unfolded)].filter(
    (step) => !known.has(data.steps[step]!.path) || before.steps[place(step)]?.graph === undefined,
  );
  return {
    ...look,
    selected: place(look.selected),
    found: look.found.map(place).filter((step) => step !== -1),
    unfolded: new Set([...kept, ...fresh]),
    toggled: -1,
    revealed: { ...look.revealed, step: place(look.revealed.step) },
  };
};

/** If no step was added or removed and no graph has changed, the look stays. */
const next = (before: Shown | undefined, data: PageData): Shown => {
  if (before === undefined) return { data, look: firstLook(data) };
  const isSame = before.data.graphs === data.graphs && before.data.steps.length === data.steps.length;
  return { data, look: isSame ? before.look : carried(before, data) };
};

/** The minimum time between updates: a reader cannot follow faster ones. */
const leastMillis = 50;
/** After an update, the page is idle for this many times as long as the update took. */
const restFactor = 2;

export interface LiveRun {
  readonly shown: Shown | undefined;
  readonly error: unknown;
  readonly change: (change: Change) => void;
  /** Shows steps that the view leaves out. */
  readonly add: (steps: ReadonlyArray<RecordedStep>) => void;
  readonly again: () => void;
}

export const useRun = (id: string): LiveRun => {
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const latest = useRef<RunView | undefined>(undefined);
  const added = useRef<ReadonlyArray<RecordedStep>>([]);
  useEffect(() => {
    const over = new AbortController();
    const load = async (): Promise<void> => {
      const before = latest.current;
      const answer = await requests.view(id, before?.version, over.signal);
      const began = performance.now();
      if (over.signal.aborted) return;
      const data = before === undefined ? (answer as RunView) : patched(before, answer);
      const isNew = data.version !== before?.version;
      latest.current = data;
      if (isNew) setShown((shown) => next(shown, withSteps(data, added.current)));
      setError(undefined);
      // The page is drawn before the next task.
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const rest = Math.max(leastMillis, restFactor * (performance.now() - began));
      await new Promise((done) => setTimeout(done, rest));
    };
    const watch = async (): Promise<void> => {
      while (!over.signal.aborted) {
        try {
          await load();
        } catch (problem) {
          if (over.signal.aborted) return;
          setError(problem);
          await new Promise((done) => setTimeout(done, 1_000));
        }
      }
    };
    void watch();
    return () => over.abort();
  }, [id, round]);
  return {
    shown,
    error,
    change: (change) => setShown((now) => (now === undefined ? now : { ...now, look: change(now.look) })),
    add: (steps) => {
      added.current = [...added.current, ...steps];
      const view = latest.current;
      if (view !== undefined) setShown((shown) => next(shown, withSteps(view, added.current)));
    },
    again: () => setRound((now) => now + 1),
  };
};
