/** The laws that every store must keep, each on an empty store of its own. */
import { Kind, newest } from "../journal/records.ts";
import { child } from "../path.ts";
import type { StoreLaw } from "./store-law.ts";
import {
  ask,
  must,
  same,
  newRun,
  claimed,
  begin,
  entry,
  append,
  end,
  found,
  soon,
  texts,
  paths,
  signalTo,
  cancelOf,
  hears,
} from "./store-law.ts";
import { submittingLaws } from "./submitting-laws.ts";

export const storeLaws: ReadonlyArray<StoreLaw> = [
  {
    name: "begins",
    sentence: "A claim of an unknown run begins it if the claim carries a run, and not otherwise.",
    check: async (store) => {
      same((await ask(store.claim("r", undefined))).type, "absent", "a claim of nothing");
      same((await ask(store.find("r")))?.id, undefined, "a run that no one began");
      const claim = await claimed(store, "r", newRun("r", 5_000));
      same(claim.type, "new", "the first claim");
      const { id, pipeline, status, began, ended, shape, inputs, entries } = await found(store, "r");
      same(
        [id, pipeline, status, began, ended, shape, inputs, entries],
        ["r", "p", "running", 5_000, undefined, '{"steps":[]}', "{}", []],
        "a run that has begun",
      );
    },
  },
  {
    name: "oneOwner",
    sentence: "Of concurrent claims exactly one is granted, and a later claim gets a higher epoch.",
    check: async (store) => {
      const claims = await Promise.all(Array.from({ length: 50 }, () => ask(store.claim("r", newRun("r")))));
      same(claims.filter(({ type }) => type === "new").length, 1, "new runs");
      same(claims.filter(({ type }) => type === "held").length, 49, "refused claims");
      const first = claims.find((claim) => claim.type === "new")!;
      await end(first.journal, "interrupted");
      const next = await claimed(store, "r");
      same(next.type, "existing", "a claim of a run that ended");
      must(next.journal.epoch > first.journal.epoch, "the epoch of a later claim is not greater");
      same((await found(store, "r")).status, "running", "a run that is claimed again");
    },
  },
  {
    name: "durable",
    sentence: "A record is stored before its owner is notified.",
    check: async (store) => {
      const journal = await begin(store, "r");
      for (let i = 0; i < 20; i++) {
        await append(journal, entry(`s${i}`, String(i)));
        must(
          (await ask(store.value("r", `s${i}`))) === String(i),
          `record ${i} was reported but is not stored`,
        );
      }
    },
  },
  {
    name: "records",
    sentence:
      "Records are read exactly as they were written, by their owner, by the next owner and by every other process.",
    check: async (store) => {
      const journal = await begin(store, "r");
      const entries = paths.flatMap((path, i) =>
        texts.map((text, j) => entry(child(path, `${i}.${j}`), text, { attempt: j + 1 })),
      );
      await Promise.all(entries.map((one) => append(journal, one)));
      same((await found(store, "r")).entries, entries, "records");
      for (const { path, text } of entries.slice(0, texts.length)) {
        same(await ask(store.value("r", path)), text, `the value of "${path}"`);
      }
      same(await ask(store.value("r", "no")), undefined, "a value that is not there");
      await end(journal, "failed", "it broke");
      const next = await claimed(store, "r");
      same(next.type === "existing" ? next.run.entries : [], entries, "records for the next owner");
    },
  },
  {
    name: "newest",
    sentence: "The newest record of a path counts, and dropped records do not.",
    check: async (store) => {
      const journal = await begin(store, "r");
      const entries = [
        entry("a", "1"),
        entry("a", "2"),
        entry("m[1]", "3"),
        entry("m[1]", '{"~error":{}}', { kind: Kind.failure }),
        entry("d", "shape", { kind: Kind.expansion }),
        entry("d/x", "4"),
        entry("d/y[2]", "5"),
        entry("dd", "6"),
        entry("d", "", { kind: Kind.dropped }),
        entry("d/x", "7"),
      ];
      await Promise.all(entries.map((one) => append(journal, one)));
      same((await found(store, "r")).entries, newest(entries), "what counts");
      same(await ask(store.value("r", "a")), "2", "the newest value");
      same(await ask(store.value("r", "d/y[2]")), undefined, "a dropped value");
    },
  },
  {
    name: "fenced",
    sentence: "An owner that has been replaced records nothing more.",
    check: async (store) => {
      const old = await begin(store, "r");
      await append(old, entry("a", "1"));
      await end(old, "interrupted");
      const { journal } = await claimed(store, "r");
      let wasTold = false;
      old.onLost = () => {};
      old.append(entry("a", "2"), () => (wasTold = true));
      await append(journal, entry("b", "3"));
      await soon();
      must(!wasTold, "an old owner was notified that its record is there");
      const { entries, status } = await found(store, "r");
      same(entries, [entry("a", "1"), entry("b", "3")], "records after a second owner");
      same(status, "running", "a run whose old owner wrote");
    },
  },
  {
    name: "givenBack",
    sentence: "A run that is given back is in the state it had before it was claimed.",
    check: async (store) => {
      const journal = await begin(store, "r");
      await append(journal, entry("a", "1"));
      await end(journal, "failed", "it broke", 7_000_000);
      const before = await found(store, "r");
      const { journal: next } = await claimed(store, "r");
      await ask(next.giveBack());
      same(await found(store, "r"), before, "a run that was given back");
      must((await claimed(store, "r")).journal.epoch > next.epoch, "an epoch was given twice");
    },
  },
  {
    name: "ends",
    sentence: "A run has the ending that its owner recorded, and filters find it by that.",
    check: async (store) => {
      const statuses = ["succeeded", "failed", "interrupted"] as const;
      for (const [i, status] of statuses.entries()) {
        const journal = await begin(store, `run ${i}`, 1_000 + i);
        journal.tell({ time: 1_000, type: "step.failed", path: "a", detail: "no\nreason" });
        await end(journal, status, status === "failed" ? "why" : undefined, 9_000);
        const run = await found(store, `run ${i}`);
        same(
          [run.status, run.error, run.ended],
          [status, status === "failed" ? "why" : undefined, 9_000],
          "an end",
        );
        same(run.events, [{ time: 1_000, type: "step.failed", path: "a", detail: "no\nreason" }], "events");
      }
      const { shape: _, inputs: _1, entries: _2, events: _3, ...summary } = await found(store, "run 1");
      same(await ask(store.summary("run 1")), summary, "a run without its records");
      same(await ask(store.summary("run")), undefined, "a run of whose id only the beginning is given");
      same(
        await ask(store.summaries(["run", "run 1", "gone"])),
        [summary],
        "those of several runs that exist",
      );
      const ids = async (filter?: object) => (await ask(store.runs(filter))).map(({ id }) => id);
      same(await ids(), ["run 2", "run 1", "run 0"], "all runs, newest first");
      same(await ids({ status: "failed" }), ["run 1"], "failed runs");
      same(await ids({ pipeline: "q" }), [], "runs of another pipeline");
      same(await ids({ idPrefix: "run ", limit: 2 }), ["run 2", "run 1"], "the newest of a prefix");
      same(await ids({ idPrefix: "run_" }), [], "runs of a prefix that is a pattern");
      same(await ids({ search: "N 1" }), ["run 1"], "runs whose id contains a text");
      same(await ids({ search: "P", limit: 2 }), ["run 2", "run 1"], "runs whose pipeline contains a text");
      same(await ids({ search: "%" }), [], "runs that contain a text that is a pattern");
      const after = { began: 1_002, id: "run 2" };
      same(await ids({ after, limit: 1 }), ["run 1"], "the run after another");
      same(await ids({ after, status: "interrupted" }), [], "interrupted runs after the newest");
      same(await ids({ after: { began: 1_001, id: "gone" } }), ["run 0"], "runs after one that is not there");
      for (const id of ["x", "y", "z"]) await end(await begin(store, id, 500), "succeeded");
      same(await ids({ after: { began: 500, id: "y" } }), ["x"], "runs of the same millisecond");
    },
  },
  {
    name: "says",
    sentence:
      "A run's error and events are read exactly as they were written, whatever text they begin with.",
    check: async (store) => {
      for (const said of ["#1 is missing", "$5 short", "\\share", '"quoted"', "~", "é 日本 🎈"]) {
        const journal = await begin(store, said);
        journal.tell({ time: 1_000, type: "step.logged", path: "a", detail: said });
        await end(journal, "failed", said);
        const { error, events } = await found(store, said);
        same([error, events[0]?.detail], [said, said], "what is said of a run");
      }
      same((await ask(store.runs())).length, 6, "runs that failed");
    },
  },
  {
    name: "signals",
    sentence: "Each accepted signal reaches exactly one owner, once.",
    check: async (store) => {
      const first = await begin(store, "r");
      await end(first, "interrupted");
      same(
        await ask(store.send(signalTo("r", "early", "1"))),
        { type: "kept" },
        "a signal that no one waits for",
      );
      same(await ask(store.send(signalTo("no", "a", "1"))), { type: "absent" }, "a signal to no run");
      const second = (await claimed(store, "r")).journal;
      const got = await hears(second);
      const many = Array.from({ length: 30 }, (_, i) => `s${i}`);
      const answers = await Promise.all(many.map((path) => ask(store.send(signalTo("r", path, "2")))));
      must(
        answers.every(({ type }) => type === "delivered"),
        "a signal to an owner was not delivered",
      );
      await soon();
      same(got.map(({ path }) => path).sort(), ["early", ...many].sort(), "signals of an owner");
      await end(second, "interrupted");
      const again = await hears((await claimed(store, "r")).journal);
      await soon();
      same(again.length, 0, "signals that were recorded and came again");
    },
  },
  {
    name: "cancels",
    sentence: "A cancel reaches the owner that it was sent to, and no later owner.",
    check: async (store) => {
      same(await ask(store.send(cancelOf("no"))), { type: "absent" }, "a cancel of no run");
      const first = await begin(store, "r");
      const got = await hears(first);
      same(await ask(store.send(cancelOf("r"))), { type: "delivered" }, "a cancel");
      same(
        got.map(({ type }) => type),
        ["cancel"],
        "what the owner got",
      );
      await end(first, "interrupted");
      same((await ask(store.send(cancelOf("r")))).type, "refused", "a cancel of a run that ended");
      const second = await begin(store, "deaf");
      const unheard = ask(store.send(cancelOf("deaf")));
      await end(second, "interrupted");
      await unheard;
      const later = await hears((await claimed(store, "deaf")).journal);
      await soon();
      same(later.length, 0, "cancels of an earlier owner");
    },
  },
  {
    name: "waits",
    sentence: "A waiting step is listed until it has its value or its run has ended.",
    check: async (store) => {
      const journal = await begin(store, "r");
      const waiting = async () =>
        (await ask(store.waiting())).map(({ runId, path, text }) => [runId, path, text]);
      const text = JSON.stringify({ ask: { q: "ok?" } });
      await append(journal, entry("a", text, { kind: Kind.waiting }));
      await append(journal, entry("d/b", "{}", { kind: Kind.waiting }));
      await append(journal, entry("c", "{}", { kind: Kind.waiting }));
      same((await waiting()).length, 3, "waiting steps");
      same((await waiting())[0], ["r", "a", text], "the first that waits");
      await append(journal, entry("a", "1"));
      await append(journal, entry("d", "", { kind: Kind.dropped }));
      same(await waiting(), [["r", "c", "{}"]], "who still waits");
      await end(journal, "failed");
      same(await waiting(), [], "waiting steps of a run that ended");
    },
  },
  {
    name: "caches",
    sentence: "A cached value is found by its own key.",
    check: async (store) => {
      const key = { step: "s", version: "1", inputs: "[1]" };
      same(await ask(store.cached(key)), undefined, "a value that no one computed");
      must((await ask(store.missReason(key))) !== "", "no reason for a miss");
      must(await ask(store.startComputing(key)), "no one computes, and a computation is refused");
      for (const [i, text] of texts.entries()) {
        const cached = { text, runId: "r", path: "a", time: 1_000 + i };
        store.putCached(key, cached);
        same(await ask(store.cached(key)), cached, "a cached value");
      }
      store.stopComputing(key);
      same(await ask(store.cached({ ...key, version: "2" })), undefined, "a value of another version");
      same(await ask(store.cached({ ...key, inputs: "[2]" })), undefined, "a value of other inputs");
    },
  },
  {
    name: "prunes",
    sentence:
      "Runs are pruned by their last activity; a run that is under way or can be resumed stays, unless its removal is requested.",
    check: async (store) => {
      const old = Date.now() - 1_000_000;
      for (const status of ["succeeded", "failed", "interrupted"] as const) {
        const journal = await begin(store, status, old);
        await append(journal, entry("a", "1", { began: old, ended: old }));
        await end(journal, status, undefined, old);
      }
      const running = await begin(store, "running", old);
      const ids = async () => (await ask(store.runs())).map(({ id }) => id).sort();
      same(await ask(store.prune({ before: old - 1, resumable: true })), 0, "runs older than the oldest");
      const later = Date.now() + 60_000;
      same(await ask(store.prune({ before: later, resumable: false })), 1, "runs that succeeded");
      same(await ids(), ["failed", "interrupted", "running"], "what is left");
      same(await ask(store.prune({ before: later, resumable: true })), 2, "runs that ended");
      same(await ids(), ["running"], "what is left in the end");
      await append(running, entry("b", "2"));
      same(
        (await found(store, "running")).entries,
        [entry("b", "2")],
        "the records of a run that was pruned around",
      );
    },
  },
  ...submittingLaws,
];
