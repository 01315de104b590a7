/** Connections between runners: only runners with the key are accepted, and messages that are too long are not sent. */
import { connect as connectPlainly } from "node:net";
import * as Effect from "effect/Effect";
import { describe, expect, onTestFinished, test } from "vitest";
import { Connection } from "../../src/cluster/connection.ts";
import type { Job } from "../../src/cluster/job.ts";
import { Peer } from "../../src/cluster/peer.ts";
import { TaskServer } from "../../src/cluster/task-server.ts";
import type { Address, Outgoing } from "../../src/cluster/transport.ts";
import { connect, listen, mostLength } from "../../src/cluster/transport.ts";

const limit = { timeout: 60_000 };
const host = "127.0.0.1";

/** Runs an effect until the test ends. */
const during = <Value>(effect: Effect.Effect<Value, unknown, any>): Promise<Value> =>
  new Promise((resolve, reject) => {
    const whole = Effect.matchEffect(effect, {
      onSuccess: (value) =>
        Effect.andThen(
          Effect.sync(() => resolve(value)),
          Effect.never,
        ),
      onFailure: (error) => Effect.sync(() => reject(error as Error)),
    });
    const fiber = Effect.runFork(Effect.scoped(whole) as Effect.Effect<void>);
    onTestFinished(() => fiber.interruptUnsafe());
  });

/** A server that reports that it is ready, and echoes each text. */
const echo = async (key: string) => {
  const heard: Array<string> = [];
  const listening = listen({ host, port: 0, key }, (reply) => {
    reply("ready");
    return {
      ordered: (text) => {
        heard.push(text);
        reply(text);
      },
      closed: () => {},
    };
  });
  return { address: { host, port: await during(listening), key }, heard };
};

/** A connection, the replies to texts sent once it is ready, and the reason why it was lost. */
const open = (address: Address) => {
  let heard: (text: string) => void = () => {};
  let lose: (reason: string) => void;
  const next = (): Promise<string> => new Promise((resolve) => (heard = resolve));
  const ready = next();
  const lost = new Promise<string>((resolve) => (lose = resolve));
  const outgoing: Promise<Outgoing> = during(
    connect(
      address,
      (text) => heard(text),
      (reason) => lose(reason),
    ),
  );
  const answer = async (text: string): Promise<string> => {
    await ready;
    const reply = next();
    (await outgoing).send(text);
    return reply;
  };
  return { outgoing, answer, lost };
};

describe("A connection between runners", limit, () => {
  test("is for those who have the key: others are refused, whatever they send, and the runner serves on", async () => {
    const { address, heard } = await echo("the key");
    const stranger = open({ ...address, key: "another key" });
    void stranger.outgoing.then(({ send }) => send("[]"));
    expect(await stranger.lost).toMatch(/decrypt|handshake|alert|closed|reset/i);
    for (const text of [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000",
      "x".repeat(100_000),
    ]) {
      const socket = connectPlainly(address.port, host);
      socket.on("error", () => {});
      socket.end(text);
      await new Promise((resolve) => socket.on("close", resolve));
    }
    expect(heard).toEqual([]);
    expect(await open(address).answer("a text")).toBe("a text");
  });

  test("carries texts of megabytes whole", async () => {
    const { address } = await echo("the key");
    const text = "äöü€😀".repeat(600_000);
    expect((await open(address).answer(text)) === text).toBe(true);
  });
});

const task = (inputs: Readonly<Record<string, string>>) => ({
  runId: "r",
  pipeline: "p",
  version: "1",
  path: "s",
  step: "s",
  phase: "step",
  attempt: 1,
  inputs,
  enclosing: [],
});

describe("What is longer than a message can be", limit, () => {
  const long = "x".repeat(mostLength);

  test("is not sent as an input: the sentence says how long it is", () => {
    const lost: Array<string> = [];
    const peer = new Peer(
      { host: "h", pid: 1, pipelines: {}, steps: { id: "i", host, port: 1, key: "k" } },
      {
        free: () => {},
        answered: () => {},
        returned: () => {},
        lost: (_, jobs, reason) => lost.push(`${jobs.length} ${reason}`),
      },
    );
    onTestFinished(() => peer.drop(""));
    const job = { task: task({ rows: JSON.stringify(long) }), listen: () => {} } as unknown as Job;
    expect(peer.perform(job)).toMatch(
      /^its inputs have 6710\d{4} characters as text, and a message between runners has at most 67108864$/,
    );
    expect(peer.isBusy).toBe(false);
  });

  test("is not sent as an output: the step fails with the reason, and the connection serves the next", async () => {
    const server = new TaskServer({
      perform: ({ inputs }) =>
        Effect.succeed({ type: "succeeded", value: (inputs as { rows: string }).rows } as never),
      threads: () => 0,
    });
    const replies: Array<any> = [];
    const connection = new Connection(
      server,
      () => 1,
      (text) => replies.push(...(JSON.parse(text) as { replies: ReadonlyArray<any> }).replies),
    );
    const orders = [long, "short"].map((rows, id) => ({
      type: "perform",
      id,
      task: task({ rows }),
      shared: [],
    }));
    connection.ordered(
      JSON.stringify(orders.map((order) => ({ ...order, task: { ...order.task, path: `s${order.id}` } }))),
    );
    const answers = () => replies.filter(({ type }) => type === "answered");
    while (answers().length < 2) await new Promise(setImmediate);
    const of = (wanted: number) => answers().find(({ id }) => id === wanted).answer;
    expect(of(0)).toEqual({
      type: "unwritable",
      issuePath: [],
      reason: expect.stringMatching(
        /^it has 6710\d{4} characters as text, and a message between runners has at most 67108864$/,
      ),
    });
    expect(of(1)).toEqual({ type: "succeeded", value: "short" });
  });
});
