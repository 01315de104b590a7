/** The measurements of each peer: the rates of a chain and a fan-out, and the time of 1,000 small runs. Prints one line of JSON. */

/** The address of its database. */
export const url = process.argv[2];
export const chainLength = 500;
export const fanSize = 10_000;
export const smallRuns = 1_000;

const millisOf = async (run) => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};

/** The median of three, after a warm-up. A peer that lacks a shape leaves it out. */
export const measure = async ({ chain, fan, small }) => {
  const middle = async (run) => {
    if (run === undefined) return null;
    await run();
    const times = [];
    for (let i = 0; i < 3; i++) times.push(await millisOf(run));
    return times.toSorted((a, b) => a - b)[1];
  };
  const [chainMillis, fanMillis, smallMillis] = [await middle(chain), await middle(fan), await middle(small)];
  console.log(JSON.stringify({ chainMillis, fanMillis, smallMillis }));
  process.exit(0);
};
