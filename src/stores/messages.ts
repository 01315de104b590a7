/** The answers of stores to messages that they cannot deliver. */
import type { Answer, NewMessage, RunStatus } from "../journal/store.ts";
import { isUnderWay } from "../journal/store.ts";

const ended: Readonly<Record<string, string>> = {
  succeeded: "it succeeded",
  failed: "it failed",
  interrupted: "it was interrupted",
};

/** A sender that has not read its answer by then never will. */
export const answersKeptMillis = 60_000;
/** How long a sender waits for an owner's answer. */
export const answerMillis = 5_000;

const refused = (reason: string): Answer => ({ type: "refused", reason });

export const endedAnswer: Answer = refused("The run has ended.");
export const unheard: Answer = refused("The process that runs it did not answer.");
export const ownerGone: Answer = refused("The process that it was sent to is gone.");

/** Why a run with this status does not accept the message; undefined if it may. `isSent`: a value is already waiting for that path. */
export const refusal = (type: NewMessage["type"], status: RunStatus, isSent: boolean): Answer | undefined => {
  if (type === "cancel") {
    return isUnderWay(status) ? undefined : refused(`It has ended already: ${ended[status]}.`);
  }
  if (status === "succeeded") return refused("The run has ended: it succeeded.");
  if (status !== "running" && isSent) {
    return refused("A value was already sent to this path; the step gets that one when it begins to wait.");
  }
  return undefined;
};
