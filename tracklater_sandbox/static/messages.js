// A list of messages that changes in place: only what changed is drawn anew, and flashes.

import { arrows, dismissable, el } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { act, directContext } from "./requests.js";
import { mrkdwn } from "./mrkdwn.js";
import { clock, isoDay, longDay } from "./times.js";

const drawn = new Map(); // ts -> { key, node }
let place = "";
let shownLast;
let leftAt = null; // where the last message was scrolled to

export function renderMessages(holder, channel, state) {
  if (place !== channel.id) {
    place = channel.id;
    drawn.clear();
    holder.replaceChildren();
  }
  const first = drawn.size === 0;
  const atEnd = holder.scrollHeight - holder.scrollTop - holder.clientHeight < 80;
  const wanted = [];
  let day = "";
  for (const message of threads(channel.messages)) {
    const today = isoDay(when(message));
    if (today !== day) wanted.push(dayLine(today, message));
    day = today;
    wanted.push(fresh(message, state, first));
  }
  if (!channel.messages.length) wanted.push(el("p", { class: "empty", text: "No messages yet. Try a command below." }));
  forget(channel.messages);
  place_(holder, wanted);
  const newest = channel.messages.at(-1);
  // At the start of a long message nobody has scrolled: the next one is followed, but not an ephemeral one.
  const follows = atEnd || (holder.scrollTop === leftAt && !newest?.is_ephemeral);
  if (first || (follows && newest?.ts !== shownLast)) toNewest(holder);
  shownLast = newest?.ts;
}

/** Scrolls to where the answer to what was just sent will stand. */
export function toEnd(holder) {
  holder.scrollTop = holder.scrollHeight;
}

/** Scrolls to the last message: to its end, or to its start when it is taller than the window. */
function toNewest(holder) {
  holder.scrollTop = holder.scrollHeight;
  const last = holder.lastElementChild;
  if (last && last.offsetHeight > holder.clientHeight) last.scrollIntoView({ block: "start" });
  leftAt = holder.scrollTop;
}

/** The messages of the channel itself, each with the replies in its thread. */
function threads(messages) {
  const known = new Set(messages.map((message) => message.ts));
  const inThread = (message) => message.thread_ts && message.thread_ts !== message.ts && known.has(message.thread_ts);
  return messages.filter((message) => !inThread(message)).map((message) => ({
    ...message, replies: messages.filter((other) => inThread(other) && other.thread_ts === message.ts),
  }));
}

/** Puts nodes in order without touching those that stand right already: focus stays. */
function place_(holder, wanted) {
  for (const [number, node] of wanted.entries()) {
    if (holder.childNodes[number] !== node) holder.insertBefore(node, holder.childNodes[number] ?? null);
  }
  while (holder.childNodes.length > wanted.length) holder.lastChild.remove();
}

const when = (message) => new Date(Number(message.ts) * 1000);

const lines = new Map();
function dayLine(day, message) {
  if (!lines.has(day)) {
    lines.set(day, el("div", { class: "day-line" }, el("span", { text: longDay(when(message)) })));
  }
  return lines.get(day);
}

function forget(messages) {
  const kept = new Set(messages.map((message) => message.ts));
  for (const ts of drawn.keys()) if (!kept.has(ts)) drawn.delete(ts);
}

function fresh(message, state, first) {
  const { state: _values, ...rest } = message;
  const key = JSON.stringify(rest);
  const old = drawn.get(message.ts);
  if (old?.key === key) return old.node;
  // While one of its menus is open, it stays as it is: the page is drawn anew when that closes.
  if (old?.node.querySelector("[role=menu]")) return old.node;
  const node = draw(message, state);
  if (old) node.classList.add("updated");
  else if (!first) node.classList.add("new");
  if (old?.node.contains(document.activeElement)) refocus(old.node, node);
  old?.node.replaceWith(node);
  drawn.set(message.ts, { key, node });
  return node;
}

/** Keeps the keyboard where it was when a message is drawn anew. */
function refocus(old, node) {
  const { action, value } = document.activeElement.dataset;
  requestAnimationFrame(() => {
    const all = [...node.querySelectorAll("[data-action]")];
    const same = all.find((one) => one.dataset.action === action && one.dataset.value === value);
    (same ?? all.find((one) => one.dataset.value === value))?.focus({ preventScroll: true });
  });
}

function draw(message, state) {
  const bot = Boolean(message.bot_id);
  const name = state.people[message.user] ?? message.user;
  const hidden = message.is_ephemeral;
  const body = message.blocks
    ? renderBlocks(message.blocks, directContext(message.ts, state.people, message))
    : el("div", { class: "message-text" }, mrkdwn(message.text, state.people));
  return el("article", {
    class: `message${hidden ? " ephemeral" : ""}`, id: `p${message.ts.replace(".", "")}`, data: { ts: message.ts }, "aria-label": `${name}, ${clock(when(message))}`,
  },
  bot ? el("img", { class: "avatar", src: "bot.svg", alt: "" })
    : el("div", { class: "avatar", "aria-hidden": "true", text: name.slice(0, 1) }),
  el("div", { class: "message-body" },
    hidden ? el("div", { class: "only-you", text: "Only visible to you" }) : null,
    el("div", { class: "message-head" },
      el("strong", { text: name }),
      bot ? el("span", { class: "app-badge", text: "APP" }) : null,
      el("time", { text: clock(when(message)) }),
      message.edited ? el("span", { class: "edited", text: "(edited)" }) : null),
    body,
    (message.files ?? []).map((file) =>
      el("img", { class: "picture", src: `/sandbox/files/${encodeURIComponent(file.id)}`, alt: file.alt_txt || file.title })),
    message.replies?.length ? thread(message.replies, state) : null),
  bot || hidden ? null : shortcuts(message, state));
}

function thread(replies, state) {
  const words = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return el("details", { class: "thread" }, el("summary", { text: words }), replies.map((reply) => draw(reply, state)));
}

/** The menu with the app's message shortcuts. */
function shortcuts(message, state) {
  const node = el("button", { class: "icon-button message-more", type: "button", "aria-label": "More message actions", "aria-haspopup": "menu", text: "⋮" });
  const holder = el("span", { class: "menu-holder message-menu" }, node);
  let close = null;
  node.addEventListener("click", () => {
    if (close) { close(); return; }
    const menu = el("div", { class: "menu", role: "menu" }, state.shortcuts.map((one) =>
      el("button", {
        type: "button", role: "menuitem", text: one.name,
        on: { click: () => { close(); act({ do: "shortcut", callback_id: one.callback_id, message: message.ts }); } },
      })));
    arrows(menu, "[role=menuitem]");
    holder.append(menu);
    close = dismissable(menu, node, () => { close = null; });
    menu.firstElementChild?.focus();
  });
  return holder;
}
