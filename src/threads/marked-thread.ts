/** Whether this is a worker thread already. A module can request threads of its own while it is imported there. */
const mark = Symbol.for("espalier/thread");

export const markThread = (): void => {
  Reflect.set(globalThis, mark, true);
};

export const isMarkedThread = (): boolean => Reflect.get(globalThis, mark) === true;
