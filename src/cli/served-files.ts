/** The files of a process that executes runs: what they export, and how it stops. */
import { resolve } from "node:path";
import * as Flag from "effect/cli/Flag";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { Served } from "../serve/served.ts";
import { servedOf } from "../serve/served.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import { load } from "./load.ts";
import { counted } from "./words.ts";

export const drain = Flag.Int("drain").pipe(
  Flag.withMetavar("SECONDS"),
  Flag.filter(
    (value) => value >= 0,
    (value) => `Expected a number of seconds of at least 0; got ${value}`,
  ),
  Flag.withDescription("How long Ctrl-C waits for running steps; by default 30"),
  Flag.withDefault(30),
);

export const drainMillis = (seconds: number): number => Duration.toMillis(Duration.seconds(seconds));

export const loaded = (files: ReadonlyArray<string>): Effect.Effect<Served, CliFailure> =>
  Effect.gen(function* () {
    const all: Array<{ readonly file: string; readonly exports: Readonly<Record<string, unknown>> }> = [];
    for (const file of files) all.push({ file: resolve(file), exports: yield* load(file) });
    const served = servedOf(all);
    if (typeof served === "string") return yield* failure(served);
    if (served.pipelines.size === 0 && served.schedules.size === 0) {
      const names = files.map((file) => `"${file}"`).join(", ");
      return yield* failure(
        `Nothing can be served: ${names} ${files.length === 1 ? "exports" : "export"} no pipeline and no schedule. Export one, for example: export const report = pipeline("report").`,
      );
    }
    return served;
  });

export const inShort = ({ pipelines, schedules }: Served): string =>
  `${counted(pipelines.size, "pipeline")} and ${counted(schedules.size, "schedule")}`;
