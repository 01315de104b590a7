/**
 * The HTTP API of a server, as one definition: the routes, their requests and responses, and their errors. The server, the
 * OpenAPI description at `/api/openapi.json` and the validation of requests are derived from it.
 */
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware";
import * as HttpApiSchema from "effect/http-api/HttpApiSchema";
import * as OpenApi from "effect/http-api/OpenApi";
import * as Schema from "effect/Schema";
import { runStatuses } from "../journal/store.ts";
import { completeDescription } from "./api-description.ts";

/** A failure as problem details (RFC 9457). `detail` is the message that the command line prints. */
const problemOf = <const Status extends number>(status: Status, title: string) =>
  Schema.Struct({
    type: Schema.String,
    title: Schema.Literal(title),
    status: Schema.Literal(status),
    detail: Schema.String,
    /** The error's code, if it has one: the reference explains it. */
    code: Schema.optionalKey(Schema.String),
    /** The invalid input, and the position in it. */
    input: Schema.optionalKey(Schema.String),
    issuePath: Schema.optionalKey(Schema.Array(Schema.String)),
  }).pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: "application/problem+json" }));

const titles = {
  400: "The request cannot be read",
  404: "Not found",
  409: "Not possible at the moment",
  422: "A value does not fit",
  503: "The store cannot be used now",
} as const;

export type ProblemStatus = keyof typeof titles;

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: ProblemStatus;
  readonly detail: string;
  readonly code?: string;
  readonly input?: string;
  readonly issuePath?: ReadonlyArray<string>;
}

export const titleOf = (status: ProblemStatus): string => titles[status];

const problems = [
  problemOf(400, titles[400]),
  problemOf(404, titles[404]),
  problemOf(409, titles[409]),
  problemOf(422, titles[422]),
  problemOf(503, titles[503]),
] as const;

/** A part of a request that does not match its schema is also reported as a problem. */
export class RequestProblems extends HttpApiMiddleware.Service<RequestProblems>()(
  "espalier/RequestProblems",
  { error: problems[0] },
) {}

const Status = Schema.Literals(runStatuses);
const Time = Schema.Finite;
const Inputs = Schema.Record(Schema.String, Schema.Unknown);

const RunInfo = Schema.Struct({
  id: Schema.String,
  /** The name of its pipeline. */
  pipeline: Schema.String,
  status: Status,
  began: Time,
  ended: Schema.optionalKey(Time),
  error: Schema.optionalKey(Schema.String),
  /** The number of its steps that wait for a value. */
  waiting: Schema.optionalKey(Schema.Int),
});

const WaitingStep = Schema.Struct({
  runId: Schema.String,
  path: Schema.String,
  ask: Schema.optionalKey(Schema.Unknown),
  since: Time,
  deadline: Schema.optionalKey(Time),
  /** The JSON Schema of the value that it waits for, where it can be read. */
  schema: Schema.optionalKey(Schema.Unknown),
});

const RecordedStep = Schema.Struct({
  path: Schema.String,
  status: Schema.Literals(["succeeded", "failed"]),
  began: Time,
  ended: Time,
  attempt: Schema.Finite,
});

const RunRecord = Schema.Struct({
  ...RunInfo.fields,
  /** The name under which its pipeline is served. */
  exportName: Schema.optionalKey(Schema.String),
  /** The outputs that it was reduced to when it began. */
  only: Schema.optionalKey(Schema.Array(Schema.String)),
  inputs: Inputs,
  steps: Schema.Array(RecordedStep),
  waiting: Schema.Array(WaitingStep),
  events: Schema.Array(
    Schema.Struct({ time: Time, type: Schema.String, path: Schema.String, detail: Schema.String }),
  ),
  /** Its outputs, once it has succeeded. */
  outputs: Schema.optionalKey(Inputs),
  /** Why its outputs cannot be written as JSON. */
  outputsProblem: Schema.optionalKey(Schema.String),
});

const Pipeline = Schema.Struct({
  /** The name of its export. */
  name: Schema.String,
  pipeline: Schema.String,
  file: Schema.String,
  inputs: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      required: Schema.Boolean,
      /** Its JSON Schema, where it can be read. */
      schema: Schema.optionalKey(Schema.Unknown),
    }),
  ),
});

const Schedule = Schema.Struct({
  name: Schema.String,
  pipeline: Schema.String,
  cron: Schema.String,
  timeZone: Schema.String,
  overlap: Schema.String,
  catchUp: Schema.String,
  paused: Schema.Boolean,
  /** The next ticks, in milliseconds since 1970. */
  next: Schema.Array(Time),
  /** Its newest run. */
  last: Schema.optionalKey(RunInfo),
});

/** An event of a run as JSON; its fields are those of `PipelineEvent`. */
const RunEvent = Schema.Struct({ type: Schema.String, runId: Schema.String, time: Time });
const EventData = Schema.StructWithRest(RunEvent, [Schema.Record(Schema.String, Schema.Unknown)]);

const run = { id: Schema.String };

/** The number of entries on one page. */
const Limit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })));

const runs = HttpApiGroup.make("runs")
  .add(
    HttpApiEndpoint.get("list", "/runs", {
      query: {
        pipeline: Schema.optionalKey(Schema.String),
        status: Schema.optionalKey(Status),
        /** A part of an id or of a pipeline's name. */
        search: Schema.optionalKey(Schema.String),
        limit: Limit,
        /** Where the previous page ended: its `next`. */
        after: Schema.optionalKey(Schema.String),
      },
      success: Schema.Struct({ runs: Schema.Array(RunInfo), next: Schema.optionalKey(Schema.String) }),
      error: problems,
    }),
    HttpApiEndpoint.post("start", "/runs", {
      payload: Schema.Struct({
        pipeline: Schema.String,
        inputs: Schema.optionalKey(Inputs),
        runId: Schema.optionalKey(Schema.String),
        /** Run only the steps that these outputs need, and return these. */
        only: Schema.optionalKey(Schema.Array(Schema.String)),
      }),
      success: RunInfo.pipe(HttpApiSchema.status(201)),
      error: problems,
    }),
    HttpApiEndpoint.get("get", "/runs/:id", { params: run, success: RunRecord, error: problems }),
    /** The steps of a run that have ended, in the order in which they were recorded. */
    HttpApiEndpoint.get("steps", "/runs/:id/steps", {
      params: run,
      query: {
        /** A part of the path. */
        search: Schema.optionalKey(Schema.String),
        limit: Limit,
        after: Schema.optionalKey(Schema.String),
      },
      success: Schema.Struct({
        steps: Schema.Array(RecordedStep),
        /** The total number on all pages. */
        total: Schema.Int,
        next: Schema.optionalKey(Schema.String),
      }),
      error: problems,
    }),
    HttpApiEndpoint.get("value", "/runs/:id/value", {
      params: run,
      query: { path: Schema.String },
      success: Schema.Struct({ value: Schema.optionalKey(Schema.Unknown) }),
      error: problems,
    }),
    /** All events of a run, or those after the event whose id is in `Last-Event-ID`. */
    HttpApiEndpoint.get("events", "/runs/:id/events", {
      params: run,
      headers: { "last-event-id": Schema.optionalKey(Schema.String) },
      success: HttpApiSchema.StreamSse({
        events: Schema.Struct({
          id: Schema.String,
          event: Schema.String,
          data: Schema.fromJsonString(EventData),
        }),
      }),
      error: problems,
    }),
    /**
     * The data that the page shows about a run. Its form may change with any release. `since` requests the changes
     * after a version; with `wait`, the server responds once something has changed, or after some seconds.
     */
    HttpApiEndpoint.get("view", "/runs/:id/view", {
      params: run,
      query: { since: Schema.optionalKey(Schema.String), wait: Schema.optionalKey(Schema.Literal("true")) },
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "application/json" })),
      error: problems,
    }),
    HttpApiEndpoint.post("signal", "/runs/:id/signal", {
      params: run,
      payload: Schema.Struct({ path: Schema.String, value: Schema.optionalKey(Schema.Unknown) }),
      success: Schema.Struct({ delivery: Schema.Literals(["delivered", "kept"]) }),
      error: problems,
    }),
    HttpApiEndpoint.post("cancel", "/runs/:id/cancel", { params: run, success: RunInfo, error: problems }),
    HttpApiEndpoint.post("resume", "/runs/:id/resume", {
      params: run,
      payload: Schema.Struct({
        from: Schema.optionalKey(Schema.String),
        retryFailed: Schema.optionalKey(Schema.Boolean),
      }),
      success: RunInfo,
      error: problems,
    }),
    HttpApiEndpoint.get("waiting", "/waiting", { success: Schema.Array(WaitingStep), error: problems }),
  )
  .middleware(RequestProblems);

const pipelines = HttpApiGroup.make("pipelines").add(
  HttpApiEndpoint.get("pipelines", "/pipelines", { success: Schema.Array(Pipeline) }),
);

const schedule = { name: Schema.String };

const schedules = HttpApiGroup.make("schedules")
  .add(
    HttpApiEndpoint.get("schedules", "/schedules", { success: Schema.Array(Schedule), error: problems }),
    HttpApiEndpoint.post("runNow", "/schedules/:name/run", {
      params: schedule,
      success: RunInfo.pipe(HttpApiSchema.status(201)),
      error: problems,
    }),
    HttpApiEndpoint.post("pause", "/schedules/:name/pause", {
      params: schedule,
      payload: Schema.Struct({ paused: Schema.Boolean }),
      success: Schedule,
      error: problems,
    }),
  )
  .middleware(RequestProblems);

export type RunInfo = typeof RunInfo.Type;
export type ScheduleInfo = typeof Schedule.Type;
export type PipelineInfo = typeof Pipeline.Type;
export type RecordedStep = typeof RecordedStep.Type;
export type WaitingInfo = typeof WaitingStep.Type;
export type RunEventData = typeof EventData.Type;

export const api = HttpApi.make("espalier")
  .add(runs, pipelines, schedules)
  .prefix("/api")
  // A misspelt field must not be ignored, and a problem names the value received.
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", reportInput: true })
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error", reportInput: true })
  .annotateMerge(
    OpenApi.annotations({
      title: "Espalier",
      description:
        "Runs of the pipelines that this server serves. Requests that change something need the server's token: Authorization: Bearer TOKEN.",
      transform: completeDescription,
    }),
  );
