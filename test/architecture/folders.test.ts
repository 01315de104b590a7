/**
 * The architecture page lists the rooms of `src` from the ground up. A file imports from rooms above it in that list, and
 * every room is in the list; so no two rooms import each other.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/explanation/architecture.md"), "utf8");

/** The first column of the table under "What imports what", top to bottom. */
const rooms = page
  .slice(page.indexOf("## What imports what"))
  .split("\n## ")[0]!
  .matchAll(/^\| `(?<room>[a-z-]+)\/?` /gm)
  .map((match) => match.groups!["room"]!)
  .toArray();

/** The folder under `src` that a file is in, or the file itself; `types/` is one room. */
const roomOf = (file: string): string => {
  const [top, ...rest] = file.split("/");
  return top === "types" ? "types" : rest.length > 1 ? rest[0]! : rest[0]!.replace(/\.ts$/, "");
};

const importsOf = (file: string): ReadonlyArray<string> => {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(?<path>\.[^"]+)"/g)].map((match) =>
    normalize(join(dirname(file), match.groups!["path"]!)),
  );
};

const files = globSync(["src/**/*.ts", "types/**/*.ts"], { cwd: root });

describe("The rooms of the source", () => {
  test("are all in the table of the architecture page", () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !rooms.includes(room))).toEqual([]);
    expect(rooms.filter((room) => !files.some((file) => roomOf(file) === room))).toEqual([]);
  });

  test("import only rooms that the table lists before them", () => {
    const wrong = files.flatMap((file) => {
      if (roomOf(file) === "types") return [];
      const own = roomOf(file);
      return importsOf(file)
        .filter((other) => roomOf(other) !== own && rooms.indexOf(roomOf(other)) > rooms.indexOf(own))
        .map((other) => `${file} imports ${other}`);
    });
    expect(wrong).toEqual([]);
  });

  test("are imported by the compile-time half as types only", () => {
    const running = files
      .filter((file) => roomOf(file) === "types")
      .filter((file) => /^import (?!type )/m.test(readFileSync(join(root, file), "utf8")));
    expect(running).toEqual([]);
  });

  test("hold no hand-written file of over 500 lines, and the engine none of over 400", () => {
    const long = files
      .filter((file) => !file.endsWith("/page/assets.ts")) // Made by scripts/page.ts.
      .filter((file) => {
        const lines = readFileSync(join(root, file), "utf8").split("\n").length - 1;
        return lines > (roomOf(file) === "engine" ? 400 : 500);
      });
    expect(long).toEqual([]);
  });

  test("of the command line read and steer recorded runs through Runs and Signal alone", () => {
    const commands = ["runs", "show", "why", "diff", "prune", "waiting", "cancel", "signal"];
    const readers = ["src/cli/history.ts", ...commands.map((name) => `src/cli/commands/${name}.ts`)];
    const behindRuns =
      /^src\/(?:journal|stores|sqlite|postgres|fold)\/|^src\/run\/(?!(?:runs|signal|unknown-status)\.ts$)/;
    const around = readers.flatMap((file) =>
      importsOf(file)
        .filter((other) => behindRuns.test(other))
        .map((other) => `${file} imports ${other}`),
    );
    expect(around).toEqual([]);
    // Of a store, the other files of the command line use what executes and follows runs.
    const asks = globSync("src/cli/**/*.ts", { cwd: root }).filter((file) =>
      /\b(?:store|service|open)\.(?:find|runs|value|waiting|prune|send)\(/.test(
        readFileSync(join(root, file), "utf8"),
      ),
    );
    expect(asks).toEqual([]);
  });
});
