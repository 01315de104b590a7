/**
 * The graph on the screen: elements near the visible part, and a canvas beneath them. While the reader drags or zooms
 * it, the elements are moved unchanged, and the canvas paints the area that they do not cover; they are drawn again
 * once it rests. Any other move draws at once.
 */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Area, Camera, ScreenSize } from "./camera.ts";
import { drawnArea, isWithin, seenArea } from "./camera.ts";
import type { FarScene } from "./far.ts";
import { FarCanvas } from "./far.ts";

/** The content of the canvas, created when it is first needed. */
export interface Beneath {
  readonly scene: () => FarScene;
  /** There are no elements: the canvas paints everything. */
  readonly isAll: boolean;
}

export interface View {
  readonly svg: RefObject<SVGSVGElement | null>;
  readonly scene: RefObject<SVGGElement | null>;
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly camera: { current: Camera };
  /** The part that the elements cover. */
  readonly area: Area | undefined;
  readonly size: () => ScreenSize;
  readonly move: (next: Camera) => void;
  /** Follows a move by the reader. */
  readonly drag: (next: Camera) => void;
  /** Sets the content that the canvas paints from now on. */
  readonly lay: (beneath: Beneath) => void;
}

/** The view is at rest when the reader has not moved it for this long. */
const restMillis = 120;

export const useView = (): View => {
  const svg = useRef<SVGSVGElement>(null);
  const scene = useRef<SVGGElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const camera = useRef<Camera>({ x: 0, y: 0, k: 1 });
  const painter = useRef<FarCanvas | undefined>(undefined);
  const beneath = useRef<Beneath | undefined>(undefined);
  const drawn = useRef<Area | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [area, setArea] = useState<Area | undefined>(undefined);
  const size = (): ScreenSize => ({
    width: svg.current?.clientWidth || 800,
    height: svg.current?.clientHeight || 600,
  });
  const isCovered = (): boolean =>
    drawn.current !== undefined && isWithin(seenArea(camera.current, size()), drawn.current);
  const paint = (): void => {
    painter.current ??= new FarCanvas(canvas.current!, svg.current!);
    const { current } = beneath;
    const isNeeded = current !== undefined && (current.isAll || !isCovered());
    painter.current.paint(isNeeded ? current.scene() : undefined, () => camera.current, size());
  };
  const put = (next: Camera): void => {
    camera.current = next;
    const { x, y, k } = next;
    scene.current!.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    // With a style, the browser moves the pixels that it has already painted.
    scene.current!.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
  };
  /** Draws the elements for the current camera. */
  const settle = (): void => {
    clearTimeout(timer.current);
    // The browser paints them sharp.
    scene.current!.style.willChange = "";
    if (!isCovered()) {
      drawn.current = drawnArea(seenArea(camera.current, size()));
      setArea(drawn.current);
    }
    if (beneath.current?.isAll === true) paint();
  };
  useLayoutEffect(() => {
    const theme = matchMedia("(prefers-color-scheme: dark)");
    const changed = (): void => {
      painter.current?.forget();
      paint();
    };
    theme.addEventListener("change", changed);
    return () => {
      clearTimeout(timer.current);
      theme.removeEventListener("change", changed);
    };
  }, []);
  return {
    svg,
    scene,
    canvas,
    camera,
    area,
    size,
    move: (next) => {
      put(next);
      settle();
    },
    drag: (next) => {
      scene.current!.style.willChange = "transform";
      put(next);
      paint();
      clearTimeout(timer.current);
      timer.current = setTimeout(settle, restMillis);
    },
    lay: (next) => {
      beneath.current = next;
      paint();
    },
  };
};
