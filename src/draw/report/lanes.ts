/** Assigns the times of steps to as many rows as there were concurrent steps: each to the first free row. */

export interface Span {
  readonly began: number;
  readonly ended: number;
}

/** The smallest first. */
class Heap<Value> {
  readonly #items: Array<Value> = [];
  readonly #isBefore: (a: Value, b: Value) => boolean;

  constructor(isBefore: (a: Value, b: Value) => boolean) {
    this.#isBefore = isBefore;
  }

  get first(): Value | undefined {
    return this.#items[0];
  }

  push(value: Value): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(value, items[above]!)) break;
      items[at] = items[above]!;
      at = above;
    }
    items[at] = value;
  }

  pop(): Value | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#isBefore(items[below + 1]!, items[below]!)) below++;
      if (!this.#isBefore(items[below]!, last)) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = last;
    return first;
  }
}

/** The row of each span, and the number of rows. */
export const lanesOf = (
  spans: ReadonlyArray<Span>,
): { readonly lanes: ReadonlyArray<number>; readonly count: number } => {
  const lanes: Array<number> = [];
  const busy = new Heap<{ readonly ended: number; readonly lane: number }>((a, b) => a.ended < b.ended);
  const free = new Heap<number>((a, b) => a < b);
  let count = 0;
  const order = spans.map((_, i) => i).sort((a, b) => spans[a]!.began - spans[b]!.began || a - b);
  for (const i of order) {
    const { began, ended } = spans[i]!;
    while (busy.first !== undefined && busy.first.ended <= began) free.push(busy.pop()!.lane);
    const lane = free.pop() ?? count++;
    lanes[i] = lane;
    busy.push({ ended: Math.max(began, ended), lane });
  }
  return { lanes, count };
};
