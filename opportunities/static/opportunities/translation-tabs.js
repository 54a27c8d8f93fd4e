// The switch that django-modeltranslation puts beside the heading has no name of its own: give it one.
window.addEventListener("load", () => {
  const control = document.getElementById("modeltranslation-main-switch");
  const name = document.getElementById("translation-switch-name");
  if (control && name) control.setAttribute("aria-label", name.textContent);
});
