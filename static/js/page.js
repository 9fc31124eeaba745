// Small comforts; every page works without them.
(() => {
  // Times stand in UTC; the reader's own zone is shown in the title.
  const localise = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.title = at.toLocaleString(document.documentElement.lang, { timeZoneName: "short" });
    }
  };
  localise(document);
  document.addEventListener("htmx:afterSwap", () => localise(document));

  // A page in flux looks again by itself, but not while somebody types; when the change has gone
  // on, the page's main part is fetched anew, or says so where something is typed or a refusal is to be read. What is new is said once.
  const isBusy = () => [...document.querySelectorAll("main textarea, main input:not([type=hidden]), main select")]
    .some((field) => field === document.activeElement || (field.type !== "checkbox" && field.value !== field.defaultValue && field.tagName !== "SELECT"));
  const said = (part) => part && part.textContent.replace(/\s+/g, " ").trim();
  let lastSaid = said(document.querySelector("#live [role=note]"));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("[data-live]") && isBusy()) event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", () => {
    const live = document.querySelector("[data-live]");
    if (!live) return;
    if (live.hasAttribute("data-moved") && !isBusy() && !document.querySelector("[data-refused]")) {
      live.removeAttribute("data-moved");
      htmx.ajax("GET", live.dataset.page, { target: "#main", select: "#main", swap: "outerHTML" });
      return;
    }
    const now = said(live.querySelector("[role=note]"));
    if (now && now !== lastSaid) document.querySelector("#announcement").textContent = now;
    lastSaid = now;
  });

  // A one-time link carries its token behind "#": into the form with it, and out of the address and the history.
  const fromFragment = document.querySelector("[data-from-fragment]");
  if (fromFragment && location.hash.length > 1) {
    fromFragment.querySelector("input").value = decodeURIComponent(location.hash.slice(1));
    fromFragment.hidden = true;
    history.replaceState(null, "", location.pathname);
  }

  // Copy buttons.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.getAttribute("aria-label");
    button.setAttribute("aria-label", button.dataset.copied);
    button.classList.add("text-success");
    setTimeout(() => { button.setAttribute("aria-label", label); button.classList.remove("text-success"); }, 1500);
  });

  // The drop zone hands files to the file field that is there anyway.
  for (const zone of document.querySelectorAll("[data-dropzone]")) {
    const field = zone.querySelector("input[type=file]");
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      field.files = event.dataTransfer.files;
    });
  }

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.value === "report") return; // a download leaves the page as it is
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });

  // Keys: / search, g q queue, g h home.
  let last = "";
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const go = (name) => { const link = document.querySelector(`[data-key="${name}"]`); if (link) link.click(); };
    if (event.key === "/") { const search = document.querySelector("[name=q]"); if (search) { event.preventDefault(); search.focus(); } }
    if (last === "g" && event.key === "q") go("queue");
    if (last === "g" && event.key === "h") go("home");
    last = event.key;
  });
})();
