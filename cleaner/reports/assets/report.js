(() => {
  const { el, figure, percent, count, pieces, within, popover, roving } = Marks;
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const svg = (tag, props, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const level = (p) => (p >= data.settings.spun ? "spun" : p >= data.settings.suspect ? "suspect" : "clean");
  const verdict = (name) => el("span", { class: `verdict ${name}` }, name);
  const VERDICTS = ["clean", "suspect", "spun"];
  const PER_PAGE = 50, PARAGRAPHS = 60;

  // --- the corpus at a glance ---
  const tile = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("div", { class: "note" }, note) : ""));

  const histogram = (bins) => {
    const width = 420, height = 210, base = 180, step = (width - 20) / bins.length;
    const most = Math.max(1, ...bins.map((bin) => VERDICTS.reduce((sum, v) => sum + bin[v], 0)));
    // Rare spun documents beside thousands of clean ones must still be seen, so heights grow with the square root.
    const high = (n) => (n ? Math.max(3, Math.sqrt(n / most) * (base - 22)) : 0);
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "histogram", role: "img", "aria-label": `Documents by probability of being spun: ${data.overview.histogram.map((bin, i) => [bin, i]).filter(([bin]) => VERDICTS.some((v) => bin[v])).map(([bin, i]) => `${VERDICTS.reduce((sum, v) => sum + bin[v], 0)} from ${(i / bins.length).toFixed(2)}`).join(", ")}` });
    bins.forEach((bin, i) => {
      const total = VERDICTS.reduce((sum, v) => sum + bin[v], 0), tall = high(total), x = 10 + i * step;
      let y = base;
      for (const v of VERDICTS) {
        const part = total ? (tall * bin[v]) / total : 0;
        y -= part;
        if (part) chart.append(svg("rect", { x: x + 1, y, width: step - 2, height: part, class: v, rx: 1.5 }));
      }
      if (total) chart.append(svg("text", { x: x + step / 2, y: y - 4, "text-anchor": "middle" }, String(total)));
    });
    chart.append(svg("line", { x1: 8, x2: width - 8, y1: base + 0.5, y2: base + 0.5, class: "axis" }));
    for (const p of [0, 0.25, 0.5, 0.75, 1]) chart.append(svg("text", { x: 10 + p * (width - 20), y: base + 17, "text-anchor": p === 0 ? "start" : p === 1 ? "end" : "middle" }, String(p)));
    return chart;
  };

  const stack = (parts) => el("span", { class: "stack", "aria-hidden": "true" }, ...parts.filter(([, n]) => n).map(([name, n]) => el("i", { class: name, q: n })));
  const legend = () => el("div", { class: "legend" }, ...VERDICTS.map(verdict));

  const overview = () => {
    const o = data.overview, bad = o.verdicts.spun + o.verdicts.suspect;
    const most = Math.max(1, ...o.swaps.map((swap) => swap.count));
    $("overview").append(
      el("dl", { class: "tiles" },
        tile("Documents", o.documents.toLocaleString("en"), `${o.words.toLocaleString("en")} words`),
        tile("Spun", o.verdicts.spun.toLocaleString("en"), o.documents ? `${percent(o.verdicts.spun / o.documents)} of all` : ""),
        tile("Suspect", o.verdicts.suspect.toLocaleString("en"), bad ? "" : "none accused"),
        tile("Findings", o.findings.toLocaleString("en"), `${o.applied.toLocaleString("en")} repaired at ${figure(data.settings.threshold)} and above`),
        tile("Throughput", o.words_per_second === null ? "–" : `${o.words_per_second.toLocaleString("en")}`, "words a second"),
      ),
      el("div", { class: "charts" },
        el("div", { class: "panel" }, el("h2", {}, "Probability of being spun"), histogram(o.histogram), legend()),
        el("div", { class: "panel" }, el("h2", {}, "By folder"),
          el("ul", { class: "bars", tabindex: 0, "aria-label": "Share of verdicts by folder" }, ...o.folders.map((f) =>
            el("li", {}, el("bdi", {}, f.name === "." ? "(no folder)" : f.name), el("span", { class: "figure muted" }, `${percent(f.spun / (f.clean + f.suspect + f.spun))} spun of ${f.clean + f.suspect + f.spun}`), stack(VERDICTS.map((v) => [v, f[v]])))))),
        el("div", { class: "panel" }, el("h2", {}, "Most frequent swaps"),
          o.swaps.length ? el("ul", { class: "bars", tabindex: 0, "aria-label": "Most frequent swaps" }, ...o.swaps.map((s) =>
            el("li", {}, el("span", { class: "name" }, el("bdi", {}, s.text), el("span", { class: "muted" }, " → "), el("bdi", {}, Marks.named(s.replacement))),
              el("span", { class: "figure muted" }, `${s.count.toLocaleString("en")} × ${figure(s.confidence)}`), stack([["bar", s.count], ["rest", most - s.count]]))))
            : el("p", { class: "muted" }, "No repairs were proposed.")),
      ),
    );
  };

  // --- the table of documents ---
  const filters = { text: "", kind: "", verdict: "", low: 0, high: 1 };
  const filtering = () => filters.text || filters.kind || filters.low > 0 || filters.high < 1;
  const matches = ([start, end, kind, replacement, confidence], text) =>
    (!filters.kind || kind === filters.kind) && confidence >= filters.low && confidence <= filters.high &&
    (!filters.text || text.slice(start, end).toLowerCase().includes(filters.text) || (replacement ?? "").toLowerCase().includes(filters.text));

  const COLUMNS = [
    ["Document", (d) => d.name, ""], ["Verdict", (d) => VERDICTS.indexOf(d.verdict), ""], ["Probability", (d) => d.probability, "number"],
    ["Paragraphs", (d) => d.paragraphs.filter((p) => p[2] >= 0.5).length / (d.paragraphs.length || 1), ""],
    ["Findings", (d) => d.hits, "number"], ["Words", (d) => d.words, "number"],
  ];
  const sort = { column: 2, down: true };
  let rows = [], page = 0;

  const strip = (paragraphs) => {
    const width = 120, shown = Math.min(paragraphs.length, 40), step = width / Math.max(1, shown);
    const chart = svg("svg", { viewBox: `0 0 ${width} 18`, class: "strip", preserveAspectRatio: "none", "aria-hidden": "true" });
    for (let i = 0; i < shown; i++) {
      const from = Math.floor((i * paragraphs.length) / shown), to = Math.floor(((i + 1) * paragraphs.length) / shown);
      const p = Math.max(...paragraphs.slice(from, to).map((q) => q[2])), tall = Math.max(2, p * 18);
      chart.append(svg("rect", { x: i * step, y: 0, width: Math.max(step - 1, 0.5), height: 18, class: "bed" }), svg("rect", { x: i * step, y: 18 - tall, width: Math.max(step - 1, 0.5), height: tall, class: level(p) }));
    }
    return chart;
  };

  const head = () => {
    $("table").tHead.replaceChildren(el("tr", {}, ...COLUMNS.map(([name, , style], i) =>
      el("th", { scope: "col", class: style, "aria-sort": sort.column === i ? (sort.down ? "descending" : "ascending") : null },
        el("button", { type: "button", onclick: () => {
          Object.assign(sort, sort.column === i ? { down: !sort.down } : { column: i, down: i > 0 });
          arrange();
          $("table").tHead.rows[0].cells[i].firstChild.focus();
        } }, name)))));
  };

  const arrange = () => {
    const by = COLUMNS[sort.column][1], sign = sort.down ? -1 : 1;
    for (const d of data.documents) d.hits = filtering() ? d.findings.reduce((n, f) => n + matches(f, d.text), 0) : d.findings.length;
    rows = data.documents.filter((d) => (!filters.verdict || d.verdict === filters.verdict) && (!filtering() || d.hits || (filters.text && d.name.toLowerCase().includes(filters.text))));
    rows.sort((a, b) => { const x = by(a), y = by(b); return sign * (x < y ? -1 : x > y ? 1 : 0) || a.index - b.index; });
    page = 0;
    head();
    table();
  };

  const table = () => {
    const pages = Math.max(1, Math.ceil(rows.length / PER_PAGE));
    $("table").tBodies[0].replaceChildren(...rows.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map((d) =>
      el("tr", {}, el("td", { class: "name" }, el("a", { href: `#document-${d.index + 1}` }, el("bdi", {}, d.name))), el("td", {}, verdict(d.verdict)), el("td", { class: "number" }, figure(d.probability, 3)),
        el("td", {}, strip(d.paragraphs), el("span", { class: "visually-hidden" }, `${d.paragraphs.filter((p) => p[2] >= 0.5).length} of ${d.paragraphs.length} spun`)), el("td", { class: "number" }, d.hits.toLocaleString("en")), el("td", { class: "number" }, d.words.toLocaleString("en")))));
    $("shown").textContent = `${count(rows.length, "document")}, ${count(rows.reduce((n, d) => n + d.hits, 0), "finding")}`;
    $("page").textContent = `Page ${page + 1} of ${pages}`;
    $("previous-page").disabled = page === 0;
    $("next-page").disabled = page >= pages - 1;
  };

  // --- one document ---
  let current = null, walk = null, tip = null, step = null;
  const turned = (d) => d.findings.map(([start, end, kind, replacement, confidence, alternatives, source, applied], index) => ({
    index, start, end, kind, replacement, confidence, source, applied, text: d.text.slice(start, end), off: filtering() && !matches(d.findings[index], d.text),
    alternatives: alternatives.map(([text, p]) => ({ text, confidence: p })),
  }));

  const open = (d) => {
    const found = turned(d), pairs = el("div", { class: "pairs" });
    const row = ([start, end, p]) => {
      const touched = within(found, start, end);
      return el("div", { class: "pair" }, el("span", { class: `heat ${level(p)}`, title: `Spun with probability ${figure(p)}` }),
        el("p", { class: `prose${touched.length ? "" : " quiet"}`, dir: "auto", "data-side": "Original" }, ...pieces(d.text, start, end, touched, "old")),
        el("p", { class: `prose restored${touched.length ? "" : " quiet"}`, dir: "auto", "data-side": "Restored" }, ...pieces(d.text, start, end, touched, "new")));
    };
    let done = 0;
    const more = el("button", { type: "button", onclick: () => grow() }, "More paragraphs");
    const grow = () => {
      pairs.append(...d.paragraphs.slice(done, done + PARAGRAPHS).map(row));
      done += PARAGRAPHS;
      more.hidden = done >= d.paragraphs.length;
      walk?.reset();
    };
    step = (by) => {
      const last = () => [...pairs.querySelectorAll('mark[role="button"]:not(.off)')].at(-1);
      while (by > 0 && !more.hidden && [undefined, document.activeElement].includes(last())) grow();
      walk.go(by);
    };
    const at = rows.indexOf(d), near = (step) => rows[at + step] && el("a", { class: "button", href: `#document-${rows[at + step].index + 1}`, "aria-label": step < 0 ? "Previous document" : "Next document" }, step < 0 ? "←" : "→");
    $("document").replaceChildren(
      el("div", { class: "bar-top" }, el("a", { class: "button", href: "#" }, "All documents"), el("span", { class: "spring" }), near(-1) || "", near(1) || "",
        found.length ? el("button", { type: "button", class: "primary", onclick: () => step(1) }, "Next finding ", el("kbd", {}, "n")) : ""),
      el("h2", { id: "document-title", tabindex: -1 }, el("bdi", {}, d.name)),
      el("div", { class: "facts muted" }, verdict(d.verdict), el("span", {}, `probability ${figure(d.probability, 3)}`), d.dialect ? el("span", {}, `dialect ${d.dialect}`) : "", el("span", {}, count(found.length, "finding")), el("span", {}, count(d.words, "word"))),
      found.length ? el("p", { class: "legend" }, el("span", {}, el("mark", { class: "old" }, "sure"), " and ", el("mark", { class: "old weak" }, "less sure")), el("span", {}, el("mark", { class: "old unmade weak" }, "dotted"), " repair not made"), el("span", {}, "Point at a mark, or press n, for its readings and source")) : "",
      d.text ? el("div", { class: "panel" }, el("div", { class: "columns", "aria-hidden": "true" }, el("span", {}, "Original"), el("span", {}, "Restored")), pairs, more)
        : el("p", { class: "panel muted" }, "Nothing was found in this document; its text is left out to keep the report small."));
    walk = roving(pairs);
    tip?.hide();
    if (!tip) tip = popover($("document"), (i) => current[i]);
    current = found;
    grow();
    $("document-title").focus({ preventScroll: true });
  };

  const route = () => {
    const d = data.documents[Number(location.hash.replace("#document-", "")) - 1];
    const was = !$("document").hidden;
    $("corpus").hidden = Boolean(d);
    $("document").hidden = !d;
    document.title = d ? `${d.name} – ${data.title}` : data.title;
    scrollTo(0, d ? 0 : route.left ?? 0);
    if (d) open(d);
    else if (was) { tip?.hide(); document.querySelector(`a[href="#document-${route.last}"]`)?.focus({ preventScroll: true }); }
    if (d) route.last = d.index + 1;
  };

  data.documents.forEach((d, index) => { d.index = index; });
  overview();
  $("filter-kind").append(el("option", { value: "" }, "all"), ...data.overview.kinds.map((kind) => el("option", {}, kind)));
  const number = (id, fallback) => { const value = $(id).valueAsNumber; return Number.isNaN(value) ? fallback : value; };
  $("filters").addEventListener("input", () => {
    Object.assign(filters, { text: $("filter-text").value.trim().toLowerCase(), kind: $("filter-kind").value, verdict: $("filter-verdict").value, low: number("filter-low", 0), high: number("filter-high", 1) });
    arrange();
  });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("previous-page").addEventListener("click", () => { page--; table(); });
  $("next-page").addEventListener("click", () => { page++; table(); });
  $("documents").addEventListener("click", (event) => { if (event.target.closest("a")) route.left = scrollY; });
  document.addEventListener("keydown", (event) => {
    if ($("document").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") step(1);
    else if (event.key === "p") step(-1);
    else if (event.key === "Escape" && !tip?.open) location.hash = "";
  });
  addEventListener("hashchange", route);
  arrange();
  route();
})();
