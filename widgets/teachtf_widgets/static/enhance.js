// Makes a rendered fragment searchable, its tables sortable, and its rows selectable. Runs alone or under a widget.
export function enhance(root, onSelect) {
  if (root.ttfReady) return;
  root.ttfReady = true;
  const items = [...root.querySelectorAll("[data-name]")];
  const head = root.querySelector(".ttf-head");
  if (head && items.length > 5) {
    const find = document.createElement("input");
    find.className = "ttf-find";
    find.type = "search";
    find.placeholder = "filter: name, type, shape ...";
    find.setAttribute("aria-label", "filter");
    const count = document.createElement("span");
    count.className = "ttf-muted";
    const folders = [...root.querySelectorAll("details")];
    const before = new Map();
    find.addEventListener("input", () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const item of items) {
        const text = (item.dataset.name + " " + item.textContent).toLowerCase();
        const fits = words.every((word) => text.includes(word));
        item.style.display = fits ? "" : "none";
        shown += fits ? 1 : 0;
      }
      for (const folder of folders) {
        if (!before.has(folder)) before.set(folder, folder.open);
        const inner = [...folder.querySelectorAll("[data-name]")];
        const any = inner.some((item) => item.style.display !== "none");
        folder.style.display = any || !words.length ? "" : "none";
        folder.open = words.length ? any : before.get(folder);
      }
      if (!words.length) before.clear();
      count.textContent = words.length ? shown + " of " + items.length : "";
    });
    // JupyterLab would take the keys of a command mode.
    find.addEventListener("keydown", (event) => event.stopPropagation());
    head.append(find, count);
  }
  for (const table of root.querySelectorAll("table.ttf-table")) {
    const heads = [...table.tHead.rows[0].cells];
    const collator = new Intl.Collator(undefined, { numeric: true });
    heads.forEach((cell, index) => {
      cell.dataset.sort = "";
      cell.tabIndex = 0;
      const sort = () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        const text = (row) => row.cells[index].textContent;
        rows.sort((a, b) => collator.compare(text(a), text(b)) * (down ? -1 : 1));
        table.tBodies[0].append(...rows);
      };
      cell.addEventListener("click", sort);
      cell.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          event.stopPropagation();
          sort();
        }
      });
    });
  }
  if (!onSelect) return;
  const pick = (item) => {
    const was = item.classList.contains("ttf-picked");
    items.forEach((other) => other.classList.remove("ttf-picked"));
    if (!was) item.classList.add("ttf-picked");
    onSelect(was ? "" : item.dataset.name);
  };
  for (const item of items) {
    item.style.cursor = "pointer";
    item.tabIndex = 0;
    item.addEventListener("click", () => pick(item));
    item.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.stopPropagation();
        pick(item);
      }
    });
  }
}
