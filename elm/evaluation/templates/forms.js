"use strict";
(() => {
  const form = document.body.dataset.form, store = "elm-form-" + form;
  const parts = [...document.querySelectorAll("section.part")];
  const fields = [...document.querySelectorAll("fieldset")];
  const rater = document.getElementById("rater"), said = document.getElementById("said");
  const radios = (field) => [...field.querySelectorAll("input")];
  const answer = (field) => field.querySelector("input:checked");
  let place = 0;

  const keep = () => {
    const answers = Object.fromEntries(fields.filter(answer).map((f) => [f.id, answer(f).value]));
    try { localStorage.setItem(store, JSON.stringify({ rater: rater.value, answers, place })); } catch { said.textContent =
      "This browser keeps nothing: save your answers before you close the page."; }
    count();
  };
  const count = () => {
    const done = fields.filter(answer).length;
    document.getElementById("done").textContent = done;
    document.getElementById("bar").value = done;
    parts.forEach((part, n) => {
      const own = [...part.querySelectorAll("fieldset")];
      document.querySelector(`[data-go="${n}"] .left`).textContent = `${own.filter(answer).length}/${own.length}`;
    });
  };
  const show = (n, focus = true) => {
    place = Math.min(Math.max(n, 0), parts.length - 1);
    parts.forEach((part, k) => { part.hidden = k !== place; });
    document.querySelectorAll("[data-go]").forEach((b, k) => b.setAttribute("aria-current", k === place));
    if (focus) { scrollTo(0, 0); parts[place].querySelector("h2").focus(); }
    keep();
  };
  const next = (from) => {
    const start = fields.indexOf(from) + 1;
    const open = [...fields.slice(start), ...fields.slice(0, start)].find((f) => !answer(f));
    if (!open) { said.textContent = "Everything is answered. Save your answers."; return; }
    const part = parts.indexOf(open.closest("section"));
    if (part !== place) show(part, false);
    radios(open)[0].focus();
    open.scrollIntoView({ block: "center" });
  };
  const cell = (text) => '"' + String(text).replace(/"/g, '""') + '"';
  const save = () => {
    const name = rater.value.trim();
    if (!name) { said.textContent = "Give your name or a sign for it first."; rater.focus(); return; }
    const rows = fields.filter(answer).map((f) => [form, name, f.dataset.output, f.dataset.question, answer(f).value]);
    const text = [["form", "rater", "output", "question", "answer"], ...rows].map((row) => row.map(cell).join(",")).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/csv" }));
    link.download = `answers-${name.replace(/[^\w-]+/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
    said.textContent = `Saved ${rows.length} answers as ${link.download}.`;
  };

  try {
    const kept = JSON.parse(localStorage.getItem(store) || "{}");
    rater.value = kept.rater || "";
    for (const [id, value] of Object.entries(kept.answers || {})) {
      const field = document.getElementById(id);
      const chosen = field && radios(field).find((r) => r.value === value);
      if (chosen) chosen.checked = true;
    }
    place = kept.place || 0;
  } catch { said.textContent = "Earlier answers could not be read."; }

  document.addEventListener("change", keep);
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest && event.target.closest("fieldset");
    if (!field || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = radios(field).find((r) => r.value === event.key);
    if (!chosen) return;
    event.preventDefault();
    chosen.checked = true;
    keep();
    next(field);
  });
  document.querySelectorAll("[data-go]").forEach((b) => b.addEventListener("click", () => show(Number(b.dataset.go))));
  document.getElementById("save").addEventListener("click", save);
  document.getElementById("next").addEventListener("click", () => next(null));
  document.getElementById("back").addEventListener("click", () => show(place - 1));
  document.getElementById("forth").addEventListener("click", () => show(place + 1));
  show(place, false);
})();
