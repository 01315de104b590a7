/**
 * The inputs of a run with a store: decoded from the given values, written as text, read back when the run is opened again, and
 * compared with those of another caller. A run that was submitted by the name of its pipeline alone is completed here.
 */
import * as Effect from "effect/Effect";
import type { Graph } from "../engine/graph.ts";
import { decodeInputs } from "../engine/inputs.ts";
import { InvalidInput, PipelineChanged, RunExists, StoreCorrupt } from "../errors.ts";
import type { GraphInput } from "../graph/node.ts";
import { canonicalText } from "../journal/canonical.ts";
import { decodedName, givenTexts } from "../journal/recorded-inputs.ts";
import { shapeOf } from "../journal/shape.ts";
import type { RunDetails, StoreProblem, StoreService } from "../journal/store.ts";
import { decodeBy, encodeBy, secretRefusal } from "../values/codec.ts";
import { describe } from "../values/describe.ts";
import { decode, encode } from "../values/encode.ts";
import { richText, richValue } from "../values/rich.ts";
import { isEffectSchema, isUnchecked } from "../values/schema.ts";

export type Inputs = Readonly<Record<string, unknown>>;

/** The inputs as text. An Effect Schema determines their JSON form; other inputs are recorded as the run received them. */
const writeInputs = (
  declared: ReadonlyArray<GraphInput>,
  given: Inputs,
  values: ReadonlyArray<unknown>,
  withSecrets: boolean,
): string | InvalidInput => {
  const texts: Record<string, string> = {};
  for (const [i, { name, schema }] of declared.entries()) {
    const secret = withSecrets ? undefined : secretRefusal(values[i]);
    const text =
      secret ?? (isEffectSchema(schema) ? encodeBy(schema, values[i], withSecrets) : encode(given[name]));
    if (typeof text !== "string") {
      const reason = `it cannot be recorded: ${text.reason}`;
      return new InvalidInput({ path: "", input: name, issuePath: text.issuePath, reason });
    }
    texts[name] = text;
    // A value that a schema generated or looked up stays the same for the life of the run, if it can be recorded.
    if (isEffectSchema(schema) || isUnchecked(schema)) continue;
    const decoded = richText(values[i]);
    if (decoded !== undefined) texts[decodedName(name)] = decoded;
  }
  return JSON.stringify(texts);
};

/** The values of recorded inputs. If a schema no longer accepts one, the pipeline has changed. */
export const readInputs = (
  graph: Graph,
  run: RunDetails,
  store: string,
): Effect.Effect<ReadonlyArray<unknown>, PipelineChanged | StoreCorrupt> =>
  Effect.gen(function* () {
    const texts = JSON.parse(run.inputs) as Readonly<Record<string, string>>;
    const values: Array<unknown> = [];
    for (const input of graph.inputs) {
      const { name, schema } = input;
      const { pipeline: recorded, id: runId } = run;
      const changed = new PipelineChanged({
        runId,
        recorded,
        given: graph.name,
        missing: [],
        added: [],
        changed: [name],
      });
      const given = yield* Effect.try({
        try: () => decode(texts[name]!),
        catch: (error) =>
          new StoreCorrupt({ store, reason: `its input "${name}" cannot be read: ${describe(error)}` }),
      });
      if (isEffectSchema(schema)) {
        values.push(yield* Effect.try({ try: () => decodeBy(schema, texts[name]!), catch: () => changed }));
        continue;
      }
      const [value] = yield* Effect.mapError(decodeInputs([input], { [name]: given }, ""), () => changed);
      const once = texts[decodedName(name)];
      values.push(once === undefined ? value : richValue(once));
    }
    return values;
  });

/** Whether two recorded sets of inputs are equal, regardless of the order of keys. */
export const sameInputs = (a: string, b: string): boolean => {
  if (a === b) return true;
  // Only the received values count: a schema may turn them into something different each time.
  const other = givenTexts(b);
  return Object.entries(givenTexts(a)).every(([name, text]) => {
    const there = other[name];
    return there !== undefined && canonicalText(text) === canonicalText(there);
  });
};

/** The inputs of a run: decoded, and as they are recorded. */
export const asGiven = (graph: Graph, inputs: Inputs, withSecrets: boolean) =>
  Effect.gen(function* () {
    const values = yield* decodeInputs(graph.inputs, inputs, "");
    const text = writeInputs(graph.inputs, inputs, values, withSecrets);
    return text instanceof InvalidInput ? yield* text : { values, text };
  });

export const otherInputs = (runId: string): RunExists =>
  new RunExists({
    runId,
    reason: "it exists already, with other inputs. Give this run another id, or resume that one.",
  });

/**
 * Completes a run that was submitted by the name of its pipeline alone: records its inputs as the pipeline decodes them. Does
 * nothing for any other run.
 */
export const completed = (
  graph: Graph,
  store: StoreService,
  runId: string,
): Effect.Effect<void, InvalidInput | StoreProblem> =>
  Effect.gen(function* () {
    const summary = yield* store.summary(runId);
    const isNamed = summary?.status === "submitted" && summary.isUnchecked;
    if (!isNamed || summary.pipeline !== graph.name) return;
    const found = yield* store.find(runId);
    if (found === undefined || !found.isUnchecked) return;
    const inputs = Object.fromEntries(
      Object.entries(givenTexts(found.inputs)).map(([name, text]) => [name, decode(text)]),
    );
    const given = yield* asGiven(graph, inputs, store.keepsSecrets);
    const { id, pipeline, origin, began: time } = found;
    yield* store.submit({ id, pipeline, shape: shapeOf(graph), inputs: given.text, origin, time });
  });
