/* SPDX-License-Identifier: BSD-2-Clause */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var S = data.strings, W = data.words, rows = data.rows, C = {}, HEIGHT = 30, PRINT = 300;
  data.columns.forEach(function (name, i) { C[name] = i; });
  var shown = ["n", "t", "person", "department", "tool", "action", "verdict", "rule", "request", "reason"];
  var searched = ["person", "user", "department", "tool", "action", "rule", "reason", "request", "host", "verdict"];
  var $ = function (id) { return document.getElementById(id); };
  var view = $("view"), space = $("space"), count = $("count"), order = [], at = -1, sortBy = "n", descending = false;

  function time(ms) { return new Date(ms).toISOString().replace("T", " ").slice(0, 19); }
  function text(row, name) {
    var v = row[C[name]];
    if (name === "n") return String(v);
    if (name === "t") return time(v);
    return name === "verdict" ? W["verdict_" + S[v]] || S[v] : S[v];
  }
  /* The place of each string in the alphabet: rows are then sorted by numbers. */
  var rank = new Int32Array(S.length);
  S.map(function (s, i) { return i; }).sort(function (a, b) { return S[a] < S[b] ? -1 : S[a] > S[b] ? 1 : 0; })
    .forEach(function (i, place) { rank[i] = place; });

  function compute() {
    var q = $("q").value.trim().toLowerCase(), hit = null, exact = -1;
    if (q) {
      hit = S.map(function (s) { return s.toLowerCase().indexOf(q) >= 0; });
      exact = /^[0-9]+$/.test(q) ? Number(q) : -1;
    }
    var fixed = ["verdict", "department", "tool", "rule"].map(function (name) {
      var v = $("f-" + name).value;
      return v === "" ? null : [C[name], Number(v)];
    }).filter(Boolean);
    var cols = searched.map(function (name) { return C[name]; });
    order = [];
    for (var i = 0; i < rows.length; i++) {
      var row = rows[i], ok = true;
      for (var f = 0; ok && f < fixed.length; f++) ok = row[fixed[f][0]] === fixed[f][1];
      if (ok && hit) {
        ok = row[C.n] === exact;
        for (var c = 0; !ok && c < cols.length; c++) ok = hit[row[cols[c]]];
      }
      if (ok) order.push(i);
    }
    var k = C[sortBy], sign = descending ? -1 : 1, plain = sortBy === "n" || sortBy === "t";
    order.sort(function (a, b) {
      var x = rows[a][k], y = rows[b][k];
      var d = plain ? x - y : rank[x] - rank[y];
      return d ? sign * d : a - b;
    });
    at = order.length ? 0 : -1;
    view.scrollTop = 0;
    count.textContent = W.showing.replace("%1", order.length.toLocaleString(W.locale)).replace("%2", rows.length.toLocaleString(W.locale));
    $("grid").setAttribute("aria-rowcount", String(order.length + 1));
    space.style.height = order.length * HEIGHT + "px";
    draw();
  }

  function cell(row, name) {
    var span = document.createElement("span");
    span.setAttribute("role", "gridcell");
    span.textContent = text(row, name);
    span.title = span.textContent;
    if (name === "verdict") span.className = "v-" + S[row[C.verdict]];
    return span;
  }

  function draw() {
    var first = Math.max(0, Math.floor(view.scrollTop / HEIGHT) - 6);
    var last = Math.min(order.length, first + Math.ceil(view.clientHeight / HEIGHT) + 12);
    var fragment = document.createDocumentFragment();
    for (var i = first; i < last; i++) {
      var line = document.createElement("div"), row = rows[order[i]];
      line.className = "row cells" + (i === at ? " at" : "");
      line.setAttribute("role", "row");
      line.setAttribute("aria-rowindex", String(i + 2));
      line.setAttribute("aria-selected", i === at ? "true" : "false");
      line.id = "row-" + i;
      line.dataset.i = String(i);
      line.style.top = i * HEIGHT + "px";
      for (var c = 0; c < shown.length; c++) line.appendChild(cell(row, shown[c]));
      fragment.appendChild(line);
    }
    space.replaceChildren(fragment);
    if (at >= first && at < last) view.setAttribute("aria-activedescendant", "row-" + at);
    else view.removeAttribute("aria-activedescendant");
  }

  function go(to) {
    if (!order.length) return;
    at = Math.max(0, Math.min(order.length - 1, to));
    var top = at * HEIGHT;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + HEIGHT > view.scrollTop + view.clientHeight) view.scrollTop = top + HEIGHT - view.clientHeight;
    draw();
  }

  function sort(name) {
    descending = sortBy === name ? !descending : false;
    sortBy = name;
    document.querySelectorAll(".head [role=columnheader]").forEach(function (head) {
      var on = head.dataset.sort === name;
      head.setAttribute("aria-sort", on ? (descending ? "descending" : "ascending") : "none");
      head.querySelector("i").textContent = on ? (descending ? " ▼" : " ▲") : "";
    });
    compute();
  }

  function add(parent, tag, content, name) {
    var node = document.createElement(tag);
    if (content) node.textContent = content;
    if (name) node.className = name;
    parent.appendChild(node);
    return node;
  }

  function open(i) {
    if (i < 0 || i >= order.length) return;
    var row = rows[order[i]], body = $("one-body"), get = function (name) { return text(row, name); };
    body.replaceChildren();
    $("one-title").textContent = W.decision + " " + get("n") + ": " + get("verdict");
    var list = add(body, "dl", "", "facts");
    var pair = function (name, value) { if (value) { add(list, "dt", name); add(list, "dd", value); } };
    pair(W.time, new Date(row[C.t]).toISOString());
    pair(W.person, get("person") + (get("user") !== get("person") && get("user") ? " " + W.acting_as + " " + get("user") : ""));
    pair(W.roles, get("roles"));
    pair(W.what, get("action") + " " + get("tool") + (get("path") ? " (" + get("path") + ")" : ""));
    pair(W.host, get("host") + ", " + get("src"));
    pair(W.request, get("request"));
    pair(W.evidence, get("evidence"));
    pair(W.reason, get("reason") + (data.reasons[get("reason")] ? ": " + data.reasons[get("reason")] : ""));
    pair(W.obligations, get("obligations"));
    var rule = data.rules[get("policy_sha") + " " + get("rule") + " " + row[C.line]];
    pair(W.rule, get("rule") + " (" + W.line + " " + row[C.line] + ", " + get("policy") + " " + get("edition") + ")");
    pair(W.citation, rule ? rule[0] : W.no_policy);
    pair(W.message, rule ? rule[1] : "");
    pair(W.layers, get("layers"));
    add(body, "h3", W.facts);
    var chips = add(body, "ul", "", "chips"), values = get("facts").split(" ");
    data.facts.forEach(function (name, k) {
      var li = add(chips, "li", (data.fact_words[name] || name) + " ");
      add(li, "b", data.fact_words[values[k]] || values[k] || "?");
    });
    add(body, "h3", W.chain);
    add(body, "p", W.prove);
    add(body, "code", "frt explain " + get("n") + "\nfrt verify --proof " + get("n"));
    $("one").showModal();
    $("one-close").focus();
  }

  function options(name) {
    var select = $("f-" + name), seen = {};
    rows.forEach(function (row) { seen[row[C[name]]] = (seen[row[C[name]]] || 0) + 1; });
    Object.keys(seen).map(Number).sort(function (a, b) { return rank[a] - rank[b]; }).forEach(function (v) {
      var option = document.createElement("option"), label = S[v] || W.none;
      if (name === "verdict") label = W["verdict_" + S[v]] || label;
      option.value = String(v);
      option.textContent = label + " (" + seen[v].toLocaleString(W.locale) + ")";
      select.appendChild(option);
    });
    select.addEventListener("change", compute);
  }

  ["verdict", "department", "tool", "rule"].forEach(options);
  var waiting = 0;
  $("q").addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(compute, 120); });
  $("clear").addEventListener("click", function () {
    $("q").value = "";
    ["verdict", "department", "tool", "rule"].forEach(function (name) { $("f-" + name).value = ""; });
    compute();
    $("q").focus();
  });
  document.querySelectorAll(".head [role=columnheader]").forEach(function (head) {
    head.querySelector("button").addEventListener("click", function () { sort(head.dataset.sort); });
  });
  view.addEventListener("scroll", function () { requestAnimationFrame(draw); });
  window.addEventListener("resize", draw);
  view.addEventListener("click", function (event) {
    var line = event.target.closest(".row");
    if (line) { go(Number(line.dataset.i)); open(at); }
  });
  view.addEventListener("keydown", function (event) {
    var page = Math.max(1, Math.floor(view.clientHeight / HEIGHT) - 1);
    var moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: order.length - 1 };
    if (event.key in moves) { go(moves[event.key]); event.preventDefault(); }
    else if (event.key === "Enter" || event.key === " ") { open(at); event.preventDefault(); }
  });
  $("one-close").addEventListener("click", function () { $("one").close(); });
  $("one").addEventListener("close", function () { view.focus(); });
  window.addEventListener("beforeprint", function () {
    var body = $("printbody");
    body.replaceChildren();
    order.slice(0, PRINT).forEach(function (i) {
      var tr = add(body, "tr", "");
      shown.forEach(function (name) { add(tr, "td", text(rows[i], name)); });
    });
    $("printnote").textContent = order.length > PRINT ? W.printed.replace("%1", PRINT).replace("%2", order.length.toLocaleString(W.locale)) : "";
  });
  compute();
  document.documentElement.dataset.ready = "yes";
})();
