/** pg-boss: a queue in Postgres that is polled. It knows no graph, and a chain would be as slow as its polls. */
import { PgBoss } from "pg-boss";
import { fanSize, measure, url } from "./measure.mjs";

const boss = new PgBoss(url);
boss.on("error", () => {});
await boss.start();
await boss.createQueue("nothing");
let left = 0;
let done = () => {};
for (let i = 0; i < 8; i++) {
  await boss.work("nothing", { batchSize: 200, pollingIntervalSeconds: 0.5 }, async (jobs) => {
    left -= jobs.length;
    if (left <= 0) done();
  });
}

await measure({
  fan: () =>
    new Promise((resolve, reject) => {
      left = fanSize;
      done = resolve;
      boss
        .insert(
          "nothing",
          Array.from({ length: fanSize }, (_, i) => ({ data: { i } })),
        )
        .catch(reject);
    }),
});
