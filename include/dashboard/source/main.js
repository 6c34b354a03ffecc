// What the pages do beyond HTML: charts, choices that take effect at once, the address to copy. Every page is complete without it.
import { drawCharts } from "./charts.js";

function submitOnChange() {
  for (const field of document.querySelectorAll("form[data-choices] select")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
}

function copyAddress() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const address = new URL(button.dataset.copy, location.href).href;
      try {
        await navigator.clipboard.writeText(address);
        button.textContent = button.dataset.done;
      } catch {
        // Without a secure connection a browser forbids the clipboard: the address is shown to be copied by hand.
        window.prompt(button.textContent, address);
      }
    });
  }
}

function printPage() {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

submitOnChange();
copyAddress();
printPage();
drawCharts();
