/** The laws of runs that are submitted for others to execute, released, and taken. */
import type { StoreLaw } from "./store-law.ts";
import {
  ask,
  begin,
  must,
  same,
  newRun,
  claimed,
  entry,
  append,
  end,
  found,
  soon,
  signalTo,
  cancelOf,
  hears,
} from "./store-law.ts";

export const submittingLaws: ReadonlyArray<StoreLaw> = [
  {
    name: "submits",
    sentence:
      "A submitted run waits without an owner, exists once, and begins with its inputs at the process that claims it.",
    check: async (store) => {
      const run = { ...newRun("r", 5_000), inputs: '{"a":"1"}' };
      let heard = 0;
      const stop = store.onClaimable(() => heard++);
      same(await ask(store.submit(run)), true, "the first submission");
      same(await ask(store.submit({ ...run, inputs: '{"a":"2"}' })), false, "the second one");
      await soon();
      stop();
      must(heard > 0, "no one was notified that there is a run to claim");
      same((await found(store, "r")).status, "submitted", "the status of a submitted run");
      const [waiting, ...others] = await ask(store.claimable(["p"], 10));
      same(
        [waiting?.id, waiting?.status, waiting?.shape, others.length],
        ["r", "submitted", run.shape, 0],
        "the list",
      );
      const claim = await claimed(store, "r");
      same(claim.type, "existing", "the claim of a submitted run");
      if (claim.type === "existing") {
        same(
          [claim.run.inputs, claim.run.shape, claim.run.began],
          [run.inputs, run.shape, 5_000],
          "what was claimed",
        );
        same(claim.run.entries, [], "the records of a run that has just begun");
      }
      same(claim.journal.epoch, 1, "the first epoch of a submitted run");
      same((await found(store, "r")).status, "running", "the status of a claimed run");
      same(await ask(store.claimable(["p"], 10)), [], "what is left to claim");
      await append(claim.journal, entry("a", "1"));
      await end(claim.journal, "succeeded");
      same(await ask(store.submit(run)), false, "a submission of a run that has ended");
    },
  },
  {
    name: "completesSubmissions",
    sentence: "A run submitted without a shape receives one before it is claimed, and keeps it.",
    check: async (store) => {
      const run = newRun("r", 5_000);
      await ask(store.submit({ ...run, shape: "" }));
      same((await ask(store.claimable([], 10)))[0]?.shape, "", "the shape of a run that has none");
      same(await ask(store.submit({ ...run, inputs: '{"a":"1"}' })), true, "a submission with a shape");
      same(await ask(store.submit({ ...run, shape: '{"steps":["a"]}' })), false, "another shape");
      const { shape, inputs } = await found(store, "r");
      same([shape, inputs], [run.shape, '{"a":"1"}'], "what was submitted");
    },
  },
  {
    name: "steersSubmitted",
    sentence: "A submitted run can be cancelled before it is claimed, and keeps the signals sent to it.",
    check: async (store) => {
      await ask(store.submit(newRun("cancelled")));
      same((await ask(store.send(cancelOf("cancelled")))).type, "delivered", "a cancel");
      same((await found(store, "cancelled")).status, "interrupted", "the status of a cancelled run");
      same(await ask(store.claimable(["p"], 10)), [], "what is left to claim");
      await ask(store.submit(newRun("asked")));
      same((await ask(store.send(signalTo("asked", "ok", "1")))).type, "kept", "a signal");
      const got = await hears((await claimed(store, "asked")).journal);
      same(
        got.map(({ path, text }) => `${path} ${text}`),
        ["ok 1"],
        "the signals of a claimed run",
      );
    },
  },
  {
    name: "announces",
    sentence: "A process that takes runs is listed until it announces that it takes no more.",
    check: async (store) => {
      same(await ask(store.runners()), [], "the processes that take runs");
      await ask(store.announce("first"));
      await ask(store.announce("second"));
      same(await ask(store.runners()), ["second"], "the processes that take runs");
      await ask(store.announce(undefined));
      same(await ask(store.runners()), [], "the processes that take runs, once it takes none");
    },
  },
  {
    name: "releases",
    sentence:
      "A run that was given back, or released because it was interrupted, can be claimed by another owner.",
    check: async (store) => {
      await ask(store.submit(newRun("r")));
      const claim = await claimed(store, "r");
      await ask(claim.journal.giveBack());
      const [again] = await ask(store.claimable(["p"], 10));
      same([again?.id, again?.isReleased], ["r", true], "what can be claimed");
      const { journal } = await claimed(store, "r");
      same(journal.epoch > claim.journal.epoch, true, "that the epoch is newer");
      await append(journal, entry("a", "1"));
      journal.releases = true;
      await end(journal, "interrupted");
      const [released] = await ask(store.claimable(["p"], 10));
      same([released?.status, released?.isReleased], ["crashed", true], "a run that was released");
      same((await found(store, "r")).entries.length, 1, "the records of a run that was released");
    },
  },
  {
    name: "endedStays",
    sentence:
      "A claim of runs under way leaves an ended run unchanged. A succeeded run can be read without a claim.",
    check: async (store) => {
      for (const status of ["succeeded", "failed", "interrupted"] as const) {
        const journal = await begin(store, status);
        same(
          (await ask(store.claim(status, undefined, "under way"))).type,
          "held",
          "a claim of a run that has an owner",
        );
        await end(journal, status);
        const before = await found(store, status);
        same(
          (await ask(store.claim(status, undefined, "under way"))).type,
          "ended",
          `a claim of a run that ${status}`,
        );
        same(await found(store, status), before, `a run that ${status} after a claim`);
        const unlessSucceeded = await ask(store.claim(status, undefined, "not succeeded"));
        const expected = status === "succeeded" ? "succeeded" : "existing";
        same(unlessSucceeded.type, expected, `a claim, unless it has succeeded, of a run that ${status}`);
        if (unlessSucceeded.type !== "succeeded") continue;
        same(unlessSucceeded.run, before, "what a claim reads of a run that has succeeded");
        same(await found(store, status), before, "a run that has succeeded after it was read");
      }
      await ask(store.submit(newRun("submitted")));
      same(
        (await ask(store.claim("submitted", undefined, "under way"))).type,
        "existing",
        "a claim of a submitted run",
      );
    },
  },
];
