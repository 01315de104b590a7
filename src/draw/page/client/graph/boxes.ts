/** The boxes of the graph as elements: each with its label, its note, the sign that folds it, and its state. */
import type { UiElement } from "../elements.ts";
import { h } from "preact";
import { cornerOf } from "../../../corners.ts";
import type { PageBox, PageData, PageProgress, PageState } from "../../data.ts";
import { spoken } from "../page-text.ts";
import type { PlacedBox } from "./place.ts";

/** The look of a box, in addition to what it represents. */
export interface Looks {
  readonly stateOf: (step: number) => PageState | undefined;
  readonly progressOf: (step: number) => PageProgress | undefined;
  readonly classOf: (item: PlacedBox) => string;
}

/** The actions of keys and focus on a box. */
export interface BoxActions {
  readonly onKey: (step: number, event: KeyboardEvent) => void;
  readonly onFocus: (step: number) => void;
}

const foldSign = 18;

/** A text in a box. If fonts draw it differently, it is set to its computed width and clipped at the edge of the box. */
const textOf = (
  { x, y, width, height }: PlacedBox,
  text: string,
  attributes: Readonly<Record<string, string>>,
  at: readonly [x: number, y: number],
  forced: number | undefined,
): UiElement => {
  if (forced === undefined) return h("text", { ...attributes, x: at[0], y: at[1] }, text);
  const fit = { textLength: forced, lengthAdjust: "spacingAndGlyphs" };
  return h(
    "svg",
    { x, y, width, height },
    h("text", { ...attributes, ...fit, x: at[0] - x, y: at[1] - y }, text),
  );
};

/** Not by colour alone: failed steps have a cross, stopped ones a square, running ones a ring. */
const marks: Readonly<Record<Exclude<PageState, "done">, string>> = {
  pending: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
  running: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0zM-2 0a2 2 0 1 1 4 0a2 2 0 1 1 -4 0z",
  retrying: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0zM-2 0a2 2 0 1 1 4 0a2 2 0 1 1 -4 0z",
  waiting: "M-5 -5h10l-10 10h10z",
  failed: "M-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z",
  leaked: "M-2 -6h4v7h-4zM-2 3h4v3h-4z",
  skipped: "M-5 -2h10v4h-10z",
  stopped: "M-4.5 -4.5h9v9h-9z",
  recalled: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
};

const markOf = (state: PageState | undefined, x: number, y: number): UiElement | null =>
  state === undefined || state === "done"
    ? null
    : h("path", { class: `state ${state}`, d: marks[state], transform: `translate(${x} ${y})` });

const signOf = ({ box, x, y, height, isOpen }: PlacedBox, behind: number): UiElement | null => {
  if (box.open === undefined) return null;
  const [sx, sy] = [x + 15, y + (isOpen ? 15 : (height - behind) / 2)];
  return h("path", {
    class: "sign",
    d: isOpen ? `M${sx - 5} ${sy - 3}h10l-5 7z` : `M${sx - 3} ${sy - 5}v10l7 -5z`,
  });
};

const rectanglesOf = (
  { box, x, y, width, height, isOpen }: PlacedBox,
  behind: number,
): ReadonlyArray<UiElement> => {
  const rect = (off: number, less: number): UiElement =>
    h("rect", {
      x: x + off,
      y: y + off,
      width: width - less,
      height: height - less,
      rx: isOpen ? 8 : cornerOf(box.kind, height),
      ...(isOpen ? { class: "open" } : {}),
    });
  return behind > 0 ? [rect(4, 4), rect(0, behind)] : [rect(0, 0)];
};

const noteCharacterWidth = 6.4;

/** The width of a note that was not known when its box was laid out, if it would not fit. */
const fittedNote = (note: string, wide: number): number | undefined =>
  note.length * noteCharacterWidth > wide - 10 ? wide - 10 : undefined;

/** The texts in a box. The space between two texts is not drawn: it separates their words for screen readers and copying. */
const labelsOf = (
  item: PlacedBox,
  wide: number,
  behind: number,
  progress: PageProgress | undefined,
): ReadonlyArray<UiElement | string> => {
  const { box, x, y, height, isOpen } = item;
  if (isOpen) return [textOf(item, box.open!.label, {}, [x + 28, y + 19], box.open!.labelWidth)];
  const sign = box.open === undefined ? 0 : foldSign;
  const middle = x + sign + (wide - sign) / 2;
  const centred = { "text-anchor": "middle" };
  if (box.note === "") {
    return [textOf(item, box.label, centred, [middle, y + (height - behind) / 2 + 4.5], box.labelWidth)];
  }
  const note = progress?.text ?? box.note;
  const noteWidth = progress === undefined ? box.noteWidth : fittedNote(note, wide - sign);
  return [
    textOf(item, box.label, centred, [middle, y + 17], box.labelWidth),
    " ",
    textOf(item, note, { ...centred, class: "note" }, [middle, y + 31], noteWidth),
  ];
};

/** A bar along the lower edge: the part that is done. */
const progressBar = (
  { x, y, height }: PlacedBox,
  wide: number,
  behind: number,
  progress: PageProgress | undefined,
): UiElement | null =>
  progress === undefined
    ? null
    : h("path", {
        class: "progress",
        d: `M${x + 1} ${y + height - behind - 4}h${Math.max(0, wide - 2) * progress.fraction}v3h-${Math.max(0, wide - 2) * progress.fraction}z`,
      });

/** The part of an unfolded box's text after the step's own name: the visible text that speech control uses must be part of its name. */
const becameOf = ({ label, open }: PageBox): string =>
  open?.label.startsWith(label) === true ? open.label.slice(label.length).trim() : "";

export const boxOf = (
  { steps }: PageData,
  item: PlacedBox,
  key: string,
  { stateOf, progressOf, classOf }: Looks,
  { onKey, onFocus }: BoxActions,
): UiElement => {
  const { box, x, y, width, isOpen } = item;
  const { step } = box;
  const state = step === -1 ? undefined : stateOf(step);
  const progress = step === -1 ? undefined : progressOf(step);
  const said = isOpen ? [becameOf(box), progress?.text ?? ""] : [progress?.text ?? box.note];
  // A box that may grow, or is folded, is drawn as a stack.
  const behind = !isOpen && (box.mayGrow || box.open !== undefined) ? 4 : 0;
  const wide = width - behind;
  const reached =
    step === -1
      ? {}
      : {
          tabIndex: 0,
          role: "button",
          "aria-label": spoken(steps[step]!, said.join(" ").trim(), state),
          ...(box.open === undefined ? {} : { "aria-expanded": isOpen ? "true" : "false" }),
          onKeyDown: (event: KeyboardEvent) => onKey(step, event),
          onFocus: () => onFocus(step),
        };
  return h(
    "g",
    { key, class: classOf(item), "data-step": step, ...reached },
    h("title", null, step === -1 ? `input ${box.label}` : steps[step]!.path),
    rectanglesOf(item, behind),
    progressBar(item, wide, behind, progress),
    labelsOf(item, wide, behind, progress),
    signOf(item, behind),
    markOf(state, x + wide - 1, y + 1),
  );
};
