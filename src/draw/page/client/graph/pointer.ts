/** Mouse, wheel and touch on the graph: a drag moves it, a wheel zooms it, a click selects a box, or folds it by its sign. */
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

export const usePointer = (handled: Handled): Pointer => {
  const latest = useRef(handled);
  latest.current = handled;
  const drag = useRef<{ x: number; y: number; hasMoved: boolean } | undefined>(undefined);
  const at = ({ clientX, clientY }: MouseEvent): readonly [number, number] => {
    const { left, top } = handled.view.svg.current!.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  // Listeners added as attributes are passive, and cannot prevent the default.
  useLayoutEffect(() => {
    handled.view.svg.current!.addEventListener("wheel", wheelOf(latest, at), { passive: false });
  }, []);
  return {
    isDown: () => drag.current !== undefined,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        drag.current = { x: event.clientX, y: event.clientY, hasMoved: false };
        handled.view.svg.current!.setPointerCapture(event.pointerId);
      },
      onPointerMove: ({ clientX, clientY }: PointerEvent) => {
        if (drag.current === undefined) return;
        const [dx, dy] = [clientX - drag.current.x, clientY - drag.current.y];
        if (!drag.current.hasMoved && Math.abs(dx) + Math.abs(dy) < 5) return;
        drag.current = { x: clientX, y: clientY, hasMoved: true };
        const { x, y, k } = handled.view.camera.current;
        handled.view.drag({ x: x + dx, y: y + dy, k });
      },
      onPointerUp: (event: PointerEvent) => {
        const isClick = drag.current?.hasMoved === false;
        drag.current = undefined;
        if (isClick) click(handled, at(event));
      },
      onPointerCancel: () => {
        drag.current = undefined;
      },
      onDblClick: (event: MouseEvent) => {
        const where = at(event);
        const item = boxAt(handled, ...where);
        if (item?.box.open !== undefined && !isSign(handled, item, ...where)) handled.onToggle(item.box.step);
      },
    },
  };
};
