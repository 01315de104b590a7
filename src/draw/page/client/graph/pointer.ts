/**
 * Mouse, wheel and touch on the graph: a drag moves it, a wheel or two fingers zoom it, a click selects a box, or folds
 * it by its sign.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Camera } from "./camera.ts";
import { zoomed } from "./camera.ts";
import type { Placed, PlacedBox } from "./place.ts";

interface Handled {
  readonly view: {
    readonly svg: { readonly current: SVGSVGElement | null };
    readonly camera: { readonly current: Camera };
    readonly drag: (next: Camera) => void;
  };
  readonly placed: Placed;
  readonly onChoose: (step: number) => void;
  readonly onToggle: (step: number) => void;
}

export interface Pointer {
  readonly handlers: Readonly<Record<string, (event: never) => void>>;
  readonly isDown: () => boolean;
}

const boxAt = ({ placed, view }: Handled, screenX: number, screenY: number): PlacedBox | undefined => {
  const { x, y, k } = view.camera.current;
  const [px, py] = [(screenX - x) / k, (screenY - y) / k];
  let found: PlacedBox | undefined = undefined;
  for (const box of placed.boxes) {
    const isIn = px >= box.x && px <= box.x + box.width && py >= box.y && py <= box.y + box.height;
    if (isIn && (found === undefined || box.depth >= found.depth)) found = box;
  }
  return found;
};

/** Is this the sign that folds a box? */
const isSign = ({ view }: Handled, item: PlacedBox, screenX: number, screenY: number): boolean => {
  const { x, y, k } = view.camera.current;
  return (
    item.box.open !== undefined &&
    (screenX - x) / k - item.x < 28 &&
    (!item.isOpen || (screenY - y) / k - item.y < 30)
  );
};

const click = (handled: Handled, at: readonly [number, number]): void => {
  const item = boxAt(handled, ...at);
  if (item === undefined || item.box.step === -1) handled.onChoose(-1);
  else if (isSign(handled, item, ...at)) handled.onToggle(item.box.step);
  else handled.onChoose(item.box.step);
};

const wheelOf =
  (handled: { readonly current: Handled }, at: (event: MouseEvent) => readonly [number, number]) =>
  (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
    const { view } = handled.current;
    view.drag(zoomed(view.camera.current, factor, ...at(event)));
  };

/** The fingers that touch the graph, or the pressed mouse, and whether they have moved since the first one came. */
interface Held {
  readonly pointers: Map<number, { readonly x: number; readonly y: number }>;
  hasMoved: boolean;
}

/** A shorter move is a click. */
const leastMove = 5;

/** The camera after one of the pointers has moved: two of them also zoom, by the distance between them. */
const pulled = (
  camera: Camera,
  before: { readonly x: number; readonly y: number },
  now: { readonly x: number; readonly y: number },
  other: { readonly x: number; readonly y: number } | undefined,
): Camera => {
  const { x, y, k } = camera;
  if (other === undefined) return { x: x + now.x - before.x, y: y + now.y - before.y, k };
  const [from, to] = [before, now].map((at) => Math.hypot(at.x - other.x, at.y - other.y));
  const moved = { x: x + (now.x - before.x) / 2, y: y + (now.y - before.y) / 2, k };
  return zoomed(moved, to! / Math.max(1, from!), (now.x + other.x) / 2, (now.y + other.y) / 2);
};

export const usePointer = (handled: Handled): Pointer => {
  const latest = useRef(handled);
  latest.current = handled;
  const { current: held } = useRef<Held>({ pointers: new Map(), hasMoved: false });
  const at = ({ clientX, clientY }: MouseEvent): readonly [number, number] => {
    const { left, top } = handled.view.svg.current!.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  // Listeners added as attributes are passive, and cannot prevent the default.
  useLayoutEffect(() => {
    handled.view.svg.current!.addEventListener("wheel", wheelOf(latest, at), { passive: false });
  }, []);
  return {
    isDown: () => held.pointers.size > 0,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0 || held.pointers.size === 2) return;
        held.hasMoved = held.pointers.size > 0;
        const [x, y] = at(event);
        held.pointers.set(event.pointerId, { x, y });
        handled.view.svg.current!.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent) => {
        const before = held.pointers.get(event.pointerId);
        if (before === undefined) return;
        const [x, y] = at(event);
        if (!held.hasMoved && Math.abs(x - before.x) + Math.abs(y - before.y) < leastMove) return;
        held.hasMoved = true;
        held.pointers.set(event.pointerId, { x, y });
        const other = [...held.pointers].find(([id]) => id !== event.pointerId)?.[1];
        handled.view.drag(pulled(handled.view.camera.current, before, { x, y }, other));
      },
      onPointerUp: (event: PointerEvent) => {
        const isClick = held.pointers.delete(event.pointerId) && !held.hasMoved;
        if (isClick) click(handled, at(event));
      },
      onPointerCancel: ({ pointerId }: PointerEvent) => {
        held.pointers.delete(pointerId);
      },
      onDblClick: (event: MouseEvent) => {
        const where = at(event);
        const item = boxAt(handled, ...where);
        if (item?.box.open !== undefined && !isSign(handled, item, ...where)) handled.onToggle(item.box.step);
      },
    },
  };
};
