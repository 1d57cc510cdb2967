// The page: reads the state whenever it changes and draws what changed.

import { el } from "./dom.js";
import { composer } from "./composer.js";
import { act, directContext, readState, toast } from "./requests.js";
import { renderBlocks } from "./blocks.js";
import { renderMessages, toEnd } from "./messages.js";
import { showModal } from "./modal.js";
import { renderToggl } from "./toggl.js";
import { setZone } from "./times.js";

const ui = { tab: "messages", place: null, noticed: null, homeKey: "", unread: false, messages: 0 };
let state = null;

/** Draws a part anew only when what it shows has changed, so that the keyboard keeps its place. */
function redraw(node, key, make) {
  if (node.dataset.drawn === key) return;
  node.dataset.drawn = key;
  node.replaceChildren(...make());
}

const part = (id) => document.getElementById(id);
const inDm = () => ui.place === null || ui.place === state.channel;

async function load() {
  state = await readState();
  setZone(state.timezone);
  draw();
}

function draw() {
  drawPlaces();
  drawTabs();
  drawPresence();
  const channel = state.channels.find((one) => one.id === ui.place) ?? { id: state.channel, messages: state.messages };
  renderMessages(part("messages"), channel, state);
  drawHome();
  renderToggl(part("toggl"), state);
  showModal(state.views, state.people);
  tellNotices();
}

function drawPresence() {
  const node = part("presence");
  node.className = state.connected ? "presence on" : "presence";
  node.textContent = state.connected ? "bot connected" : "bot not connected";
}

function drawPlaces() {
  const entry = (id, name, current) =>
    el("button", {
      class: current ? "place current" : "place", type: "button", "aria-current": current ? "page" : null, data: { place: id },
      on: { click: () => go(id) },
    }, id === state.channel ? el("img", { src: "bot.svg", alt: "" }) : null, name);
  redraw(part("places"), `${ui.place} ${state.channels.length}`, () => [
    el("h2", { text: "Channels" }), ...state.channels.map((one) => entry(one.id, `# ${one.name}`, ui.place === one.id)),
    el("h2", { text: "Apps" }), entry(state.channel, "TrackLater", inDm()),
  ]);
  part("title").textContent = inDm() ? "TrackLater" : `# ${state.channels.find((one) => one.id === ui.place).name}`;
}

function go(id) {
  ui.place = id === state.channel ? null : id;
  show("messages");
}

function drawTabs() {
  const tabs = inDm() ? [["home", "Home"], ["messages", "Messages"]] : [["messages", "Messages"]];
  const key = `${ui.tab} ${ui.unread} ${inDm()}`;
  redraw(part("tabs"), key, () => tabs.map((one) => tab(...one)));
  redraw(part("phone-tabs"), key, () => [["home", "Home"], ["messages", "Messages"], ["toggl", "Toggl"]].map((one) => tab(...one)));
}

function tab(id, name) {
  const current = ui.tab === id || (id === "messages" && ui.tab === "toggl" && innerWidth > 760);
  return el("button", {
    class: current ? "tab current" : "tab", type: "button", role: "tab", "aria-selected": String(current), data: { tab: id },
    on: { click: () => show(id) },
  }, name, id === "messages" && ui.unread ? el("span", { class: "unread", "aria-label": "unread" }) : null);
}

function show(id) {
  ui.tab = id;
  document.body.dataset.tab = id;
  part("home").hidden = id !== "home";
  part("messages").hidden = id === "home";
  part("composer").hidden = id === "home";
  if (id === "messages") ui.unread = false;
  if (id === "home") {
    ui.place = null;
    act({ do: "home" });
  }
  draw();
}

function drawHome() {
  const home = state.home;
  if (home === null) {
    part("home").replaceChildren(el("p", { class: "empty", text: "The app has not shown its Home yet." }));
    return;
  }
  if (ui.homeKey === home.hash) return;
  ui.homeKey = home.hash;
  const top = part("home").scrollTop;
  const focused = part("home").contains(document.activeElement) ? document.activeElement.dataset : null;
  part("home").replaceChildren(renderBlocks(home.blocks, directContext(home.id, state.people, home)));
  part("home").scrollTop = top;
  if (focused?.action) refocus(part("home"), focused);
}

/** Puts the keyboard back on the control with the same action and value. */
function refocus(within, { action, value }) {
  const all = [...within.querySelectorAll("[data-action]")].filter((one) => one.dataset.action === action);
  (all.find((one) => one.dataset.value === value) ?? all[0])?.focus({ preventScroll: true });
}

function tellNotices() {
  ui.noticed ??= state.notices.length;
  for (const notice of state.notices.slice(ui.noticed)) toast(notice.text);
  ui.noticed = state.notices.length;
  const count = state.messages.length;
  if (count > ui.messages && ui.tab !== "messages") ui.unread = true;
  ui.messages = count;
}

function listen() {
  const events = new EventSource("/sandbox/events");
  let running = false;
  let again = false;
  events.onmessage = async () => {
    if (running) { again = true; return; }
    running = true;
    do {
      again = false;
      await load().catch((error) => toast(String(error)));
    } while (again);
    running = false;
  };
}

await load();
document.addEventListener("dismissed", draw);
document.body.dataset.tab = "messages";
composer(part("composer"), state.hints, () => ui.place ?? undefined, () => toEnd(part("messages")));
listen();
