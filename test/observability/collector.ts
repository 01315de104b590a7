/** An OpenTelemetry collector on loopback: receives and keeps the JSON that Effect's own exporter posts. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as Metric from "effect/Metric";
import * as Otlp from "effect/observability/Otlp";

type Value = string | number | boolean | undefined;

export interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: ReadonlyArray<{
    readonly name: string;
    readonly attributes: Readonly<Record<string, Value>>;
  }>;
  /** 0: unset, 1: ok, 2: error. */
  readonly status: { readonly code: number; readonly message?: string };
}

export interface Line {
  readonly body: Value;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

export interface Point {
  readonly name: string;
  readonly attributes: Readonly<Record<string, Value>>;
  /** For a counter or a gauge. */
  readonly value: number;
  /** For a histogram. */
  readonly count: number;
  readonly sum: number;
}

/** The value that is set in `{ stringValue, intValue, … }`. */
const valueOf = (wrapped: any): Value => {
  const [kind, value] = Object.entries(wrapped ?? {})[0] ?? [];
  return kind === "intValue" || kind === "doubleValue" ? Number(value) : (value as Value);
};

const attributesOf = (attributes: ReadonlyArray<any>): Readonly<Record<string, Value>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

const spansOf = (body: any): ReadonlyArray<Span> =>
  body.resourceSpans
    .flatMap((resource: any) => resource.scopeSpans.flatMap((scope: any) => scope.spans))
    .map((span: any) => ({
      ...span,
      start: BigInt(span.startTimeUnixNano),
      end: BigInt(span.endTimeUnixNano),
      attributes: attributesOf(span.attributes),
      events: span.events.map(({ name, attributes }: any) => ({
        name,
        attributes: attributesOf(attributes),
      })),
    }));

const linesOf = (body: any): ReadonlyArray<Line> =>
  body.resourceLogs
    .flatMap((resource: any) => resource.scopeLogs.flatMap((scope: any) => scope.logRecords))
    .map(({ body, attributes, traceId, spanId }: any) => ({
      body: valueOf(body),
      attributes: attributesOf(attributes),
      traceId,
      spanId,
    }));

const pointsOf = (body: any): ReadonlyArray<Point> =>
  body.resourceMetrics
    .flatMap((resource: any) => resource.scopeMetrics.flatMap((scope: any) => scope.metrics))
    .flatMap((metric: any) =>
      (metric.sum ?? metric.gauge ?? metric.histogram).dataPoints.map((point: any) => ({
        name: metric.name,
        attributes: attributesOf(point.attributes),
        value: Number(point.asInt ?? point.asDouble),
        count: Number(point.count),
        sum: Number(point.sum),
      })),
    );

export interface Collected {
  readonly spans: ReadonlyArray<Span>;
  readonly lines: ReadonlyArray<Line>;
  /** The last reported points. */
  readonly points: ReadonlyArray<Point>;
  /** The points of every report. */
  readonly told: ReadonlyArray<ReadonlyArray<Point>>;
}

/** Everything that a program sends with Effect's exporter until it has ended. */
export const collectedFrom = async (
  program: (exporter: Layer.Layer<never>) => Promise<unknown>,
  metricsEveryMillis = 10_000,
): Promise<Collected> => {
  const bodies = new Map<string | undefined, Array<any>>();
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const told = bodies.get(request.url) ?? [];
      bodies.set(request.url, [...told, JSON.parse(Buffer.concat(chunks).toString("utf8"))]);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const exporter = Otlp.layerJson({
    baseUrl: `http://127.0.0.1:${port}`,
    resource: { serviceName: "espalier-test" },
    loggerMergeWithExisting: false,
    metricsExportInterval: metricsEveryMillis,
  }).pipe(Layer.provide(FetchHttpClient.layer));
  try {
    await program(exporter);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
  const told = (bodies.get("/v1/metrics") ?? []).map(pointsOf);
  return {
    spans: (bodies.get("/v1/traces") ?? []).flatMap(spansOf),
    lines: (bodies.get("/v1/logs") ?? []).flatMap(linesOf),
    points: told.at(-1) ?? [],
    told,
  };
};

/** Runs an Effect with Effect's exporter; returns everything collected until its shutdown. */
export const collected = (
  effect: Effect.Effect<unknown, unknown>,
  metricsEveryMillis?: number,
): Promise<Collected> =>
  collectedFrom(
    (exporter) =>
      Effect.runPromise(
        Effect.exit(effect).pipe(
          Effect.provide(exporter),
          // Other runs of this process use other registries.
          Effect.provideService(Metric.MetricRegistry, new Map()),
        ),
      ),
    metricsEveryMillis,
  );

/** The spans as an indented tree in order of their start, as a collector shows them. */
export const treeOf = (spans: ReadonlyArray<Span>): string => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const label = ({ attributes, name }: Span) => String(attributes["espalier.path"] ?? name);
  const under = (parent: string | undefined, indent: string): ReadonlyArray<string> =>
    spans
      .filter(({ parentSpanId: id }) => (id !== undefined && ids.has(id) ? id : undefined) === parent)
      .toSorted((a, b) => (a.start === b.start ? 0 : a.start < b.start ? -1 : 1))
      .flatMap((span) => [
        `${indent}${label(span)}: ${["unset", "ok", "error"][span.status.code]}`,
        ...under(span.spanId, `${indent}  `),
      ]);
  return under(undefined, "").join("\n");
};
