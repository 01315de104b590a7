/** Starts a run: a form for each pipeline, made from the schemas of its inputs. */
import { h } from "preact";
import { useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { PipelineInfo } from "../../api.ts";
import type { Field, Schema, Texts } from "./forms.ts";
import { Fields, recordOf } from "./forms.ts";
import { Problem, runLink, useServer } from "./parts.ts";
import { Refusal, requests } from "./requests.ts";

const fieldsOfPipeline = ({ inputs }: PipelineInfo): ReadonlyArray<Field> =>
  inputs.map(({ name, required, schema }) => ({ name, required, schema: schema as Schema | undefined }));

const StartForm = ({ pipeline }: { readonly pipeline: PipelineInfo }): UiElement => {
  const [texts, setTexts] = useState<Texts>({});
  const [error, setError] = useState<unknown>(undefined);
  const fields = fieldsOfPipeline(pipeline);
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const { id } = await requests.start(pipeline.name, recordOf(fields, texts));
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

export const StartView = (): UiElement => {
  const { value, error } = useServer(requests.pipelines, "pipelines");
  return h(
    "main",
    { class: "list" },
    h("h1", null, "Start a run"),
    h(Problem, { error }),
    (value ?? []).map((pipeline) => h(StartForm, { pipeline, key: pipeline.name })),
  );
};
