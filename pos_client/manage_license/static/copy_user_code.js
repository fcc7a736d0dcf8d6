"use strict";
// Without JavaScript the button stays hidden, and the value is selected whole by one press on it.
(() => {
  const button = document.getElementById("copy-user-code");
  const value = document.getElementById("user-code");
  const result = document.getElementById("copy-result");

  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(value);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async () => {
    try {
      // Browsers offer this only to https and loopback pages.
      await navigator.clipboard.writeText(value.textContent.trim());
      return true;
    } catch {
      select();
      return document.execCommand("copy");
    }
  };

  button.addEventListener("click", async () => {
    result.textContent = (await copy()) ? "Copied" : "Press Ctrl+C to copy";
  });
  button.hidden = false;
})();
