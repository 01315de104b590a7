/** What a simulation does around each call of a user's function, and what it learns there. */
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import type { Graph } from "../../compile.ts";
import type { StepDefinition } from "../../definition.ts";
import { expandable } from "../../expand.ts";
import type { Policy } from "../../policy.ts";
import * as Schedule from "effect/Schedule";
import { underAmbient } from "./ambient.ts";
import type { Fault } from "./faults.ts";
import { InjectedFault, withFault } from "./faults.ts";
import { frozen } from "./freeze.ts";
import type { Instruments, UserCall } from "./instrument.ts";
import type { Mocks } from "../mock.ts";
import { mixed, randomOf } from "./random.ts";

/** A dynamic step, an item or a case that gave something. */
export interface Expansion {
  readonly call: UserCall;
  readonly path: string;
  /** Undefined: a direct value. */
  readonly graph: Graph | undefined;
  readonly value: unknown;
}

export interface ProbeOptions {
  readonly seed: number;
  readonly faults: ReadonlyArray<Fault>;
  /** Each step fails once after its work is done, and is then tried again. */
  readonly failOnce: boolean;
  /** What steps give is frozen before others read it. */
  readonly freezes: boolean;
  readonly mocks: Mocks;
  /** What paths begin with in the run that this one stands for. */
  readonly prefix: string;
}

export class Probe implements Instruments {
  readonly #options: ProbeOptions;
  readonly #now: () => number;
  readonly expansions: Array<Expansion> = [];
  /** How often each function was called, by path. */
  readonly calls = new Map<string, number>();
  /** Effects of steps that have begun and not ended: their finalizers have not all run. */
  readonly open = new Map<string, number>();
  /** Promises of steps that have not settled, and of which nothing says that they never will. */
  pendingPromises = 0;
  interrupt: () => void = () => {};
  crash: () => void = () => {};

  constructor(options: ProbeOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  readonly around = (call: UserCall): unknown => {
    const { path, context } = call;
    const { faults, failOnce } = this.#options;
    const attempt = context.attempt;
    const fault = faults.find((fault) => fault.path === path && (fault.attempt ?? 1) === attempt);
    // A switch is asked twice in one attempt; it fails when it chooses.
    if (call.role !== "case" && fault !== undefined) {
      return withFault(fault, attempt, () => this.#proceed(call), this);
    }
    if (failOnce && call.role !== "case" && attempt === 1) {
      const lost: Fault = { path, kind: "failAfter" };
      return withFault(lost, attempt, () => this.#proceed(call), this);
    }
    return this.#proceed(call);
  };

  readonly expanded = (call: UserCall, value: unknown): void => {
    this.expansions.push({ call, path: call.path, graph: expandable(value), value });
  };

  /** An injected failure is always tried again, whatever the step itself asks for. */
  readonly policy = (_: StepDefinition, policy: Policy | undefined): Policy | undefined => {
    if (!this.#options.failOnce) return policy;
    const { retry } = policy ?? {};
    const isInjected = (error: unknown) => error instanceof InjectedFault;
    return {
      timeoutMillis: policy?.timeoutMillis,
      output: policy?.output,
      fallback: policy?.fallback,
      retry:
        retry === undefined
          ? { schedule: Schedule.exponential(0, 1), times: 1, while: isInjected }
          : {
              schedule: retry.schedule,
              times: retry.times + 1,
              while: (error: unknown) => isInjected(error) || retry.while?.(error) !== false,
            },
    };
  };

  #proceed(call: UserCall): unknown {
    const { path } = call;
    const { mocks, seed, prefix } = this.#options;
    this.calls.set(path, (this.calls.get(path) ?? 0) + 1);
    const own = mixed(seed, prefix + path);
    const mock = mocks.find(call.definition);
    const proceed = mock === undefined || call.role === "case" ? call.proceed : () => mock(call);
    const value = underAmbient({ now: this.#now(), seed: own }, proceed);
    if (Effect.isEffect(value)) return this.#watched(path, own, value as Effect.Effect<unknown, unknown>);
    const { then } = Object(value) as { readonly then?: unknown };
    if (typeof then === "function") return this.#pending(path, own, value as PromiseLike<unknown>);
    return this.#given(value);
  }

  #given(value: unknown): unknown {
    return this.#options.freezes && expandable(value) === undefined ? frozen(value) : value;
  }

  /** Its randomness is its own, so that the order in which steps run does not change what each of them draws. */
  #watched(
    path: string,
    seed: number,
    effect: Effect.Effect<unknown, unknown>,
  ): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      this.open.set(path, (this.open.get(path) ?? 0) + 1);
      const watched = Effect.onExit(effect, () => Effect.sync(() => this.#closed(path)));
      return Effect.map(Effect.provideService(watched, Random.Random, randomOf(seed)), (value) =>
        this.#given(value),
      );
    });
  }

  #closed(path: string): void {
    const left = (this.open.get(path) ?? 1) - 1;
    if (left === 0) this.open.delete(path);
    else this.open.set(path, left);
  }

  #pending(path: string, seed: number, promise: PromiseLike<unknown>): Promise<unknown> {
    this.pendingPromises++;
    return Promise.resolve(promise).then(
      (value) => {
        this.pendingPromises--;
        return Effect.isEffect(value)
          ? this.#watched(path, seed, value as Effect.Effect<unknown, unknown>)
          : this.#given(value);
      },
      (thrown: unknown) => {
        this.pendingPromises--;
        throw thrown;
      },
    );
  }
}
