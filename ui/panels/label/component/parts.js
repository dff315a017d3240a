// Parts of the screen. Texts of users are only ever set as text, never read as HTML.

function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function textOf(text, tag, className) {
  return make(tag, className, text, { dir: "auto" });
}

function button(className, label, key, onClick) {
  const element = make("button", className, "", { type: "button" });
  if (key) element.append(make("kbd", "", key));
  element.append(make("span", "label", label, { dir: "auto" }));
  element.addEventListener("click", onClick);
  return element;
}

function isField(element) {
  return ["INPUT", "TEXTAREA", "SELECT"].includes(element?.tagName) || element?.isContentEditable;
}

// An element that Enter and Space work on by themselves.
function isControl(element) {
  const roles = ["button", "tab", "slider", "option", "radio", "checkbox", "link"];
  return ["BUTTON", "SUMMARY", "A"].includes(element?.tagName) || roles.includes(element?.getAttribute?.("role"));
}
