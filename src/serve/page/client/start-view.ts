/** Starts a run: a form for each pipeline, made from the schemas of its inputs. */
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { PipelineInfo } from "../../api.ts";
import type { Texts } from "./forms.ts";
import { Fields, fieldsFor, recordOf, textsOf } from "./forms.ts";
import { Problem, runLink, useServer } from "./parts.ts";
import type { Field } from "./schemas.ts";
import { field } from "./schemas.ts";
import type { RunRecordInfo } from "./requests.ts";
import { Refusal, requests } from "./requests.ts";

const fieldsOfPipeline = ({ inputs }: PipelineInfo): ReadonlyArray<Field> =>
  inputs.map(({ name, required, schema }) => field(name, required, schema));

const StartForm = ({
  pipeline,
  inputs = {},
  only = [],
}: {
  readonly pipeline: PipelineInfo;
  /** The values that the form starts with. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** The outputs that the run is reduced to. */
  readonly only?: ReadonlyArray<string>;
}): UiElement => {
  const fields = fieldsFor(fieldsOfPipeline(pipeline), inputs);
  const [texts, setTexts] = useState<Texts>(() => textsOf(fields, inputs));
  const [error, setError] = useState<unknown>(undefined);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const { id } = await requests.start(pipeline.name, recordOf(fields, texts), only);
      location.hash = runLink(id);
    } catch (problem) {
      setError(problem);
    }
  };
  return h(
    "form",
    { onSubmit: (event: Event) => void start(event), "aria-label": `Start ${pipeline.name}` },
    h("h2", null, pipeline.name),
    h(Fields, {
      prefix: pipeline.name,
      fields,
      texts,
      wrong: error instanceof Refusal ? error.input : undefined,
      onText: (name, text) => setTexts((now) => ({ ...now, [name]: text })),
    }),
    h(Problem, { error }),
    h("button", { type: "submit", class: "main" }, "Start"),
  );
};

/** The form of one pipeline, with the inputs of an earlier run. */
const AgainView = ({ from }: { readonly from: string }): UiElement => {
  const pipelines = useServer(requests.pipelines, "pipelines");
  const [run, setRun] = useState<RunRecordInfo>();
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    void requests.record(from).then(setRun, setError);
  }, [from]);
  const found = pipelines.value?.find(({ name }) => name === run?.exportName);
  const isMissing = run !== undefined && pipelines.value !== undefined && found === undefined;
  return h(
    "main",
    { class: "list" },
    h("h1", null, "Run again with other inputs"),
    h("p", null, "As ", h("a", { href: runLink(from) }, from), ", which stays as it is."),
    h(Problem, { error: error ?? pipelines.error }),
    isMissing
      ? h("p", { class: "problem", role: "alert" }, `No file that is served exports "${run.pipeline}".`)
      : null,
    run?.only === undefined ? null : h("p", null, `Only for ${run.only.join(", ")}.`),
    run === undefined || found === undefined
      ? null
      : h(StartForm, { pipeline: found, inputs: run.inputs, only: run.only ?? [] }),
  );
};

/** `from`: the id of the run whose inputs are reused; empty for none. */
export const StartView = ({ from }: { readonly from: string }): UiElement =>
  from === "" ? h(StartForms, {}) : h(AgainView, { from });

const StartForms = (): UiElement => {
  const { value, error } = useServer(requests.pipelines, "pipelines");
  return h(
    "main",
    { class: "list" },
    h("h1", null, "Start a run"),
    h(Problem, { error }),
    (value ?? []).map((pipeline) => h(StartForm, { pipeline, key: pipeline.name })),
  );
};
