/** Where the graph is on the screen: moved by (x, y) and enlarged by k. Plain numbers in and out. */
import type { Placed, PlacedBox } from "./place.ts";

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** A part of the graph, and the scale at which it was drawn. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly k: number;
}

export const smallest = 0.004;
const largest = 4;
const margin = 24;

export const zoomed = ({ x, y, k }: Camera, factor: number, atX: number, atY: number): Camera => {
  const next = Math.min(largest, Math.max(smallest, k * factor));
  return { x: atX - ((atX - x) * next) / k, y: atY - ((atY - y) * next) / k, k: next };
};

/** The whole graph, but no smaller than `least`. */
export const fitted = (placed: Placed, { width, height }: ScreenSize, least: number): Camera => {
  const whole = Math.min((width - 2 * margin) / placed.width, (height - 2 * margin) / placed.height);
  const k = Math.min(1, Math.max(least, whole));
  // A graph that is too wide is shown from its start: around the boxes of its first layer.
  const first = placed.boxes.filter((box) => box.depth === 0 && box.y < 40);
  const sum = first.reduce((total, box) => total + box.x + box.width / 2, 0);
  const middle = placed.width * k > width && first.length > 0 ? sum / first.length : placed.width / 2;
  return { x: width / 2 - middle * k, y: Math.max(margin, (height - placed.height * k) / 2), k };
};

/** A box in the middle, large enough to read. */
export const centred = (camera: Camera, box: PlacedBox, { width, height }: ScreenSize): Camera => {
  const k = Math.max(camera.k, 0.7);
  return {
    x: width / 2 - (box.x + Math.min(box.width, width / k) / 2) * k,
    y: height / 2 - (box.y + Math.min(box.height, height / k) / 2) * k,
    k,
  };
};

/** If the panel now covers the selected box, moves the graph just enough to show it. */
export const besidePanel = (camera: Camera, box: PlacedBox, { width }: ScreenSize): Camera => {
  const { x, k } = camera;
  const over = x + (box.x + box.width) * k + margin - width;
  if (over <= 0 || x + box.x * k >= width + 400) return camera;
  return { ...camera, x: x - Math.min(over, Math.max(0, x + box.x * k - margin)) };
};

/** Is a box in sight, at least its upper left part? */
export const isInSight = ({ x, y, k }: Camera, box: PlacedBox, { width, height }: ScreenSize): boolean => {
  const [left, top] = [x + box.x * k, y + box.y * k];
  return left >= 0 && top >= 0 && left + Math.min(40, box.width * k) <= width && top + 20 * k <= height;
};

export const seenArea = ({ x, y, k }: Camera, { width, height }: ScreenSize): Area => ({
  left: -x / k,
  top: -y / k,
  right: (width - x) / k,
  bottom: (height - y) / k,
  k,
});

/** The margin drawn around the visible part, so that small moves redraw nothing. */
export const drawnArea = (seen: Area): Area => {
  const [wider, higher] = [(seen.right - seen.left) / 3, (seen.bottom - seen.top) / 3];
  return {
    left: seen.left - wider,
    top: seen.top - higher,
    right: seen.right + wider,
    bottom: seen.bottom + higher,
    k: seen.k,
  };
};

export const isWithin = (seen: Area, drawn: Area): boolean =>
  seen.left >= drawn.left &&
  seen.top >= drawn.top &&
  seen.right <= drawn.right &&
  seen.bottom <= drawn.bottom &&
  seen.k < drawn.k * 2.5;
