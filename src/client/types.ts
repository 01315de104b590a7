/** The types of a client: pipelines by the name of their export, inputs as a run takes them, outputs as JSON gives them. */
import type { PipelineEvent } from "../events.ts";
import type { PlainOutputs, TakenBy } from "../../types/outputs.ts";
import type { InputsOf, OutputsOf } from "../../types/types-of.ts";
import type { Typed } from "../../types/provided.ts";
import type { RecordedEvent, RecordedStep, RunState, WaitingStep } from "../../types/runs.ts";

/**
 * A value after it has gone through JSON: a `Date` is a string, what is `undefined` is left out, a method is gone. What
 * JSON cannot hold, such as a `Map` or a bigint, is `never`: the server refuses it.
 *
 * @public
 */
export type JsonOf<Value> = 0 extends 1 & Value
  ? any
  : unknown extends Value
    ? unknown
    : Value extends string | number | boolean | null | undefined
      ? Value
      : Value extends { toJSON(...given: any): infer Given }
        ? JsonOf<Given>
        : Value extends
              | bigint
              | symbol
              | ((...given: any) => any)
              | ReadonlyMap<any, any>
              | ReadonlySet<any>
              | ArrayBufferView
          ? never
          : Value extends ReadonlyArray<unknown>
            ? { [Index in keyof Value]: JsonOf<Value[Index]> }
            : Value extends object
              ? JsonRecord<Value>
              : never;

/**
 * A record after it has gone through JSON: properties that may be undefined may be missing; functions and symbols are.
 *
 * @public
 */
export type JsonRecord<Value> = {
  readonly [Key in keyof Value as Key extends symbol
    ? never
    : [Value[Key]] extends [(...given: any) => any]
      ? never
      : undefined extends Value[Key]
        ? unknown extends Value[Key]
          ? Key
          : never
        : Key]: JsonOf<Value[Key]>;
} & {
  readonly [Key in keyof Value as Key extends symbol
    ? never
    : undefined extends Value[Key]
      ? unknown extends Value[Key]
        ? never
        : Key
      : never]?: JsonOf<Exclude<Value[Key], undefined>>;
} extends infer Both
  ? { [Key in keyof Both]: Both[Key] }
  : never;

/**
 * The pipelines that a module exports, by the names that a client calls them.
 *
 * @public
 */
export type ClientPipelines<Module> = {
  readonly [Key in keyof Module & string as Module[Key] extends Typed<any, any, any, any>
    ? Key
    : never]: Module[Key];
};

/**
 * How a client finds its server.
 *
 * @public
 */
export interface ClientOptions {
  /** Where `espalier serve` serves, such as `"http://127.0.0.1:4100"`. */
  readonly url: string;
  /** The token that the server printed. Without it, a client can only read. */
  readonly token?: string;
  /** What sends requests; the `fetch` of the platform by default. */
  readonly fetch?: typeof fetch;
}

/**
 * How a run is started.
 *
 * @public
 */
export interface ClientStart {
  /** The id of the run; a new one without it. The same id and inputs again are the same run. */
  readonly runId?: string;
}

/**
 * A run, in short.
 *
 * @public
 */
export interface ClientRun {
  /** The id of the run. */
  readonly id: string;
  /** The name of its pipeline. */
  readonly pipeline: string;
  /** Its state. */
  readonly status: RunState;
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
  /** When it ended, in milliseconds since 1970; missing as long as it has not. */
  readonly ended?: number;
  /** What it failed with, in words. */
  readonly error?: string;
}

/**
 * What a client has of each event, beside the fields of its own.
 *
 * @public
 */
export interface AnyClientEvent {
  /** The path of the step, for an event about one. */
  readonly path?: string;
  /** What else it says. */
  readonly [field: string]: unknown;
}

/**
 * What a client has of an event with outputs.
 *
 * @public
 */
export interface SentOutputs<Outputs> {
  /** The outputs by name; missing if they are long. */
  readonly outputs?: JsonOf<Outputs>;
  /** They are long: `GET /api/runs/:id/value` has them. */
  readonly omitted?: true;
}

/**
 * An event after it has gone through JSON.
 *
 * @public
 */
export type SentEvent<Event> = Event extends { readonly outputs: infer Outputs }
  ? JsonOf<Omit<Event, "outputs">> & SentOutputs<Outputs>
  : JsonOf<Event>;

/**
 * An event of a run, as JSON gives it: the fields of `PipelineEvent`, by its `type`.
 *
 * @public
 */
export type ClientEvent = SentEvent<PipelineEvent> & AnyClientEvent;

/**
 * A step that waits for its value.
 *
 * @public
 */
export interface ClientWaitingStep extends WaitingStep {
  /** The JSON Schema of the value, where it can be read. */
  readonly schema?: unknown;
}

/**
 * A run with all that is recorded of it.
 *
 * @public
 */
export interface ClientRecord extends ClientRun {
  /** Its inputs by name, as JSON gives them. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The outcomes that count, oldest first. */
  readonly steps: ReadonlyArray<RecordedStep>;
  /** The steps that wait for a value. */
  readonly waiting: ReadonlyArray<ClientWaitingStep>;
  /** Failures, retries, cache hits and log lines, oldest first. */
  readonly events: ReadonlyArray<RecordedEvent>;
  /** Its outputs by name, once it has succeeded. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/**
 * What a run of a pipeline is started with.
 *
 * @public
 */
export type ClientParameters<P, Options> =
  {} extends InputsOf<P>
    ? [inputs?: InputsOf<P>, options?: Options]
    : [inputs: InputsOf<P>, options?: Options];

/**
 * The names of the steps at the top level of the pipelines of a module.
 *
 * @public
 */
export type ClientSteps<Module> = {
  [Key in keyof ClientPipelines<Module>]: ClientPipelines<Module>[Key] extends Typed<
    any,
    infer Outputs,
    any,
    any
  >
    ? TakenBy<Outputs> & string
    : never;
}[keyof ClientPipelines<Module>];

/**
 * A sentence, in the place of a path that no pipeline has.
 *
 * @public
 */
export interface NoSuchStep<Path extends string, Names> {
  /** What is wrong. */
  readonly error: `No pipeline of this module has a step "${Path}" at its top level.`;
  /** The steps that there are. */
  readonly steps: Names;
}

/**
 * The path of a waiting step: at the top level, that of a step of a pipeline of the module. Paths with `/` or `[`, and those of
 * the type `string`, are not checked.
 *
 * @public
 */
export type ClientPath<Module, Path extends string> = string extends Path
  ? unknown
  : Path extends `${string}/${string}` | `${string}[${string}`
    ? unknown
    : [ClientSteps<Module>] extends [never]
      ? unknown
      : Path extends ClientSteps<Module>
        ? unknown
        : NoSuchStep<Path, ClientSteps<Module>>;

/**
 * The value that a waiting step is given: that of its output, as JSON gives it. It is not known of a step inside another, and of
 * one that the pipeline does not return.
 *
 * @public
 */
export type ClientValue<Module, Path extends string> =
  Path extends ClientSteps<Module>
    ? {
        [Key in keyof ClientPipelines<Module>]: ClientPipelines<Module>[Key] extends Typed<
          any,
          infer Outputs,
          any,
          any
        >
          ? Path extends keyof PlainOutputs<Outputs>
            ? JsonOf<PlainOutputs<Outputs>[Path]>
            : Path extends TakenBy<Outputs>
              ? unknown
              : never
          : never;
      }[keyof ClientPipelines<Module>]
    : unknown;

/**
 * A client of a server that serves `Module`.
 *
 * @public
 */
export interface Client<Module> {
  /** Starts a run of the pipeline that is exported under a name. It continues whether or not anyone waits for it. */
  start<Name extends keyof ClientPipelines<Module> & string>(
    name: Name,
    ...parameters: ClientParameters<ClientPipelines<Module>[Name], ClientStart>
  ): Promise<ClientRun>;
  /** Starts a run and waits for its outputs. Rejects with a `ClientError` where it fails. */
  run<Name extends keyof ClientPipelines<Module> & string>(
    name: Name,
    ...parameters: ClientParameters<
      ClientPipelines<Module>[Name],
      ClientStart & {
        /** Stops waiting, not the run. */
        readonly signal?: AbortSignal;
      }
    >
  ): Promise<JsonOf<OutputsOf<ClientPipelines<Module>[Name]>>>;
  /** A run with all that is recorded of it. */
  get(runId: string): Promise<ClientRecord>;
  /** The events of a run from its first, until it has ended. A connection that breaks is made again. */
  events(
    runId: string,
    options?: {
      /** Stops watching. */
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<ClientEvent>;
  /**
   * Gives a waiting step its value. If the step's schema decodes what it is given to another type, such as a text to a number, pass
   * a path of the type `string`: the server checks the value.
   */
  signal<const Path extends string>(
    runId: string,
    path: Path & ClientPath<Module, Path>,
    value: ClientValue<Module, Path>,
  ): Promise<"delivered" | "kept">;
  /** Stops a run. */
  cancel(runId: string): Promise<ClientRun>;
}
