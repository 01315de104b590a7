/** Lets everything else of this process have its turn. */

/** All promises that can go on have gone on when this has come back. */
export const turn: () => Promise<void> =
  typeof setImmediate === "function"
    ? () => new Promise((resolve) => void setImmediate(resolve))
    : () => new Promise((resolve) => void setTimeout(resolve, 0));

export const pause = (millis: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, millis));
