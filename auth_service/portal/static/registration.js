"use strict";
// Looks every few seconds how far the registration is, until nothing more is to come. Without JavaScript the link
// "Look again" does it.
(() => {
  const shown = document.getElementById("registration");
  const said = document.getElementById("registration-said");

  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(window.location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("registration");
    if (!fresh || fresh.dataset.state === shown.dataset.state) return;
    const hadFocus = shown.contains(document.activeElement);
    shown.replaceChildren(...fresh.childNodes);
    shown.dataset.state = fresh.dataset.state;
    said.textContent = fresh.dataset.said;
    if (hadFocus) shown.focus();
    if ("ended" in fresh.dataset) clearInterval(looking);
  };

  const looking = "ended" in shown.dataset ? null : setInterval(look, 3000);
})();
