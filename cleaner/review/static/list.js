// A listbox of which only the visible rows exist, so that a hundred thousand rows cost as much as twenty.
"use strict";
const VirtualList = (root, { height, row, choose }) => {
  const { el } = Marks;
  const bed = el("div", { class: "bed", role: "presentation" });
  root.append(bed);
  const rows = new Map();
  let size = 0, current = -1;

  const fresh = () => {
    const first = Math.max(0, Math.floor(root.scrollTop / height) - 4);
    const last = Math.min(size, Math.ceil((root.scrollTop + root.clientHeight) / height) + 4);
    for (const [i, node] of rows) {
      if (i < first || i >= last) {
        node.remove();
        rows.delete(i);
      }
    }
    for (let i = first; i < last; i++) {
      if (rows.has(i)) continue;
      const node = row(i);
      node.id = `row-${i}`;
      node.setAttribute("role", "option");
      node.setAttribute("aria-setsize", size);
      node.setAttribute("aria-posinset", i + 1);
      node.setAttribute("aria-selected", i === current);
      node.style.transform = `translateY(${i * height}px)`;
      node.addEventListener("click", () => choose(i));
      rows.set(i, node);
      bed.append(node);
    }
    if (rows.has(current)) root.setAttribute("aria-activedescendant", `row-${current}`);
    else root.removeAttribute("aria-activedescendant");
  };

  let waiting = false;
  root.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; fresh(); });
  }, { passive: true });
  new ResizeObserver(fresh).observe(root);

  return {
    // New contents: `count` rows.
    reset(count) {
      size = count;
      bed.style.height = `${size * height}px`;
      rows.forEach((node) => node.remove());
      rows.clear();
      fresh();
    },
    // Draw these rows anew.
    refresh(indices) {
      for (const i of indices) {
        rows.get(i)?.remove();
        rows.delete(i);
      }
      fresh();
    },
    select(i) {
      rows.get(current)?.setAttribute("aria-selected", false);
      current = i;
      const top = i * height;
      if (top < root.scrollTop) root.scrollTop = top;
      else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
      fresh();
      rows.get(i)?.setAttribute("aria-selected", true);
    },
  };
};
