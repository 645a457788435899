// The review page. Every value that comes from data is put in as text, never as HTML.
"use strict";

const TOKEN_AT = "custid.token";
const $ = (id) => document.getElementById(id);
const main = $("main");
let token = null;
let state = {};
let asked = null; // the question on the table: {left_key, right_key, ...}
let told = null; // what is known of it
let busy = false;
let shown = 0; // counts views, so that a late answer does not overwrite a newer one
const fetched = new Map(); // questions fetched ahead

// --- talking to the server ---

async function call(path, body) {
  const options = { headers: { "X-Custid-Token": token || "" }, cache: "no-store" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("custid review does not answer any more. Start it again, and open the address it prints.");
  }
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error || `the server said ${answer.status}`);
  return data;
}

function hear(news) {
  if (!("waiting" in news)) return;
  state = news;
  $("where").textContent = `${state.registry} · ${state.actor}`;
  $("where").title = `${state.registry}, decisions are entered as ${state.actor}`;
  $("waiting").textContent = state.waiting.toLocaleString("en");
  document.title = `${state.waiting.toLocaleString("en")} to review · custid`;
  const offer = $("offer");
  const due = state.retrain_after > 0 && state.since_learned >= state.retrain_after && view() !== "effect";
  offer.hidden = !due;
  if (due) {
    offer.replaceChildren(
      el("span", {}, `${plural(state.since_learned, "decision")} since the model was last learned.`),
      el("button", { class: "main", type: "button", onclick: () => { location.hash = "#effect"; } }, "See what it would learn"),
    );
  }
}

// --- making elements ---

function el(name, attributes, ...children) {
  const made = document.createElement(name);
  dress(made, attributes, children);
  return made;
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  dress(made, attributes, children);
  return made;
}

function dress(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) made.append(child);
  }
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const words = (text) => String(text).replaceAll("_", " ");
const signed = (bits) => {
  const text = Math.abs(bits).toFixed(1);
  return (text === "0.0" ? "" : bits > 0 ? "+" : "−") + text;
};
const nameOf = (record) => `${record.channel}:${record.record_id}`;
const pairOf = (one) => `${one.left_key}-${one.right_key}`;

function toast(text, wrong) {
  const made = el("div", { class: wrong ? "toast wrong" : "toast", role: wrong ? "alert" : null }, text);
  $("toasts").replaceChildren(made);
  setTimeout(() => made.remove(), wrong ? 15000 : 3500);
}

function show(...children) {
  main.replaceChildren(...children.filter(Boolean));
}

async function doing(work) {
  if (busy) return;
  busy = true;
  main.classList.add("busy");
  try {
    await work();
  } catch (error) {
    toast(error.message, true);
  } finally {
    busy = false;
    main.classList.remove("busy");
  }
}

// --- the queue ---

async function showQueue(first) {
  const turn = ++shown;
  const news = await call("/api/queue");
  if (turn !== shown) return;
  hear(news);
  let list = news.questions;
  if (first) list = [first, ...list.filter((one) => pairOf(one) !== pairOf(first))];
  asked = list[0] || null;
  if (!asked) {
    told = null;
    $("acts").hidden = true;
    show(el("div", { class: "empty" }, el("strong", {}, "Nothing waits."), state.decided
      ? `${plural(state.decided, "decision")} made. They take effect with the next run; Effect shows how.`
      : "Every pair that could be one customer is settled."));
    showActs(null);
    return;
  }
  told = await question(asked);
  if (turn !== shown) return;
  drawQuestion(asked, told, true);
  fetched.clear();
  for (const next of list.slice(1, 3)) fetched.set(pairOf(next), ask(next));
}

const ask = (one) => {
  const made = call(`/api/question?left=${one.left_key}&right=${one.right_key}`);
  made.catch(() => {}); // whoever waits for it hears of it
  return made;
};
const question = (one) => fetched.get(pairOf(one)) || ask(one);

function drawQuestion(one, data, queued) {
  const [left, right] = data.records;
  const weight = data.evidence.match_weight;
  const guarded = one.reason && one.reason.startsWith("kept apart");
  show(
    el("div", { class: "top" },
      el("h1", {}, data.same_customer ? "Two records of one customer" : "Are these the same customer?"),
      one.reason ? el("span", { class: "tag" }, guarded ? "much speaks for it, but a guard kept them apart" : "between the thresholds") : null,
      one.pairs > 1 ? el("span", { class: "quiet small" }, `strongest of ${one.pairs} pairs between them`) : null,
      queued ? el("span", { class: "quiet small push" }, `${plural(state.waiting, "question")} wait${state.waiting === 1 ? "s" : ""}, what teaches most first`) : null),
    el("div", { class: "desk" },
      el("div", { class: "sheet records" }, el("div", { class: "scroll" }, recordsTable(data, left, right))),
      el("aside", { class: "sheet" }, el("h2", {}, "Evidence"), evidence(data.evidence), decisionsHere(data.decisions))));
  showActs({ left, right, queued });
}

function recordsTable(data, left, right) {
  const head = el("tr", {}, el("th", {}), data.records.map((record, place) => {
    const starts = place >= 2 && record.customer_id !== data.records[place - 1].customer_id;
    return el("th", { class: cellClass(place, place === 2 || starts), scope: "col" },
      el("strong", { class: "mono" }, nameOf(record)),
      record.customer_id ? el("a", { class: "small mono", href: `#customer/${record.customer_id}` }, record.customer_id) : null,
      el("span", { class: "quiet small" }, place < 2 ? record.updated_at || ""
        : record.customer_id === right.customer_id ? (record.customer_id === left.customer_id ? "" : "with the second")
        : "with the first"));
  }));
  const rows = data.fields.map((row) => el("tr", {},
    el("th", { scope: "row" }, words(row.field)),
    row.cells.map((cell, place) => el("td", { class: cellClass(place, place === 2) }, value(cell),
      place === 1 && row.state === "equal" ? el("span", { class: "same-as", title: "the same" }, "=") : null,
      place === 1 && row.state === "alike" ? el("span", { class: "same-as", title: "written otherwise, compared as the same" }, "≈ same") : null))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows),
    data.left_out ? el("caption", { class: "quiet small" }, `${data.left_out} more records of these customers are not shown`) : null);
}

const cellClass = (place, first) => (place < 2 ? "asked" : "beside") + (first ? " first-of" : "");

function value(cell) {
  if (cell === null) return el("span", { class: "none", title: "no value" }, "–");
  return el("span", {}, cell.map(([text, differs]) => (differs ? el("mark", {}, text) : text)));
}

function evidence(found) {
  const most = Math.max(8, ...found.parts.map((part) => Math.abs(part.bits ?? 0)), Math.abs(found.prior));
  const line = (name, level, bits, kind) => el("tr", {},
    el("td", {}, words(name), level ? el("span", { class: "level" }, ` ${words(level)}`) : null),
    el("td", { class: "meter" }, meter(bits, most, kind)),
    el("td", { class: "bits" }, bits === null ? "never" : signed(bits)));
  const weight = found.match_weight;
  return el("div", {},
    el("table", { class: "evidence" }, el("tbody", {},
      line("to begin with", "two records at random", found.prior, "rest"),
      found.parts.map((part) => line(part.comparison, part.level, part.bits)),
      Math.abs(found.home) >= 0.05 ? line("shared at home", "could be relatives", found.home, "rest") : null,
      el("tr", { class: "sum" }, el("td", {}, "together"), el("td", { class: "meter" }),
        el("td", { class: "bits" }, weight === null ? "never one" : `${signed(weight)} bits`)))),
    weight === null ? null : scale(weight, found.review_threshold, found.match_threshold),
    weight === null ? null : el("p", { class: "quiet small" }, `Odds of about ${odds(weight)} that this is one person, by the model.`));
}

function odds(weight) {
  const times = 2 ** Math.abs(weight);
  if (times < 1.05) return "1 to 1";
  const round = times < 10 ? times.toFixed(1) : times > 1e6 ? "a million or more" : Math.round(times).toLocaleString("en");
  return weight >= 0 ? `${round} to 1` : `1 to ${round}`;
}

function meter(bits, most, kind) {
  const width = bits === null ? 50 : Math.min(50, (Math.abs(bits) / most) * 50);
  const against = bits === null || bits < 0;
  const fill = kind === "rest" ? "fill-rest" : against ? "fill-against" : "fill-for";
  return svg("svg", { viewBox: "0 0 100 9", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { x: against ? 50 - width : 50, y: 1, width, height: 7, rx: 1.5, class: fill }),
    svg("line", { x1: 50, x2: 50, y1: 0, y2: 9 }));
}

function scale(weight, review, match) {
  const low = Math.min(review, weight) - 6;
  const high = Math.max(match, weight) + 6;
  const x = (bits) => ((bits - low) / (high - low)) * 300;
  return el("div", { class: "scale" }, svg("svg", { viewBox: "0 0 300 42", role: "img", "aria-label": `match weight ${weight} bits; asked from ${review}, linked from ${match}` },
    svg("rect", { x: 0, y: 8, width: 300, height: 6, rx: 3, class: "track" }),
    svg("rect", { x: x(review), y: 8, width: x(match) - x(review), height: 6, class: "zone" }),
    svg("circle", { cx: x(weight), cy: 11, r: 7, class: "here" }),
    svg("text", { x: x(review), y: 34, "text-anchor": "middle" }, `ask ${review}`),
    svg("text", { x: x(match), y: 34, "text-anchor": "middle" }, `link ${match}`)));
}

function decisionsHere(list) {
  const standing = list.filter((one) => !one.revoked);
  if (!standing.length) return null;
  return el("div", {}, el("h2", {}, "Decided on these records"),
    el("ul", { class: "story small" }, standing.slice(0, 8).map((one) => el("li", {},
      el("span", { class: `tag ${one.verdict}` }, one.verdict), ` ${one.left} and ${one.right}, ${one.actor}, ${one.at}`,
      one.reason ? `: ${one.reason}` : ""))));
}

function showActs(pair) {
  const acts = $("acts");
  acts.hidden = !pair && !state.undo;
  const verdicts = pair ? [
    el("button", { class: "same", type: "button", id: "same", onclick: () => decide("same") }, "Same", el("kbd", {}, "S")),
    el("button", { class: "different", type: "button", id: "different", onclick: () => decide("different") }, "Different", el("kbd", {}, "D")),
    el("button", { class: "unsure", type: "button", id: "unsure", onclick: () => decide("unsure") }, "Unsure", el("kbd", {}, "U")),
    pair.queued ? el("button", { type: "button", id: "skip", onclick: skip }, "Skip", el("kbd", {}, "K")) : null,
  ] : [];
  const typed = $("reason") ? $("reason").value : "";
  acts.replaceChildren(...verdicts.filter(Boolean),
    el("button", { type: "button", id: "undo", disabled: !state.undo, onclick: undo }, "Undo", el("kbd", {}, "Z")),
    pair ? el("input", { type: "text", id: "reason", maxlength: 500, placeholder: "Reason (R)", "aria-label": "Reason" }) : "");
  if (pair && typed && asked && acts.dataset.pair === pairOf(asked)) $("reason").value = typed;
  acts.dataset.pair = asked ? pairOf(asked) : "";
}

function decide(verdict) {
  return doing(async () => {
    if (!told) return;
    const [left, right] = told.records;
    const reason = $("reason").value.trim();
    const news = await call("/api/decide", {
      left: [left.channel, left.record_id], right: [right.channel, right.record_id], verdict, ...(reason ? { reason } : {}),
    });
    hear(news);
    toast(`${nameOf(left)} and ${nameOf(right)}: ${verdict}. Z takes it back.`);
    if (view() === "queue") await showQueue();
    else history.back();
  });
}

function skip() {
  return doing(async () => {
    if (!asked || view() !== "queue") return;
    hear(await call("/api/skip", { left_key: asked.left_key, right_key: asked.right_key }));
    await showQueue();
  });
}

function undo() {
  return doing(async () => {
    const news = await call("/api/undo", {});
    hear(news);
    fetched.clear();
    toast(news.undone.kind === "skip" ? "The skipped question is back." : `The last ${news.undone.kind} is taken back.`);
    if (news.undone.question) {
      if (view() === "queue") await showQueue(news.undone.question);
      else location.hash = "#queue";
    } else await route();
  });
}

// --- one pair, asked for from elsewhere ---

async function showPair(left, right) {
  const turn = ++shown;
  const one = { left_key: Number(left), right_key: Number(right) };
  const data = await ask(one);
  if (turn !== shown) return;
  asked = one;
  told = data;
  drawQuestion(one, data, false);
}

// --- search ---

async function showSearch(text) {
  const turn = ++shown;
  const input = el("input", { type: "search", id: "text", maxlength: 200, placeholder: "A name, an e-mail, a number, channel:record_id, a customer id or code", "aria-label": "Search for" });
  input.value = text || "";
  const results = el("div", {});
  show(el("form", { class: "searching", onsubmit: (event) => { event.preventDefault(); location.hash = `#search/${encodeURIComponent(input.value.trim())}`; } },
    input, el("button", { class: "main", type: "submit" }, "Search")), results);
  $("acts").hidden = true;
  input.focus();
  if (!text) {
    results.append(el("p", { class: "empty" }, "Look for somebody, and see the whole customer: its records, what ties them, its story."));
    return;
  }
  results.append(el("p", { class: "empty" }, "Searching …"));
  const { found } = await call(`/api/search?text=${encodeURIComponent(text)}`);
  if (turn !== shown) return;
  const chosen = new Set();
  const merge = el("button", { type: "button", disabled: true, onclick: () => mergeThese([...chosen]) }, "Say that the chosen are one customer");
  results.replaceChildren(found.length
    ? el("ul", { class: "found" }, found.map((one) => el("li", {}, el("div", { class: "card pick" },
        el("input", { type: "checkbox", "aria-label": `Choose ${one.customer_id}`, onchange: (event) => {
          if (event.target.checked) chosen.add(one.customer_id); else chosen.delete(one.customer_id);
          merge.disabled = chosen.size < 2;
        } }),
        el("div", {}, el("a", { class: "mono", href: `#customer/${one.customer_id}` }, one.customer_id), " ",
          el("span", { class: "quiet small" }, `${plural(one.records, "record")}: ${one.names.join(", ")}${one.records > one.names.length ? " …" : ""}`),
          el("div", { class: "values" }, one.values.join(" · ") || one.status),
          el("div", { class: "quiet small" }, one.why))))))
    : el("p", { class: "empty" }, "Nobody like that is known."), found.length > 1 ? el("p", {}, el("br"), merge) : "");
}

function mergeThese(ids) {
  return doing(async () => {
    if (!(await sure(`Say that ${ids.join(" and ")} are one customer?`, "They are one"))) return;
    hear(await call("/api/merge", { customers: ids }));
    toast("Entered. It takes effect with the next run; Z takes it back.");
    await route();
  });
}

// --- a whole customer ---

async function showCustomer(id) {
  const turn = ++shown;
  const data = await call(`/api/customer?id=${encodeURIComponent(id)}`);
  if (turn !== shown) return;
  const parts = new Map(); // record_key -> chosen
  const byKey = new Map(data.records.map((record) => [record.record_key, record]));
  const button = el("button", { type: "button", class: "main", id: "split", disabled: true, onclick: () => splitNow(data, parts) }, "Split the chosen off");
  const hint = el("span", { class: "quiet small" }, "Choose records in the picture or the table.");
  const redraw = () => {
    const count = parts.size;
    button.disabled = !count || count === data.records.length;
    hint.textContent = count ? `${plural(count, "record")} chosen of ${data.records.length}` : "Choose records in the picture or the table.";
    for (const made of main.querySelectorAll("[data-record]")) {
      const on = parts.has(Number(made.dataset.record));
      made.classList.toggle(made.tagName === "g" ? "chosen" : "chosen-column", on);
      if (made.tagName === "g") made.setAttribute("aria-checked", on);
    }
    for (const box of main.querySelectorAll("input[data-choose]")) box.checked = parts.has(Number(box.dataset.choose));
  };
  const choose = (key) => {
    if (parts.has(key)) parts.delete(key); else parts.set(key, true);
    redraw();
  };
  const live = data.records.length;
  show(
    el("div", { class: "top" },
      el("h1", { class: "mono" }, data.customer_id),
      data.code ? el("span", { class: "tag mono" }, data.code) : null,
      el("span", { class: "quiet" }, data.asked_for !== data.customer_id ? `replaces ${data.asked_for} · ` : "", `${data.status}, ${plural(live + data.left_out, "record")}`)),
    live > 1 ? el("div", { class: "sheet picture" },
      picture(data.picture, byKey, choose),
      el("div", { class: "key quiet small" },
        keyLine("link", "a match by itself"), keyLine("review", "between the thresholds"), keyLine("against", "speaks against"),
        live > data.picture.dots.length ? el("span", {}, `the first ${data.picture.dots.length} records are in the picture`) : null),
      el("p", {}), el("div", { class: "row" }, button, hint)) : null,
    live ? el("div", { class: "sheet records" }, el("div", { class: "scroll" }, customerTable(data, choose))) : null,
    data.near.length ? el("div", { class: "sheet" }, el("h2", {}, "May also be"), el("ul", { class: "found" }, data.near.map((one) => el("li", {},
      el("div", { class: "card row" }, el("a", { class: "mono", href: `#customer/${one.customer_id}` }, one.customer_id),
        el("span", { class: "quiet small" }, `${signed(one.bits)} bits`),
        el("a", { class: "small", href: `#pair/${one.left_key}/${one.right_key}` }, "compare"),
        el("button", { type: "button", onclick: () => mergeThese([data.customer_id, one.customer_id]) }, "They are one")))))) : null,
    data.decisions.length ? el("div", { class: "sheet" }, el("h2", {}, "Who decided what"), decisionsTable(data.decisions)) : null,
    el("div", { class: "sheet" }, el("h2", {}, "Its story"), el("ul", { class: "story small" }, data.story.map((line) => el("li", {}, line)))));
  asked = told = null;
  showActs(null);
}

function customerTable(data, choose) {
  const head = el("tr", {}, el("th", {}), data.records.map((record) => el("th", { scope: "col", "data-record": record.record_key },
    el("label", {}, el("input", { type: "checkbox", "data-choose": record.record_key, onchange: () => choose(record.record_key) }), " ",
      el("strong", { class: "mono" }, nameOf(record))), el("span", { class: "quiet small" }, record.updated_at || ""))));
  const rows = data.fields.map((row) => el("tr", {}, el("th", { scope: "row" }, words(row.field)),
    row.cells.map((cell, place) => el("td", { "data-record": data.records[place].record_key }, value(cell)))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
}

function keyLine(kind, text) {
  return el("span", {}, svg("svg", { viewBox: "0 0 26 8", class: "picture" }, svg("line", { x1: 1, y1: 4, x2: 25, y2: 4, class: kind })), text);
}

function picture(data, byKey, choose) {
  const width = Math.max(340, Math.min(800, main.clientWidth - 40));
  const height = data.dots.length < 3 ? 150 : data.dots.length < 6 ? 250 : data.dots.length < 20 ? 340 : 460;
  const at = new Map(data.dots.map((dot) => [dot.record_key, [70 + dot.x * (width - 140), 24 + dot.y * (height - 66)]]));
  const crowded = data.lines.length > 40;
  const labels = data.lines.length <= 10;
  const order = { against: 0, review: 1, link: 2 };
  const lines = [...data.lines].sort((a, b) => order[a.kind] - order[b.kind]).map((line) => {
    const [x1, y1] = at.get(line.left);
    const [x2, y2] = at.get(line.right);
    return svg("g", {}, svg("line", { x1, y1, x2, y2, class: crowded ? `${line.kind} faint` : line.kind }, svg("title", {}, `${signed(line.bits)} bits`)),
      labels ? svg("text", { x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 3, class: "bits" }, line.bits <= -99 ? "never" : signed(line.bits)) : null);
  });
  const dots = data.dots.map((dot) => {
    const [x, y] = at.get(dot.record_key);
    const record = byKey.get(dot.record_key);
    const name = record ? nameOf(record) : String(dot.record_key);
    return svg("g", {
      class: "dot", "data-record": dot.record_key, tabindex: 0, role: "checkbox", "aria-checked": "false", "aria-label": name,
      onclick: () => choose(dot.record_key),
      onkeydown: (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); choose(dot.record_key); } },
    }, svg("rect", { x: x - 32, y: y - 15, width: 64, height: 46, class: "hit" }), svg("circle", { cx: x, cy: y, r: 9 }), svg("text", { x, y: y + 25 }, name.length > 26 ? `${name.slice(0, 25)}…` : name));
  });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "What ties the records" }, lines, dots);
}

function splitNow(data, parts) {
  return doing(async () => {
    const name = (record) => [record.channel, record.record_id];
    const chosen = data.records.filter((record) => parts.has(record.record_key));
    const rest = data.records.filter((record) => !parts.has(record.record_key));
    if (data.left_out) throw new Error("this customer has more records than are shown here; split it with registry.split().");
    if (!(await sure(`Say that ${chosen.map(nameOf).join(", ")} ${chosen.length === 1 ? "is" : "are"} another customer than the other ${plural(rest.length, "record")}?`, "Split"))) return;
    hear(await call("/api/split", { customer_id: data.customer_id, parts: [rest.map(name), chosen.map(name)] }));
    toast("Entered. It takes effect with the next run; Z takes it back.");
    await route();
  });
}

// --- decisions ---

async function showDecisions(everything) {
  const turn = ++shown;
  const data = await call(`/api/decisions?all=${everything ? 1 : 0}`);
  if (turn !== shown) return;
  const all = el("input", { type: "checkbox", checked: everything, onchange: (event) => { showDecisions(event.target.checked).catch((error) => toast(error.message, true)); } });
  show(el("div", { class: "top" }, el("h1", {}, "Who decided what"), el("label", { class: "quiet small push" }, all, " also those taken back")),
    data.decisions.length
      ? el("div", { class: "sheet scroll" }, decisionsTable(data.decisions), data.left_out ? el("p", { class: "quiet small" }, `${data.left_out} older ones: custid decisions`) : null)
      : el("p", { class: "empty" }, "Nothing is decided."));
  asked = told = null;
  showActs(null);
}

function decisionsTable(list) {
  return el("table", { class: "list" },
    el("thead", {}, el("tr", {}, ["No.", "Verdict", "Records", "By", "When (UTC)", "Reason", ""].map((name) => el("th", {}, name)))),
    el("tbody", {}, list.map((one) => el("tr", { class: one.revoked ? "revoked" : null },
      el("td", { class: "nowrap" }, one.act ? `${one.decision_id} (act ${one.act})` : one.decision_id),
      el("td", {}, el("span", { class: `tag ${one.verdict}` }, one.verdict)),
      el("td", {}, el("a", { href: `#pair/${one.left_key}/${one.right_key}` }, `${one.left} – ${one.right}`)),
      el("td", {}, one.actor), el("td", { class: "nowrap" }, one.at), el("td", {}, one.reason || ""),
      el("td", { class: "nowrap" }, one.revoked ? `taken back by ${one.revoked_by}`
        : el("button", { class: "plain", type: "button", onclick: () => takeBack(one) }, one.act ? "Take the act back" : "Take back"))))));
}

function takeBack(one) {
  return doing(async () => {
    const what = one.act ? `the whole act ${one.act}` : `decision ${one.decision_id} (${one.left} and ${one.right}: ${one.verdict})`;
    if (!(await sure(`Take back ${what}, by ${one.actor}?`, "Take back"))) return;
    hear(await call("/api/take-back", { number: one.act || one.decision_id, act: Boolean(one.act) }));
    toast("Taken back. The evidence decides again, with the next run.");
    await route();
  });
}

// --- what decisions change ---

const STAGES = {
  read: "reading", standardize: "making values comparable", train: "learning what counts", match: "comparing records",
  cluster: "finding the customers", assign: "assigning ids", commit: "writing the registry",
};

async function showEffect() {
  const turn = ++shown;
  hear(await call("/api/state"));
  asked = told = null;
  $("acts").hidden = true;
  await drawEffect(turn);
}

async function drawEffect(turn) {
  const job = state.job;
  const running = job && !job.over;
  const start = (retrain) => doing(async () => {
    state.job = await call("/api/look", { retrain });
    drawEffect(turn).catch((error) => toast(error.message, true));
  });
  show(
    el("div", { class: "top" }, el("h1", {}, "What the decisions change")),
    el("div", { class: "sheet" },
      el("p", {}, "Decisions are in the registry at once, and take effect with the next run. Here you see beforehand whom that touches; nothing is written until you say so."),
      el("p", { class: "quiet small" }, state.pinned_by
        ? `${state.pinned_by} pins the model, so it is not learned here.`
        : `${plural(state.since_learned, "decision")} more than when the model was last learned.`),
      el("div", { class: "row" },
        el("button", { type: "button", class: state.pinned_by ? "main" : null, id: "look", disabled: running, onclick: () => start(false) }, "With the model as it is"),
        state.pinned_by ? null : el("button", { type: "button", class: "main", id: "learn", disabled: running, onclick: () => start(true) }, "Learn from the decisions, and look"))),
    running ? el("div", { class: "sheet" }, el("p", {}, `${STAGES[job.stage] || "starting"} …`),
      el("progress", job.total ? { max: job.total, value: job.done } : {})) : null,
    job && job.over && job.error ? el("div", { class: "sheet" }, el("p", {}, job.error)) : null,
    job && job.over && job.result ? (job.what === "apply" ? applied(job.result) : preview(job.result)) : null);
  if (running) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    if (turn !== shown) return;
    const now = await call("/api/job");
    if (turn !== shown) return;
    state.job = now;
    if (now.over) hear(await call("/api/state"));
    await drawEffect(turn);
  }
}

function preview(result) {
  const number = (count, text) => el("div", {}, el("b", {}, count), el("span", { class: "quiet small" }, text));
  return el("div", { class: "sheet", id: "preview" },
    el("h2", {}, result.retrained ? "With a model that learned from the decisions" : "With the model as it is"),
    el("div", { class: "numbers" },
      number((result.counts.merged || 0).toLocaleString("en"), "merge into another"),
      number((result.counts.split || 0).toLocaleString("en"), "lose records to a new one"),
      number(((result.counts.moved || 0) + (result.counts.restored || 0)).toLocaleString("en"), "other moves"),
      number(result.customers.toLocaleString("en"), "customers then"),
      result.decided ? number(`${result.agreed} of ${result.decided}`, result.retrained
        ? `decisions its weights agree with (now ${result.agreed_before})` : "decisions its weights agree with") : null),
    result.changes.length ? el("div", { class: "scroll" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["What", "Customer", "Other", "Records", "Why"].map((name) => el("th", {}, name)))),
      el("tbody", {}, result.changes.map((row) => el("tr", {},
        el("td", {}, row.what), el("td", { class: "mono nowrap" }, el("a", { href: `#customer/${row.customer_id}` }, row.customer_id)),
        el("td", { class: "mono nowrap" }, row.other_id || ""),
        el("td", {}, row.records.slice(0, 4).join(", ") + (row.records.length > 4 ? ` and ${row.records.length - 4} more` : "")),
        el("td", { class: "small" }, row.decision_id ? `decision ${row.decision_id}: ${row.left} and ${row.right}`
          : row.match_weight !== null ? `${row.left} and ${row.right}, ${signed(row.match_weight)} bits` : row.reason))))))
      : el("p", {}, "No customer changes."),
    result.changes_in_all > result.changes.length ? el("p", { class: "quiet small" }, `and ${result.changes_in_all - result.changes.length} more. All of them: custid run --dry-run --json`) : null,
    el("p", {}), el("div", { class: "row" }, el("button", { class: "main", type: "button", id: "apply", onclick: applyNow }, "Apply: make a run of it"),
      el("span", { class: "quiet small" }, "Ids of new customers are examples; the run mints others.")));
}

function applied(result) {
  return el("div", { class: "sheet", id: "applied" }, el("h2", {}, `Run ${result.run_id} has landed`),
    el("p", {}, `${plural(result.customers, "customer")} now. The change feed has what downstream tables must update: custid changes --since ${result.run_id - 1}`));
}

function applyNow() {
  return doing(async () => {
    state.job = await call("/api/apply", {});
    const turn = ++shown;
    drawEffect(turn).catch((error) => toast(error.message, true));
  });
}

// --- asking back, keys, views ---

function sure(text, yes) {
  const dialog = $("dialog");
  return new Promise((resolve) => {
    let answer = false;
    dialog.replaceChildren(el("p", {}, text), el("div", { class: "row" },
      el("button", { class: "main", type: "button", id: "yes", onclick: () => { answer = true; dialog.close(); } }, yes),
      el("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    $("yes").focus();
  });
}

const KEYS = [
  ["S", "the same customer"], ["D", "different customers"], ["U", "cannot be told; asked no more"], ["K", "skip: asked again at the end"],
  ["Z", "undo what was done last"], ["R", "write a reason"], ["O", "open the first record's customer"], ["/", "search"], ["Q", "back to the queue"], ["?", "this list"],
];

function help() {
  const dialog = $("dialog");
  dialog.replaceChildren(el("h2", {}, "Keys"), el("table", {}, el("tbody", {}, KEYS.map(([key, text]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("td", {}, text))))),
    el("p", {}), el("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  dialog.showModal();
}

const ON_KEY = {
  s: () => told && decide("same"), d: () => told && decide("different"), u: () => told && decide("unsure"), k: () => skip(),
  z: () => state.undo && undo(), r: () => $("reason") && $("reason").focus(),
  o: () => { if (told && told.records[0].customer_id) location.hash = `#customer/${told.records[0].customer_id}`; },
  "/": () => { if (view() === "search" && $("text")) $("text").focus(); else location.hash = "#search"; },
  q: () => { location.hash = "#queue"; }, "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || $("dialog").open) return;
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = ON_KEY[event.key.toLowerCase()];
  if (act) {
    event.preventDefault();
    act();
  }
});

const view = () => location.hash.slice(1).split("/")[0] || "queue";

async function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === (name || "queue")) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  try {
    if (state.actor === undefined || view() !== "queue") hear(await call("/api/state"));
    if (name === "search") await showSearch(decodeURIComponent(rest.join("/")));
    else if (name === "customer") await showCustomer(decodeURIComponent(rest[0] || ""));
    else if (name === "pair") await showPair(rest[0], rest[1]);
    else if (name === "decisions") await showDecisions(false);
    else if (name === "effect") await showEffect();
    else await showQueue();
  } catch (error) {
    $("acts").hidden = true;
    show(el("div", { class: "empty" }, el("strong", {}, "That did not work."), error.message));
  }
}

function begin() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem(TOKEN_AT, given);
    history.replaceState(null, "", `/${location.hash}`); // out of the address, and of the browser's history
  }
  token = sessionStorage.getItem(TOKEN_AT);
  $("help-open").addEventListener("click", help);
  window.addEventListener("hashchange", route);
  if (token) route();
  else show(el("div", { class: "empty" }, el("strong", {}, "This tab does not know the token."), "Open the address that custid review printed."));
}

begin();
