/** One SQL statement on a connection of its own, so that independent models are built at the same time. */
import type { DuckDBInstance, Json } from "@duckdb/node-api";

/** The rows that the statement returns, as JSON. The statement is interrupted when `signal` fires. */
export const rowsOf = async (
  database: DuckDBInstance,
  sql: string,
  signal: AbortSignal,
): Promise<ReadonlyArray<Readonly<Record<string, Json>>>> => {
  const connection = await database.connect();
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    signal.removeEventListener("abort", interrupt);
    connection.closeSync();
  }
};
