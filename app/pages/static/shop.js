// What a script makes more comfortable; every page works without it.
"use strict";

// Filters apply as soon as one is chosen.
for (const form of document.querySelectorAll("form[data-send]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio], input[type=checkbox], select")) form.requestSubmit();
  });
}

// On a wide screen there is room for the filters to stand open.
const wide = matchMedia("(min-width: 60rem)");
const unfold = () => document.querySelectorAll("details.fold").forEach((fold) => { fold.open = wide.matches; });
if (document.querySelector("details.fold")) { unfold(); wide.addEventListener("change", unfold); }

// Steppers: plus and minus beside a number; a number in the cart is sent when it was changed.
for (const stepper of document.querySelectorAll("[data-stepper]")) {
  const input = stepper.querySelector("input");
  for (const button of stepper.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const most = Number(input.getAttribute("max")) || 9999, least = Number(input.getAttribute("min") ?? 1);
      input.value = Math.min(most, Math.max(least, (Number(input.value) || 0) + Number(button.dataset.step)));
    });
  }
}
for (const input of document.querySelectorAll("[data-send-on-change]")) {
  input.addEventListener("change", () => input.form.requestSubmit());
}

// Another place has other counties and another freight; only what depends on it is put in anew.
const placed = document.querySelector("[data-look-again]");
if (placed) {
  const parts = placed.dataset.lookAgain.split(" ");
  placed.addEventListener("change", async (event) => {
    if (!event.target.matches("[data-look]")) return;
    const said = new FormData(placed);
    said.set("step", "look");
    const answer = await fetch(placed.action, { method: "POST", body: new URLSearchParams(said), credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!parts.every((id) => page.getElementById(id))) { location.reload(); return; }
    const at = event.target.id;
    for (const id of parts) document.getElementById(id).replaceWith(page.getElementById(id));
    document.getElementById(at)?.focus();
  });
}

// Photos: show what was chosen before it is sent.
for (const input of document.querySelectorAll("[data-preview]")) {
  input.addEventListener("change", () => {
    const shown = [...input.files].slice(0, 6).map((file) => {
      const picture = new Image(96, 96);
      picture.src = URL.createObjectURL(file);
      picture.alt = file.name;
      return picture;
    });
    document.getElementById("previews").replaceChildren(...shown);
  });
}

// A form is sent once: a second tap waits for the answer to the first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Payment: look every two seconds whether the money has arrived, and show the page that says so.
const waiting = document.querySelector("[data-poll]");
if (waiting) {
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (page.querySelector("[data-state]")?.dataset.state !== waiting.dataset.state) { location.reload(); return; }
      } catch { /* offline for a moment: the next look may succeed */ }
    }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1200);
}

// What gets on while one looks: its part of the page is put in anew, and whoever is on a button stays on it.
const live = document.querySelector("[data-live]");
if (live) {
  const follow = async () => {
    let on = true;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(live.id);
        if (fresh && answer.ok) {
          on = "live" in fresh.dataset;
          const at = live.contains(document.activeElement) ? document.activeElement.id : "";
          live.replaceChildren(...fresh.childNodes);
          if (at) document.getElementById(at)?.focus();
          const said = document.querySelector("[data-said]");
          if (!on && said) said.textContent = said.dataset.said;
        }
      } catch { /* offline for a moment */ }
    }
    if (on) setTimeout(follow, 1500);
  };
  setTimeout(follow, 800);
}
