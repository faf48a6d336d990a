"use strict";
(() => {
  const { el, figure, count, pieces, within, popover, roving } = Marks;
  const $ = (id) => document.getElementById(id);
  const EXAMPLE = "White Home officers mentioned on Tuesday that the Chilly Conflict was over. In response to U.S. officers, the navy is ready to assist.\n\nThe ferry to the island leaves at noon and again at four, weather permitting.";
  let restored = "", found = [], running = null, timer = 0;
  popover($("out"), (i) => found[i]);
  const walk = roving($("out"));

  // Offsets of the API count code points, those of a script UTF-16 units.
  const units = (text) => {
    const at = [0];
    for (const character of text) at.push(at.at(-1) + character.length);
    return (offset) => at[offset];
  };

  const show = (text, result) => {
    const unit = units(text);
    found = result.findings.map((f, index) => ({ ...f, index, start: unit(f.start), end: unit(f.end) }));
    restored = result.restored;
    const rows = result.paragraphs.map((p) => {
      const start = unit(p.start), end = unit(p.end);
      const marks = pieces(text, start, end, within(found, start, end), "new");
      return el("p", { class: `prose ${p.spun_probability >= 0.9 ? "spun" : p.spun_probability >= 0.5 ? "suspect" : ""}`, dir: "auto" }, ...marks);
    });
    $("out").replaceChildren(...rows);
    $("out").querySelectorAll("mark").forEach((m) => {
      const f = found[Number(m.dataset.i)];
      m.setAttribute("role", "button");
      m.setAttribute("aria-label", `${m.textContent || "taken out"}, was ${f.text}`);
    });
    walk.reset();
    const made = found.filter((f) => f.applied).length;
    $("verdict").replaceChildren(el("span", { class: `verdict ${result.verdict}` }, `${result.verdict}, probability ${figure(result.spun_probability, 3)}`), ` · ${count(made, "repair")}`);
    $("copy").disabled = !text;
  };

  const clean = async () => {
    running?.abort();
    const text = $("in").value;
    if (!text.trim()) { $("out").replaceChildren(); $("verdict").replaceChildren(); $("copy").disabled = true; return; }
    running = new AbortController();
    $("out").classList.add("stale");
    try {
      const response = await fetch("/v1/clean", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }), signal: running.signal });
      const answer = await response.json();
      if (response.ok) show(text, answer);
      else $("verdict").replaceChildren(answer.error);
    } catch (error) {
      if (error.name === "AbortError") return;
      $("verdict").replaceChildren("The server does not answer.");
    }
    $("out").classList.remove("stale");
  };

  $("in").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(clean, 250); });
  $("example").addEventListener("click", () => { $("in").value = EXAMPLE; clean(); });
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(restored);
    $("copy").textContent = "Copied";
    setTimeout(() => { $("copy").textContent = "Copy"; }, 1500);
  });
  if ($("in").value) clean();
})();
