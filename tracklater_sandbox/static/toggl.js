// The pane beside the conversation: what is in Toggl (and Jira) now.

import { el } from "./dom.js";
import { fail } from "./requests.js";
import { clock, dayWords, duration, isoDay, shiftDay } from "./times.js";

let day = null;
let known = null; // ids of the entries shown last; null before the first time

const TROUBLE = [
  ["Lose Toggl's next answer", { service: "toggl", method: "POST", path: "time_entries", kind: "drop-after-saving" }],
  ["Use up Toggl's quota once", { service: "toggl", method: "POST", path: "time_entries", kind: 402 }],
  ["Break Toggl once", { service: "toggl", method: "POST", path: "time_entries", kind: 500 }],
  ["Break the next Slack update", { service: "slack", path: "chat.update", kind: "error:internal_error" }],
];

export function renderToggl(pane, state) {
  day ??= state.day;
  const entries = state.entries.filter((entry) => isoDay(new Date(entry.start)) === day);
  const worklogs = state.worklogs.filter((log) => isoDay(new Date(log.started)) === day);
  const again = () => renderToggl(pane, state);
  const open = pane.querySelector("details")?.open ?? false;
  pane.replaceChildren(
    el("h2", { class: "pane-title", text: "In Toggl now" }),
    dayPicker(state, again),
    entries.length
      ? el("ol", { class: "entries" }, entries.map((entry) => row(entry)))
      : el("p", { class: "empty", text: "Nothing is tracked on this day." }),
    entries.length ? sums(entries) : null,
    ...(worklogs.length ? jira(worklogs) : []),
    trouble(open),
  );
  known = new Set(state.entries.map((entry) => entry.id));
}

function dayPicker(state, again) {
  const step = (days) => () => { day = shiftDay(day, days); again(); };
  return el("div", { class: "day-picker" },
    el("button", { class: "icon-button", type: "button", "aria-label": "The day before", text: "‹", on: { click: step(-1) } }),
    el("span", { class: "day-name", text: dayWords(day) }),
    el("button", { class: "icon-button", type: "button", "aria-label": "The day after", text: "›", on: { click: step(1) } }),
    day === state.day ? null
      : el("button", { class: "link-button", type: "button", text: "sample day", on: { click: () => { day = state.day; again(); } } }));
}

function row(entry) {
  const fresh = known !== null && !known.has(entry.id);
  const end = entry.stop ? clock(new Date(entry.stop)) : "now";
  return el("li", { class: fresh ? "entry fresh" : "entry", data: { entry: entry.id } },
    el("span", { class: "entry-time", text: `${clock(new Date(entry.start))} – ${end}` }),
    el("span", { class: "entry-length", text: entry.duration < 0 ? "running" : duration(entry.duration) }),
    el("span", { class: "entry-words", text: entry.description || "(no description)" }),
    coloured(el("span", { class: "entry-project", text: where(entry) }), entry.project_color),
    extras(entry));
}

function extras(entry) {
  const words = [...(entry.tags ?? []), ...(entry.billable ? ["billable"] : [])];
  return words.length ? el("span", { class: "entry-tags" }, words.map((word) => el("span", { class: "tag", text: word }))) : null;
}

const where = (entry) => [entry.client_name, entry.project_name].filter(Boolean).join(" › ") || "No project";

/** With a dot in the project's colour. */
function coloured(node, colour) {
  if (colour) node.style.setProperty("--dot", colour);
  return node;
}

function sums(entries) {
  const totals = new Map();
  const colours = new Map(entries.map((entry) => [entry.client_name, entry.project_color]).reverse());
  for (const entry of entries) {
    if (entry.duration > 0) totals.set(entry.client_name, (totals.get(entry.client_name) ?? 0) + entry.duration);
  }
  const all = [...totals.values()].reduce((one, other) => one + other, 0);
  return el("dl", { class: "sums" },
    [...totals].map(([name, seconds]) => [
      coloured(el("dt", { class: "entry-project", text: name ?? "No client" }), colours.get(name)), el("dd", { text: duration(seconds) }),
    ]),
    el("dt", { class: "sum", text: "Total" }), el("dd", { class: "sum", id: "toggl-sum", text: duration(all) }));
}

function jira(worklogs) {
  return [
    el("h2", { class: "pane-title", text: "Jira worklogs" }),
    el("ol", { class: "entries" }, worklogs.map((log) =>
      el("li", { class: "entry", data: { worklog: log.id } },
        el("span", { class: "entry-time", text: clock(new Date(log.started)) }),
        el("span", { class: "entry-length", text: duration(log.timeSpentSeconds) }),
        el("span", { class: "entry-words", text: log.issueKey })))),
  ];
}

function trouble(open) {
  return el("details", { class: "trouble", open },
    el("summary", { text: "Make something fail" }),
    el("p", { text: "See what the bot does when a service lets it down." }),
    TROUBLE.map(([name, fault]) => el("button", { class: "button small", type: "button", text: name, on: { click: () => fail(fault) } })));
}
