/**
 * The graph when too many boxes are in sight to read: painted on a canvas, completely in each frame, since a browser
 * takes many times as long for the same number of elements. Its colours are those of nearby boxes, read from the style.
 * Input: all positions, the camera, and the look of boxes. Output: pixels.
 */
import type { Looks } from "./boxes.ts";
import type { Camera, ScreenSize } from "./camera.ts";
import type { Placed, PlacedBox, PlacedLine } from "./place.ts";

interface Paint {
  readonly fill: string;
  readonly edge: string;
  readonly edgeWidth: number;
  readonly alpha: number;
  readonly isFailed: boolean;
}

/** Boxes that look alike. */
interface Alike {
  readonly name: string;
  readonly isOpen: boolean;
  readonly boxes: Array<PlacedBox>;
}

/** The content to paint, prepared once for all frames. */
export interface FarScene {
  readonly alike: ReadonlyArray<Alike>;
  readonly lines: ReadonlyArray<PlacedLine>;
  readonly critical: ReadonlyArray<PlacedLine>;
  readonly selected: ReadonlyArray<PlacedLine>;
}

type LineKind = "lines" | "critical" | "selected";

export const farScene = (
  { boxes, lines }: Placed,
  { classOf }: Looks,
  isOf: (kind: "critical" | "selected", line: PlacedLine) => boolean,
): FarScene => {
  const alike = new Map<string, Alike>();
  for (const box of boxes) {
    const name = classOf(box);
    const key = box.isOpen ? `${name} open` : name;
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { name, isOpen: box.isOpen, boxes: [box] });
    else known.boxes.push(box);
  }
  return {
    alike: [...alike.values()],
    lines,
    critical: lines.filter((line) => isOf("critical", line)),
    selected: lines.filter((line) => isOf("selected", line)),
  };
};

/** The look of a box or a line, as the style has it. */
class Paints {
  readonly #svg: SVGSVGElement;
  readonly #known = new Map<string, Paint>();

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
  }

  box(name: string, isOpen: boolean): Paint {
    return this.#of(name, "rect", isOpen ? "open" : "");
  }

  line(kind: LineKind): Paint {
    return this.#of("", "path", `line ${kind}`);
  }

  #of(group: string, tag: string, own: string): Paint {
    const key = `${tag} ${group} ${own}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const make = (name: string, className: string): SVGElement => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      made.setAttribute("class", className);
      return made;
    };
    const around = make("g", group);
    const probe = make(tag, own);
    around.append(probe);
    this.#svg.append(around);
    const { fill, fillOpacity, stroke, strokeWidth, opacity } = getComputedStyle(probe);
    const paint = {
      fill,
      edge: stroke,
      edgeWidth: Number.parseFloat(strokeWidth) || 1,
      alpha:
        Number(opacity) * Number(getComputedStyle(around).opacity) * (isNaN(+fillOpacity) ? 1 : +fillOpacity),
      isFailed: /\bis-(?:failed|leaked)\b/.test(group),
    };
    around.remove();
    this.#known.set(key, paint);
    return paint;
  }
}

/** A box smaller than this, in pixels, is painted as a spot in its edge's colour. */
const leastFilled = 4;
/** A line shorter than this is not visible between its boxes. */
const leastLine = 5;
/** Beyond this number, lines are faint, or they would hide everything else. */
const manyLines = 500;

type Rectangle = readonly [left: number, top: number, width: number, height: number];

/** The boxes in sight, in whole pixels, which are fastest to fill. */
const inSight = (
  boxes: ReadonlyArray<PlacedBox>,
  { x, y, k }: Camera,
  { width, height }: ScreenSize,
): ReadonlyArray<Rectangle> => {
  const seen: Array<Rectangle> = [];
  for (const box of boxes) {
    const left = Math.round(box.x * k + x);
    const top = Math.round(box.y * k + y);
    if (left > width || top > height) continue;
    const wide = Math.max(1, Math.round(box.width * k));
    const high = Math.max(1, Math.round(box.height * k));
    if (left + wide >= 0 && top + high >= 0) seen.push([left, top, wide, high]);
  }
  return seen;
};

const paintBoxes = (
  context: CanvasRenderingContext2D,
  { boxes, isOpen }: Alike,
  { fill, edge, edgeWidth, alpha, isFailed }: Paint,
  camera: Camera,
  size: ScreenSize,
): void => {
  const thick = Math.max(1, Math.round(edgeWidth * camera.k));
  const seen = inSight(boxes, camera, size);
  context.lineWidth = thick;
  context.strokeStyle = edge;
  context.globalAlpha = alpha;
  if (isOpen) {
    context.fillStyle = fill;
    for (const [left, top, wide, high] of seen) context.fillRect(left, top, wide, high);
    context.globalAlpha = Math.min(1, 2 * alpha);
    for (const [left, top, wide, high] of seen)
      if (high >= leastFilled)
        context.strokeRect(left + thick / 2, top + thick / 2, wide - thick, high - thick);
    return;
  }
  context.fillStyle = edge;
  for (const [left, top, wide, high] of seen) context.fillRect(left, top, wide, high);
  context.fillStyle = fill;
  for (const [left, top, wide, high] of seen)
    if (high >= leastFilled) context.fillRect(left + thick, top + thick, wide - 2 * thick, high - 2 * thick);
  if (!isFailed) return;
  // Not by colour alone.
  context.beginPath();
  for (const [left, top, wide, high] of seen) {
    if (high < leastFilled) continue;
    context.moveTo(left, top);
    context.lineTo(left + wide, top + high);
    context.moveTo(left + wide, top);
    context.lineTo(left, top + high);
  }
  context.stroke();
};

const paintLines = (
  context: CanvasRenderingContext2D,
  lines: ReadonlyArray<PlacedLine>,
  { edge, edgeWidth }: Paint,
  { x, y, k }: Camera,
  { width, height }: ScreenSize,
): void => {
  if (lines.length === 0) return;
  let seen = 0;
  context.beginPath();
  for (const { points } of lines) {
    const [startX, startY] = points[0]!;
    const [endX, endY] = points.at(-1)!;
    if (Math.abs(endY - startY) * k < leastLine && Math.abs(endX - startX) * k < leastLine) continue;
    // A line runs downward: its bends can be to the side of its ends, but not above or below them.
    if (Math.min(startY, endY) * k + y > height || Math.max(startY, endY) * k + y < 0) continue;
    if (points.length === 2) {
      if (Math.min(startX, endX) * k + x > width || Math.max(startX, endX) * k + x < 0) continue;
    }
    seen++;
    context.moveTo(startX * k + x, startY * k + y);
    for (let i = 1; i < points.length; i++) context.lineTo(points[i]![0] * k + x, points[i]![1] * k + y);
  }
  context.globalAlpha = seen > manyLines ? 0.35 : 1;
  context.strokeStyle = edge;
  context.lineWidth = Math.max(0.5, edgeWidth * k);
  context.stroke();
};

export class FarCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #svg: SVGSVGElement;
  #paints: Paints;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement, svg: SVGSVGElement) {
    this.#canvas = canvas;
    this.#svg = svg;
    this.#paints = new Paints(svg);
  }

  /** Discards the colours, since the style has changed. */
  forget(): void {
    this.#paints = new Paints(this.#svg);
  }

  /** Paints in the next frame, or clears the canvas if the scene is undefined. `camera` is read in that frame. */
  paint(scene: FarScene | undefined, camera: () => Camera, size: ScreenSize): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint(scene, camera(), size));
  }

  #paint(scene: FarScene | undefined, camera: Camera, size: ScreenSize): void {
    const canvas = this.#canvas;
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (scene === undefined) {
      canvas.hidden = true;
      canvas.width = 0;
      return;
    }
    canvas.hidden = false;
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    const at = { x: camera.x * ratio, y: camera.y * ratio, k: camera.k * ratio };
    const whole = { width: wide, height: high };
    const boxes = (isOpen: boolean): void => {
      for (const alike of scene.alike)
        if (alike.isOpen === isOpen)
          paintBoxes(context, alike, this.#paints.box(alike.name, isOpen), at, whole);
    };
    boxes(true);
    for (const kind of ["lines", "critical", "selected"] as const)
      paintLines(context, scene[kind], this.#paints.line(kind), at, whole);
    boxes(false);
  }
}
