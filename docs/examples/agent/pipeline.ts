/**
 * An agent: it asks a model until that wants no more tools. Each turn streams the model's words, and calls the tools that
 * it wants at the same time. A tool that costs money waits for an approval first, for days if need be.
 */
import * as Schema from "effect/Schema";
import { pipeline, pool, type } from "espalier";
import type { Message, Reply, ToolCall } from "./model.ts";
import { ask } from "./model.ts";

/** What a conversation has come to. */
interface State {
  readonly messages: ReadonlyArray<Message>;
  readonly tokens: number;
  readonly isDone: boolean;
}

/** At most two requests at once, and sixty a minute. */
const model = pool("model", { concurrency: 2, rate: { limit: 60, per: "1 minute" } });

const temperatures: Readonly<Record<string, number>> = { Lisbon: 19, Oslo: 4 };

const weather = async ({ city }: ToolCall): Promise<string> => `${city}: ${temperatures[city]} °C`;

/** A pipeline of its own, since it waits. */
const book = ({ city }: ToolCall) =>
  pipeline("booking")
    .await("approval", Schema.Struct({ isApproved: Schema.Boolean }), {
      ask: () => `Book a flight to ${city}?`,
    })
    .step(
      "results",
      ["approval"],
      ({ approval }) => `${city}: ${approval.isApproved ? "booked" : "refused"}`,
    );

const next = ({ messages, tokens }: State, reply: Reply, results: ReadonlyArray<string>): State => ({
  messages: [
    ...messages,
    { from: "model", text: reply.text },
    ...results.map((text): Message => ({ from: "tools", text })),
  ],
  tokens: tokens + reply.tokens,
  isDone: reply.calls.length === 0,
});

export const agent = pipeline("agent")
  .input("question", type<string>())
  .input("url", type<string>())
  .loop(
    "talk",
    ["question", "url"],
    ({ question }): State => ({ messages: [{ from: "user", text: question }], tokens: 0, isDone: false }),
    (state, { url }) =>
      pipeline("turn")
        .step("reply", [], (_, { signal }) => ask(url, state.messages, signal), {
          pool: model,
          retry: { times: 2, delay: "1 second" },
          timeout: "1 minute",
        })
        .step("calls", ["reply"], ({ reply }) => reply.calls)
        .map("results", "calls", [], (call) => (call.tool === "book" ? book(call) : weather(call)), {
          key: ({ id }) => id,
        })
        .step("talk", ["reply", "results"], ({ reply, results }) => next(state, reply, results)),
    { until: ({ isDone }) => isDone, maxTurns: 20 },
  )
  .step("answer", ["talk"], ({ talk }) => talk.messages.at(-1)!.text)
  .step("tokens", ["talk"], ({ talk }) => talk.tokens)
  .returns("answer", "tokens");
