/** The measurements that the server benchmark takes inside a page. */
import type { Page } from "playwright-core";

/** The number of parts into which the events between two updates are divided. */
const parts = 10;

/**
 * How long events took to reach the page. The values that the step emits are times, and each update shows the newest one: that
 * update is the first to show all events since the previous update.
 */
export const eventDelays = async (page: Page, millis: number): Promise<ReadonlyArray<number>> => {
  const updates = await page.evaluate(
    (limit) =>
      new Promise<ReadonlyArray<readonly [at: number, newest: number]>>((done) => {
        const found: Array<readonly [number, number]> = [];
        let last = "";
        const observer = new MutationObserver(() => {
          const text = /the last\s*(\d{13})/.exec(document.querySelector(".panel")?.textContent ?? "")?.[1];
          if (text === undefined || text === last) return;
          last = text;
          found.push([Date.now(), Number(text)]);
        });
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        setTimeout(() => {
          observer.disconnect();
          done(found);
        }, limit);
      }),
    millis,
  );
  return updates.slice(1).flatMap(([at, newest], i) => {
    const before = updates[i]![1];
    return Array.from({ length: parts }, (_, part) => at - newest + ((newest - before) * part) / parts);
  });
};

interface Counting {
  frames: Array<number>;
  request: number;
}

export const framesPerSecond = async (page: Page, act: () => Promise<void>): Promise<number> => {
  await page.evaluate(() => {
    const counting = globalThis as unknown as Counting;
    counting.frames = [];
    const next = (at: number): void => {
      counting.frames.push(at);
      counting.request = requestAnimationFrame(next);
    };
    counting.request = requestAnimationFrame(next);
  });
  await act();
  const frames = await page.evaluate(() => {
    const { frames, request } = globalThis as unknown as Counting;
    cancelAnimationFrame(request);
    return frames;
  });
  return ((frames.length - 1) * 1000) / (frames.at(-1)! - frames[0]!);
};
