/** Asks a model over HTTP, and yields its words as they arrive. */

export interface Message {
  readonly from: "user" | "model" | "tools";
  readonly text: string;
}

/** A tool that the model wants to be called. */
export interface ToolCall {
  readonly id: string;
  readonly tool: string;
  readonly city: string;
}

export interface Reply {
  readonly text: string;
  readonly calls: ReadonlyArray<ToolCall>;
  readonly tokens: number;
}

/** The data of each event of a stream of server-sent events. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop()!;
    for (const event of events) yield event.replace(/^data: /, "");
  }
}

/** Yields the words of the reply, and returns the whole of it. */
export async function* ask(
  url: string,
  messages: ReadonlyArray<Message>,
  signal: AbortSignal,
): AsyncGenerator<string, Reply> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify({ messages }), signal });
  if (!response.ok) throw new Error(`The model answered with ${response.status}`);
  let text = "";
  for await (const event of eventsOf(response)) {
    const part = JSON.parse(event) as { readonly word: string } | Omit<Reply, "text">;
    if (!("word" in part)) return { text, ...part };
    text += part.word;
    yield part.word;
  }
  throw new Error("The model stopped in the middle of its reply");
}
