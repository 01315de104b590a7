/** The work of the machine for one run (files, sockets, child processes), which ends only in real time. */
import type { MachineWork } from "./place.ts";

/** Handles that stay open until they are closed: data may arrive through them, or never. */
const handle =
  /^(TCPWRAP|TLSWRAP|PIPEWRAP|TCPSERVERWRAP|PIPESERVERWRAP|UDPWRAP|TTYWRAP|FSEVENTWRAP|STATWATCHER|WORKER|MESSAGEPORT|HTTP2SESSION|SIGNALWRAP|FILEHANDLE)$/;

/** Handles that produce nothing by themselves. */
const isSilent = (type: string): boolean => server.test(type) || type === "FILEHANDLE";

const server = /SERVERWRAP$/;

const words: Readonly<Record<string, string>> = {
  Timeout: "a timer",
  Immediate: "a setImmediate",
  PROCESSWRAP: "a child process",
  TCPWRAP: "a socket",
  TLSWRAP: "a socket",
  TCPSERVERWRAP: "a server that listens",
  PIPESERVERWRAP: "a server that listens",
  PIPEWRAP: "a pipe",
  UDPWRAP: "a UDP socket",
  FSEVENTWRAP: "a file watcher",
  STATWATCHER: "a file watcher",
  WORKER: "a worker thread",
  MESSAGEPORT: "a message port",
  FILEHANDLE: "a file",
};

export const nameOfWork = ({ type }: MachineWork): string =>
  words[type] ?? (type.startsWith("FS") || type.startsWith("FILE") ? "a file operation" : `a ${type}`);

/** The output handle of the process opens when it first prints, and belongs to no run. */
const isPrinter = (resource: object): boolean => {
  const { stderr, stdin, stdout } = globalThis.process ?? {};
  return [stdin, stdout, stderr].some(
    (stream) => (stream as { readonly _handle?: unknown } | undefined)?._handle === resource,
  );
};

const isCompressing = (resource: object): boolean =>
  ((resource as { readonly buffer?: unknown }).buffer ?? null) !== null;

const keepsRunning = ({ resource, type }: MachineWork): boolean => {
  if (type === "TTYWRAP" || (type === "PIPEWRAP" && isPrinter(resource))) return false;
  // It lives until it is garbage-collected, and works while it has data to compress.
  if (type === "ZLIB") return isCompressing(resource);
  // An unclosed one stays open until it is garbage-collected.
  if (type === "FILEHANDLE") return ((resource as { readonly fd?: number }).fd ?? -1) >= 0;
  const { hasRef } = resource as { readonly hasRef?: unknown };
  if (typeof hasRef !== "function") return true;
  try {
    return Reflect.apply(hasRef, resource, []) !== false;
  } catch {
    return true;
  }
};

export class Machine {
  readonly #work = new Map<number, MachineWork>();

  readonly began = (id: number, work: MachineWork): void => {
    this.#work.set(id, work);
  };

  readonly ended = (id: number): void => {
    this.#work.delete(id);
  };

  /** Is there work that ends by itself and then settles something? A worker thread counts while something is awaited. */
  isBusy(isAwaited: boolean): boolean {
    for (const work of this.#work.values()) {
      const isWork = !handle.test(work.type) || (isAwaited && work.type === "WORKER");
      if (isWork && keepsRunning(work)) return true;
    }
    return false;
  }

  /** Is a handle open through which a step's result may arrive? */
  get isOpen(): boolean {
    for (const { type } of this.#work.values()) if (handle.test(type) && !isSilent(type)) return true;
    return false;
  }

  /** Everything that keeps the process running. */
  get left(): ReadonlyArray<MachineWork> {
    return [...this.#work.values()].filter(keepsRunning);
  }
}
