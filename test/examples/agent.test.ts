/** The agent, with its recorded model: it calls tools, asks before it books, and never asks the model the same thing twice. */
import { expect, test } from "vitest";
import { resumePromise, Signal } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { startModel } from "../../docs/examples/agent/model-server.ts";
import { agent } from "../../docs/examples/agent/pipeline.ts";
import { temporary } from "../sqlite/support.ts";
import { example } from "./example.ts";

const newFile = temporary();
const question = "Where is it warmer, in Lisbon or in Oslo?";

test("the program prints the model's text, and ends with its answer", { timeout: 60_000 }, async () => {
  const printed = await example("agent/main.ts");
  expect(printed).toContain("I will look up both cities.\n");
  expect(printed.trimEnd()).toMatch(/your flight is booked\. \(103 tokens\)$/);
});

test("an agent that is stopped while it waits resumes there, and does not ask the model again", async () => {
  const store = SqliteStore.layer({ filename: newFile() });
  const server = await startModel();
  const asked: Array<string> = [];
  const run = await agent.startPromise({ question, url: server.url }, { store, runId: "agent-1" });
  for await (const event of run.events) {
    if (event.type === "step.started" && event.path.endsWith("/reply")) asked.push(event.path);
    if (event.type === "step.waiting") break;
  }
  expect(asked).toEqual(["talk[0]/reply", "talk[1]/reply"]);
  await run.interrupt();
  const path = "talk[1]/results[book Lisbon]/approval";
  await Signal.sendPromise("agent-1", path, { isApproved: false }, { store });
  asked.length = 0;
  const result = await resumePromise(agent, "agent-1", {
    store,
    onEvent: (event) => {
      if (event.type === "step.started" && event.path.endsWith("/reply")) asked.push(event.path);
    },
  });
  expect(asked).toEqual(["talk[2]/reply"]);
  expect(result).toEqual({ answer: "Lisbon is warmer. I have booked nothing.", tokens: 100 });
  server.close();
});
