"use strict";
// Tells while a Group Password is typed what it still needs. The server checks it all the same.
(() => {
  const rules = {
    length: (password) => [...password].length >= 6,
    number: (password) => /\p{Nd}/u.test(password),
    symbol: (password) => /[^\p{L}\p{N}\s]/u.test(password),
  };

  for (const help of document.querySelectorAll("[data-password-help]")) {
    const field = document.getElementById(help.dataset.passwordHelp);
    const said = help.querySelector("[role=status]");
    const show = help.querySelector("[type=checkbox]");

    const look = () => {
      const missing = [];
      for (const item of help.querySelectorAll("[data-rule]")) {
        const met = rules[item.dataset.rule](field.value);
        item.classList.toggle("met", met);
        if (!met) missing.push(item.textContent.trim().toLowerCase());
      }
      const text = missing.length ? `Still needed: ${missing.join(", ")}.` : "This Group Password can be taken.";
      // Said anew only when it changes, not at each key.
      if (field.value && said.textContent !== text) said.textContent = text;
    };

    field.addEventListener("input", look);
    show.addEventListener("change", () => { field.type = show.checked ? "text" : "password"; });
    // What is sent is a password again, so that no browser offers it as an old entry of a text field.
    field.form.addEventListener("submit", () => { field.type = "password"; });
    look();
    help.hidden = false;
  }
})();
