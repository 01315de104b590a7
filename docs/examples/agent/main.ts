/**
 * Runs the agent against recorded replies, prints what the model says as it says it, and approves what it asks for.
 *
 *     node --conditions=espalier-source docs/examples/agent/main.ts "Where is it warmer, in Lisbon or in Oslo?"
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Signal } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { startModel } from "./model-server.ts";
import { agent } from "./pipeline.ts";

const [question = "Where is it warmer, in Lisbon or in Oslo?"] = process.argv.slice(2);
const store = SqliteStore.layer({ filename: join(mkdtempSync(join(tmpdir(), "agent-")), "runs.db") });
const server = await startModel();

const run = await agent.startPromise({ question, url: server.url }, { store });
for await (const event of run.events) {
  if (event.type === "step.emitted") process.stdout.write(String(event.value));
  else if (event.type === "step.succeeded" && event.path.endsWith("/reply")) console.log();
  else if (event.type === "step.succeeded" && event.path.endsWith("]")) console.log(`  ${event.path}`);
  else if (event.type === "step.waiting") {
    // In a real agent, a person answers: on the page of `espalier serve`, by `espalier signal`, or in your own.
    console.log(`  ${String(event.ask)} Yes.`);
    await Signal.sendPromise(run.id, event.path, { isApproved: true }, { store });
  }
}
const { answer, tokens } = await run.result;
console.log(`\n${answer} (${tokens} tokens)`);
server.close();
