/** graphile-worker: a queue in Postgres. It keeps no results and knows no graph: a job of a chain adds the next one. */
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Pool } from "pg";
import { chainLength, fanSize, measure, url } from "./measure.mjs";

const utils = await makeWorkerUtils({ connectionString: url });
await utils.migrate();
let left = 0;
let done = () => {};
await run({
  connectionString: url,
  logger: new Logger(() => () => {}),
  concurrency: 100,
  maxPoolSize: 20,
  pollInterval: 1000,
  noHandleSignals: true,
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  taskList: {
    nothing: async () => {
      if (--left === 0) done();
    },
    link: async ({ n }, { addJob }) => {
      if (n > 0) await addJob("link", { n: n - 1 });
      else done();
    },
  },
});

const pool = new Pool({ connectionString: url });
const jobs = `select graphile_worker.add_jobs((select array_agg(json_populate_record(null::graphile_worker.job_spec,
  json_build_object('identifier', 'nothing', 'payload', json_build_object('i', i)))) from generate_series(1, $1) i))`;

await measure({
  chain: () =>
    new Promise((resolve) => {
      done = resolve;
      void utils.addJob("link", { n: chainLength - 1 });
    }),
  fan: () =>
    new Promise((resolve, reject) => {
      left = fanSize;
      done = resolve;
      pool.query(jobs, [fanSize]).catch(reject);
    }),
});
