// Block Kit's interactive elements. `ctx` tells where they stand and what happens on a change.

import { arrows, dismissable, el, freshId } from "./dom.js";
import { combobox } from "./combobox.js";
import { plainText, textNodes } from "./mrkdwn.js";

/** Asks the question of a confirm object; resolves to the answer. */
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const titleId = freshId("confirm");
    const dialog = el("dialog", { class: "confirm", "aria-labelledby": titleId });
    const answer = (yes) => () => { dialog.close(); dialog.remove(); resolve(yes); };
    const style = question.style === "danger" ? "danger" : "primary";
    dialog.append(
      el("h2", { id: titleId, text: plainText(question.title) }),
      el("p", {}, textNodes(question.text)),
      el("div", { class: "dialog-buttons" },
        el("button", { class: "button", type: "button", text: plainText(question.deny), on: { click: answer(false) } }),
        el("button", { class: `button ${style}`, type: "button", text: plainText(question.confirm), autofocus: true, on: { click: answer(true) } })),
    );
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); answer(false)(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Does something with a control shown as busy meanwhile. */
async function busy(node, work) {
  node.classList.add("busy");
  node.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  }
}

function button(element, ctx) {
  const style = element.style ? ` ${element.style}` : "";
  const node = el("button", {
    class: `button${style}`, type: "button", "aria-label": element.accessibility_label,
    data: { action: element.action_id, value: element.value ?? "" },
  }, textNodes(element.text));
  node.addEventListener("click", async () => {
    if (!(await confirmed(element.confirm))) return;
    if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noopener");
    await busy(node, () => ctx.act(element, element.value));
  });
  return node;
}

function overflow(element, ctx) {
  const node = el("button", {
    class: "button overflow", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More actions",
    data: { action: element.action_id }, text: "⋯",
  });
  const holder = el("span", { class: "menu-holder" }, node);
  let close = null;
  node.addEventListener("click", () => {
    if (close) { close(); return; }
    const menu = el("div", { class: "menu", role: "menu" }, element.options.map((option) =>
      el("button", {
        type: "button", role: "menuitem", data: { value: option.value }, text: plainText(option.text),
        on: { click: async () => {
          close();
          if (await confirmed(element.confirm)) await busy(node, () => ctx.act(element, option.value));
        } },
      })));
    arrows(menu, "[role=menuitem]");
    holder.append(menu);
    node.setAttribute("aria-expanded", "true");
    close = dismissable(menu, node, () => { close = null; node.setAttribute("aria-expanded", "false"); });
    menu.scrollIntoView({ block: "nearest" });
    menu.firstElementChild?.focus();
  });
  return holder;
}

function select(element, ctx) {
  const many = element.type.startsWith("multi_");
  const state = ctx.value(element) ?? {};
  const chosen = many ? state.selected_options ?? [] : [state.selected_option].filter(Boolean);
  const clearable = ctx.optional === true;
  return combobox({
    element: { ...element, clearable },
    chosen,
    label: ctx.label ?? (plainText(element.placeholder) || element.action_id),
    find: element.type.endsWith("external_select") ? (query) => ctx.suggest(element, query) : async (query) => matching(element, query),
    changed: async (options) => {
      if (!(await confirmed(element.confirm))) return;
      const values = options.map((option) => option.value);
      ctx.change(element, many ? values : values[0] ?? null,
        many ? { selected_options: options } : { selected_option: options[0] ?? null });
    },
  });
}

function matching(element, query) {
  const fits = (option) => plainText(option.text).toLowerCase().includes(query.toLowerCase());
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups
    .map((group) => ({ label: plainText(group.label), options: group.options.filter(fits) }))
    .filter((group) => group.options.length);
}

function boxes(element, ctx) {
  const many = element.type === "checkboxes";
  const name = freshId(element.action_id);
  const state = ctx.value(element) ?? {};
  const chosen = many ? state.selected_options ?? [] : [state.selected_option].filter(Boolean);
  const group = el("div", { class: "boxes", role: many ? "group" : "radiogroup", "aria-label": ctx.label ?? element.action_id });
  const changed = async () => {
    const picked = element.options.filter((_, place) => group.querySelectorAll("input")[place].checked);
    const values = picked.map((option) => option.value);
    ctx.change(element, many ? values : values[0] ?? null,
      many ? { selected_options: picked } : { selected_option: picked[0] ?? null });
  };
  group.append(...element.options.map((option) =>
    el("label", { class: "box" },
      el("input", {
        type: many ? "checkbox" : "radio", name, value: option.value, data: { action: element.action_id },
        checked: chosen.some((one) => one.value === option.value), on: { change: changed },
      }),
      el("span", {}, textNodes(option.text), option.description ? el("small", {}, textNodes(option.description)) : null))));
  return group;
}

function field(type, name, more = () => ({})) {
  return (element, ctx) => {
    const state = ctx.value(element) ?? {};
    const node = el("input", {
      class: "field", type, value: state[name] ?? "", "aria-label": ctx.label ?? element.action_id,
      placeholder: plainText(element.placeholder) || null, data: { action: element.action_id }, ...more(element),
    });
    node.addEventListener("input", () => ctx.change(element, node.value || null, { [name]: node.value || null }, { typing: true }));
    node.addEventListener("change", () => ctx.settle(element, node.value || null));
    return node;
  };
}

function textInput(element, ctx) {
  if (!element.multiline) {
    return field("text", "value", () => ({ maxlength: element.max_length, minlength: element.min_length }))(element, ctx);
  }
  const state = ctx.value(element) ?? {};
  const node = el("textarea", {
    class: "field", rows: 3, "aria-label": ctx.label ?? element.action_id, maxlength: element.max_length,
    placeholder: plainText(element.placeholder) || null, data: { action: element.action_id },
  });
  node.value = state.value ?? "";
  node.addEventListener("input", () => ctx.change(element, node.value || null, { value: node.value || null }, { typing: true }));
  node.addEventListener("change", () => ctx.settle(element, node.value || null));
  return node;
}

function moment(element, ctx) {
  const state = ctx.value(element) ?? {};
  const pad = (number) => String(number).padStart(2, "0");
  const local = (seconds) => {
    const at = new Date(seconds * 1000);
    return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
  };
  const node = el("input", {
    class: "field", type: "datetime-local", "aria-label": ctx.label ?? element.action_id,
    value: state.selected_date_time ? local(state.selected_date_time) : "", data: { action: element.action_id },
  });
  node.addEventListener("change", () => {
    const seconds = node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null;
    ctx.change(element, seconds, { selected_date_time: seconds });
    ctx.settle(element, seconds);
  });
  return node;
}

function people(element, ctx) {
  const state = ctx.value(element) ?? {};
  const options = Object.entries(ctx.people).map(([id, name]) => el("option", { value: id, text: name }));
  const node = el("select", { class: "field", "aria-label": ctx.label ?? element.action_id, data: { action: element.action_id } }, el("option", { value: "", text: "Choose a person" }), options);
  node.value = state.selected_user ?? "";
  node.addEventListener("change", () => ctx.change(element, node.value || null, { selected_user: node.value || null }));
  return node;
}

const KINDS = {
  button, overflow,
  static_select: select, external_select: select, multi_static_select: select, multi_external_select: select,
  checkboxes: boxes, radio_buttons: boxes, users_select: people,
  plain_text_input: textInput,
  email_text_input: field("email", "value"),
  url_text_input: field("url", "value"),
  number_input: field("number", "value", (one) => ({ min: one.min_value, max: one.max_value, step: one.is_decimal_allowed ? "any" : "1" })),
  timepicker: field("time", "selected_time"),
  datepicker: field("date", "selected_date"),
  datetimepicker: moment,
};

/** An interactive element, or a word for a kind this page does not know. */
export function interactive(element, ctx) {
  const make = KINDS[element.type];
  return make ? make(element, ctx) : el("em", { text: `[${element.type}]` });
}
