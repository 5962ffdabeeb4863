// The pages work without this; with it they count down, tell what happens, and search while one writes.
"use strict";
for (const place of document.querySelectorAll("[data-countdown]")) {
  const end = Date.now() + Number(place.dataset.countdown) * 1000;
  setInterval(() => { place.textContent = Math.max(0, Math.round((end - Date.now()) / 1000)); }, 1000);
}
const events = document.getElementById("events");
if (events) {
  const progress = document.getElementById("progress");
  const words = {
    "resync.started": () => "A resync runs.",
    "fetch.started": (e) => `Fetching ${e.url || "the file"}.`,
    "profile.held": () => "It waits for idle lines.",
    "profile.applied": (e) => `${e.param}: ${e.err}, ${e.changed} changed.`,
    "profile.failed": (e) => `${e.param}: ${e.err}.`,
    "resync.done": (e) => `The resync ended: ${e.err}.`,
    "upgrade.started": (e) => `Fetching the load ${e.url || ""}.`,
    "upgrade.done": (e) => `The upgrade ended: ${e.err}.`,
    "upgrade.refused": (e) => `No upgrade: ${e.why}.`,
    "upgrade.not-needed": () => "No upgrade is needed.",
    "reboot": () => "The phone restarts.",
  };
  const source = new EventSource("/admin/events");
  source.onmessage = (message) => {
    const item = document.createElement("li");
    item.textContent = message.data;
    events.prepend(item);
    while (events.children.length > 200) { events.lastElementChild.remove(); }
    let event;
    try { event = JSON.parse(message.data); } catch { return; }
    const say = words[event.event];
    if (say) { progress.textContent = say(event); }
    if (event.event === "resync.report") { setTimeout(() => location.replace(location.pathname), 1500); }
  };
}
const find = document.getElementById("find");
const fields = document.getElementById("fields");
if (find && fields) {
  find.form.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const part of fields.querySelectorAll("fieldset")) {
      let shown = 0;
      for (const field of part.querySelectorAll(".field")) {
        const control = field.querySelector("[id]");
        const text = `${field.querySelector("label").textContent} ${control ? control.id : ""}`.toLowerCase();
        field.hidden = !text.includes(wanted);
        shown += field.hidden ? 0 : 1;
      }
      part.hidden = shown === 0;
    }
  });
}
