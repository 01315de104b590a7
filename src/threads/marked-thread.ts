/** Whether this is a worker thread already, in which a module may ask for threads of its own while it is imported. */
const mark = Symbol.for("espalier/thread");

export const markThread = (): void => {
  Reflect.set(globalThis, mark, true);
};

export const isMarkedThread = (): boolean => Reflect.get(globalThis, mark) === true;
