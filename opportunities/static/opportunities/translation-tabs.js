// django-modeltranslation's tabs, mended for those who use a screen reader: the switch beside the heading gets its
// name, and what is inside a tab is no control of its own.
window.addEventListener("load", () => {
  setTimeout(() => {
    const control = document.getElementById("modeltranslation-main-switch");
    const name = document.getElementById("translation-switch-name");
    if (control && name) control.setAttribute("aria-label", name.textContent);
    const tabs = document.querySelectorAll(".ui-tabs-anchor");
    if (tabs.length) window.jQuery.ui.tabs.prototype._isLocal = () => true; // it would look for the address taken away below
    for (const inner of tabs) {
      for (const attribute of ["href", "tabindex", "title"]) inner.removeAttribute(attribute);
    }
  });
});
