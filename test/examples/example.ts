/** Runs an example in a separate process, as its reader would. */
import { spawn } from "node:child_process";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

/** The output of the example; rejects with all of it if the example fails. */
export const example = (file: string, ...args: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--conditions=espalier-source", join("docs/examples", file), ...args],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 && stderr === ""
        ? resolve(stdout)
        : reject(new Error(`${file} ended with ${code}\n${stdout}${stderr}`)),
    );
  });

/** The last column of the leaderboard that an example printed, by model. */
export const heldOutAccuracies = (printed: string): ReadonlyMap<string, number> => {
  const [, board = ""] = printed.split(/\n\nmodel .*\n/);
  const rows = board.split("\n\n")[0]!.trim().split("\n");
  return new Map(
    rows.map((row) => {
      const [model = "", ...cells] = row.split(/\s{2,}/);
      return [model, Number(cells.at(-1))] as const;
    }),
  );
};
