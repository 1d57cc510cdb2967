// Small helpers for making elements. Nothing here ever parses HTML: all text is text.

/** Makes an element. Props: class, text, on, data, and attributes; children may be null. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [kind, act] of Object.entries(value)) node.addEventListener(kind, act);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

let serial = 0;
/** An id that no other element has. */
export function freshId(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}

/** Closes `popup` when somebody clicks elsewhere or presses Escape. Returns how to close it. */
export function dismissable(popup, anchor, onClose = () => {}) {
  const close = () => {
    document.removeEventListener("pointerdown", outside, true);
    popup.removeEventListener("keydown", escape);
    popup.remove();
    onClose();
    setTimeout(() => document.dispatchEvent(new Event("dismissed")));
  };
  const outside = (event) => {
    if (!popup.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close();
    anchor.focus();
  };
  document.addEventListener("pointerdown", outside, true);
  popup.addEventListener("keydown", escape);
  return close;
}

/** Lets arrow keys walk through a list of buttons. */
export function arrows(list, selector) {
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const all = [...list.querySelectorAll(selector)];
    const next = (all.indexOf(document.activeElement) + steps[event.key] + all.length) % all.length;
    all[next]?.focus();
  });
}
