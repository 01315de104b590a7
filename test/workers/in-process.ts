/** Workers in this process that receive everything as JSON: the messages between machines, without machines. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { expandable } from "../../src/engine/graph.ts";
import { Performer } from "../../src/workers/performing.ts";
import type { Answer, Said, Task } from "../../src/workers/task.ts";
import { textWire } from "../../src/workers/wire.ts";
import { Workers } from "../../src/workers/workers.ts";

const asSent = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export const inProcess = (
  pipelines: ReadonlyArray<object>,
  services: Context.Context<never> = Context.empty(),
) => {
  const tasks: Array<Task> = [];
  const answers: Array<Answer> = [];
  const performer = new Performer({
    wires: { text: textWire, clone: textWire },
    name: "The worker",
    pipelines: new Map(pipelines.map((pipeline) => [expandable(pipeline)!.name, expandable(pipeline)!])),
    services,
  });
  const layer = Layer.succeed(Workers, {
    wire: textWire,
    sparesOwner: true,
    size: 1,
    perform: (task, listen) =>
      Effect.suspend(() => {
        tasks.push(asSent(task));
        listen({ type: "began" });
        const performed = performer.perform(asSent(task), (said: Said) => listen(asSent(said)));
        return Effect.map(performed, (answer) => {
          answers.push(answer);
          return asSent(answer);
        });
      }),
  });
  return { layer, tasks, answers, paths: () => tasks.map(({ path }) => path).sort() };
};
