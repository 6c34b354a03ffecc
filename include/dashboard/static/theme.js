// Runs before the page is drawn: the theme is the one that Airflow's own pages use (its key `theme`), or else that of the browser.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // A browser may forbid storage: then the browser's own setting counts.
  }
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  if (window.top !== window) document.documentElement.dataset.framed = "yes";
})();
