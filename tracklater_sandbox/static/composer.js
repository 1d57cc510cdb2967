// The box at the bottom: messages, and slash commands with hints.

import { el, freshId } from "./dom.js";
import { act } from "./requests.js";

/** Fills the composer; `hints` are [words, explanation] of the app's command. `sent` is told when something was sent. */
export function composer(holder, hints, place, sent) {
  const listId = freshId("hints");
  const input = el("input", {
    class: "composer-input", type: "text", id: "composer-input", autocomplete: "off", "aria-label": "Message or slash command",
    placeholder: "Write / for a command", "aria-controls": listId, maxlength: 3000,
  });
  const list = el("ul", { class: "hints", id: listId, "aria-label": "Commands", hidden: true });
  const send = el("button", { class: "send", type: "submit", "aria-label": "Send", text: "➤" });
  const form = el("form", { class: "composer-form" }, list, input, send);
  let active = -1;

  function fill(words) {
    input.value = words;
    list.hidden = true;
    input.focus();
  }

  function show() {
    const word = input.value.trimStart().toLowerCase();
    const fitting = word.startsWith("/") ? hints.filter(([words]) => words.startsWith(word)) : [];
    active = -1;
    list.replaceChildren(...fitting.map(([words, meaning]) =>
      el("li", {}, el("button", { type: "button", tabindex: "-1", data: { hint: words }, on: { click: () => fill(words) } },
        el("strong", { text: words }), el("span", { text: meaning })))));
    list.hidden = !fitting.length;
  }

  function move(step) {
    const rows = [...list.querySelectorAll("button")];
    if (!rows.length) return;
    active = (active + step + rows.length) % rows.length;
    rows.forEach((row, number) => row.classList.toggle("active", number === active));
  }

  input.addEventListener("input", show);
  input.addEventListener("blur", () => setTimeout(() => { list.hidden = true; }, 150));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const rows = list.querySelectorAll("button");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      list.hidden = true;
    } else if ((event.key === "Enter" || event.key === "Tab") && rows[active]) {
      event.preventDefault();
      fill(rows[active].dataset.hint);
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    list.hidden = true;
    sent();
    if (text.startsWith("/")) {
      const [command, ...rest] = text.split(/\s+/);
      await act({ do: "command", command, text: rest.join(" "), channel: place() });
    } else {
      await act({ do: "say", text, channel: place() });
    }
  });
  holder.replaceChildren(form);
}
