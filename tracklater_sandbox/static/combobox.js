// A select with typeahead: static or external, one choice or many. Follows the ARIA combobox pattern.

import { el, freshId } from "./dom.js";
import { plainText } from "./mrkdwn.js";

const WAIT = 120;

/**
 * `element` is the Block Kit element, `chosen` the options chosen so far.
 * `find(query)` resolves to groups of options: [{label, options}].
 * `changed(options)` is called with what is chosen now.
 */
export function combobox({ element, chosen, label, find, changed }) {
  const many = element.type.startsWith("multi_");
  const external = element.type.endsWith("external_select");
  let picked = [...chosen];
  let groups = [];
  let active = -1;
  let asked = 0;

  const listId = freshId("options");
  const input = el("input", {
    class: "combo-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": label,
    placeholder: plainText(element.placeholder) || "Choose an option",
    data: { action: element.action_id },
  });
  const list = el("ul", { class: "combo-list", id: listId, role: "listbox", "aria-label": label, hidden: true });
  const chips = el("span", { class: "chips" });
  const clear = el("button", {
    class: "combo-clear", type: "button", "aria-label": `Clear ${label}`, text: "×", hidden: true,
    on: { click: () => choose(null) },
  });
  const box = el("div", { class: many ? "combo combo-many" : "combo" }, chips, input, clear, list);

  const options = () => groups.flatMap((group) => group.options);

  function showPicked() {
    chips.replaceChildren(...(many ? picked.map(chip) : []));
    if (!many) input.value = picked[0] ? plainText(picked[0].text) : "";
    clear.hidden = many || !picked.length || !element.clearable;
  }

  function chip(option) {
    const name = plainText(option.text);
    const drop = () => set(picked.filter((one) => one.value !== option.value));
    return el("span", { class: "chip" }, name,
      el("button", { type: "button", "aria-label": `Remove ${name}`, text: "×", on: { click: drop } }));
  }

  function set(next) {
    picked = next;
    showPicked();
    changed(picked);
  }

  function choose(option) {
    close();
    if (many) {
      input.value = "";
      const has = picked.some((one) => one.value === option.value);
      set(has ? picked.filter((one) => one.value !== option.value) : [...picked, option]);
    } else {
      set(option ? [option] : []);
    }
    input.focus();
  }

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function open(query) {
    const mine = (asked += 1);
    const least = external ? element.min_query_length ?? 3 : 0;
    if (query.length < least) {
      show([{ note: `Type ${least} or more characters` }]);
      return;
    }
    if (external) show([{ note: "Looking…" }]);
    const found = await find(query);
    if (mine !== asked) return; // a later key was quicker
    groups = found;
    active = -1;
    show(options().length ? groups : [{ note: "No options" }]);
  }

  function show(what) {
    let number = 0;
    list.replaceChildren(...what.flatMap((group) => {
      if (group.note) return [el("li", { class: "combo-note", text: group.note })];
      const head = group.label ? [el("li", { class: "combo-group", role: "presentation", text: group.label })] : [];
      return [...head, ...group.options.map((option) => row(option, number++))];
    }));
    list.hidden = false;
    list.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-expanded", "true");
  }

  function row(option, number) {
    const selected = picked.some((one) => one.value === option.value);
    return el("li", {
      class: "combo-option", role: "option", id: `${listId}-${number}`, "aria-selected": String(selected),
      data: { value: option.value },
      on: { pointerdown: (event) => { event.preventDefault(); choose(option); } },
    }, plainText(option.text), option.description ? el("small", { text: plainText(option.description) }) : null);
  }

  function move(step) {
    const rows = [...list.querySelectorAll("[role=option]")];
    if (!rows.length) return;
    active = (active + step + rows.length) % rows.length;
    rows.forEach((one, number) => one.classList.toggle("active", number === active));
    rows[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", rows[active].id);
  }

  const KEYS = {
    ArrowDown: () => (list.hidden ? open(many ? input.value : "") : move(1)),
    ArrowUp: () => move(-1),
    Enter: () => { if (!list.hidden && options()[active]) choose(options()[active]); },
    Escape: (event) => { if (!list.hidden) { event.stopPropagation(); close(); showPicked(); } },
    Tab: () => { close(); showPicked(); },
  };
  input.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act) return;
    if (event.key !== "Tab" && !(event.key === "Escape" && list.hidden)) event.preventDefault();
    act(event);
  });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => open(input.value), external ? WAIT : 0);
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => { if (list.hidden) open(""); });
  input.addEventListener("blur", () => { clearTimeout(timer); asked += 1; close(); showPicked(); });

  showPicked();
  return box;
}
