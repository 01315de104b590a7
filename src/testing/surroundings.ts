/**
 * Patches the process while checks are active: `Date`, `Math.random`, `crypto`, timers, `process.env` and
 * `process.exit` use the run in which they are called, if any, and behave normally everywhere else.
 * The last check to end restores everything.
 */
import type * as AsyncHooks from "node:async_hooks";
import type { FileHandle } from "node:fs/promises";
import type { Place, RunTimer } from "./place.ts";
import { originNow, outside, placeNow, within } from "./place.ts";

type Builtins = NodeJS.Process["getBuiltinModule"];
const builtin = ((name: string) => globalThis.process?.getBuiltinModule?.(name)) as Builtins;

/** The changes to an object, so that they can be reverted. */
class Changes {
  readonly #undo: Array<() => void> = [];

  set(target: object, key: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, key);
    const changed = Reflect.defineProperty(target, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: before?.enumerable ?? true,
    });
    if (!changed) return;
    this.#undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(target, key);
      else Reflect.defineProperty(target, key, before);
    });
  }

  also(undo: () => void): void {
    this.#undo.push(undo);
  }

  undo(): void {
    for (const each of this.#undo.splice(0).reverse()) each();
  }
}

const RealDate = globalThis.Date;

/** A `Date` that can be called with and without `new`, and whose instances are real dates. */
const datesOfRuns = (): DateConstructor => {
  function RunDate(this: unknown, ...parameters: ReadonlyArray<unknown>): unknown {
    const place = placeNow();
    const now = place === undefined ? [] : [place.surroundings.now()];
    if (new.target === undefined) return String(Reflect.construct(RealDate, now));
    return Reflect.construct(
      RealDate,
      parameters.length === 0 ? now : parameters,
      (new.target as unknown) === RunDate ? RealDate : new.target,
    );
  }
  Object.setPrototypeOf(RunDate, RealDate);
  RunDate.prototype = RealDate.prototype;
  RunDate.now = () => placeNow()?.surroundings.now() ?? RealDate.now();
  return RunDate as unknown as DateConstructor;
};

const controlTime = (changes: Changes): void => {
  changes.set(globalThis, "Date", datesOfRuns());
  const { performance } = globalThis;
  const real = performance.now.bind(performance);
  changes.set(performance, "now", () => placeNow()?.surroundings.now() ?? real());
  controlFormats(changes);
  const { process } = globalThis;
  if (process === undefined) return;
  changes.set(
    process,
    "uptime",
    asked(process.uptime.bind(process), ({ surroundings }) => surroundings.now() / 1000),
  );
  const nanos = ({ surroundings }: Place): bigint => BigInt(Math.floor(surroundings.now())) * 1_000_000n;
  const since = (place: Place, [seconds, rest] = [0, 0]): [number, number] => {
    const passed = nanos(place) - (BigInt(seconds) * 1_000_000_000n + BigInt(rest));
    return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
  };
  const hrtime = asked(process.hrtime as (from?: [number, number]) => [number, number], since);
  changes.set(
    process,
    "hrtime",
    Object.assign(hrtime, { bigint: asked(process.hrtime.bigint.bind(process.hrtime), nanos) }),
  );
};

/** Formats called without a date use the current one. */
const controlFormats = (changes: Changes): void => {
  const { prototype } = Intl.DateTimeFormat;
  const dated = (date: unknown): any => date ?? placeNow()?.surroundings.now();
  const format = Reflect.getOwnPropertyDescriptor(prototype, "format")!;
  const get = function (this: Intl.DateTimeFormat): (date?: Date | number) => string {
    const real = Reflect.apply(format.get!, this, []) as (date?: Date | number) => string;
    return (date) => real(dated(date));
  };
  Reflect.defineProperty(prototype, "format", { ...format, get });
  changes.also(() => Reflect.defineProperty(prototype, "format", format));
  // oxlint-disable-next-line typescript/unbound-method -- called with `this`
  const { formatToParts } = prototype;
  changes.set(prototype, "formatToParts", function (this: Intl.DateTimeFormat, date?: Date | number) {
    return Reflect.apply(formatToParts, this, [dated(date)]);
  });
};

const bytesOf = (random: () => number, bytes: Uint8Array): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
};

const uuidOf = (random: () => number): string => {
  const bytes = new Uint8Array(16);
  bytesOf(random, bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

/** Calls `inRun` inside a run, and the original function elsewhere. */
const asked = <Parameters extends ReadonlyArray<any>, Value>(
  real: (...parameters: Parameters) => Value,
  inRun: (place: Place, ...parameters: Parameters) => Value,
): ((...parameters: Parameters) => Value) => {
  const made = function (this: unknown, ...parameters: Parameters): Value {
    const place = placeNow();
    return place === undefined ? Reflect.apply(real, this, parameters) : inRun(place, ...parameters);
  };
  // Other properties are used too, such as `util.promisify.custom`.
  return Object.assign(made, real);
};

const controlChance = (changes: Changes): void => {
  const { crypto } = globalThis;
  changes.set(
    Math,
    "random",
    asked(Math.random, ({ surroundings }) => surroundings.random()),
  );
  const uuid = ({ surroundings }: Place): any => uuidOf(surroundings.random);
  // Called with `crypto` as their `this`.
  // oxlint-disable-next-line typescript/unbound-method
  changes.set(crypto, "randomUUID", asked(crypto.randomUUID, uuid));
  changes.set(
    crypto,
    "getRandomValues",
    // oxlint-disable-next-line typescript/unbound-method
    asked(crypto.getRandomValues as any, ({ surroundings }, array: ArrayBufferView) => {
      bytesOf(surroundings.random, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    }),
  );
  const node = builtin("node:crypto");
  if (node === undefined) return;
  changes.set(node, "randomUUID", asked(node.randomUUID, uuid));
  changes.set(
    node,
    "randomInt",
    asked(node.randomInt as any, ({ surroundings }, ...given: ReadonlyArray<unknown>) => {
      const [low, high] = typeof given[1] === "number" ? [Number(given[0]), given[1]] : [0, Number(given[0])];
      const drawn = low + Math.floor(surroundings.random() * (high - low));
      const done = given.at(-1);
      if (typeof done !== "function") return drawn;
      queueMicrotask(() => Reflect.apply(done, undefined, [null, drawn]));
      return undefined;
    }),
  );
  changes.set(
    node,
    "randomBytes",
    asked(node.randomBytes as any, ({ surroundings }, size: number, done?: (...given: any) => void) => {
      const bytes = Buffer.alloc(size);
      bytesOf(surroundings.random, bytes);
      if (done === undefined) return bytes;
      queueMicrotask(() => done(null, bytes));
      return undefined;
    }),
  );
};

/** The result of `setTimeout` in a run, with all the abilities of a Node timer. */
class Timeout {
  readonly #timer: RunTimer;
  constructor(timer: RunTimer) {
    this.#timer = timer;
  }
  ref(): this {
    this.#timer.isRef = true;
    return this;
  }
  unref(): this {
    this.#timer.isRef = false;
    return this;
  }
  hasRef(): boolean {
    return this.#timer.isRef;
  }
  refresh(): this {
    this.#timer.restart();
    return this;
  }
  close(): this {
    this.#timer.cancel();
    return this;
  }
  [Symbol.toPrimitive](): number {
    numbered.set(++lastNumber, this);
    return lastNumber;
  }
  [Symbol.dispose](): void {
    this.#timer.cancel();
  }
}

let lastNumber = 2 ** 40;
/** Timers that were converted to a number. */
const numbered = new Map<number, Timeout>();

const starting =
  (repeats: boolean) =>
  (place: Place, callback: (...given: ReadonlyArray<unknown>) => void, millis?: number, ...given: any) => {
    const { path, surroundings } = place;
    const run = (): void => within(place, () => callback(...given));
    const length = Number(millis);
    // As Node does with an invalid duration, or one that is too long.
    const isLength = length >= 1 && length <= 2 ** 31 - 1;
    return new Timeout(surroundings.setTimer({ run, millis: isLength ? length : 1, repeats, path }));
  };

const stopping =
  (real: (timer?: any) => void) =>
  (timer?: unknown): void => {
    const isNumber = typeof timer === "number" || typeof timer === "string";
    const known = timer instanceof Timeout ? timer : isNumber ? numbered.get(Number(timer)) : undefined;
    if (known === undefined) real(timer);
    else known.close();
  };

const controlTimers = (changes: Changes): void => {
  const timers = builtin("node:timers");
  for (const target of timers === undefined ? [globalThis] : [globalThis, timers]) {
    const { clearInterval, clearTimeout, setInterval, setTimeout } = target;
    changes.set(target, "setTimeout", asked(setTimeout as any, starting(false)));
    changes.set(target, "setInterval", asked(setInterval as any, starting(true)));
    changes.set(target, "clearTimeout", stopping(clearTimeout));
    changes.set(target, "clearInterval", stopping(clearInterval));
  }
  const promises = builtin("node:timers/promises");
  const promisify = builtin("node:util")?.promisify;
  if (promises === undefined || promisify === undefined) return;
  const waiting = (place: Place, millis?: number, value?: unknown, options: { signal?: AbortSignal } = {}) =>
    new Promise<any>((resolve, reject) => {
      const { signal } = options;
      const abort = (): void => {
        timer.close();
        reject(
          Object.assign(new Error("The operation was aborted"), { name: "AbortError", code: "ABORT_ERR" }),
        );
      };
      const timer = starting(false)(
        place,
        () => {
          signal?.removeEventListener("abort", abort);
          resolve(value);
        },
        millis,
      );
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  const sleep = asked(promises.setTimeout as any, waiting);
  changes.set(promises, "setTimeout", sleep);
  for (const target of [globalThis.setTimeout, timers?.setTimeout])
    if (target !== undefined)
      Reflect.defineProperty(target, promisify.custom, { value: sleep, configurable: true });
};

/** Variables that the machine and its tools need to find their own parts, and to write to a terminal, are never changed. */
const ofMachine =
  /^(path|home|tmp|temp|tmpdir|tz|lang|lc_.*|node_.*|shell|user|pwd|systemroot|vitest.*|.*proxy|(ssl|ld|uv|openssl|xdg|ssh)_.*|debug|ci|term|colorterm|no_color|force_color)$/i;

/** A value that looks like a setting: empty, a number or a switch. An address or a key refers to something outside. */
const isSetting = (name: string, real: string | undefined): boolean =>
  real === undefined || (/^(\d*|true|false|yes|no|on|off)$/i.test(real) && !/(port|pid|id)$/i.test(name));

const controlProcess = (changes: Changes): void => {
  const { process } = globalThis;
  if (process === undefined) return;
  const { env } = process;
  // Values that steps have written are kept.
  const written = new Set<string | symbol>();
  const read = (target: NodeJS.ProcessEnv, name: string | symbol): string | undefined => {
    const real = Reflect.get(target, name) as string | undefined;
    const place = placeNow();
    if (place === undefined || typeof name === "symbol" || ofMachine.test(name) || written.has(name))
      return real;
    return place.expands === true || isSetting(name, real) ? place.surroundings.env(name, real) : real;
  };
  const wrote = (name: string | symbol): void => {
    if (placeNow() !== undefined) written.add(name);
  };
  const handler: ProxyHandler<NodeJS.ProcessEnv> = {
    get: read,
    has: (target, name) => Reflect.has(target, name) || read(target, name) !== undefined,
    set: (target, name, value) => (wrote(name), Reflect.set(target, name, value)),
    deleteProperty: (target, name) => (wrote(name), Reflect.deleteProperty(target, name)),
  };
  changes.set(process, "env", new Proxy(env, handler));
  // oxlint-disable-next-line typescript/unbound-method
  const { exit } = process;
  const exiting = asked(exit as (code?: unknown) => void, (place, code = process.exitCode ?? 0) => {
    place.surroundings.exited(code, place.path);
    throw new Error(`process.exit(${String(code)}) was called in a check.`);
  });
  changes.set(process, "exit", exiting);
};

/** Reports unhandled errors to the run that they belong to, and all others to their usual receivers. */
const controlUnhandled = (changes: Changes): void => {
  const { process } = globalThis;
  if (typeof process?.listeners !== "function") return;
  for (const [name, kind] of [
    ["unhandledRejection", "rejection"],
    ["uncaughtException", "exception"],
  ] as const) {
    const before = process.listeners(name as "unhandledRejection");
    const listener = (reason: unknown, ...more: ReadonlyArray<unknown>): void => {
      const place = originNow();
      if (place?.surroundings.keepsUnhandled === true) {
        place.surroundings.unhandled({ kind, reason, path: place.path });
      } else if (before.length > 0) {
        for (const each of before) Reflect.apply(each, process, [reason, ...more]);
      } else {
        // As without a listener, it ends the process.
        process.removeListener(name, listener);
        outside(() =>
          setImmediate(() => {
            throw reason;
          }),
        );
      }
    };
    process.removeAllListeners(name);
    process.on(name, listener);
    changes.also(() => {
      process.removeListener(name, listener);
      for (const each of before) process.on(name, each as never);
    });
  }
};

/** The machine's work for a run: only work that settles a promise or keeps the process running. */
const machineWork =
  /^(Timeout|Immediate|FSREQ\w+|FILEHANDLECLOSEREQ|\w+REQUEST|GET\w+INFOREQWRAP|QUERYWRAP|\w*CONNECTWRAP|SHUTDOWNWRAP|WRITEWRAP|UDPSENDWRAP|ZLIB|PROCESSWRAP|TCPWRAP|TLSWRAP|PIPEWRAP|TCPSERVERWRAP|PIPESERVERWRAP|UDPWRAP|TTYWRAP|FSEVENTWRAP|STATWATCHER|WORKER|MESSAGEPORT|HTTP2SESSION|SIGNALWRAP)$/;

const watchMachine = (changes: Changes): void => {
  const hooks: typeof AsyncHooks | undefined = builtin("node:async_hooks");
  if (typeof hooks?.createHook !== "function") return;
  const owners = new Map<number, Place>();
  // There are many promises, and they are of no use here. Node's types lack the option so far.
  const options: { readonly trackPromises: boolean } & AsyncHooks.HookCallbacks = {
    trackPromises: false,
    init(id, type, _trigger, resource) {
      if (type === "PROMISE" || !machineWork.test(type)) return;
      const place = placeNow();
      if (place === undefined) return;
      owners.set(id, place);
      place.surroundings.began(id, { type, path: place.path, resource });
    },
    destroy(id) {
      const place = owners.get(id);
      if (place === undefined) return;
      owners.delete(id);
      place.surroundings.ended(id);
    },
  };
  const hook = hooks.createHook(options);
  hook.enable();
  changes.also(() => hook.disable());
};

/** The machine opens files without any indication of their run. */
const watchFiles = (changes: Changes): void => {
  const files = builtin("node:fs/promises");
  if (files === undefined) return;
  let opened = 0;
  const opening = async (place: Place, real: Promise<FileHandle>): Promise<FileHandle> => {
    const resource = await real;
    // The machine counts up.
    place.surroundings.began(--opened, { type: "FILEHANDLE", path: place.path, resource });
    return resource;
  };
  const { open } = files;
  changes.set(
    files,
    "open",
    asked(open, (place, ...given: Parameters<typeof open>) => opening(place, open(...given))),
  );
};

let users = 0;
const changes = new Changes();

const control = (): void => {
  controlTime(changes);
  controlChance(changes);
  controlTimers(changes);
  controlProcess(changes);
  controlUnhandled(changes);
  watchMachine(changes);
  watchFiles(changes);
  builtin("node:module")?.syncBuiltinESMExports?.();
};

/** Keeps the process patched while the function runs. */
export const inControl = async <Value>(run: () => Promise<Value>): Promise<Value> => {
  if (++users === 1) control();
  try {
    return await run();
  } finally {
    if (--users === 0) {
      changes.undo();
      numbered.clear();
      builtin("node:module")?.syncBuiltinESMExports?.();
    }
  }
};
