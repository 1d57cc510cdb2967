// The open modal: what is typed stays here until it is sent; errors stand beside their fields.

import { el, freshId } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { act, initial, suggestions, toast } from "./requests.js";
import { plainText } from "./mrkdwn.js";

let dialog = null;
let shown = "";
const typed = new Map(); // view id -> { block id -> value to send }
const states = new Map(); // view id -> { block id -> state to show }

/** Shows the top view of the stack, or nothing. */
export function showModal(views, people) {
  const view = views.at(-1);
  const key = view ? `${view.id} ${view.hash}` : "";
  if (key === shown) return;
  const focused = dialog?.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  shown = key;
  if (!view) {
    dialog?.close();
    dialog?.remove();
    dialog = null;
    typed.clear();
    states.clear();
    return;
  }
  if (!dialog) {
    dialog = el("dialog", { class: "modal" });
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
    document.body.append(dialog);
  }
  const inPlace = draw(view, views.length, people);
  if (!dialog.open) dialog.showModal();
  if (!inPlace || !dialog.contains(document.activeElement)) focus(focused);
}

function focus(action) {
  const wanted = action ? dialog.querySelector(`[data-action="${CSS.escape(action)}"]`) : null;
  (wanted ?? dialog.querySelector(".modal-body input, .modal-body textarea, .modal-body button") ?? dialog).focus();
}

let left = ""; // the view that is being closed: Escape may be heard twice
function leave() {
  const view = shown.split(" ")[0];
  if (!view || view === left) return;
  left = view;
  act({ do: "close", view });
}

/** Forgets what was typed into inputs that an update took away. */
function forget(view) {
  const there = new Set(view.blocks.map((block) => block.block_id));
  for (const values of [remembered(typed, view.id), remembered(states, view.id)]) {
    for (const blockId of Object.keys(values)) if (!there.has(blockId)) delete values[blockId];
  }
}

/** Draws the view; true where only the contents of one that stays were changed. */
function draw(view, depth, people) {
  forget(view);
  const blocks = renderBlocks(view.blocks, context(view, people));
  const frame = JSON.stringify([view.id, view.callback_id, view.title, view.submit, view.close]);
  const body = dialog.dataset.frame === frame ? dialog.querySelector(".modal-body") : null;
  if (body) { // in place: its buttons stay under the hand, and what is read stays where it is
    const top = body.scrollTop;
    body.replaceChildren(blocks);
    body.scrollTop = top;
    return true;
  }
  dialog.dataset.frame = frame;
  const titleId = freshId("modal");
  dialog.setAttribute("aria-labelledby", titleId);
  dialog.dataset.callback = view.callback_id;
  const form = el("form", { class: "modal-form", novalidate: true },
    el("header", { class: "modal-head" },
      el("h2", { id: titleId, text: plainText(view.title) }),
      el("button", { class: "icon-button", type: "button", "aria-label": "Close", text: "✕", on: { click: leave } })),
    el("div", { class: "modal-body" }, blocks),
    el("footer", { class: "modal-foot" },
      el("button", { class: "button", type: "button", text: plainText(view.close) || (depth > 1 ? "Back" : "Cancel"), on: { click: leave } }),
      view.submit ? el("button", { class: "button primary", type: "submit", text: plainText(view.submit) }) : null));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(view, form); });
  dialog.replaceChildren(form);
  return false;
}

function context(view, people) {
  const values = remembered(typed, view.id);
  const local = remembered(states, view.id);
  const tell = (element, block, value) =>
    act({ do: "click", where: view.id, action_id: element.action_id, block_id: block.block_id, value, values });
  const within = (block) => ({
    people,
    within,
    value: (element) => local[block.block_id]?.[element.action_id]
      ?? view.state?.values?.[block.block_id]?.[element.action_id] ?? initial(element),
    act: (element, value) => tell(element, block, value),
    change: (element, value, state, how = {}) => {
      if (block.type === "input") values[block.block_id] = value;
      (local[block.block_id] ??= {})[element.action_id] = state;
      clearError(block.block_id);
      if (!how.typing && (block.type !== "input" || block.dispatch_action)) tell(element, block, value);
    },
    settle: (element, value) => {
      if (block.type !== "input" || block.dispatch_action) tell(element, block, value);
    },
    suggest: (element, query) => suggestions(view.id, element, block, query),
  });
  return { people, within };
}

function remembered(map, id) {
  if (!map.has(id)) map.set(id, {});
  return map.get(id);
}

async function send(view, form) {
  const submit = form.querySelector("[type=submit]");
  if (submit.disabled) return;
  submit.disabled = true;
  try {
    const outcome = await act({ do: "submit", view: view.id, values: remembered(typed, view.id) });
    showErrors(outcome.errors ?? {});
  } finally {
    submit.disabled = false;
  }
}

function field(blockId) {
  return dialog?.querySelector(`.block-input[data-block="${CSS.escape(blockId)}"]`);
}

function clearError(blockId) {
  const node = field(blockId);
  node?.classList.remove("wrong");
  node?.querySelector(".input-error").replaceChildren();
}

function showErrors(errors) {
  if (!dialog) return;
  for (const node of dialog.querySelectorAll(".block-input")) clearError(node.dataset.block);
  let first = null;
  for (const [blockId, text] of Object.entries(errors)) {
    const node = field(blockId);
    if (!node) { toast(text); continue; }
    node.classList.add("wrong");
    node.querySelector(".input-error").textContent = text;
    first ??= node;
  }
  first?.querySelector("input, textarea, select")?.focus();
}
