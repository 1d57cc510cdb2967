// What the page asks of the sandbox, and what every element needs to know of its place.

import { el } from "./dom.js";

const USER = new URLSearchParams(location.search).get("user") ?? "U0EERO";

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return answer.json();
}

export async function readState() {
  const answer = await fetch(`/sandbox/state?user=${encodeURIComponent(USER)}`);
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
  return answer.json();
}

/** Does something as the person; tells them when it could not be done. */
export async function act(body) {
  const outcome = await post("/sandbox/act", { user: USER, ...body });
  if (outcome.error) toast(outcome.error);
  return outcome;
}

export async function fail(fault) {
  const outcome = await post("/sandbox/faults", fault);
  toast(outcome.error ?? "The next request will fail.", "quiet");
}

/** A short note in the corner. */
export function toast(text, kind = "") {
  const note = el("div", { class: `toast ${kind}`, text });
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

/** The context of a message or Home: every change is told to the app at once. */
export function directContext(where, people, holder) {
  const within = (block) => ({
    people,
    within,
    value: (element) => holder.state?.values?.[block.block_id]?.[element.action_id] ?? initial(element),
    act: (element, value) => act({ do: "click", where, action_id: element.action_id, block_id: block.block_id, value }),
    change: (element, value, _, how = {}) => {
      if (!how.typing) act({ do: "click", where, action_id: element.action_id, block_id: block.block_id, value });
    },
    settle: (element, value) => act({ do: "click", where, action_id: element.action_id, block_id: block.block_id, value }),
    suggest: (element, query) => suggestions(where, element, block, query),
  });
  return { people, within };
}

export async function suggestions(where, element, block, query) {
  const found = await act({ do: "suggest", where, action_id: element.action_id, block_id: block.block_id, query });
  if (found.groups?.length) return found.groups.map((group) => ({ label: group.label.text, options: group.options }));
  return [{ options: found.options ?? [] }];
}

/** What an element shows before anybody touched it. */
export function initial(element) {
  return {
    value: element.initial_value,
    selected_option: element.initial_option,
    selected_options: element.initial_options,
    selected_time: element.initial_time,
    selected_date: element.initial_date,
    selected_date_time: element.initial_date_time,
    selected_user: element.initial_user,
  };
}
