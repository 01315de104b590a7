/** The page's requests to its server: the API, with the token of the page or of the reader. */
import type { PipelineInfo, RecordedStep, RunInfo, ScheduleInfo, WaitingInfo } from "../../api.ts";
import type { PageData } from "../../../draw/page/data.ts";
import type { ViewPatch } from "../../view-changes.ts";

export interface RunView extends PageData {
  readonly version: string;
  /** Only a part of the steps, to paint immediately: all of them follow. */
  readonly isPart?: true;
}

/** The data of an earlier run that the form of a new one starts with. */
export interface RunRecordInfo {
  readonly pipeline: string;
  /** The name under which its pipeline is served; missing if it is not. */
  readonly exportName?: string;
  readonly only?: ReadonlyArray<string>;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface RunPage {
  readonly runs: ReadonlyArray<RunInfo>;
  readonly next?: string;
}

export interface StepPage {
  readonly steps: ReadonlyArray<RecordedStep>;
  readonly next?: string;
}

/** The server's reason for refusing a request. */
export class Refusal extends Error {
  readonly status: number;
  readonly input: string | undefined;
  constructor(said: string, status: number, input: string | undefined) {
    super(said);
    this.status = status;
    this.input = input;
  }
}

const key = "espalier-token";

const tokenIn = (page: Document): string | undefined =>
  page.querySelector<HTMLMetaElement>("meta[name='espalier-token']")?.content;

const given = tokenIn(document);

let token = given ?? sessionStorage.getItem(key) ?? "";

/** If other machines can reach the server, the page has no token, and the reader enters it. */
export const setToken = (text: string): void => {
  token = text;
  sessionStorage.setItem(key, text);
};

const send = (path: string, init: RequestInit = {}): Promise<Response> => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return fetch(path, { ...init, headers }).catch(() => {
    throw new Refusal(
      "The server does not answer. Once it is started again, this page continues.",
      0,
      undefined,
    );
  });
};

/** A restarted server has a new token, which is in the page that it now serves. True if there is one. */
const renewToken = async (): Promise<boolean> => {
  if (given === undefined) return false;
  const text = await (await send("/")).text();
  const found = tokenIn(new DOMParser().parseFromString(text, "text/html"));
  const isNew = found !== undefined && found !== token;
  if (isNew) token = found;
  return isNew;
};

const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
  let response = await send(`/api/${path}`, init);
  if (response.status === 401 && (await renewToken())) response = await send(`/api/${path}`, init);
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly input?: string;
  };
  throw new Refusal(
    problem.detail ?? `The server answered with status ${response.status}.`,
    response.status,
    problem.input,
  );
};

const get = async <Value>(path: string): Promise<Value> => (await ask(path)).json() as Promise<Value>;

const post = async <Value>(path: string, body: unknown = {}): Promise<Value> =>
  (await ask(path, { method: "POST", body: JSON.stringify(body) })).json() as Promise<Value>;

const ofRun = (id: string): string => `runs/${encodeURIComponent(id)}`;

export const requests = {
  runs: (query: Readonly<Record<string, string>>) =>
    get<RunPage>(`runs?${new URLSearchParams(query).toString()}`),
  /** The view of a run; if the server knows the version, the changes since then, once there are any or after a while. */
  view: async (id: string, since: string | undefined, signal: AbortSignal) => {
    const changed = since === undefined ? "" : `?wait=true&since=${encodeURIComponent(since)}`;
    return (await ask(`${ofRun(id)}/view${changed}`, { signal })).json() as Promise<RunView | ViewPatch>;
  },
  /** Recorded steps, including those that the view leaves out. */
  steps: (id: string, query: Readonly<Record<string, string>>) =>
    get<StepPage>(`${ofRun(id)}/steps?${new URLSearchParams(query).toString()}`),
  record: (id: string) => get<RunRecordInfo>(ofRun(id)),
  /** The whole value of a path, as JSON. */
  value: (id: string, path: string) =>
    get<{ readonly value?: unknown }>(`${ofRun(id)}/value?path=${encodeURIComponent(path)}`),
  waiting: () => get<ReadonlyArray<WaitingInfo>>("waiting"),
  pipelines: () => get<ReadonlyArray<PipelineInfo>>("pipelines"),
  schedules: () => get<ReadonlyArray<ScheduleInfo>>("schedules"),
  start: (pipeline: string, inputs: unknown, only: ReadonlyArray<string>) =>
    post<RunInfo>("runs", { pipeline, inputs, ...(only.length === 0 ? {} : { only }) }),
  cancel: (id: string) => post<RunInfo>(`${ofRun(id)}/cancel`),
  resume: (id: string, from?: string) =>
    post<RunInfo>(`${ofRun(id)}/resume`, from === undefined ? {} : { from }),
  signal: (id: string, path: string, value: unknown) => post(`${ofRun(id)}/signal`, { path, value }),
  runSchedule: (name: string) => post<RunInfo>(`schedules/${encodeURIComponent(name)}/run`),
  pause: (name: string, paused: boolean) =>
    post<ScheduleInfo>(`schedules/${encodeURIComponent(name)}/pause`, { paused }),
};
