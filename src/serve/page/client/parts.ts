/** Parts that the views of the page share. Text is only ever a child, so that no text of a run can become markup. */
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import { time } from "../../../draw/page/client/page-text.ts";
import type { RunInfo } from "../../api.ts";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How often the data is requested again. */
const againMillis = 1_000;

interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly again: () => void;
}

/** A response of the server, requested repeatedly while the page is visible. */
export const useServer = <Value>(ask: () => Promise<Value>, key: string): Loaded<Value> => {
  const [state, setState] = useState<{ key: string; value: Value | undefined; error: unknown }>({
    key,
    value: undefined,
    error: undefined,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer = 0;
    const load = async (): Promise<void> => {
      try {
        const value = await ask();
        if (!isOver) setState({ key, value, error: undefined });
      } catch (error) {
        if (!isOver) setState((before) => ({ ...before, key, error }));
      }
      if (!isOver)
        timer = setTimeout(() => void (document.hidden ? later() : load()), againMillis) as unknown as number;
    };
    const later = (): void => {
      timer = setTimeout(() => void (document.hidden ? later() : load()), againMillis) as unknown as number;
    };
    void load();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, round]);
  return {
    // The previous value stays until there is a response, so that nothing flickers.
    value: state.value,
    error: state.error,
    again: () => setRound((now) => now + 1),
  };
};

export const Problem = ({ error }: { readonly error: unknown }): UiElement | null =>
  error === undefined ? null : h("p", { class: "problem", role: "alert" }, messageOf(error));

const chips: Readonly<Record<RunInfo["status"], string>> = {
  submitted: "waiting",
  running: "running",
  succeeded: "done",
  failed: "failed",
  interrupted: "stopped",
  crashed: "leaked",
};

export const StatusChip = ({ run: { status, waiting = 0 } }: { readonly run: RunInfo }): UiElement =>
  waiting > 0 && status === "running"
    ? h("span", { class: "chip waiting" }, "waiting")
    : h("span", { class: `chip ${chips[status]}` }, status);

/** In the reader's time zone, or in another one, which is named. */
export const when = (millis: number, timeZone?: string): string =>
  new Date(millis).toLocaleString(
    undefined,
    timeZone === undefined ? {} : { timeZone, timeZoneName: "short" },
  );

export const tookOf = ({ began, ended }: RunInfo): string =>
  ended === undefined ? "" : time(Math.max(0, ended - began));

/** The address of a run; of one of its views, and of a step in it. */
export const runLink = (id: string, view = "", step = ""): string => {
  const parts = ["run", id, ...(view === "" ? [] : [view, ...(step === "" ? [] : [step])])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
};

/** The form of a new run, filled in with the inputs of this one. */
export const againLink = (id: string): string => `#/start/${encodeURIComponent(id)}`;

/** A button for an action of the server. It cannot be pressed twice, and shows what went wrong. */
export const Action = ({
  text,
  run,
  kind = "",
}: {
  readonly text: string;
  readonly run: () => Promise<unknown>;
  readonly kind?: string;
}): UiElement => {
  const [state, setState] = useState<{ isBusy: boolean; error: unknown }>({
    isBusy: false,
    error: undefined,
  });
  const press = async (): Promise<void> => {
    setState({ isBusy: true, error: undefined });
    try {
      await run();
      setState({ isBusy: false, error: undefined });
    } catch (error) {
      setState({ isBusy: false, error });
    }
  };
  return h(
    "span",
    { class: "action" },
    h("button", { type: "button", class: kind, disabled: state.isBusy, onClick: () => void press() }, text),
    h(Problem, { error: state.error }),
  );
};
