"use strict";
/* Shows a recorded run: steps, cells, why each number is what it is. Nothing is computed but sums of terms. */
(async () => {
  const $ = id => document.getElementById(id);
  const inflate = async id => {
    const bytes = Uint8Array.from(atob($(id).textContent.trim()), c => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  };
  const run = JSON.parse(new TextDecoder().decode(await inflate("record")));
  const numbers = new (run.double ? Float64Array : Float32Array)(await inflate("numbers"));
  const tensors = run.tensors, byPath = new Map();
  let offset = 0;
  tensors.forEach((t, k) => {
    t.number = k; t.size = t.shape.reduce((a, b) => a * b, 1); t.at = offset; offset += t.size;
    t.cell = t.shape.map(() => 0); byPath.set(t.path, t);
  });
  const steps = tensors.filter(t => t.step && !t.step.includes("."));
  let lang = document.documentElement.lang, here = steps[0], back = [], gradient = false, query = "";

  /* words */
  const text = k => { const t = run.texts[k]; return typeof t === "string" ? t : t[lang === "zh" ? 1 : 0]; };
  const ui = (key, values = {}) => run.ui[key][lang].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const words = (t, axis, cell) => {
    const k = t.labels[axis];
    if (k === null) return null;
    const rows = (typeof run.texts[k] === "string" ? run.texts[k] : run.texts[k][0]).split("\n").map(r => r.split("\t"));
    const batch = t.axes.indexOf("batch");
    return rows[rows.length > 1 && batch >= 0 && batch < axis ? cell[batch] : 0];
  };
  const label = (t, axis, cell) => { const w = words(t, axis, cell); return w && w.length === t.shape[axis] ? w[cell[axis]] : String(cell[axis]); };
  const named = (t, cell, short) => {
    let from = 0;
    while (from < cell.length - 1 && t.shape[from] === 1) from++;
    const inner = cell.map((_, a) => label(t, a, cell)).slice(from).map(w => w.split("⇒")[0]).join(",");
    return (short ? t.name : t.path) + (cell.length ? `[${inner}]` : "");
  };
  const special = x => Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const brief = (x, digits = 5) => !Number.isFinite(x) ? special(x) : x === 0 ? "0" : String(Number(x.toPrecision(digits))).replace("e+", "e");
  const full = x => Number.isFinite(x) ? (run.double ? String(x) : brief(x, 8)) : special(x);

  /* numbers */
  const flat = (t, cell) => cell.reduce((sum, i, a) => sum * t.shape[a] + i, 0);
  const unflat = (t, k) => { const cell = []; for (let a = t.shape.length - 1; a >= 0; a--) { cell[a] = k % t.shape[a]; k = (k - cell[a]) / t.shape[a]; } return cell; };
  const value = (t, k) => numbers[t.at + k];
  const FN = { exp: Math.exp, log: Math.log, sqrt: Math.sqrt, tanh: Math.tanh, sin: Math.sin, cos: Math.cos, abs: Math.abs,
    relu: x => x < 0 ? 0 : x, sigmoid: x => 1 / (1 + Math.exp(-x)),
    erf: x => { let s = x, term = x; for (let n = 1; n < 200; n++) { term *= -x * x / n; s += term / (2 * n + 1); } return Math.abs(x) > 5 ? Math.sign(x) : 2 / Math.sqrt(Math.PI) * s; } };
  const number = x => x === "nan" ? NaN : x === "inf" ? Infinity : x === "-inf" ? -Infinity : x;
  const factor = (power, a, b) => typeof b === "string" ? { power, value: number(a), name: b }
    : { power, tensor: tensors[a], k: b, value: value(tensors[a], b) };
  const priced = (fn, factors) => {
    const product = factors.reduce((p, f) => p * (f.power === 1 ? f.value : f.value ** f.power), 1);
    return { fn, factors, value: fn ? FN[fn](product) : product };
  };
  const explain = (t, cell) => {
    const k = flat(t, cell), found = { value: value(t, k), terms: [], note: "", rule: "" };
    if (!t.made) return found;
    if (t.made.each) {
      const [rule, note, ...terms] = t.made.each[k];
      found.rule = text(rule); found.note = note < 0 ? "" : text(note);
      found.terms = terms.map(([fn, ...factors]) => priced(fn, factors.map(([p, a, b]) => factor(p, a, b))));
    } else {
      found.rule = text(t.made.rule);
      for (const [count, fn, factors] of t.made.all) for (let n = 0; n < count; n++)
        found.terms.push(priced(fn, factors.map(([p, a, b, byTerm, ...byCell]) => typeof b === "string" ? factor(p, a, b)
          : factor(p, a, byCell.reduce((at, by, axis) => at + by * cell[axis], b + n * byTerm)))));
    }
    found.total = found.terms.reduce((sum, each) => sum + each.value, 0);
    return found;
  };

  /* drawing */
  const make = (tag, cls, ...inner) => { const e = document.createElement(tag); if (cls) e.className = cls; e.append(...inner); return e; };
  const bounds = new Map();
  const bound = t => {
    if (t.share) return 1;
    if (!bounds.has(t)) { let b = 0; for (let k = 0; k < t.size; k++) { const x = Math.abs(value(t, k)); if (x < 1e8 && x > b) b = x; } bounds.set(t, b); }
    return bounds.get(t);
  };
  const shade = (t, x) => {
    if (t.whole || !(Math.abs(x) < 1e8) || !bound(t)) return "";
    return `rgba(${t.share ? "35,139,69" : x > 0 ? "217,95,14" : "33,102,172"},${(0.7 * Math.min(1, Math.abs(x) / bound(t))).toFixed(3)})`;
  };
  const masked = (t, cell) => {
    const mask = tensors[t.mask];
    return Boolean(mask) && value(mask, flat(mask, [mask.shape[0] > 1 ? cell[0] : 0, 0, cell[2], cell[3]])) !== 0;
  };
  const decimals = t => { const b = bound(t); if (!b) return 0; let whole = true; for (let k = 0; k < t.size && whole; k++) whole = !(Math.abs(value(t, k)) < 1e6) || Number.isInteger(value(t, k)); return whole ? 0 : Math.max(0, 3 - Math.floor(Math.log10(b))); };
  const written = (t, x) => !Number.isFinite(x) ? special(x) : x === 0 ? "0" : Math.abs(x) >= 1e6 ? Number(x.toPrecision(4)).toExponential().replace("e+", "e")
    : (t.decimals = t.decimals ?? decimals(t)) > 8 || Math.abs(x) < 0.5 * 10 ** -t.decimals ? x.toExponential(1) : x.toFixed(t.decimals);
  const window_ = (n, at, most) => { const from = n <= most ? 0 : Math.max(0, Math.min(n - most, at - (most >> 1))); return [from, Math.min(n, from + most)]; };
  const matrix = (t, cell, lit, cls, caption, pick) => {
    const d = t.shape.length, rows = d > 1 ? t.shape[d - 2] : 1, columns = d ? t.shape[d - 1] : 1;
    const at = [d > 1 ? cell[d - 2] : 0, d ? cell[d - 1] : 0];
    const [r0, r1] = window_(rows, at[0], 24), [c0, c1] = window_(columns, at[1], 16);
    const one = (r, c) => d > 1 ? [...cell.slice(0, -2), r, c] : d ? [c] : [];
    const table = make("table", "heat"), head = make("tr", "", make("th", "", d > 1 ? `${t.axes[d - 2]} \\ ${t.axes[d - 1]}` : ""));
    for (let c = c0; c < c1; c++) head.append(make("th", "", d ? label(t, d - 1, one(0, c)) : ""));
    if (c1 < columns) head.append(make("th", "", `… ${columns}`));
    table.append(head);
    for (let r = r0; r < r1; r++) {
      const row = make("tr", "", make("th", "", d > 1 ? label(t, d - 2, one(r, 0)) : ""));
      for (let c = c0; c < c1; c++) {
        const there = one(r, c), k = flat(t, there), x = value(t, k), td = make("td", "", written(t, x));
        if (masked(t, there)) td.classList.add("masked"); else td.style.background = shade(t, x);
        td.title = `${named(t, there)} = ${full(x)}`;
        if (lit && lit.has(k)) td.classList.add("from");
        if (cls === "result" && r === at[0] && c === at[1]) td.classList.add("at");
        td.onclick = () => pick(t, there);
        row.append(td);
      }
      table.append(row);
    }
    if (r1 < rows) table.append(make("tr", "", make("th", "", `⋮ ${rows}`)));
    const lead = cell.slice(0, -2).map((i, a) => t.shape[a] > 1 ? `${t.axes[a]} ${i}/${t.shape[a]}` : "").filter(Boolean).join(" · ");
    return make("figure", cls, make("figcaption", "", [caption, lead].filter(Boolean).join("  ")), table);
  };
  const link = (t, cell, short) => { const a = make("a", "", named(t, cell, short)); a.tabIndex = 0; a.onclick = () => follow(t, cell); a.onkeydown = e => { if (e.key === "Enter") { e.stopPropagation(); follow(t, cell); } }; return a; };
  const product = (term, asNames) => {
    const parts = [], put = (f, k, sign) => {
      if (k) parts.push(sign);
      if (asNames) parts.push(f.tensor ? link(f.tensor, unflat(f.tensor, f.k), true) : f.name);
      else parts.push(f.value < 0 && term.factors.length > 1 ? `(${brief(f.value)})` : brief(f.value));
      if (Math.abs(f.power) !== 1) parts.push(`^${Math.abs(f.power)}`);
    };
    const above = term.factors.filter(f => f.power > 0), below = term.factors.filter(f => f.power < 0);
    if (!above.length) parts.push("1");
    above.forEach((f, k) => put(f, k, asNames ? " · " : " × "));
    below.forEach(f => put(f, 1, " / "));
    return term.fn ? [`${term.fn}(`, ...parts, ")"] : parts;
  };
  const drawWhy = found => {
    const box = $("why"); box.replaceChildren();
    box.append(make("div", "", make("span", "name", named(here, here.cell)), ` = ${full(found.value)}`, make("span", "dim", found.rule ? `   ${found.rule}` : "")));
    if (!here.made) { box.append(make("div", "dim", ui("given", { kind: here.kind === undefined ? "" : text(here.kind) }))); }
    const terms = found.terms.length > 24 ? [...found.terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)) : found.terms;
    const most = Math.max(...terms.map(each => Math.abs(each.value)).filter(Number.isFinite), 0), table = make("table", "terms");
    terms.slice(0, 24).forEach((each, k) => {
      const bar = make("i"); bar.style.width = `${most ? 6 * Math.min(1, Math.abs(each.value) / most) : 0}em`;
      bar.style.background = each.value > 0 ? "rgba(217,95,14,.7)" : "rgba(33,102,172,.7)";
      const single = each.factors.length === 1 && !each.fn && each.factors[0].power === 1;
      table.append(make("tr", "", make("td", "", k ? "+" : ""), make("td", "l", ...product(each, true)),
        make("td", "l", ...(single ? [] : ["= ", ...product(each, false)])), make("td", "", brief(each.value)), make("td", "l", make("span", "bar", bar))));
    });
    box.append(table);
    if (terms.length > 24) box.append(make("div", "dim", ui("more", { n: terms.length - 24, rest: brief(terms.slice(24).reduce((s, t) => s + t.value, 0)) })));
    if (found.note) box.append(make("div", "link", found.note));
    if (here.made) {
      const apart = found.total === found.value || (Number.isNaN(found.total) && Number.isNaN(found.value)) ? 0 : found.total - found.value;
      const size = found.terms.reduce((s, t) => s + Math.abs(t.value), 0);
      const near = Math.abs(apart) <= (run.double ? 1e-12 : 2e-6) * size || apart === 0;
      box.append(make("div", near ? "dim" : "bad", ui("sum", { total: full(found.total), recorded: full(found.value), difference: brief(apart, 2) })));
    }
    const slope = byPath.get(here.path + ".grad");
    if (slope) {
      const a = link(slope, here.cell);
      box.append(make("div", "", "∂loss/∂", named(here, here.cell, true), ` = ${brief(value(slope, flat(slope, here.cell)))}  `, a));
    }
  };
  const draw = () => {
    document.documentElement.lang = lang;
    document.title = `${run.title[lang]} · tfstep`;
    $("title").textContent = `${run.title[lang]} · ${run.name}${run.variant === "base" ? "" : " · " + run.variant}`;
    $("about").textContent = run.about[lang]; $("about").hidden = !run.about[lang];
    $("language").textContent = lang === "en" ? "中文" : "English";
    const loss = byPath.get("loss");
    $("position").textContent = [here.phase ? ui(here.phase) : "", here.step ? `${here.step}/${steps.length}` : "", loss ? `${ui("loss")} ${brief(value(loss, 0))}` : ""].filter(Boolean).join(" · ");
    const what = $("what"); what.replaceChildren();
    const axes = here.axes.map((name, a) => `${name || "·"} ${here.shape[a]}`).join(" × ");
    what.append(make("div", "", make("span", "name", here.path), here.formula === undefined ? "" : `   ${text(here.formula)}`),
      make("div", "dim", [here.op || (here.kind === undefined ? "" : text(here.kind)), axes].filter(Boolean).join(" · ")), make("div", "", text(here.purpose)));
    const found = explain(here, here.cell), lit = new Map();
    found.terms.forEach(term => term.factors.forEach(f => { if (f.tensor) { if (!lit.has(f.tensor)) lit.set(f.tensor, new Set()); lit.get(f.tensor).add(f.k); } }));
    const board = $("board"); board.replaceChildren();
    const operands = [...new Set([...(here.from || []).map(p => byPath.get(p)), ...lit.keys()])].filter(t => t && t !== here).slice(0, 6);
    for (const t of operands) {
      const cells = lit.get(t), first = cells ? unflat(t, Math.min(...cells)) : t.shape.map((n, a) => t.shape.length === here.shape.length ? Math.min(here.cell[a], n - 1) : 0);
      board.append(matrix(t, first, cells, "", t.name, follow));
    }
    board.prepend(matrix(here, here.cell, null, "result", here.name, (t, cell) => { t.cell = cell; draw(); }));
    const slope = gradient && byPath.get(here.path + ".grad");
    if (slope) board.append(matrix(slope, here.cell, new Set([flat(slope, here.cell)]), "", slope.name, follow));
    else if (gradient && here.without !== undefined) board.append(make("div", "dim", text(here.without)));
    drawWhy(found);
    document.querySelector("td.at").scrollIntoView({ block: "nearest", inline: "nearest" });
    document.querySelectorAll("nav a.here").forEach(a => a.classList.remove("here"));
    const a = here.link || (here.step && steps[Number(here.step.split(".")[0]) - 1].link);
    if (a) { a.classList.add("here"); for (let p = a.parentElement; p; p = p.parentElement) if (p.tagName === "DETAILS") p.open = true; a.scrollIntoView({ block: "nearest" }); }
    $("keys").replaceChildren(...["n", "p", "s", "o", "arrows", "enter", "back", "g", "heads", "/", "l", "?"].flatMap(k => [make("b", "", run.keys[k]), ` ${ui("key_" + k)}   `]));
    try { history.replaceState(null, "", "#" + encodeURIComponent(here.path + (here.cell.length ? `[${here.cell}]` : ""))); } catch (e) { /* a page in a frame may have no address */ }
  };
  const drawTimeline = () => {
    const nav = $("timeline"); nav.replaceChildren();
    $("search").placeholder = ui("search");
    const part = t => { const base = t.path.split(".grad")[0].split("/")[0].replace(/\.new$/, ""), at = base.lastIndexOf("."); return at < 0 ? "" : base.slice(0, at); };
    const entry = t => { const a = t.link = make("a", "", make("b", "", t.step || "–"), t.step ? t.path : t.path); a.onclick = () => go(t); a.title = t.formula === undefined ? "" : text(t.formula); return a; };
    const wanted = t => !query || t.path.toLowerCase().includes(query.toLowerCase());
    const group = (title, list, open) => {
      if (!list.length) return;
      const box = make("details", "", make("summary", "", `${title} ${list.length}`)); box.open = open || !!query;
      let name = null, inner = box;
      list.forEach(t => { if (part(t) !== name) { name = part(t); inner = name ? make("details", "", make("summary", "", name)) : box; inner.open = true; if (name) box.append(inner); } inner.append(entry(t)); });
      nav.append(box);
    };
    group(ui("given_tensors"), tensors.filter(t => !t.step && !t.path.includes("/") && wanted(t)), false);
    for (const phase of ["forward", "backward", "update"]) group(ui(phase), steps.filter(t => t.phase === phase && wanted(t)), phase === "forward");
  };

  /* moving */
  const go = t => { here = t; draw(); };
  const pass = t => { if (String(t.shape) === String(here.shape)) t.cell = [...here.cell]; go(t); };
  const follow = (t, cell) => { back.push([here, [...here.cell]]); t.cell = [...cell]; go(t); $("why").scrollIntoView({ block: "nearest" }); };
  const outer = t => t.path.includes("/") && !t.path.includes(".grad/") ? byPath.get(t.path.slice(0, t.path.lastIndexOf("/"))) : null;
  const step = by => {
    const siblings = here.step && here.step.includes(".") ? tensors.filter(t => t.step && outer(t) === outer(here)) : steps;
    const k = siblings.indexOf(here);
    const next = k < 0 ? steps.findIndex(t => (t.from || []).includes(here.path)) : k + by;
    if (siblings[next]) pass(siblings[next]);
    else if (siblings !== steps && outer(here)) { const o = steps.indexOf(outer(here)); if (o >= 0) go(steps[Math.max(0, Math.min(steps.length - 1, by > 0 ? o + 1 : o))]); }
  };
  const move = (axis, by) => { const a = here.shape.length - axis; if (a >= 0) { here.cell[a] = Math.max(0, Math.min(here.shape[a] - 1, here.cell[a] + by)); draw(); } };
  const turn = by => { for (let a = here.shape.length - 3; a >= 0; a--) if (here.shape[a] > 1) { const n = here.cell[a] + by; if (n >= 0 && n < here.shape[a]) { here.cell[a] = n; here.cell.fill(0, a + 1, here.shape.length - 2); draw(); return; } } };
  const speak = () => { lang = lang === "en" ? "zh" : "en"; drawTimeline(); draw(); };
  const help = () => {
    const table = make("table");
    for (const k of Object.keys(run.keys)) table.append(make("tr", "", make("td", "name", run.keys[k]), make("td", "", ui("key_" + k))));
    $("helped").replaceChildren(make("p", "", ui("made")), table, ...(run.double ? [] : [make("p", "dim", ui("rounded"))]));
    if ($("helped").open) $("helped").close(); else $("helped").showModal();
  };
  const KEYS = {
    n: () => step(1), p: () => step(-1), s: () => { const t = tensors.find(t => outer(t) === here); if (t) { t.cell = t.shape.map((n, a) => t.shape.length === here.shape.length ? Math.min(here.cell[a], n - 1) : 0); go(t); } },
    o: () => { const t = outer(here); if (t) go(t); },
    ArrowLeft: () => move(1, -1), h: () => move(1, -1), ArrowRight: () => move(1, 1), l: () => move(1, 1),
    ArrowUp: () => move(2, -1), k: () => move(2, -1), ArrowDown: () => move(2, 1), j: () => move(2, 1),
    "[": () => turn(-1), "]": () => turn(1), g: () => { gradient = !gradient; draw(); },
    Enter: () => {
      const terms = explain(here, here.cell).terms.filter(t => t.factors.some(f => f.tensor)).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
      if (terms.length) { const f = terms[0].factors.find(f => f.tensor); follow(f.tensor, unflat(f.tensor, f.k)); }
    },
    Backspace: () => { const last = back.pop(); if (last) { last[0].cell = last[1]; go(last[0]); } },
    Home: () => go(steps[0]), End: () => go(steps[steps.length - 1]), "/": () => $("search").focus(), L: speak, "?": help,
  };
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (e.target === $("search")) { if (e.key === "Escape") { query = $("search").value = ""; drawTimeline(); draw(); $("search").blur(); } if (e.key === "Enter") { const t = [...tensors].find(t => t.path.toLowerCase().includes($("search").value.toLowerCase())); if (t) { query = $("search").value = ""; drawTimeline(); go(t); } $("search").blur(); } return; }
    if (KEYS[e.key] && !($("helped").open && e.key !== "?")) { e.preventDefault(); KEYS[e.key](); }
  });
  $("search").oninput = () => { query = $("search").value; drawTimeline(); };
  $("language").onclick = speak; $("help").onclick = help;
  const asked = () => {
    let address = location.hash.slice(1);
    try { address = decodeURIComponent(address); } catch (e) { /* half an escape: it names nothing */ }
    const [, path, inner] = address.match(/^(.*?)(?:\[([\d,]*)\])?$/) || [], t = byPath.get(path);
    if (!t) return;
    const cell = (inner || "").split(",").filter(Boolean).map(Number);
    if (cell.length === t.shape.length && cell.every((i, a) => i < t.shape[a])) t.cell = cell;
    here = t;
  };
  window.addEventListener("hashchange", () => { asked(); draw(); });
  asked(); drawTimeline(); draw();
  document.body.dataset.ready = "yes";
})();
