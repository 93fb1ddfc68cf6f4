// The review table. All text goes through textContent: nothing that comes from a database is ever read as HTML.

const COLUMNS = [
  ["title", "track", "26%"], ["kind", "kind", "7%"], ["value", "proposed", "23%"], ["source", "from", "14%"],
  ["confidence", "conf.", "8%"], ["status", "status", "22%"],
];
const DECIDED = { accepted: "accept", rejected: "reject" };
const MOST = 300; // rows drawn; the filters reach the others

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return node;
}

const short = (value) => (String(value).length > 120 ? `${String(value).slice(0, 119)}…` : value);
const said = (confidence) => (confidence === null ? "rule" : confidence.toFixed(2));

function render({ model, el }) {
  const state = { sort: "confidence", down: true, words: "", kind: "", source: "", status: "", at: 0, from: 0.9 };
  let shown = [];

  const words = make("input", { type: "search", placeholder: "filter: title or value", "aria-label": "filter" });
  const kind = make("select", { "aria-label": "kind" });
  const source = make("select", { "aria-label": "source" });
  const status = make("select", { "aria-label": "status" });
  const count = make("span", { class: "quiet" });
  const heads = make("tr");
  const body = make("tbody");
  const evidence = make("div", { class: "evidence", "aria-live": "polite" });
  const from = make("input", { type: "number", min: 0, max: 1, step: 0.05, value: state.from, "aria-label": "threshold" });
  const measured = make("span", { class: "measured" });
  const bulk = make("button", { class: "bulk", onclick: () => decideBulk() }, "accept these");
  const outcome = make("div", { class: "outcome", role: "status" });
  const root = make("div", { class: "enrich-review", tabindex: 0, "data-ready": "yes" },
    make("div", { class: "bar" }, words, kind, source, status, count),
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, heads), body)),
    evidence,
    make("div", { class: "bar" },
      make("button", { class: "accept", onclick: () => decideOne("accepted") }, "accept (a)"),
      make("button", { class: "reject", onclick: () => decideOne("rejected") }, "reject (r)"),
      make("button", { class: "refresh", onclick: () => model.send({ type: "refresh" }) }, "refresh"),
      make("span", { class: "quiet" }, make("kbd", {}, "j"), " next  ", make("kbd", {}, "k"), " previous  ",
        make("kbd", {}, "a"), " accept  ", make("kbd", {}, "r"), " reject")),
    make("div", { class: "bar" }, "open proposals of this filter from confidence", from, measured, bulk),
    outcome);
  const audit = make("div", { class: "bar audit", role: "status" });
  const rest = make("button", { class: "rest", onclick: () => acceptRest() }, "accept the others (A)");
  el.append(root);

  // An audit: what its sample says, and one key for those that wait beside it.
  function tellAudit() {
    const state = model.get("audit");
    if (!state.text) return;
    if (!audit.isConnected) root.prepend(audit);
    rest.disabled = !state.ready;
    audit.replaceChildren(make("span", { class: "measured" }, state.text), rest);
  }

  function acceptRest() {
    if (model.get("audit").ready) model.send({ type: "accept_rest" });
  }

  const rows = () => model.get("rows");
  const open = (row) => row.status === "proposed" || row.status === "conflict";

  function options(select, name, all) {
    const kept = state[name];
    const values = [...new Set(rows().map((row) => String(row[name])))].sort();
    select.replaceChildren(make("option", { value: "" }, all), ...values.map((v) => make("option", { value: v }, v)));
    state[name] = values.includes(kept) ? kept : "";
    select.value = state[name];
  }

  function filtered() {
    const wanted = state.words.toLowerCase();
    const keep = rows().filter((row) =>
      (!state.kind || row.kind === state.kind) && (!state.source || row.source === state.source) &&
      (!state.status || row.status === state.status) &&
      (!wanted || `${row.title ?? ""} ${row.value}`.toLowerCase().includes(wanted)));
    const sign = state.down ? -1 : 1;
    const order = (a, b) => (typeof a === "number" || typeof b === "number" ? (a ?? -1) - (b ?? -1) : String(a ?? "").localeCompare(String(b ?? "")));
    return keep.sort((a, b) => sign * order(a[state.sort], b[state.sort]) || order(a.proposal_id, b.proposal_id));
  }

  function draw() {
    options(kind, "kind", "every kind");
    options(source, "source", "all sources");
    options(status, "status", "any status");
    shown = filtered();
    state.at = Math.min(Math.max(state.at, 0), Math.max(shown.length - 1, 0));
    heads.replaceChildren(...COLUMNS.map(([name, head, width]) =>
      make("th", { style: `width:${width}`, class: name === "confidence" ? "n" : "", "data-column": name,
        onclick: () => { state.down = state.sort === name ? !state.down : name === "confidence"; state.sort = name; state.at = 0; draw(); } },
      head + (state.sort === name ? (state.down ? " ↓" : " ↑") : ""))));
    // Always around the row in hand, however long the list.
    const first = Math.max(0, Math.min(state.at - MOST / 2, shown.length - MOST));
    body.replaceChildren(...shown.slice(first, first + MOST).map((row, n) => {
      const by = row.decided_by ? `${row.status} by ${row.decided_by}` : row.status;
      const cells = COLUMNS.map(([name]) => name === "confidence"
        ? make("td", { class: "n" }, said(row.confidence))
        : make("td", {}, name === "status" ? by : short(row[name] ?? "–")));
      return make("tr", { class: first + n === state.at ? "on" : "", "data-id": row.proposal_id, "data-status": row.status,
        onclick: () => { state.at = first + n; draw(); root.focus({ preventScroll: true }); } }, ...cells);
    }));
    const more = shown.length > MOST ? `, ${MOST} of them drawn` : "";
    count.textContent = `${shown.length} of ${rows().length} proposals${more}`;
    // Scroll the table, not the notebook.
    const on = body.querySelector("tr.on"), box = body.closest(".scroll");
    if (on) {
      const top = on.offsetTop - 32, bottom = on.offsetTop + on.offsetHeight;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    }
    tellEvidence();
    tellMeasured();
  }

  function tellEvidence() {
    const row = shown[state.at];
    if (!row) { evidence.replaceChildren(make("span", { class: "quiet" }, "No proposal meets the filter.")); return; }
    evidence.replaceChildren(
      make("b", {}, `${short(row.title ?? "(no title)")} → ${row.kind} ${short(row.value)}`),
      make("div", { class: "quiet" }, `tier ${row.tier}, ${row.source}; confidence ${said(row.confidence)}` +
        (row.probability === null ? "" : `, probability ${row.probability.toFixed(2)}`)),
      make("ul", {}, ...row.evidence.map((sentence) => make("li", {}, sentence))));
  }

  const inBulk = () => shown.filter((row) => open(row) && row.confidence >= state.from - 1e-9);

  function tellMeasured() {
    const chosen = inBulk();
    bulk.disabled = chosen.length === 0;
    bulk.textContent = `accept these ${chosen.length}`;
    if (chosen.length === 0) { measured.textContent = "none"; return; }
    const mean = chosen.reduce((sum, row) => sum + row.confidence, 0) / chosen.length;
    // What was measured on proposals of the same kinds and sources, from the same confidence up.
    const groups = new Set(chosen.map((row) => `${row.kind}\u0001${row.source}`));
    let judged = 0, right = 0, accepted = 0, decided = 0;
    for (const row of model.get("precision"))
      if (groups.has(`${row.kind}\u0001${row.source}`) && row.low >= state.from - 0.05 + 1e-9) {
        judged += row.judged; right += row.right; decided += row.decided; accepted += row.accepted;
      }
    const parts = [`${chosen.length}, expected right ${(100 * mean).toFixed(0)} %`];
    if (judged) parts.push(`measured precision ${(100 * right / judged).toFixed(0)} % (${right} of ${judged})`);
    if (decided) parts.push(`reviewers accepted ${accepted} of ${decided}`);
    if (!judged && !decided) parts.push("no precision measured here yet");
    measured.textContent = parts.join("; ");
  }

  function decide(ids, decision) {
    if (!ids.length) return;
    outcome.className = "outcome";
    outcome.textContent = "…";
    const seen = Object.fromEntries(rows().filter((row) => ids.includes(row.proposal_id)).map((row) => [row.proposal_id, row.status]));
    model.send({ type: "decide", decision, seen });
  }

  function decideOne(decision) {
    const row = shown[state.at];
    if (row) { decide([row.proposal_id], decision); state.at += state.status ? 0 : 1; }
  }

  function decideBulk() {
    const chosen = inBulk();
    if (bulk.dataset.sure !== String(chosen.length)) {
      bulk.dataset.sure = String(chosen.length);
      bulk.textContent = `sure? press again to accept ${chosen.length}`;
      return;
    }
    delete bulk.dataset.sure;
    decide(chosen.map((row) => row.proposal_id), "accepted");
  }

  words.addEventListener("input", () => { state.words = words.value; state.at = 0; draw(); });
  for (const [select, name] of [[kind, "kind"], [source, "source"], [status, "status"]])
    select.addEventListener("change", () => { state[name] = select.value; state.at = 0; draw(); });
  from.addEventListener("input", () => { state.from = Number(from.value) || 0; delete bulk.dataset.sure; tellMeasured(); });

  root.addEventListener("keydown", (event) => {
    // JupyterLab has keys of its own; those typed here are ours.
    event.stopPropagation();
    if (/^(INPUT|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { j: () => { state.at += 1; draw(); }, k: () => { state.at -= 1; draw(); },
      ArrowDown: () => { state.at += 1; draw(); }, ArrowUp: () => { state.at -= 1; draw(); },
      A: () => acceptRest(), a: () => decideOne("accepted"), r: () => decideOne("rejected") }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  const onMessage = (message) => {
    if (message.type !== "answer") return;
    outcome.className = message.ok ? "outcome" : "outcome bad";
    outcome.textContent = message.text;
  };
  model.on("msg:custom", onMessage);
  model.on("change:rows", draw);
  model.on("change:precision", tellMeasured);
  model.on("change:audit", tellAudit);
  draw();
  tellAudit();
  return () => { model.off("msg:custom", onMessage); model.off("change:rows", draw); model.off("change:precision", tellMeasured); model.off("change:audit", tellAudit); };
}

export default { render };
