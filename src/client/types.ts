/** The types of a client: pipelines by export name, inputs as a run accepts them, outputs as JSON. */
import type { PipelineEvent } from "../events.ts";
import type { Joined, PlainOutputs, SentOf, TakenBy } from "../../types/outputs.ts";
import type { InputsOf, OutputsOf } from "../../types/types-of.ts";
import type { Typed } from "../../types/provided.ts";
import type { RecordedEvent, RecordedStep, RunState, WaitingStep } from "../../types/runs.ts";

/**
 * A value after a JSON round trip: a `Date` becomes a string; `undefined` values and methods are removed. A value that
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
            ? JsonArray<Value>
            : Value extends object
              ? JsonRecord<Value>
              : never;

/**
 * A list after a JSON round trip. The items of an array are named by reference, which the compiler looks into only when it
 * must: so a type may contain itself.
 *
 * @public
 */
export type JsonArray<Value extends ReadonlyArray<unknown>> =
  Value extends Array<infer Item>
    ? Array<Item> extends Value
      ? Array<JsonOf<Item>>
      : { [Index in keyof Value]: JsonOf<Value[Index]> }
    : ReadonlyArray<Value[number]> extends Value
      ? ReadonlyArray<JsonOf<Value[number]>>
      : { [Index in keyof Value]: JsonOf<Value[Index]> };

/**
 * A record after a JSON round trip: properties that may be undefined may be missing; functions and symbols are removed.
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
 * The pipelines that a module exports, by the names that clients use.
 *
 * @public
 */
export type ClientPipelines<Module> = {
  readonly [Key in keyof Module & string as Module[Key] extends Typed<any, any, any, any>
    ? Key
    : never]: Module[Key];
};

/**
 * The options of a client.
 *
 * @public
 */
export interface ClientOptions {
  /** The address of `espalier serve`, such as `"http://127.0.0.1:4100"`. */
  readonly url: string;
  /** The token that the server printed. Without it, a client can only read. */
  readonly token?: string | undefined;
  /** The function that sends requests; by default the platform's `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * The options for starting a run.
 *
 * @public
 */
export interface ClientStart {
  /** The id of the run; by default a new one. Starting again with the same id and inputs refers to the same run. */
  readonly runId?: string | undefined;
}

/**
 * The summary of a run.
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
  /** When it ended, in milliseconds since 1970; missing until then. */
  readonly ended?: number;
  /** The error that it failed with, as text. */
  readonly error?: string;
}

/**
 * The fields that a client can read from any event, in addition to the event's own.
 *
 * @public
 */
export interface AnyClientEvent {
  /** The path of the step, for an event about one. */
  readonly path?: string;
  /** The other fields of the event. */
  readonly [field: string]: unknown;
}

/**
 * The outputs of an event, as a client receives them.
 *
 * @public
 */
export interface SentOutputs<Outputs> {
  /** The outputs by name; missing if they are long. */
  readonly outputs?: JsonOf<Outputs>;
  /** The outputs are long: `GET /api/runs/:id/value` returns them. */
  readonly omitted?: true;
}

/**
 * An event after a JSON round trip.
 *
 * @public
 */
export type SentEvent<Event> = Event extends { readonly outputs: infer Outputs }
  ? JsonOf<Omit<Event, "outputs">> & SentOutputs<Outputs>
  : JsonOf<Event>;

/**
 * The server was restarted, or the client was away for too long: all events of the run follow again, from the first.
 *
 * @public
 */
export interface StreamReset {
  /** Its type. */
  readonly type: "stream.reset";
  /** The id of the run. */
  readonly runId: string;
  /** When the server sent it, in milliseconds since 1970. */
  readonly time: number;
}

/**
 * An event of a run as JSON: the fields of `PipelineEvent`, by its `type`; or `stream.reset`, which is about the stream.
 *
 * @public
 */
export type ClientEvent = (SentEvent<PipelineEvent> | StreamReset) & AnyClientEvent;

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
 * A run with everything recorded about it.
 *
 * @public
 */
export interface ClientRecord extends ClientRun {
  /** Its inputs by name, as JSON. */
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
 * A value to send: in its JSON form, or an object that JSON writes in that form, such as a `Date`. A value that JSON cannot
 * hold, such as a `Map` or a bigint, is `never`.
 *
 * @public
 */
export type JsonInput<Value> = 0 extends 1 & Value
  ? any
  : Value extends { toJSON(...given: any): any }
    ? Value | JsonOf<Value>
    : [JsonOf<Value>] extends [never]
      ? never
      : Value extends ReadonlyArray<infer Item>
        ? ReadonlyArray<Item> extends Value
          ? ReadonlyArray<JsonInput<Item>>
          : { readonly [Key in keyof Value]: JsonInput<Value[Key]> }
        : Value extends object
          ? { readonly [Key in keyof Value]: JsonInput<Value[Key]> }
          : JsonOf<Value>;

/**
 * The inputs of a pipeline as a client sends them: what its schemas decode, not what its steps read.
 *
 * @public
 */
export type ClientInputs<P> = { readonly [Name in keyof InputsOf<P>]: JsonInput<InputsOf<P>[Name]> };

/**
 * The arguments for starting a run of a pipeline.
 *
 * @public
 */
export type ClientParameters<P, Options, Inputs = InputsOf<P>> = {} extends Inputs
  ? [inputs?: Inputs, options?: Options]
  : [inputs: Inputs, options?: Options];

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
 * The error type that replaces a path that no pipeline has.
 *
 * @public
 */
export interface NoSuchStep<Path extends string, Names> {
  /** What is wrong. */
  readonly error: `No pipeline of this module has a step "${Path}" at its top level.`;
  /** The steps that exist. */
  readonly steps: Names;
}

/**
 * The path of a waiting step. At the top level, it must be a step of one of the module's pipelines. Paths with `/` or
 * `[`, and paths of the type `string`, are not checked.
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
 * The value to send to a waiting step: what its schema decodes, as JSON. The type is unknown for a step inside another one, and
 * for a step that the pipeline does not return, unless its schema decodes to another type.
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
          ? Path extends keyof Joined<SentOf<Outputs>>
            ? JsonOf<Joined<SentOf<Outputs>>[Path]>
            : Path extends keyof PlainOutputs<Outputs>
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
  /** Starts a run of the pipeline with this export name. The run continues whether or not anyone waits for it. */
  start<Name extends keyof ClientPipelines<Module> & string>(
    name: Name,
    ...parameters: ClientParameters<
      ClientPipelines<Module>[Name],
      ClientStart,
      ClientInputs<ClientPipelines<Module>[Name]>
    >
  ): Promise<ClientRun>;
  /** Starts a run and waits for its outputs. Rejects with a `ClientError` if it fails. */
  run<Name extends keyof ClientPipelines<Module> & string>(
    name: Name,
    ...parameters: ClientParameters<
      ClientPipelines<Module>[Name],
      ClientStart & {
        /** Ends the wait, not the run. */
        readonly signal?: AbortSignal | undefined;
      },
      ClientInputs<ClientPipelines<Module>[Name]>
    >
  ): Promise<JsonOf<OutputsOf<ClientPipelines<Module>[Name]>>>;
  /** A run with everything recorded about it. */
  get(runId: string): Promise<ClientRecord>;
  /**
   * The events of a run, from the first until it has ended, each once. A broken connection is reopened where it broke. If the
   * server was restarted meanwhile, `stream.reset` says so, and all events come again.
   */
  events(
    runId: string,
    options?: {
      /** Stops watching. */
      readonly signal?: AbortSignal | undefined;
    },
  ): AsyncIterable<ClientEvent>;
  /**
   * Sends a waiting step its value: what the step's schema decodes, so a text for a schema that turns texts into numbers. The
   * server checks a value whose type is not known here.
   */
  signal<const Path extends string>(
    runId: string,
    path: Path & ClientPath<Module, Path>,
    value: ClientValue<Module, Path>,
  ): Promise<"delivered" | "kept">;
  /** Stops a run. */
  cancel(runId: string): Promise<ClientRun>;
}
