// Block Kit blocks as DOM nodes.

import { el, freshId } from "./dom.js";
import { interactive } from "./elements.js";
import { mrkdwn, plainText, richText, textNodes } from "./mrkdwn.js";

function picture(image, name) {
  const source = image.image_url ?? `/sandbox/files/${encodeURIComponent(image.slack_file.id ?? "")}`;
  // Pictures from elsewhere are not fetched: the sandbox keeps to this machine.
  if (!source.startsWith("/")) return el("span", { class: "picture-away", text: `[${image.alt_text}]` });
  return el("img", { class: name, src: source, alt: image.alt_text });
}

function inContext(element, ctx) {
  if (element.type === "image") return picture(element, "small-picture");
  return el("span", {}, textNodes(element, ctx.people));
}

const BLOCKS = {
  header: (block) => el("h3", { class: "block-header" }, textNodes(block.text)),
  divider: () => el("hr", { class: "block-divider" }),
  section: (block, ctx) =>
    el("div", { class: "block-section" },
      el("div", { class: "section-text" },
        block.text ? el("div", { class: "section-words" }, textNodes(block.text, ctx.people)) : null,
        block.fields ? el("div", { class: "section-fields" }, block.fields.map((one) => el("div", {}, textNodes(one, ctx.people)))) : null),
      block.accessory ? el("div", { class: "accessory" }, accessory(block, ctx)) : null),
  context: (block, ctx) => el("div", { class: "block-context" }, block.elements.map((one) => inContext(one, ctx))),
  actions: (block, ctx) => el("div", { class: "block-actions" }, block.elements.map((one) => interactive(one, ctx.within(block)))),
  image: (block) =>
    el("figure", { class: "block-image" },
      block.title ? el("figcaption", { text: plainText(block.title) }) : null, picture(block, "picture")),
  rich_text: (block, ctx) => el("div", { class: "block-rich" }, richText(block.elements, ctx.people)),
  markdown: (block, ctx) => el("div", { class: "block-section" }, mrkdwn(block.text.replaceAll("**", "*"), ctx.people)),
  table: (block, ctx) =>
    el("div", { class: "table-scroll" }, el("table", { class: "block-table" },
      block.rows.map((row, number) => el("tr", {}, row.map((cell) => el(number ? "td" : "th", {}, tableCell(cell, ctx))))))),
  alert: (block, ctx) => el("div", { class: `block-alert ${block.level ?? "default"}`, role: "alert" }, textNodes(block.text, ctx.people)),
  input: inputBlock,
};

function tableCell(cell, ctx) {
  return cell.type === "rich_text" ? richText(cell.elements, ctx.people) : [cell.text];
}

function accessory(block, ctx) {
  if (block.accessory.type === "image") return picture(block.accessory, "accessory-picture");
  return interactive(block.accessory, ctx.within(block));
}

function inputBlock(block, ctx) {
  const label = plainText(block.label);
  const errorId = freshId("error");
  const own = { ...ctx.within(block), label, optional: block.optional === true };
  const control = interactive(block.element, own);
  const inner = control.matches("input, textarea, select") ? control : control.querySelector("input");
  inner?.setAttribute("aria-describedby", errorId);
  return el("div", { class: "block-input", data: { block: block.block_id } },
    el("div", { class: "input-label" }, textNodes(block.label), block.optional ? el("span", { class: "optional", text: " (optional)" }) : null),
    control,
    el("div", { class: "input-error", id: errorId, role: "alert" }),
    block.hint ? el("div", { class: "input-hint" }, textNodes(block.hint)) : null);
}

/** All blocks of a message or view. */
export function renderBlocks(blocks, ctx) {
  return el("div", { class: "blocks" }, blocks.map((block) => {
    const make = BLOCKS[block.type];
    const node = make ? make(block, ctx) : el("em", { text: `[${block.type}]` });
    if (block.block_id) node.dataset.block = block.block_id;
    return node;
  }));
}
