// SPDX-License-Identifier: Apache-2.0
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const REFUSED = ["deny", "observe", "invalid", "error"];
  const WORDS = { deny: "Denied", observe: "Would be denied", invalid: "Invalid", error: "Failed", allow: "Let through" };
  const PAGE = 100, SHOWN = 7;

  /* --- text: everything a record says goes through show(), and into the page as text alone. */

  const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;
  /* A line that somebody put in may have anything in a member's place, which has no text of its own. */
  const word = (text) => typeof text === "string" ? text : text === null || text === undefined ? "" : JSON.stringify(text);
  const show = (text) => word(text).replace(HIDDEN, (c) => {
    const n = c.codePointAt(0);
    return n > 0xffff ? "\\U" + n.toString(16).toUpperCase().padStart(8, "0") : "\\u" + n.toString(16).toUpperCase().padStart(4, "0");
  });
  const showLines = (text) => word(text).split("\n").map(show).join("\n");
  const number = (n) => n.toLocaleString("en-US");
  const plural = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;
  const sameYear = () => new Date(data.first).getUTCFullYear() === new Date(data.last).getUTCFullYear();
  const time = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const brief = (ms) => {
    const d = new Date(ms), two = (n) => String(n).padStart(2, "0");
    return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  };

  const make = (name, attributes = {}, ...children) => {
    const node = attributes.svg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "svg" || value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };
  const draw = (name, attributes = {}, ...children) => make(name, { svg: true, ...attributes }, ...children);
  const value = (text) => make("span", { class: "value" }, show(text));

  /* --- what is chosen */

  const time0 = data.timeline.start, step = data.timeline.step, nBuckets = data.timeline.n;
  const chosen = { from: 0, to: nBuckets, facets: {}, search: "", verdict: null, sort: "count", down: true, shown: PAGE };
  const groups = data.groups;
  const FACETS = [["rule", "Rule"], ["client", "Client"], ["container", "Container"], ["operation", "Operation"]];
  const NONE = { container: "not in a container", operation: "none that is known", rule: "none", client: "unknown" };
  const nameOf = (group, facet) => group[facet] === null || group[facet] === "" ? NONE[facet] : group[facet];
  /* A denial's rule "allow" is that no entry of it grants the request; a container's ID is shown as docker does. */
  const labelOf = (facet, name) => facet === "rule" && name === "allow" ? "allow (no entry of it)" : facet === "container" && /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : show(name);
  for (const group of groups) {
    group.haystack = [group.rule, group.client, group.container, group.operation, group.policy, group.listener, group.reason, group.field, group.verdict,
      group.method, ...group.records.map((r) => `${word(r.id)} ${r.request ? word(r.request.path) : ""}`)].join("\n").toLowerCase();
  }

  const sentenceOf = (group) => Object.hasOwn(data.reasons, group.rule) ? data.reasons[group.rule] : null;
  const wholeTime = () => chosen.from === 0 && chosen.to === nBuckets;
  const countOf = (group) => {
    if (wholeTime()) return group.count;
    let n = 0;
    for (const [bucket, count] of group.hist) if (bucket >= chosen.from && bucket < chosen.to) n += count;
    return n;
  };
  const passes = (group, but) => {
    for (const [facet, name] of Object.entries(chosen.facets)) if (facet !== but && nameOf(group, facet) !== name) return false;
    if (chosen.verdict && but !== "verdict" && group.verdict !== chosen.verdict) return false;
    return chosen.search === "" || chosen.search.split(/\s+/).every((word) => group.haystack.includes(word));
  };

  /* --- the top */

  const drawHead = () => {
    $("span").replaceChildren(data.records === 0 ? "No records." : `${plural(data.records, "record", "records")}, ${time(data.first)} to ${time(data.last)} UTC`);
    $("made").replaceChildren(`Made by quaygate ${data.version} on ${time(data.made)} UTC from ${data.files.map(show).join(", ")}. It asks no network for anything.`);
  };

  const FAULTS = { changed: "A line was changed", missing: "Lines are missing", cut: "A file ends in the middle of a line", foreign: "A line is none of this trail",
    order: "A line stands in another place than its own", checkpoint: "A checkpoint isn't signed as it must be" };
  const drawChain = () => {
    const chain = data.chain, box = $("chain"), text = make("div");
    const kind = chain.result === "good" ? "good" : chain.result === "unchained" ? "none" : "bad";
    box.classList.add(kind);
    const lines = `${plural(chain.lines, "line", "lines")}, ${number(chain.first_seq)} to ${number(chain.last_seq)}`;
    text.append(make("h2", {}, kind === "good" ? "The trail is whole" : kind === "none" ? "Nothing protects this trail" : `${FAULTS[chain.result]}: the trail isn't whole`));
    if (kind === "none") text.append(make("p", { class: "quiet" }, "No line has a hash, so that a changed or missing one can't be seen. A file sink with 'chain: sha256' has them."));
    else {
      text.append(make("p", { class: "quiet" }, kind === "good" ? `Each line's hash is that of its bytes, and each follows the one before: ${lines}` : `${lines}`,
        chain.begins ? ", from the first one ever." : ". Older lines are not among these files.",
        chain.unchained > 0 ? ` ${plural(chain.unchained, "line has", "lines have")} no hash.` : "",
        chain.checkpoints > 0 ? ` ${plural(chain.checkpoints, "checkpoint", "checkpoints")}, ${chain.signed === null ? "not held against a key" : chain.signed ? "signed by the key" : "not all signed by the key"}.` : ""));
      if (chain.last_hash) text.append(make("p", { class: "quiet hash" }, "Last hash ", make("code", {}, chain.last_hash), " — compare it with one kept elsewhere."));
    }
    if (chain.findings.length > 0) {
      text.append(make("ul", {}, ...chain.findings.map((f) => make("li", {}, make("code", { class: "value" }, show(`${f.file}:${f.line}`)),
        f.fault === "missing" ? `: ${plural(f.lines, "line is", "lines are")} missing ahead of it, from seq ${number(f.seq)} on` : `: ${f.why}`))));
      if (chain.more > 0) text.append(make("p", { class: "quiet" }, `and ${number(chain.more)} more; 'quaygate audit verify --all' lists them.`));
    }
    box.replaceChildren(make("span", { class: "mark", "aria-hidden": "true" }, kind === "good" ? "✓" : kind === "none" ? "?" : "!"), text);
  };

  const drawTotals = () => {
    $("totals").replaceChildren(...[...REFUSED, "allow"].map((v) => make("div", {},
      make("dt", { class: v }, make("span", { class: "dot" }), WORDS[v]), make("dd", { class: data.verdicts[v] ? "" : "zero" }, number(data.verdicts[v])))));
    const seen = REFUSED.filter((v) => data.verdicts[v] > 0);
    $("legend").replaceChildren(...seen.map((v) => make("li", {}, make("span", { class: `dot ${v}` }), WORDS[v])));
  };

  /* --- the chart */

  const W = 1120, H = 190, LEFT = 44, BOTTOM = 24, TOP = 10;
  const x = (bucket) => LEFT + (W - LEFT) * bucket / nBuckets;
  const niceMax = (n) => { const p = 10 ** Math.floor(Math.log10(Math.max(n, 1))); return [1, 2, 3, 4, 5, 6, 8, 10].map((k) => k * p).find((k) => k >= n); };
  const TICKS = [1, 5, 15, 60, 300, 900, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
  const tickText = (ms, every) => { const text = brief(ms); return every >= 86400 ? text.slice(0, -9) : every >= 60 ? text.slice(0, -3) : text.slice(-8); };
  const rangeText = () => `${brief(time0 + chosen.from * step)} – ${brief(Math.min(time0 + chosen.to * step, Math.max(data.last, time0 + step)))} UTC`;

  let bars = [], brush = null, handles = [], tip = null, svg = null;

  const drawBars = () => {
    const sums = Array.from({ length: nBuckets }, () => ({}));
    for (const group of groups) if (passes(group)) for (const [bucket, count] of group.hist) sums[bucket][group.verdict] = (sums[bucket][group.verdict] || 0) + count;
    const filtered = Object.keys(chosen.facets).length > 0 || chosen.verdict || chosen.search;
    if (!filtered) REFUSED.forEach((v) => data.timeline[v].forEach(([bucket, count]) => { sums[bucket][v] = count; })); /* with what is in no group */
    const total = (s) => REFUSED.reduce((n, v) => n + (s[v] || 0), 0);
    const max = niceMax(Math.max(1, ...sums.map(total))), y = (n) => H - BOTTOM - (H - BOTTOM - TOP) * n / max;
    const width = Math.max(1, (W - LEFT) / nBuckets - (nBuckets > 120 ? .6 : 1.5));
    bars = sums.map((s) => { s.total = total(s); return s; });
    const marks = [];
    for (const n of [max / 2, max]) if (Number.isInteger(n)) marks.push(draw("line", { class: "grid", x1: LEFT, x2: W, y1: y(n), y2: y(n) }), draw("text", { x: LEFT - 8, y: y(n) + 4, "text-anchor": "end" }, number(n)));
    const every = TICKS.find((t) => nBuckets * step / 1000 / t <= 9) || TICKS[TICKS.length - 1];
    let last = -99;
    for (let t = Math.ceil(time0 / 1000 / every) * every * 1000; t < time0 + nBuckets * step; t += every * 1000) {
      const at = x((t - time0) / step);
      if (at > W - 40 || at - last < 90) continue;
      last = at;
      marks.push(draw("line", { class: "base", x1: at, x2: at, y1: H - BOTTOM, y2: H - BOTTOM + 4 }), draw("text", { x: at, y: H - 5, "text-anchor": at < LEFT + 30 ? "start" : "middle" }, tickText(t, every)));
    }
    sums.forEach((s, bucket) => {
      let n = 0;
      for (const v of REFUSED) if (s[v]) {
        marks.push(draw("rect", { class: bucket >= chosen.from && bucket < chosen.to ? v : `${v} off`, x: x(bucket), width, y: y(n + s[v]), height: Math.max(y(n) - y(n + s[v]), 1.2) }));
        n += s[v];
      }
    });
    marks.push(draw("line", { class: "base", x1: LEFT, x2: W, y1: H - BOTTOM, y2: H - BOTTOM }));
    return marks;
  };

  const drawBrush = () => {
    brush.setAttribute("x", x(chosen.from));
    brush.setAttribute("width", wholeTime() ? 0 : x(chosen.to) - x(chosen.from));
    handles.forEach((handle, i) => {
      const at = i === 0 ? chosen.from : chosen.to;
      handle.setAttribute("transform", `translate(${x(at)} 0)`);
      handle.setAttribute("aria-valuenow", at);
      handle.setAttribute("aria-valuetext", brief(time0 + at * step) + " UTC");
    });
    $("range").replaceChildren(wholeTime() ? "" : rangeText());
    $("whole").hidden = wholeTime();
  };

  const choose = (from, to) => {
    const low = Math.max(0, Math.min(from, to)), high = Math.min(nBuckets, Math.max(from, to));
    chosen.from = Math.min(low, nBuckets - 1);
    chosen.to = Math.max(high, chosen.from + 1);
    refresh();
  };

  const makeHandle = (i) => draw("g", { class: "handle", tabindex: 0, role: "slider", "aria-label": i === 0 ? "Beginning of the time shown" : "End of the time shown", "aria-valuemin": 0, "aria-valuemax": nBuckets,
    onkeydown: (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -nBuckets, End: nBuckets }[event.key];
      if (!by) return;
      event.preventDefault();
      if (i === 0) choose(Math.max(0, Math.min(chosen.from + by, chosen.to - 1)), chosen.to);
      else choose(chosen.from, Math.min(nBuckets, Math.max(chosen.to + by, chosen.from + 1)));
    } },
    draw("line", { x1: 0, x2: 0, y1: TOP, y2: H - BOTTOM }), draw("rect", { x: -5, y: (H - BOTTOM) / 2 - 9, width: 10, height: 24, rx: 4 }),
    draw("line", { class: "grip", x1: -1.5, x2: -1.5, y1: (H - BOTTOM) / 2, y2: (H - BOTTOM) / 2 + 6 }), draw("line", { class: "grip", x1: 1.5, x2: 1.5, y1: (H - BOTTOM) / 2, y2: (H - BOTTOM) / 2 + 6 }));

  const bucketAt = (event) => { const box = svg.getBoundingClientRect(); return ((event.clientX - box.left) / box.width * W - LEFT) / (W - LEFT) * nBuckets; };
  const showTip = (event) => {
    const bucket = Math.floor(bucketAt(event)), bar = bars[bucket];
    tip.hidden = !bar;
    if (!bar) return;
    const parts = REFUSED.filter((v) => bar[v]).map((v) => `${number(bar[v])} ${WORDS[v].toLowerCase()}`);
    tip.textContent = `${brief(time0 + bucket * step)}: ${parts.join(", ") || "nothing"}`;
    tip.style.left = `${Math.min(86, Math.max(14, x(bucket + .5) / W * 100))}%`;
  };

  const beginChart = () => {
    let began = null, grabbed = null;
    svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "group", "aria-label": "Refused requests over time; the two handles choose a part of it",
      onpointerdown: (event) => {
        if (event.button !== 0) return;
        const handle = handles.findIndex((h) => h.contains(event.target));
        grabbed = handle >= 0 ? handle : null;
        began = bucketAt(event);
        svg.setPointerCapture(event.pointerId);
      },
      onpointermove: (event) => {
        showTip(event);
        if (began === null) return;
        const at = bucketAt(event);
        if (grabbed === 0) choose(Math.min(Math.round(at), chosen.to - 1), chosen.to);
        else if (grabbed === 1) choose(chosen.from, Math.max(Math.round(at), chosen.from + 1));
        else if (Math.abs(x(at) - x(began)) > 4) choose(Math.floor(Math.min(at, began)), Math.ceil(Math.max(at, began)));
      },
      onpointerup: () => { began = null; }, onpointercancel: () => { began = null; }, onpointerleave: () => { tip.hidden = true; }, ondblclick: () => choose(0, nBuckets) });
    brush = draw("rect", { class: "brush", y: TOP, height: H - BOTTOM - TOP });
    handles = [makeHandle(0), makeHandle(1)];
    tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    $("chart").replaceChildren(svg, tip);
    $("whole").addEventListener("click", () => choose(0, nBuckets));
  };
  const drawChart = () => {
    const focused = handles.indexOf(document.activeElement), layer = draw("g", {}, ...drawBars());
    if (brush.nextSibling) brush.nextSibling.replaceWith(layer); else svg.append(brush, layer, ...handles);
    drawBrush();
    if (focused >= 0) handles[focused].focus();
  };

  /* --- facets */

  const openFacets = new Set();
  const toggleFacet = (facet, name) => {
    if (chosen.facets[facet] === name) delete chosen.facets[facet]; else chosen.facets[facet] = name;
    chosen.shown = PAGE;
    refresh();
  };
  const drawFacet = ([facet, title]) => {
    const counts = new Map();
    for (const group of groups) if (passes(group, facet)) { const n = countOf(group); if (n > 0) counts.set(nameOf(group, facet), (counts.get(nameOf(group, facet)) || 0) + n); }
    const rows = [...counts].sort((a, b) => b[1] - a[1]), open = openFacets.has(facet), most = rows.length ? rows[0][1] : 1;
    const list = make("ul", {}, ...rows.slice(0, open ? 200 : SHOWN).map(([name, n]) => make("li", {},
      make("button", { type: "button", class: "facet", "aria-pressed": chosen.facets[facet] === name ? "true" : "false", title: show(name), "data-key": `${facet} ${name}`, onclick: () => toggleFacet(facet, name) },
        make("span", { class: "name" }, labelOf(facet, name)), make("span", {}, number(n)),
        make("span", { class: "bar", "aria-hidden": "true" }, draw("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none" }, draw("rect", { width: Math.max(1.5, n / most * 100), height: 4, rx: 1 })))))));
    return make("div", { class: "card" }, make("h3", {}, `By ${title.toLowerCase()}`), rows.length ? list : make("p", { class: "quiet" }, "Nothing."),
      rows.length > SHOWN ? make("button", { type: "button", class: "link", "data-key": `open ${facet}`, "aria-expanded": open ? "true" : "false", onclick: () => { openFacets[open ? "delete" : "add"](facet); refresh(); } },
        open ? "Fewer" : `All ${number(rows.length)}`) : null);
  };
  const drawFacets = () => {
    const key = document.activeElement && document.activeElement.getAttribute("data-key");
    $("facets").replaceChildren(...FACETS.map(drawFacet));
    if (key) { const again = [...document.querySelectorAll("[data-key]")].find((node) => node.getAttribute("data-key") === key); if (again) again.focus(); }
  };

  /* --- one denial */

  const quote = (text) => show(text === null || text === undefined ? "—" : text);
  const adviceOf = (group) => {
    if (group.verdict === "invalid") return "No policy decides about this: the request can't be read in one way only, or is over a limit. The client has to send it otherwise; if it is a well-known one, report it.";
    if (group.verdict === "error") return "No policy decides about this: the engine or the gate couldn't serve it. Look at the gate's own log and the engine's at that time.";
    const who = group.container ? `container ${show(group.container).slice(0, 12)}` : show(nameOf(group, "client"));
    const then = group.verdict === "observe" ? "It was let through, since the policy only observes; once it enforces, this is denied. " : "";
    return `${then}If ${who} has a reason to ask for this, allow no more than it needs, try it with 'quaygate replay' on this trail, and reload. If nobody can say why it asks, it may be a client that looks for a way out: find out before anything is allowed.`;
  };
  const explain = (group) => {
    const first = group.records[0] || {}, request = first.request || {}, pairs = [];
    const add = (name, text) => { if (text !== null && text !== undefined && text !== "") pairs.push(make("dt", {}, name), make("dd", {}, value(text))); };
    add("Asked", `${group.method || ""} ${word(request.path)}`.trim());
    add("Rule", group.rule);
    add("Stands in", group.where);
    add("Field", group.field);
    add("Value", first.value);
    add("Policy", group.policy);
    add("Policy's hash", first.policy_hash);
    add("Listener", group.listener);
    const sentence = sentenceOf(group);
    return make("div", {},
      make("div", { class: "block" }, make("h3", {}, "Why"), make("p", {}, value(group.reason || sentence || "The record doesn't say.")), sentence && sentence !== group.reason ? make("p", { class: "quiet" }, sentence + ".") : null, make("dl", {}, ...pairs)),
      make("div", { class: "block" }, make("h3", {}, "What to do"), make("p", {}, adviceOf(group))),
      group.allow ? make("div", { class: "block" }, make("h3", {}, "The smallest YAML that allows it"), make("p", { class: "quiet" }, "Below ", make("code", { class: "value" }, `policies: ${quote(group.policy)}:`)), make("pre", { class: "yaml", tabindex: 0 }, showLines(group.allow))) : null);
  };
  const pretty = (record) => showLines(JSON.stringify(record, null, 2));
  const recordsOf = (group) => {
    const box = make("div", {}, make("h3", {}, group.records.length > 1 ? `Records: ${group.records.length} of ${number(group.count)}` : "The record"));
    if (group.records.length === 0) { box.append(make("p", { class: "quiet" }, "They are too many or too large for this page; 'quaygate audit show --json' has them.")); return box; }
    const text = make("pre", { tabindex: 0 }, pretty(group.records[0]));
    if (group.records.length > 1) box.append(make("div", { class: "tabs" }, ...group.records.map((record, i) => make("button", { type: "button", "aria-pressed": i === 0 ? "true" : "false",
      onclick: (event) => { for (const b of event.currentTarget.parentNode.children) b.setAttribute("aria-pressed", b === event.currentTarget ? "true" : "false"); text.textContent = pretty(record); } }, quote(record.time).slice(0, 19).replace("T", " ")))));
    box.append(text);
    return box;
  };
  const drawDetail = (group) => make("tr", { class: "detail", id: `detail-${group.index}` }, make("td", { colspan: COLUMNS.length }, make("div", { class: "detail-box" }, explain(group), recordsOf(group))));

  /* --- the table */

  const COLUMNS = [["operation", "Operation"], ["verdict", "Verdict"], ["client", "Client"], ["reason", "Reason and rule"], ["count", "Count", true], ["first", "First"], ["last", "Last"]];
  const opened = new Set();
  groups.forEach((group, i) => { group.index = i; });
  const sortBy = (key) => { chosen.down = chosen.sort === key ? !chosen.down : ["count", "first", "last"].includes(key); chosen.sort = key; refresh(); };
  const drawColumns = () => {
    const key = document.activeElement && document.activeElement.getAttribute("data-sort");
    document.querySelector("#table thead").replaceChildren(make("tr", {}, ...COLUMNS.map(([name, title, right]) => make("th", { scope: "col", class: right ? "number" : null, "aria-sort": chosen.sort === name ? (chosen.down ? "descending" : "ascending") : "none" },
      make("button", { type: "button", "data-sort": name, onclick: () => sortBy(name) }, title, make("span", { class: "arrow", "aria-hidden": "true" }, chosen.sort === name ? (chosen.down ? "↓" : "↑") : ""))))));
    if (key) { const again = document.querySelector(`[data-sort="${key}"]`); if (again) again.focus(); }
  };
  const timeCell = (ms) => make("td", { class: "time" }, make("time", { datetime: new Date(ms).toISOString(), title: `${time(ms)} UTC` }, sameYear() ? brief(ms) : time(ms)));
  const drawRow = (group, n) => {
    const open = opened.has(group.index);
    const button = make("button", { type: "button", class: "open", "aria-expanded": open ? "true" : "false", "aria-controls": `detail-${group.index}`, onclick: () => {
      const now = !opened.has(group.index);
      opened[now ? "add" : "delete"](group.index);
      button.setAttribute("aria-expanded", now ? "true" : "false");
      if (now) row.after(drawDetail(group)); else $(`detail-${group.index}`).remove();
    } }, value(group.operation || `${group.method || "?"} …`));
    const row = make("tr", {}, make("td", {}, button, make("span", { class: "sub" }, value(group.policy || ""))), make("td", {}, make("span", { class: `tag ${REFUSED.includes(group.verdict) ? group.verdict : ""}` }, show(group.verdict))),
      make("td", {}, value(group.client)), make("td", {}, value(group.reason || sentenceOf(group) || "—"), make("span", { class: "sub mono value" }, group.rule === "allow" ? "" : show(group.rule || ""))), make("td", { class: "number" }, number(n)),
      timeCell(group.first), timeCell(group.last));
    return open ? [row, drawDetail(group)] : [row];
  };
  const drawChips = () => {
    const chip = (label, name, drop) => make("button", { type: "button", class: "chip", "aria-label": `Remove the filter ${label} ${show(name)}`, onclick: () => { drop(); chosen.shown = PAGE; refresh(); } }, `${label} `, make("b", {}, show(name)), make("span", { "aria-hidden": "true" }, "×"));
    const chips = FACETS.filter(([facet]) => facet in chosen.facets).map(([facet, title]) => chip(title, labelOf(facet, chosen.facets[facet]), () => delete chosen.facets[facet]));
    if (!wholeTime()) chips.push(chip("Time", rangeText(), () => { chosen.from = 0; chosen.to = nBuckets; }));
    if (chosen.search) chips.push(chip("Search", chosen.search, () => { chosen.search = ""; $("search").value = ""; }));
    $("chips").replaceChildren(...chips);
  };
  const compare = (a, b) => {
    const [x1, y1] = chosen.sort === "count" ? [a.n, b.n] : [a.group[chosen.sort] || "", b.group[chosen.sort] || ""];
    const by = x1 < y1 ? -1 : x1 > y1 ? 1 : b.n - a.n;
    return chosen.down ? -by : by;
  };
  const drawTable = () => {
    const rows = groups.filter((group) => passes(group)).map((group) => ({ group, n: countOf(group) })).filter((row) => row.n > 0).sort(compare);
    const total = rows.reduce((n, row) => n + row.n, 0), body = document.querySelector("#table tbody");
    body.replaceChildren(...rows.slice(0, chosen.shown).flatMap((row) => drawRow(row.group, row.n)));
    if (rows.length === 0) body.append(make("tr", {}, make("td", { colspan: COLUMNS.length, class: "empty" }, groups.length ? "Nothing passes these filters." : "Nothing was refused.")));
    $("found").replaceChildren(rows.length ? `${plural(total, "request", "requests")} of ${plural(rows.length, "kind", "kinds")}` : "");
    $("more").hidden = rows.length <= chosen.shown;
    $("more").textContent = `Show ${number(Math.min(PAGE, rows.length - chosen.shown))} more of ${number(rows.length - chosen.shown)}`;
  };
  const drawLife = () => {
    $("events").hidden = data.life.length === 0;
    $("life").replaceChildren(...data.life.map((event) => make("li", {}, make("span", { class: "quiet" }, `${time(event.time)} UTC`), make("b", { class: "value" }, show(event.action)), value(event.message || ""))));
    if (data.life_more > 0) $("life").prepend(make("li", { class: "quiet" }, `${number(data.life_more)} earlier ones are left out.`));
  };

  const refresh = () => { drawChart(); drawFacets(); drawChips(); drawColumns(); drawTable(); };

  /* --- colours */

  const THEMES = ["auto", "light", "dark"], dark = matchMedia("(prefers-color-scheme: dark)");
  let theme = "auto";
  try { theme = localStorage.getItem("quaygate-theme") || "auto"; } catch (error) { /* a file may have no storage */ }
  if (!THEMES.includes(theme)) theme = "auto";
  if (/^#(light|dark)$/.test(location.hash)) theme = location.hash.slice(1);
  const applyTheme = () => {
    document.documentElement.setAttribute("data-theme", theme === "auto" ? (dark.matches ? "dark" : "light") : theme);
    $("theme-name").textContent = theme[0].toUpperCase() + theme.slice(1);
    $("theme").setAttribute("aria-label", `Colours: ${theme}`);
  };
  $("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try { localStorage.setItem("quaygate-theme", theme); } catch (error) { /* as above */ }
    applyTheme();
  });
  dark.addEventListener("change", applyTheme);
  let before = null;
  addEventListener("beforeprint", () => { before = document.documentElement.getAttribute("data-theme"); document.documentElement.setAttribute("data-theme", "light"); });
  addEventListener("afterprint", () => document.documentElement.setAttribute("data-theme", before));

  $("print").addEventListener("click", () => print());
  $("more").addEventListener("click", () => { chosen.shown += PAGE; drawTable(); });
  $("search").addEventListener("input", (event) => { chosen.search = event.target.value.trim().toLowerCase(); chosen.shown = PAGE; refresh(); });
  $("others").textContent = data.others.count > 0 ? `${plural(data.others.count, "request", "requests")} of rarer kinds are in the totals and the chart only.` : "";
  applyTheme();
  drawHead();
  drawChain();
  drawTotals();
  beginChart();
  drawLife();
  refresh();
})();
