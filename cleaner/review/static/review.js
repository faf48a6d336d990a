"use strict";
(() => {
  const { el, figure, percent, count, named } = Marks;
  const $ = (id) => document.getElementById(id);
  const TOKEN = new URLSearchParams(location.search).get("token");
  const WINDOW = (sessionStorage.cleanerWindow ??= crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const AHEAD = 8;

  // What the server knows: items [document, text, replacement, confidence, kind, applied], and per item the decision
  // [replacement] or null.  `order` are the items that the filters show, `at` is the place in it.
  let data = { items: [], documents: [] }, decisions = [], version = 0, order = [], place = new Map(), at = 0, shown = 0, accepted = 0, rejected = 0;
  const contexts = new Map();
  const item = (n) => { const [document, text, replacement, confidence, kind, applied] = data.items[n]; return { n, document, text, replacement, confidence, kind, applied }; };

  // --- talking to the server ---
  const ask = async (path, sent) => {
    const options = { headers: { "X-Cleaner-Token": TOKEN } };
    if (sent) Object.assign(options, { method: "POST", body: JSON.stringify(sent), headers: { ...options.headers, "Content-Type": "application/json" } });
    const response = await fetch(path, options);
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `the server answered ${response.status}`);
    return response;
  };
  const trouble = (message) => { $("trouble").hidden = !message; $("trouble").textContent = message ?? ""; };
  const toast = (message) => {
    $("toast").textContent = message;
    $("toast").hidden = false;
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => { $("toast").hidden = true; }, 3500);
  };
  // Requests that change something go out one after the other, in the order of the keys.
  let line = Promise.resolve(), unsaved = 0;
  const send = (path, sent) => {
    unsaved++;
    const job = line.then(() => ask(path, { window: WINDOW, since: version, ...sent })).then((response) => response.json());
    line = job.then(() => trouble(), (error) => trouble(`Not saved: ${error.message}. Is the server still running?`)).finally(() => { unsaved--; });
    return job;
  };
  const merge = ({ version: now, changes }) => {
    version = Math.max(version, now);
    const touched = [];
    for (const [n, decision] of changes) if (set(n, decision)) touched.push(n);
    if (touched.length) {
      progress();
      list.refresh(touched.map((n) => place.get(n)).filter((i) => i !== undefined));
      const near = contexts.get(order[at])?.items.map(([n]) => n) ?? [];
      if (touched.some((n) => n === order[at] || near.includes(n))) draw();
    }
    return touched;
  };
  const set = (n, decision) => {
    const old = decisions[n];
    if (JSON.stringify(old) === JSON.stringify(decision)) return false;
    if (old) old[0] === null ? rejected-- : accepted--;
    if (decision) decision[0] === null ? rejected++ : accepted++;
    decisions[n] = decision;
    return true;
  };
  const reload = () => ask(`/api/changes?since=${version}`).then((r) => r.json()).then(merge);

  // Contexts that are on their way, by item.
  const fetching = new Map();
  const fetched = async (numbers) => {
    try {
      for (const c of await (await ask(`/api/contexts?numbers=${numbers.join()}`)).json()) contexts.set(c.number, c);
      if (contexts.size > 2000) for (const old of [...contexts.keys()].slice(0, 1000)) contexts.delete(old);
      if (numbers.includes(order[at])) draw();
    } catch (error) {
      trouble(`Cannot read from the server: ${error.message}.`);
    } finally {
      numbers.forEach((n) => fetching.delete(n));
    }
  };
  const prefetch = () => {
    const wanted = order.slice(at, at + AHEAD).concat(order.slice(Math.max(0, at - 2), at)).filter((n) => !contexts.has(n) && !fetching.has(n));
    if (!wanted.length || (contexts.has(order[at]) && wanted.length < AHEAD / 2)) return;
    const request = fetched(wanted);
    wanted.forEach((n) => fetching.set(n, request));
  };
  // A key that asks for another reading may come before the readings do.
  const known = (action) => (...args) => (fetching.get(order[at]) && !contexts.has(order[at]) ? fetching.get(order[at]).then(() => action(...args)) : action(...args));

  // --- showing ---
  const readings = (i, c) => [...(i.replacement === null ? [] : [[i.replacement, i.confidence]]), ...(c?.alternatives ?? [])];
  const reading = () => {
    const i = item(order[at]), decided = decisions[i.n];
    const all = readings(i, contexts.get(i.n));
    if (!decided) shown = Math.max(shown, 0);
    return shown === -1 ? decided[0] : all[shown]?.[0] ?? null;
  };

  const progress = () => {
    const total = data.items.length, done = accepted + rejected;
    $("progress").setAttribute("aria-valuenow", done);
    $("progress").querySelector(".accepted").style.setProperty("--q", accepted / (total || 1));
    $("progress").querySelector(".rejected").style.setProperty("--q", rejected / (total || 1));
    $("progress-text").textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} decided: ${accepted.toLocaleString("en")} accepted, ${rejected.toLocaleString("en")} rejected`;
  };

  const context = (c, i, decision) => {
    const nodes = [];
    let done = 0;
    for (const [n, start, end] of c.items) {
      nodes.push(c.text.slice(done, start));
      const text = c.text.slice(start, end), other = item(n);
      if (n === i.n) {
        const replacement = reading();
        const repaired = !(decision && decision[0] === null) && replacement;
        nodes.push(el("span", { class: "here" }, el("del", {}, text), ...(repaired ? [el("ins", {}, replacement)] : [])));
      } else {
        const theirs = decisions[n];
        const now = theirs ? theirs[0] : other.applied ? other.replacement : null;
        nodes.push(el("mark", { class: now === null ? "old unmade" : "new", q: other.confidence * 0.6, title: now === null ? named(other.replacement) : text }, now ?? text));
      }
      done = end;
    }
    nodes.push(c.text.slice(done));
    return nodes;
  };

  const draw = () => {
    const empty = !order.length;
    $("card").hidden = empty;
    $("done").hidden = !empty;
    if (empty) {
      $("done-text").textContent = data.items.length ? "Change the filters to see other findings, or write the files." : "Nothing was found in these documents.";
      return;
    }
    const i = item(order[at]), c = contexts.get(i.n), decision = decisions[i.n], replacement = reading();
    const [name, verdict, probability] = data.documents[i.document];
    $("where").replaceChildren(el("bdi", {}, name), `${c ? `, line ${c.line}` : ""} · `, el("span", { class: `verdict ${verdict}` }, `${verdict} ${figure(probability)}`));
    $("context").classList.toggle("is-rejected", Boolean(decision && decision[0] === null));
    $("context").replaceChildren(...(c ? context(c, i, decision) : ["…"]));
    $("context").querySelector(".here")?.scrollIntoView({ block: "nearest" });
    $("swap").replaceChildren(el("bdi", { class: "from" }, i.text), el("span", { class: "arrow" }, " → "), el("bdi", {}, decision && decision[0] === null ? i.text : named(replacement)));
    $("state").replaceChildren(
      el("span", { class: decision ? "made" : "" }, !decision ? "Undecided" : decision[0] === null ? "Rejected: the text stays" : "Accepted"),
      el("span", {}, i.kind), el("span", {}, `confidence ${figure(i.confidence)}`), c?.source ? el("bdi", {}, c.source) : "",
      ...(c && c.probability !== null ? [el("span", {}, `paragraph spun ${figure(c.probability)}`)] : []));
    if ($("choices").contains(document.activeElement)) $("accept").focus();
    $("choices").replaceChildren(...readings(i, c).slice(0, 9).map(([text, p], k) =>
      el("li", {}, el("button", { type: "button", "aria-pressed": String(k === shown), onclick: () => { shown = k; decide(text); } },
        el("kbd", {}, String(k + 1)), el("bdi", {}, named(text)), el("span", { class: "meter", "aria-hidden": "true" }, el("i", { q: p })), el("span", { class: "figure muted" }, figure(p))))));
    $("accept").disabled = $("accept-alike").disabled = replacement === null;
    $("other").disabled = readings(i, c).length < 2;
    $("back").disabled = at === 0;
    $("forward").disabled = at === order.length - 1;
  };

  const say = (did) => {
    if (!order.length) return;
    const i = item(order[at]);
    $("says").textContent = `${did ? `${did}. ` : ""}Finding ${at + 1} of ${order.length}: ${i.text}, to ${named(reading())}, confidence ${percent(i.confidence)}.`;
  };

  const go = (to, did) => {
    if (!order.length) return draw();
    at = Math.max(0, Math.min(to, order.length - 1));
    const decided = decisions[order[at]];
    shown = 0;
    if (decided && decided[0] !== null) shown = readings(item(order[at]), contexts.get(order[at])).findIndex(([text]) => text === decided[0]);
    closeEdit();
    draw();
    list.select(at);
    say(did);
    prefetch();
  };

  const row = (index) => {
    const i = item(order[index]), decision = decisions[i.n];
    const to = decision && decision[0] !== null ? decision[0] : i.replacement;
    const sign = !decision ? "" : decision[0] === null ? "✕" : "✓";
    const state = !decision ? "undecided" : decision[0] === null ? "rejected" : "accepted";
    return el("div", { class: state },
      el("span", { class: "tick" }, el("span", { "aria-hidden": "true" }, sign), el("span", { class: "visually-hidden" }, `${state}: `)), el("span", { class: "line" }, el("bdi", {}, i.text), " → ", el("bdi", { class: "to" }, named(to))), el("span", { class: "figure muted small" }, figure(i.confidence)),
      el("span", { class: "file" }, el("bdi", {}, data.documents[i.document][0])));
  };
  const list = VirtualList($("list"), { height: 56, row, choose: (index) => go(index) });

  // --- deciding ---
  const after = () => {
    for (let i = at + 1; i < order.length; i++) if (!decisions[order[i]]) return i;
    for (let i = 0; i < at; i++) if (!decisions[order[i]]) return i;
    return null;
  };

  const decide = (replacement, alike = false) => {
    if (!order.length) return;
    const n = order[at], before = decisions[n] ?? null;
    set(n, [replacement]);
    progress();
    list.refresh([at]);
    const did = replacement === null ? "Rejected" : `Accepted ${named(replacement)}`;
    const saved = send("/api/decide", { numbers: [n], replacement, alike });
    saved.then((answer) => {
      const others = merge(answer).length;
      if (alike) {
        const rest = decisions[order[at]] ? after() : at;
        toast(`${did} for ${count(others + 1, "finding")}${rest === null ? "; all shown here are decided" : ""}`);
        if (rest !== null && rest !== at) go(rest);
      }
    }).catch(() => { set(n, before); progress(); list.refresh([place.get(n)]); draw(); });
    const next = after();
    if (next === null) finished(did);
    else go(next, did);
  };

  const finished = (did) => {
    draw();
    say(did);
    toast("All findings shown here are decided");
  };

  const accept = (alike) => { if (reading() !== null) decide(reading(), alike); };
  const reject = (alike) => decide(null, alike);
  const pick = known((k) => {
    const chosen = order.length && readings(item(order[at]), contexts.get(order[at]))[k];
    if (chosen) decide(chosen[0]);
  });
  const turn = known((step) => {
    const all = order.length ? readings(item(order[at]), contexts.get(order[at])) : [];
    if (!all.length) return;
    shown = (Math.max(shown, step > 0 ? -1 : 0) + step + all.length) % all.length;
    draw();
    $("says").textContent = `${named(all[shown][0])}, ${percent(all[shown][1])}`;
  });
  const undo = async () => {
    const { undone, ...answer } = await send("/api/undo", {}).catch(() => ({}));
    if (!undone) return;
    merge(answer);
    if (!undone.length) return toast("This window has nothing to undo");
    if (!place.has(undone[0])) { order.push(undone[0]); arranged(); }
    go(place.get(undone[0]), `Undid ${count(undone.length, "decision")}`);
  };
  const openEdit = () => {
    $("edit").hidden = false;
    $("edit-text").value = reading() ?? item(order[at]).text;
    $("edit-text").focus({ preventScroll: true });
    $("edit-text").select();
    $("edit").scrollIntoView({ block: "center" });
  };
  const closeEdit = () => {
    if ($("edit").hidden) return;
    if ($("edit").contains(document.activeElement)) document.activeElement.blur();
    $("edit").hidden = true;
  };

  // --- filters ---
  const arranged = () => { place = new Map(order.map((n, i) => [n, i])); list.reset(order.length); $("shown").textContent = count(order.length, "finding"); };
  const arrange = (keep) => {
    const text = $("filter-text").value.trim().toLowerCase(), kind = $("filter-kind").value, state = $("filter-state").value;
    const low = $("filter-low").valueAsNumber || 0, high = Number.isNaN($("filter-high").valueAsNumber) ? 1 : $("filter-high").valueAsNumber;
    const named = data.documents.map(([name]) => name.toLowerCase().includes(text));
    order = [];
    data.items.forEach(([document, found, replacement, confidence, its], n) => {
      const decision = decisions[n], is = !decision ? "open" : decision[0] === null ? "rejected" : "accepted";
      if ((!state || state === is) && (!kind || kind === its) && confidence >= low && confidence <= high && (!text || named[document] || found.toLowerCase().includes(text) || replacement?.toLowerCase().includes(text))) order.push(n);
    });
    arranged();
    go(place.get(keep) ?? 0);
  };
  $("filters").addEventListener("input", () => arrange(order[at]));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); $("list").focus(); } });

  // --- tools ---
  const openApply = () => {
    let sure = 0;
    data.items.forEach((i, n) => { if (!decisions[n] && i[5]) sure++; });
    const rest = data.items.length - accepted - rejected - sure;
    const line = (name, n) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "figure" }, n.toLocaleString("en")));
    $("apply-counts").replaceChildren(line("Accepted", accepted), line("Rejected, left as they are", rejected), line(`Undecided, confidence ${figure(data.threshold)} and above`, sure), line("Undecided, less sure, left as they are", rest));
    $("apply-result").replaceChildren();
    $("apply").disabled = false;
    $("apply-dialog").showModal();
  };
  const apply = async () => {
    $("apply").disabled = true;
    $("apply-result").replaceChildren("Writing…");
    const answer = await send("/api/apply", { undecided: $("apply-undecided").checked }).catch((error) => ({ error }));
    $("apply").disabled = false;
    if (answer.error) return $("apply-result").replaceChildren(`Nothing more was written: ${answer.error.message}`);
    const of = (outcome) => answer.documents.filter((d) => d.outcome === outcome);
    const failed = of("failed");
    $("apply-result").replaceChildren(el("strong", {}, `${count(of("written").length, "file")} written, ${of("unchanged").length} unchanged${failed.length ? `, ${failed.length} failed` : ""}.`),
      failed.length ? el("ul", {}, ...failed.map((d) => el("li", {}, el("bdi", {}, d.name), `: ${d.reason}`))) : "");
  };
  const teach = async () => {
    const answer = await send("/api/teach", {}).catch((error) => toast(`Not taught: ${error.message}`));
    if (answer) toast(`${answer.lexicon}: ${count(answer.added, "row")} added, ${answer.changed} changed, ${answer.removed} removed`);
  };
  const save = async () => {
    const address = URL.createObjectURL(await (await ask("/api/export")).blob());
    el("a", { href: address, download: "decisions.jsonl" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  const toggleQueue = () => {
    const open = $("queue").classList.toggle("open");
    $("open-queue").setAttribute("aria-expanded", open);
    if (open) { list.select(at); $("queue").scrollIntoView({ block: "start" }); }
  };

  const buttons = {
    accept: () => accept(false), reject: () => reject(false), other: () => turn(1), type: openEdit, undo, teach, apply,
    "accept-alike": () => accept(true), "reject-alike": () => reject(true), back: () => go(at - 1), forward: () => go(at + 1), "edit-cancel": closeEdit,
    "open-help": () => $("help").showModal(), "open-apply": openApply, "open-queue": toggleQueue, export: () => save().catch((error) => toast(error.message)),
  };
  for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", () => action());
  $("edit").addEventListener("submit", (event) => { event.preventDefault(); const text = $("edit-text").value; closeEdit(); decide(text); });
  $("edit").addEventListener("keydown", (event) => { if (event.key === "Escape") closeEdit(); });

  const keys = {
    a: () => accept(false), A: () => accept(true), r: () => reject(false), R: () => reject(true), e: openEdit, u: undo,
    ArrowRight: () => turn(1), ArrowLeft: () => turn(-1), j: () => go(at + 1), k: () => go(at - 1), ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1),
    "/": () => { if (getComputedStyle($("queue")).display === "none") toggleQueue(); $("filter-text").focus(); }, w: openApply, "?": () => $("help").showModal(), Enter: () => accept(false),
  };
  $("shortcuts").checked = localStorage.cleanerShortcuts !== "off";
  $("shortcuts").addEventListener("change", () => { localStorage.cleanerShortcuts = $("shortcuts").checked ? "on" : "off"; });
  document.addEventListener("keydown", (event) => {
    const target = event.target, undoing = (event.ctrlKey || event.metaKey) && event.key === "z";
    if (document.querySelector("dialog[open]") || target.closest("input, select, textarea")) return;
    if (!undoing && (event.ctrlKey || event.metaKey || event.altKey)) return;
    const inList = target.closest("#list");
    if (!$("shortcuts").checked && !(inList && event.key.startsWith("Arrow"))) return;
    if (event.key === "Enter" && target.closest("button, a")) return;
    if (event.key.startsWith("Arrow") && target.closest("#context")) return;
    const action = undoing ? undo : /^[1-9]$/.test(event.key) ? () => pick(Number(event.key) - 1) : keys[event.key];
    if (!action || (!order.length && !"uw?/".includes(event.key) && !undoing)) return;
    event.preventDefault();
    action();
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  setInterval(() => { if (!document.hidden && !unsaved && data.items.length) reload().then(() => trouble(), () => trouble("The server does not answer; decisions cannot be saved. Start `cleaner review` again.")); }, 2500);

  const json = (path) => ask(path).then((response) => response.json());
  Promise.all([json("/api/queue"), json("/api/changes?since=0"), json(`/api/contexts?numbers=${[...Array(AHEAD).keys()]}`).catch(() => [])]).then(([queue, changed, first]) => {
    data = queue;
    version = changed.version;
    decisions = new Array(data.items.length).fill(null);
    for (const [n, decision] of changed.changes) set(n, decision);
    for (const c of first) contexts.set(c.number, c);
    $("filter-kind").append(...[...new Set(data.items.map((i) => i[4]))].sort().map((kind) => el("option", {}, kind)));
    progress();
    arrange();
  }).catch((error) => trouble(`Cannot read from the server: ${error.message}`));
})();
