/**
 * The changes in the view of a run since a page last asked. Input: the whole view, on each update. Output: the whole
 * view, or its changed parts, as JSON. A page's position is a version; any number of pages can have different ones.
 */
import { randomUUID } from "node:crypto";
import type { PageData } from "../draw/page/data.ts";

/** The parts of a view that are compared as a whole. */
const wholes = ["graphs", "forms", "returns"] as const;
type Whole = (typeof wholes)[number];

interface Part {
  text: string;
  /** The version of its last change. */
  changed: number;
}

/** The changes that a page applies to its view. */
export interface ViewPatch {
  readonly version: string;
  readonly patch: true;
  readonly title: string;
  readonly run?: PageData["run"];
  readonly graphs?: PageData["graphs"];
  readonly forms?: PageData["forms"];
  readonly returns?: PageData["returns"];
  /** The current number of steps, and the changed ones with their indexes. */
  readonly count: number;
  readonly steps: ReadonlyArray<readonly [place: number, step: PageData["steps"][number]]>;
}

export class ViewChanges {
  // Distinguishes the versions of this view from those of other servers and of forgotten views.
  readonly #name = randomUUID();
  #version = 0;
  #head = "";
  readonly #wholes: Record<Whole, Part> = {
    graphs: { text: "", changed: 0 },
    forms: { text: "", changed: 0 },
    returns: { text: "", changed: 0 },
  };
  readonly #steps: Array<Part> = [];

  /** Updates the view. If nothing is different, its version stays the same. */
  update({ title, run, steps, ...others }: PageData): void {
    const version = this.#version + 1;
    const head = JSON.stringify({ title, ...(run === undefined ? {} : { run }) }).slice(1, -1);
    let isChanged = head !== this.#head || steps.length !== this.#steps.length;
    this.#head = head;
    for (const key of wholes)
      isChanged = note(this.#wholes[key], JSON.stringify(others[key]), version) || isChanged;
    this.#steps.length = Math.min(this.#steps.length, steps.length);
    steps.forEach((step, i) => {
      this.#steps[i] ??= { text: "", changed: 0 };
      isChanged = note(this.#steps[i], JSON.stringify(step), version) || isChanged;
    });
    if (isChanged) this.#version = version;
  }

  /** Has the view never been built? */
  get isEmpty(): boolean {
    return this.#version === 0;
  }

  /** Is this the current version of the view? */
  isNow(version: string | undefined): boolean {
    return this.#numberOf(version) === this.#version;
  }

  /** The changes since a version, as JSON; the whole view if the version is unknown. */
  since(version: string | undefined): string {
    const known = this.#numberOf(version);
    const now = `"version":${JSON.stringify(`${this.#name}.${this.#version}`)}`;
    const changedWholes = wholes
      .filter((key) => known === undefined || this.#wholes[key].changed > known)
      .map((key) => `,"${key}":${this.#wholes[key].text}`)
      .join("");
    const head = `{${now},${this.#head}${changedWholes}`;
    if (known === undefined) return `${head},"steps":[${this.#steps.map(({ text }) => text).join(",")}]}`;
    const steps: Array<string> = [];
    this.#steps.forEach(({ text, changed }, i) => {
      if (changed > known) steps.push(`[${i},${text}]`);
    });
    return `${head},"patch":true,"count":${this.#steps.length},"steps":[${steps.join(",")}]}`;
  }

  #numberOf(version: string | undefined): number | undefined {
    if (version?.startsWith(`${this.#name}.`) !== true) return undefined;
    const number = Number(version.slice(this.#name.length + 1));
    return Number.isInteger(number) && number <= this.#version ? number : undefined;
  }
}

/** Returns whether the part has changed. */
const note = (part: Part, text: string, version: number): boolean => {
  if (part.text === text) return false;
  part.text = text;
  part.changed = version;
  return true;
};
