/** A client of the language server of TypeScript 7, as small as the tests need it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compilerPath } from "../../scripts/types-compiler.ts";

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Editor {
  /** The labels of what is offered at the mark, in the server's order. */
  readonly completions: (mark: string) => Promise<ReadonlyArray<string>>;
  /** The text of the hover on the text after the mark. */
  readonly hover: (mark: string) => Promise<string>;
  readonly close: () => void;
}

/** Opens one file of a project. Marks, such as `|here|`, are taken out of its text: each says where it stood. */
export const openEditor = async (folder: string, file: string, marked: string): Promise<Editor> => {
  const marks = new Map<string, object>();
  const parts = marked.split(/\|(\w+)\|/);
  let text = "";
  parts.forEach((part, index) => {
    if (index % 2 === 0) {
      text += part;
      return;
    }
    const lines = text.split("\n");
    marks.set(part, { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 });
  });
  const server = spawn(process.execPath, [compilerPath(7), "--lsp", "--stdio"], {
    cwd: folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let read = Buffer.alloc(0);
  let last = 0;
  const send = (message: object): void => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const take = (message: Answer): void => {
    if (message.id === undefined) return;
    // The server asks for settings: there are none.
    if (message.method !== undefined) send({ id: message.id, result: null });
    else waiting.get(message.id)?.(message);
    if (message.method === undefined) waiting.delete(message.id);
  };
  server.stdout.on("data", (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    for (;;) {
      const end = read.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(read.subarray(0, Math.max(end, 0)).toString())?.[1]);
      if (end === -1 || read.length < end + 4 + length) return;
      take(JSON.parse(read.subarray(end + 4, end + 4 + length).toString()) as Answer);
      read = read.subarray(end + 4 + length);
    }
  });
  server.on("exit", () => {
    for (const answer of waiting.values()) answer({ error: { message: "the language server has ended" } });
  });
  const ask = async (method: string, params: object): Promise<unknown> => {
    const id = ++last;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const uri = pathToFileURL(join(folder, file)).href;
  const at = (mark: string): object => {
    const position = marks.get(mark);
    if (position === undefined) throw new Error(`There is no mark ${mark}`);
    return { textDocument: { uri }, position };
  };
  await ask("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { textDocument: { completion: {}, hover: { contentFormat: ["markdown"] } } },
  });
  send({ method: "initialized", params: {} });
  send({
    method: "textDocument/didOpen",
    params: { textDocument: { uri, languageId: "typescript", version: 1, text } },
  });
  return {
    completions: async (mark) => {
      const answer = (await ask("textDocument/completion", at(mark))) as
        | { readonly items?: ReadonlyArray<{ readonly label: string }> }
        | ReadonlyArray<{ readonly label: string }>
        | null;
      const items = answer === null ? [] : "items" in answer ? (answer.items ?? []) : answer;
      return (items as ReadonlyArray<{ readonly label: string }>).map(({ label }) => label);
    },
    hover: async (mark) => {
      const answer = (await ask("textDocument/hover", at(mark))) as {
        readonly contents: { readonly value: string } | string;
      } | null;
      const contents = answer?.contents ?? "";
      return typeof contents === "string" ? contents : contents.value;
    },
    close: () => void server.kill(),
  };
};
