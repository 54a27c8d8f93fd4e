// django-modeltranslation's tabs, mended for those who use a screen reader: the switch beside the heading gets its
// name, and what is inside a tab is no control of its own.
window.addEventListener("load", () => {
  setTimeout(() => {
    const control = document.getElementById("modeltranslation-main-switch");
    const name = document.getElementById("translation-switch-name");
    if (control && name) control.setAttribute("aria-label", name.textContent);
    for (const inner of document.querySelectorAll(".ui-tabs-anchor")) {
      inner.removeAttribute("href");
      inner.removeAttribute("tabindex");
      inner.removeAttribute("title");
    }
  });
});
