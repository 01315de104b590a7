/** Schedules: the next ticks, the last run, and buttons to run now or pause. */
import { h } from "preact";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { ScheduleInfo } from "../../api.ts";
import { Action, Problem, runLink, StatusChip, useServer, when } from "./parts.ts";
import { requests } from "./requests.ts";

const Schedule = ({
  schedule,
  again,
}: {
  readonly schedule: ScheduleInfo;
  readonly again: () => void;
}): UiElement => {
  const { name, pipeline, cron, timeZone, overlap, catchUp, paused, next, last } = schedule;
  return h(
    "section",
    { class: "schedule", "aria-label": `Schedule ${name}` },
    h("h2", null, name, paused ? h("span", { class: "chip stopped" }, "paused") : null),
    h(
      "p",
      { class: "faint" },
      `${pipeline} at ${cron} (${timeZone}); overlap: ${overlap}, catch up: ${catchUp}`,
    ),
    last === undefined
      ? null
      : h(
          "p",
          null,
          "last: ",
          h("a", { href: runLink(last.id) }, last.id),
          " ",
          h(StatusChip, { run: last }),
        ),
    h(
      "ol",
      { "aria-label": "Next ticks" },
      next.map((tick) => h("li", { key: tick }, when(tick, timeZone))),
    ),
    h(Action, {
      text: "Run now",
      run: async () => void (location.hash = runLink((await requests.runSchedule(name)).id)),
    }),
    h(Action, { text: paused ? "Continue" : "Pause", run: () => requests.pause(name, !paused).then(again) }),
  );
};

export const SchedulesView = (): UiElement => {
  const { value, error, again } = useServer(requests.schedules, "schedules");
  return h(
    "main",
    { class: "list" },
    h("h1", null, "Schedules"),
    h(Problem, { error }),
    value?.length === 0 ? h("p", { class: "faint" }, "The files export no schedules.") : null,
    (value ?? []).map((schedule) => h(Schedule, { schedule, again, key: schedule.name })),
  );
};
