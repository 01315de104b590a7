/** The handlers of the API's routes: each calls the host or the store, and reports errors as problems. */
import { randomUUID } from "node:crypto";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as SchemaIssue from "effect/SchemaIssue";
import * as Stream from "effect/Stream";
import type { RunInfo as RecordedInfo, WaitingStep } from "../../types/runs.ts";
import { areMissing, missingInputs } from "../engine/inputs.ts";
import { InvalidInput, RunNotFound } from "../errors.ts";
import { Store } from "../journal/store.ts";
import { liveRun } from "../run/live.ts";
import { aRunId } from "../run/run-id.ts";
import { Runs } from "../run/runs.ts";
import { Signal } from "../run/signal.ts";
import type { AnySchedule } from "../schedule.ts";
import type { Misfit } from "../values/from-json.ts";
import { fromJson } from "../values/from-json.ts";
import { didYouMean } from "../values/nearest.ts";
import { bentSentence, plainJson } from "../values/plain-json.ts";
import type { PipelineInfo, Problem, RunInfo, ScheduleInfo, WaitingInfo } from "./api.ts";
import { api, RequestProblems, titleOf } from "./api.ts";
import type { EventMessage } from "./event-streams.ts";
import { EventStreams } from "./event-streams.ts";
import type { Host } from "./host.ts";
import { isRequired, jsonSchemaOf } from "./json-schemas.ts";
import { problemOf, Refused } from "./problems.ts";
import { requestProblem } from "./request-problem.ts";
import { watchRun } from "./run-events.ts";
import { infoOf, listRuns } from "./run-list.ts";
import { RunViews } from "./run-view.ts";
import { listSteps } from "./step-list.ts";
import { isPaused, setPaused } from "./scheduler.ts";
import type { ServedPipeline } from "./served.ts";
import { onlySome, pipelineOfRun } from "./served.ts";
import { storedInfo } from "./stored-runs.ts";
import { runIdPrefix, tickRunId } from "./ticks.ts";

const mostStreams = 200;

const asProblem = <Value, Services>(
  effect: Effect.Effect<Value, unknown, Services>,
): Effect.Effect<Value, any, Services> => Effect.mapError(effect, problemOf);

const refused = (status: Problem["status"], reason: string): Refused => new Refused({ status, reason });

const knownNames = (names: Iterable<string>): string => {
  const all = Array.from(names, (name) => `"${name}"`);
  return all.length === 0 ? "it serves none" : `it serves ${all.slice(0, 20).join(", ")}`;
};

/** The schema of an `.await` step of the root graph, whose steps are known before they run. */
const awaitedSchema = (pipeline: ServedPipeline | undefined, path: string): unknown =>
  pipeline?.graph.nodes.find(({ definition }) => definition.kind === "await" && definition.name === path)
    ?.definition.options.output;

/** The outputs of a run, or why they cannot be written. */
interface JsonOutputs {
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly outputsProblem?: string;
}

/** The value as JSON holds it: `undefined` in a record is left out. */
const plain = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** The body of a request to start a run. */
interface Start {
  readonly pipeline: string;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  readonly runId?: string | undefined;
  readonly only?: ReadonlyArray<string> | undefined;
}

/** JSON inputs, in the form that their schemas accept. An input that does not match is left unchanged: the run refuses it. */
const decodedInputs = ({ graph }: ServedPipeline, given: Readonly<Record<string, unknown>>) => {
  const inputs: Record<string, unknown> = {};
  const misfits = new Map<string, Misfit>();
  for (const { name, schema } of graph.inputs) {
    if (!Object.hasOwn(given, name)) continue;
    const read = fromJson(schema, given[name]);
    inputs[name] = "misfit" in read ? given[name] : read.value;
    if ("misfit" in read) misfits.set(name, read.misfit);
  }
  return { inputs, misfits };
};

class Requests {
  readonly #host: Host;
  readonly #views: RunViews;
  readonly #streams: EventStreams;
  #connections = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#streams = new EventStreams((id, watched) => watchRun(host.store, host.feedOf, id, watched));
    this.#views = new RunViews(host);
  }

  #inStore<Value, Failure>(effect: Effect.Effect<Value, Failure>): Effect.Effect<Value, Failure> {
    return Effect.provideService(effect, Store, this.#host.store);
  }

  #pipeline(name: string): Effect.Effect<ServedPipeline, Refused> {
    const { pipelines } = this.#host.served;
    const found = pipelines.get(name);
    if (found !== undefined) return Effect.succeed(found);
    const reason = `This server has no pipeline "${name}"; ${knownNames(pipelines.keys())}.${didYouMean(name, [...pipelines.keys()])}`;
    return Effect.fail(refused(404, reason));
  }

  #info(id: string): Effect.Effect<RunInfo, unknown> {
    return Effect.map(this.#inStore(Runs.info(id)), (run) => infoOf(run));
  }

  list(query: Parameters<typeof listRuns>[1]) {
    return listRuns(this.#host.store, query);
  }

  start({ pipeline: name, inputs: given = {}, runId: wanted, only = [] }: Start) {
    return Effect.gen({ self: this }, function* () {
      const pipeline = onlySome(yield* this.#pipeline(name), only);
      if (typeof pipeline === "string") return yield* refused(422, pipeline);
      const declared = pipeline.graph.inputs.map(({ name }) => name);
      const other = Object.keys(given).find((name) => !declared.includes(name));
      if (other !== undefined) {
        const has =
          declared.length === 0
            ? "it takes none"
            : `it takes ${declared.map((each) => `"${each}"`).join(", ")}`;
        const sentence = `The pipeline "${name}" has no input "${other}"; ${has}.${didYouMean(other, declared)}`;
        return yield* refused(422, sentence);
      }
      const missing = yield* missingInputs(pipeline.graph.inputs, (name) => Object.hasOwn(given, name));
      if (missing.length > 0) {
        const code = "ESPALIER_INVALID_INPUT";
        return yield* new Refused({
          status: 422,
          reason: `${areMissing(missing)}.`,
          code,
          input: missing[0]!,
        });
      }
      const problem = wanted === undefined ? undefined : aRunId("runId", wanted);
      if (problem !== undefined) return yield* refused(422, problem);
      const runId = wanted ?? randomUUID();
      const { inputs, misfits } = decodedInputs(pipeline, given);
      // If an input is not the JSON form of a Date, the problem says that, not that a text is not a Date.
      yield* Effect.mapError(this.#host.start(pipeline, inputs, runId), (error) => {
        const misfit = error instanceof InvalidInput ? misfits.get(error.input) : undefined;
        return misfit === undefined
          ? error
          : new InvalidInput({ path: "", input: (error as InvalidInput).input, ...misfit });
      });
      return yield* this.#info(runId);
    });
  }

  get(id: string) {
    return Effect.gen({ self: this }, function* () {
      const run = yield* this.#inStore(Runs.get(id));
      const { ended, error, ...others } = run;
      const outputs = run.status === "succeeded" ? yield* this.#outputs(run) : {};
      const { name, only = [] } = pipelineOfRun(this.#host.served, run) ?? {};
      return {
        ...others,
        ...(name === undefined ? {} : { exportName: name }),
        ...(only.length === 0 ? {} : { only }),
        inputs: plain(others.inputs),
        ...(ended === undefined ? {} : { ended }),
        ...(error === undefined || run.status === "interrupted" ? {} : { error }),
        waiting: this.#waiting(run, run.waiting),
        ...outputs,
      };
    });
  }

  /** The outputs as JSON; none if they have to be read from the record, and the pipeline is not served. */
  #outputs(run: RecordedInfo): Effect.Effect<JsonOutputs, unknown> {
    return Effect.gen({ self: this }, function* () {
      const { served, hasOutputs } = this.#host;
      if (!hasOutputs(run.id) && pipelineOfRun(served, run) === undefined) return {};
      const outputs = yield* this.#host.outputs(run);
      const written: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(outputs)) {
        const text = plainJson(value);
        if (typeof text !== "string") return { outputsProblem: bentSentence(name, text) };
        // A name such as "__proto__" cannot be an output.
        if (value !== undefined) written[name] = JSON.parse(text);
      }
      return { outputs: written };
    });
  }

  steps(id: string, query: Parameters<typeof listSteps>[2]) {
    return listSteps(this.#host.store, id, query);
  }

  value(id: string, path: string) {
    return Effect.map(this.#inStore(Runs.value(id, path)), (value) =>
      value === undefined ? {} : { value: plain(value) },
    );
  }

  view(id: string, since: string | undefined, waits: boolean): Effect.Effect<string, unknown> {
    return Effect.flatMap(this.#views.view(id, since, waits), (view) =>
      view === undefined ? Effect.fail(new RunNotFound({ runId: id })) : Effect.succeed(view),
    );
  }

  /** The events of a run after the one with the id `last`, until it has ended. */
  events(id: string, last: string | undefined): Effect.Effect<Stream.Stream<EventMessage>, unknown> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#info(id);
      if (this.#connections >= mostStreams) return yield* refused(503, "Too many event streams are open.");
      return Stream.unwrap(
        Effect.gen({ self: this }, function* () {
          this.#connections++;
          yield* Effect.addFinalizer(() => Effect.sync(() => this.#connections--));
          return this.#streams.open(id, last);
        }),
      );
    });
  }

  /** The server ends. */
  close(): void {
    this.#streams.close();
  }

  signal(id: string, path: string, value: unknown) {
    return Effect.map(this.#inStore(Signal.send(id, path, value)), (delivery) => ({ delivery }));
  }

  cancel(id: string) {
    return Effect.andThen(this.#inStore(Runs.cancel(id)), this.#info(id));
  }

  resume(id: string, from: string | undefined, retryFailed: boolean | undefined) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#host.resumeById(id, { from, retryFailed });
      return yield* this.#info(id);
    });
  }

  /** The schema of a waiting step: of any step if its run is executed here, otherwise only of those in the root graph. */
  #waitingSchema(run: RecordedInfo, path: string): unknown {
    return (
      liveRun(this.#host.store, run.id)?.openMailbox?.schemaAt(path) ??
      awaitedSchema(pipelineOfRun(this.#host.served, run), path)
    );
  }

  #waiting(run: RecordedInfo, steps: ReadonlyArray<WaitingStep>): ReadonlyArray<WaitingInfo> {
    return steps.map(({ runId, path, ask, since, deadline }) => {
      const schema = jsonSchemaOf(this.#waitingSchema(run, path));
      return {
        runId,
        path,
        since,
        ...(ask === undefined ? {} : { ask: plain(ask) }),
        ...(deadline === undefined ? {} : { deadline }),
        ...(schema === undefined ? {} : { schema }),
      };
    });
  }

  waiting() {
    return Effect.gen({ self: this }, function* () {
      const steps = yield* this.#inStore(Runs.waiting());
      const { store } = this.#host;
      const runs = new Map<string, RecordedInfo | undefined>();
      for (const { runId } of steps) if (!runs.has(runId)) runs.set(runId, yield* storedInfo(store, runId));
      return steps.flatMap((step) => {
        const run = runs.get(step.runId);
        return run === undefined ? [] : this.#waiting(run, [step]);
      });
    });
  }

  pipelines(): ReadonlyArray<PipelineInfo> {
    return [...this.#host.served.pipelines.values()].map(({ name, graph, file }) => ({
      name,
      pipeline: graph.name,
      file,
      inputs: graph.inputs.map(({ name, schema }) => {
        const json = jsonSchemaOf(schema);
        return { name, required: isRequired(schema), ...(json === undefined ? {} : { schema: json }) };
      }),
    }));
  }

  #schedule(name: string): Effect.Effect<AnySchedule, Refused> {
    const { schedules } = this.#host.served;
    const found = schedules.get(name);
    if (found !== undefined) return Effect.succeed(found);
    return Effect.fail(
      refused(
        404,
        `This server has no schedule "${name}"; ${knownNames(schedules.keys())}.${didYouMean(name, [...schedules.keys()])}`,
      ),
    );
  }

  #scheduleInfo(schedule: AnySchedule): Effect.Effect<ScheduleInfo, unknown> {
    return Effect.gen({ self: this }, function* () {
      const { store } = this.#host;
      const { name, pipeline, cron, timeZone, overlap, catchUp } = schedule;
      const now = yield* Clock.currentTimeMillis;
      const [last] = yield* this.#inStore(Runs.list({ idPrefix: runIdPrefix(name), limit: 1 }));
      return {
        name,
        pipeline: pipeline.name,
        cron,
        timeZone,
        overlap,
        catchUp,
        paused: yield* isPaused(store, name),
        next: schedule.next(5, new Date(now)).map((tick) => tick.getTime()),
        ...(last === undefined ? {} : { last: infoOf(last) }),
      };
    });
  }

  schedules() {
    return Effect.suspend(() =>
      Effect.forEach([...this.#host.served.schedules.values()], (schedule) => this.#scheduleInfo(schedule)),
    );
  }

  runNow(name: string) {
    return Effect.gen({ self: this }, function* () {
      const schedule = yield* this.#schedule(name);
      const tick = new Date(yield* Clock.currentTimeMillis);
      const runId = tickRunId(name, tick);
      const inputs = yield* Effect.try({
        try: () => schedule.inputs(tick),
        catch: (error) => refused(422, `The inputs function of schedule "${name}" threw: ${String(error)}`),
      });
      const begun = yield* Effect.mapError(this.#host.startNew(schedule, runId, inputs), ({ message }) =>
        refused(422, message),
      );
      if (begun === "taken")
        return yield* refused(409, `Schedule "${name}" is run at this very moment already.`);
      return yield* this.#info(runId);
    });
  }

  pause(name: string, paused: boolean) {
    return Effect.gen({ self: this }, function* () {
      const schedule = yield* this.#schedule(name);
      setPaused(this.#host.store, name, paused);
      return { ...(yield* this.#scheduleInfo(schedule)), paused };
    });
  }
}

/** The invalid part of a request, in one sentence. */
const requestProblems = HttpApiMiddleware.layerSchemaErrorTransform(RequestProblems, ({ kind, cause }) => {
  // An invalid response is not the client's mistake.
  if (kind === "Body" || kind === "ResponseHeaders") return Effect.die(cause);
  const issue = (cause as { readonly issue?: SchemaIssue.Issue }).issue;
  const detail = issue === undefined ? "The request cannot be read." : requestProblem(kind, issue);
  return Effect.fail({ type: "about:blank", title: titleOf(400), status: 400, detail } as never);
});

/** The API as routes. */
export const routesOf = (host: Host) => {
  const requests = new Requests(host);
  const runs = HttpApiBuilder.group(api, "runs", (handlers) =>
    handlers
      .handle("list", ({ query }) => asProblem(requests.list(query)))
      .handle("start", ({ payload }) => asProblem(requests.start(payload)))
      .handle("get", ({ params }) => asProblem(requests.get(params.id)))
      .handle("steps", ({ params, query }) => asProblem(requests.steps(params.id, query)))
      .handle("value", ({ params, query }) => asProblem(requests.value(params.id, query.path)))
      .handle("events", ({ params, headers }) =>
        asProblem(requests.events(params.id, headers["last-event-id"])),
      )
      .handle("view", ({ params, query }) =>
        asProblem(requests.view(params.id, query.since, query.wait === "true")),
      )
      .handle("signal", ({ params, payload }) =>
        asProblem(requests.signal(params.id, payload.path, payload.value)),
      )
      .handle("cancel", ({ params }) => asProblem(requests.cancel(params.id)))
      .handle("resume", ({ params, payload }) =>
        asProblem(requests.resume(params.id, payload.from, payload.retryFailed)),
      )
      .handle("waiting", () => asProblem(requests.waiting())),
  );
  const pipelines = HttpApiBuilder.group(api, "pipelines", (handlers) =>
    handlers.handle("pipelines", () => Effect.sync(() => requests.pipelines())),
  );
  const schedules = HttpApiBuilder.group(api, "schedules", (handlers) =>
    handlers
      .handle("schedules", () => asProblem(requests.schedules()))
      .handle("runNow", ({ params }) => asProblem(requests.runNow(params.name)))
      .handle("pause", ({ params, payload }) => asProblem(requests.pause(params.name, payload.paused))),
  );
  return Layer.provide(HttpApiBuilder.layer(api, { openapiPath: "/api/openapi.json" }), [
    Layer.provide(runs, requestProblems),
    pipelines,
    Layer.provide(schedules, requestProblems),
    Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => requests.close()))),
  ]);
};
