/** The Promise forms of a run, which exist only if no service is missing. */
import type { RunOptions } from "./options.ts";
import type { PlainOutputs } from "./outputs.ts";
import type { typesOf } from "./provided.ts";
import type { PromiseRun } from "./run.ts";

export type RunParameters<Inputs> = {} extends Inputs
  ? [inputs?: [keyof Inputs] extends [never] ? NoInputs : Inputs, options?: RunOptions]
  : [inputs: Inputs, options?: RunOptions];

/** The inputs of a run if the pipeline declares none. `{}` alone would take any value. */
type NoInputs = Readonly<Record<string, ["The pipeline has no inputs."]>>;

export type RunPromise<Inputs, Outputs, Services> = WithoutServices<
  (...parameters: RunParameters<Inputs>) => Promise<PlainOutputs<Outputs>>,
  "The pipeline needs services, so it has no runPromise: use run, and provide",
  Services
>;

export type StartPromise<Inputs, Outputs, Services> = WithoutServices<
  (...parameters: RunParameters<Inputs>) => Promise<PromiseRun<PlainOutputs<Outputs>>>,
  "The pipeline needs services, so it has no startPromise: use start, and provide",
  Services
>;

type WithoutServices<Call, Sentence, Services> = [Services] extends [never]
  ? Call
  : NeedsServices<Call, Sentence, Services>;

/** The error sentence. If the services are `any`, a union with the call, so that every pipeline is a `Pipeline<any, any, any, any>`. */
export type NeedsServices<Call, Sentence, Service, Services = Service> = Service extends typeof typesOf
  ? Call
  : [Sentence, Services];
