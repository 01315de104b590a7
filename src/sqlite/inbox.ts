/**
 * Messages of other processes to the one that owns a store's file: to signal a run that is under way there, or to cancel
 * it. A folder beside the file: a message is a file in it, and so is the answer.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "../journal/store.ts";
import { describe } from "../values/describe.ts";

const folderOf = (name: string): string => `${name}-inbox`;

const everyMillis = 200;

/** A file that is whole as soon as it is there. */
const write = (folder: string, file: string, text: string): void => {
  const draft = join(folder, `.${file}`);
  writeFileSync(draft, text);
  renameSync(draft, join(folder, file));
};

export type Hear = (message: Message) => Promise<string | undefined>;

/** Looks into the folder while anybody listens. */
export class Inbox {
  readonly #folder: string;
  readonly #listeners = new Set<Hear>();
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(name: string) {
    this.#folder = folderOf(name);
  }

  listen(hear: Hear): () => void {
    // All runs of a process hear with one ear: the first that knows the run answers.
    const mine: Hear = (message) => hear(message);
    this.#listeners.add(mine);
    this.#timer ??= setInterval(() => this.#look(), everyMillis).unref();
    return () => {
      this.#listeners.delete(mine);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    let files: ReadonlyArray<string>;
    try {
      files = readdirSync(this.#folder);
    } catch {
      return; // Nobody has sent anything yet.
    }
    for (const file of files.filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort()) {
      const path = join(this.#folder, file);
      let message: Message;
      try {
        message = JSON.parse(readFileSync(path, "utf8")) as Message;
        rmSync(path);
      } catch {
        continue;
      }
      void this.#answer(file, message);
    }
  }

  async #answer(file: string, message: Message): Promise<void> {
    const [hear] = this.#listeners;
    if (hear === undefined) return;
    const answer = await hear(message).catch(describe);
    try {
      write(this.#folder, file.replace(/json$/, "answer"), answer ?? "");
    } catch {
      // The sender has not waited.
    }
  }
}

/** Sends a message to the owner of a file. The sentence where it was refused; nothing where it was done. */
export const sendMessage = async (name: string, message: Message): Promise<string | undefined> => {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  const id = `${String(Date.now()).padStart(15, "0")}-${randomUUID()}`;
  write(folder, `${id}.json`, JSON.stringify(message));
  const answer = join(folder, `${id}.answer`);
  for (let waited = 0; waited < 5000; waited += 50) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    try {
      const text = readFileSync(answer, "utf8");
      rmSync(answer, { force: true });
      return text === "" ? undefined : text;
    } catch {
      // Not yet.
    }
  }
  rmSync(join(folder, `${id}.json`), { force: true });
  return "The process that has the store did not answer.";
};
