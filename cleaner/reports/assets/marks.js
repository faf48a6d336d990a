// Builds what the report and the review page show.  Text only ever becomes text nodes: nothing here parses markup.
"use strict";
const Marks = (() => {
  const el = (tag, props = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "class") node.className = value;
      else if (name === "q") node.style.setProperty("--q", value);
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  };

  // A probability is rounded down, never up to certainty.
  const figure = (p, digits = 2) => (p >= 1 ? 1 : Math.min(Math.floor(p * 10 ** digits + 1e-9) / 10 ** digits, 1 - 10 ** -digits)).toFixed(digits);
  const percent = (p) => `${p > 0 && p < 0.01 ? "<1" : p < 1 && p > 0.99 ? ">99" : Math.round(p * 100)}%`;
  const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  const named = (text) => (text === null ? "no cure known" : text === "" ? "(taken out)" : text);

  const says = (f) =>
    `${f.text}: ${f.replacement === null ? "no cure known" : f.replacement === "" ? "taken out" : f.replacement}, confidence ${percent(f.confidence)}${f.applied ? "" : ", not made"}`;

  const mark = (f, side, shown) => {
    const props = { class: `${side}${f.applied ? "" : " unmade"}${f.off ? " off" : ""}`, q: f.confidence, "data-i": f.index };
    if (side === "old") Object.assign(props, { role: "button", tabindex: -1, "aria-label": says(f) });
    if (side === "new" && shown === "") props.class += " gone";
    return el("mark", props, shown);
  };

  // The nodes of text[start:end]; a finding that runs over several paragraphs is marked in each of them.
  const pieces = (text, start, end, findings, side, marked = mark) => {
    const nodes = [];
    let done = start;
    for (const f of findings) {
      const from = Math.max(f.start, start), to = Math.min(f.end, end);
      if (from >= to) continue;
      nodes.push(text.slice(done, from));
      if (side === "old") nodes.push(marked(f, side, text.slice(from, to)));
      else if (f.applied && f.replacement !== null) nodes.push(...(f.start >= start ? [marked(f, side, f.replacement)] : []));
      else nodes.push(marked(f, side, text.slice(from, to)));
      done = to;
    }
    nodes.push(text.slice(done, end));
    return nodes;
  };

  // The findings (sorted by start) that touch text[start:end].
  const within = (findings, start, end) => {
    let low = 0, high = findings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (findings[middle].end <= start) low = middle + 1;
      else high = middle;
    }
    let stop = low;
    while (stop < findings.length && findings[stop].start < end) stop++;
    return findings.slice(low, stop);
  };

  const readings = (f) =>
    el("ul", { class: "readings" },
      ...[...(f.replacement === null ? [] : [{ text: f.replacement, confidence: f.confidence }]), ...f.alternatives].map((reading) =>
        el("li", {}, el("span", { class: "meter", "aria-hidden": "true" }, el("i", { q: reading.confidence })),
          el("bdi", {}, named(reading.text)), el("span", { class: "figure muted" }, figure(reading.confidence)))));

  // Shows what is known about a mark of `root` while the pointer or the focus is on it.
  const popover = (root, find) => {
    const box = el("div", { class: "popover", role: "tooltip", id: "popover", hidden: true });
    (root.closest("main") ?? document.body).append(box);
    let owner = null, timer = 0;
    const pair = (on) => owner && root.querySelectorAll(`mark[data-i="${owner.dataset.i}"]`).forEach((m) => m.classList.toggle("paired", on));
    const hide = () => {
      clearTimeout(timer);
      pair(false);
      owner?.removeAttribute("aria-describedby");
      owner = null;
      box.hidden = true;
    };
    const place = () => {
      const at = owner.getClientRects()[0], size = box.getBoundingClientRect();
      const below = at.bottom + size.height + 12 < innerHeight || at.top < size.height + 12;
      box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
      box.style.top = `${below ? at.bottom + 6 : at.top - size.height - 6}px`;
    };
    const show = (target) => {
      if (target === owner) return clearTimeout(timer);
      hide();
      owner = target;
      const f = find(Number(target.dataset.i));
      box.replaceChildren(
        el("p", { class: "swap" }, el("bdi", {}, f.text), " → ", el("bdi", {}, named(f.replacement))),
        readings(f),
        el("p", { class: "muted small" }, [f.kind, f.source].filter(Boolean).join(" · "), el("br"), f.applied ? "Repair made" : "Repair not made"),
      );
      box.hidden = false;
      place();
      target.setAttribute("aria-describedby", "popover");
      pair(true);
    };
    const leave = () => { clearTimeout(timer); timer = setTimeout(hide, 180); };
    const over = (event) => event.target.closest?.("mark[data-i]:not(.off)");
    root.addEventListener("mouseover", (event) => { const m = over(event); if (m) show(m); });
    root.addEventListener("mouseout", (event) => { if (over(event)) leave(); });
    root.addEventListener("click", (event) => { const m = over(event); if (m) show(m); });
    root.addEventListener("focusin", (event) => { const m = over(event); if (m) show(m); });
    root.addEventListener("focusout", leave);
    box.addEventListener("mouseenter", () => clearTimeout(timer));
    box.addEventListener("mouseleave", leave);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
    addEventListener("scroll", () => { if (owner) (owner === document.activeElement ? place : hide)(); }, { passive: true });
    return { hide, get open() { return !box.hidden; } };
  };

  // One tab stop for all marks of `root`; arrows (and Home, End) walk through them.
  const roving = (root) => {
    const marks = () => [...root.querySelectorAll('mark[role="button"]:not(.off)')];
    const reset = () => marks().forEach((m, i) => { m.tabIndex = i ? -1 : 0; });
    const go = (step) => {
      const all = marks();
      if (!all.length) return;
      const here = all.indexOf(document.activeElement);
      const next = step === "Home" ? 0 : step === "End" ? all.length - 1 : here < 0 ? (step > 0 ? 0 : all.length - 1) : (here + step + all.length) % all.length;
      all.forEach((m, i) => { m.tabIndex = i === next ? 0 : -1; });
      all[next].focus({ preventScroll: true });
      all[next].scrollIntoView({ block: "nearest" });
    };
    root.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: "Home", End: "End" }[event.key];
      if (step === undefined || !event.target.matches("mark")) return;
      event.preventDefault();
      go(step);
    });
    return { reset, go };
  };

  return { el, figure, percent, count, named, mark, pieces, within, readings, popover, roving };
})();
