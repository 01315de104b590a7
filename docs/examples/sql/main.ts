/** Builds the models of this folder in a DuckDB database in memory; prints their sizes and the busiest airports. */
import { warehouse } from "./pipeline.ts";

const { rows, hubs } = await warehouse.runPromise({ folder: import.meta.dirname });

for (const [model, count] of Object.entries(rows)) console.log(`${model}: ${count} rows`);
console.log(`The busiest airports:\n  ${hubs.join("\n  ")}`);
