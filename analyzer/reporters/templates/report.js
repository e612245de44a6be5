"use strict";
// Extras only: the report says everything without this script.
(() => {
  const matches = (text, words) => words.every((word) => text.includes(word));
  const wordsOf = (input) => input.value.toLowerCase().split(/\s+/).filter(Boolean);

  const form = document.querySelector(".filters");
  if (form) {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const search = form.querySelector("input[type=search]");
    const status = form.querySelector("[role=status]");
    const groups = [...document.querySelectorAll(".group")].map((node) => ({
      node,
      title: node.querySelector("h3").textContent.toLowerCase() + " " + node.id.toLowerCase(),
      findings: [...node.querySelectorAll(".finding")].map((finding) => ({
        node: finding,
        text: finding.textContent.toLowerCase(),
        owner: finding.dataset.owner,
        // Names as they stand, so that example.com is not found in api.example.com.
        names: new Set(
          (finding.querySelector(".subject").textContent + " " + finding.querySelector(".message").textContent)
            .toLowerCase().split(/[^a-z0-9.*_-]+/).map((word) => word.replace(/\.+$/, "")),
        ),
      })),
    }));
    const all = groups.flatMap((group) => group.findings);
    const offer = (name, values, least) => {
      const select = form.querySelector(`select[name=${name}]`);
      select.append(...values.map((value) => new Option(value, value)));
      select.parentElement.hidden = values.length < least;
      return select;
    };
    const patterns = [...document.querySelectorAll("#hosts .pattern:not(.words)")].map((node) => node.textContent);
    // With one owner there is nothing to choose; beside one host there may be findings on other things.
    const owner = offer("owner", [...new Set(all.map((one) => one.owner))].sort(), 2);
    const named = [...new Set(patterns)].filter((name) => all.some((one) => one.names.has(name.toLowerCase())));
    const host = offer("host", named, 1);
    const apply = () => {
      const levels = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const words = wordsOf(search);
      let shown = 0;
      let total = 0;
      for (const group of groups) {
        let open = 0;
        for (const finding of group.findings) {
          const hit = levels.has(finding.node.dataset.severity)
            && (!owner.value || owner.value === finding.owner)
            && (!host.value || finding.names.has(host.value.toLowerCase()))
            && matches(group.title + " " + finding.text, words);
          finding.node.hidden = !hit;
          open += hit ? 1 : 0;
        }
        group.node.hidden = open === 0;
        shown += open;
        total += group.findings.length;
      }
      status.textContent = shown === total ? "" : `${shown} of ${total} findings shown`;
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    const reveal = () => {
      const target = document.getElementById(location.hash.slice(1));
      if (target && target.closest("[hidden]")) {
        boxes.forEach((box) => { box.checked = true; });
        search.value = owner.value = host.value = "";
        apply();
        target.scrollIntoView();
      }
    };
    addEventListener("hashchange", reveal);
    // Following the same link again changes no address.
    document.addEventListener("click", (event) => {
      if (event.target.closest('a[href^="#"]')) setTimeout(reveal);
    });
    apply();
  }

  const raw = document.querySelector("details.raw");
  if (raw) {
    const label = raw.querySelector(".search");
    const search = label.querySelector("input");
    const rows = [...raw.querySelectorAll("tbody tr")].map((node) => ({ node, text: node.textContent.toLowerCase() }));
    label.hidden = false;
    search.addEventListener("input", () => {
      const words = wordsOf(search);
      for (const row of rows) row.node.hidden = !matches(row.text, words);
    });
  }

  const write = (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    return Promise.reject(new Error("no clipboard"));
  };
  for (const node of document.querySelectorAll(".copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copier";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      write(node.textContent).then(
        () => { button.textContent = "Copied"; },
        () => {
          getSelection().selectAllChildren(node);
          button.textContent = "Selected";
        },
      );
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    node.after(button);
  }

  const opened = new Set();
  addEventListener("beforeprint", () => {
    for (const node of document.querySelectorAll("details:not([open])")) {
      node.open = true;
      opened.add(node);
    }
  });
  addEventListener("afterprint", () => {
    for (const node of opened) node.open = false;
    opened.clear();
  });
})();
