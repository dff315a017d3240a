// The desk where texts are labelled: one at a time or as a list, by keys, by clicks or by touch.
//
// The page sends what waits for an answer. Every answer is put into the outbox and shown as given
// at once; the outbox is sent until the page says that each answer is stored. An answer that is
// typed while the page is busy waits there, and a copy in the browser survives a reload.

const FOLDED = 900; // characters of a text that are shown before it is unfolded
const KEYS = "123456789abcdefghijklmnopqrstuvwxyz";
const MINUTE = 60000;
const RATE_OVER = 5 * MINUTE;
const RETRY = 3000;
const SAID = { skipped: "skipped", unsure: "unsure", set_aside: "set aside" };

const desks = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  let desk = desks.get(parentElement);
  if (!desk) {
    desk = new Desk(parentElement);
    desks.set(parentElement, desk);
  }
  desk.receive(component);
  return () => {
    desk.close();
    desks.delete(parentElement);
  };
}

// Answers that are not known to be stored. Each has a token: one that arrives twice counts once.
class Outbox {
  constructor(name) {
    this.prefix = `cartography outbox ${name} `;
    this.key = this.prefix + newToken();
    this.acts = [];
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(this.prefix)) continue;
      this.acts.push(...JSON.parse(localStorage.getItem(key)));
      localStorage.removeItem(key);
    }
    this.keep();
  }

  add(act) {
    this.acts.push({ ...act, token: newToken() });
    this.keep();
  }

  remove(tokens) {
    const before = this.acts.length;
    this.acts = this.acts.filter((act) => !tokens.has(act.token));
    if (this.acts.length < before) this.keep();
  }

  has(item) {
    return this.acts.some((act) => act.item === item);
  }

  keep() {
    if (this.acts.length) localStorage.setItem(this.key, JSON.stringify(this.acts));
    else localStorage.removeItem(this.key);
  }
}

class Desk {
  constructor(root) {
    this.root = root;
    this.texts = new Map(); // every text seen, by id
    this.order = []; // ids of those that wait, in the order to show them
    this.answers = new Map(); // id -> what was answered here
    this.history = []; // ids, the last answered last
    this.current = null;
    this.classes = [];
    this.offer = null; // near-duplicates of the text labelled last
    this.problem = "";
    this.search = "";
    this.unfolded = false;
    this.times = [];
    this.guesses = localStorage.getItem("cartography guesses") === "1";
    this.list = localStorage.getItem("cartography list") === "1";
    this.onKey = (event) => this.press(event);
    document.addEventListener("keydown", this.onKey);
  }

  close() {
    document.removeEventListener("keydown", this.onKey);
    clearTimeout(this.again);
  }

  // Send all that is not known to be stored, and again until it is: the server may have been away.
  // The number makes each sending a new value, which the page would otherwise not hear of.
  send() {
    clearTimeout(this.again);
    if (!this.outbox.acts.length) return;
    this.sendings = (this.sendings ?? 0) + 1;
    this.setState("outbox", { acts: this.outbox.acts, sending: this.sendings });
    this.again = setTimeout(() => this.send(), RETRY);
  }

  receive({ data, setStateValue }) {
    this.data = data;
    this.setState = setStateValue;
    const isNew = this.name !== data.name;
    if (isNew) {
      this.name = data.name;
      this.outbox = new Outbox(data.name);
    }
    for (const { token, reason } of data.refused) {
      const act = this.outbox.acts.find((each) => each.token === token);
      if (!act) continue;
      this.problem = reason;
      this.answers.delete(act.item);
    }
    this.outbox.remove(new Set([...data.stored, ...data.refused.map((each) => each.token)]));
    this.classes = data.classes;
    for (const text of data.queue) this.texts.set(text.item, text);
    const waiting = new Set(data.queue.map((text) => text.item));
    // What is on its way keeps its answer; for the rest the page knows best.
    for (const item of [...this.answers.keys()]) {
      if (waiting.has(item) && !this.outbox.has(item)) this.answers.delete(item);
    }
    const isOpen = (item) => waiting.has(item) && !this.answers.has(item);
    const known = new Set(this.order);
    const fresh = data.queue.map((text) => text.item).filter((item) => !known.has(item));
    this.order = [...this.order, ...fresh].filter(isOpen);
    if (data.focus && data.focus.token !== this.focusToken) {
      // Opened by its address, or undone: it is shown once, whether it waits or not.
      this.focusToken = data.focus.token;
      this.focus = data.focus.text.item;
      if (!this.texts.has(this.focus)) this.texts.set(this.focus, data.focus.text);
      this.show(this.focus);
    } else if (!this.current || (!isOpen(this.current) && !this.isKept(this.current))) {
      this.current = this.order[0] ?? null;
    }
    if (isNew && this.outbox.acts.length) this.send();
    this.draw();
  }

  // A text that somebody opened stays on screen though it does not wait for an answer.
  isKept(item) {
    return item === this.focus && !this.answers.has(item);
  }

  show(item) {
    this.current = item;
    this.unfolded = false;
    this.search = "";
  }

  // What a person does

  answer(kind, values = {}) {
    const text = this.texts.get(this.current);
    if (!text) return;
    this.problem = "";
    this.put(text, kind, values);
    const others = (text.duplicates ?? []).filter((each) => !this.answers.has(each.item));
    this.offer = kind === "labelled" && others.length ? { values, others, round: text.round } : null;
    this.move();
    this.send();
    this.draw();
  }

  put(text, kind, values) {
    this.outbox.add({ kind, item: text.item, round: text.round, ...values });
    this.answers.set(text.item, { kind, ...values });
    this.last = `Last: ${text.item}, ${values.name ?? SAID[kind]}`;
    this.history.push(text.item);
    if (kind === "labelled") this.times.push(Date.now());
  }

  // Go on to the next text that waits.
  move() {
    const at = this.order.indexOf(this.current);
    this.order = this.order.filter((item) => item !== this.current);
    this.focus = null;
    this.show(this.order[Math.min(Math.max(at, 0), this.order.length - 1)] ?? null);
  }

  step(by) {
    const at = this.order.indexOf(this.current) + by;
    if (at >= 0 && at < this.order.length) this.show(this.order[at]);
    this.draw();
  }

  choose(one) {
    const values = { label: one.number, name: one.name };
    this.answer("labelled", values);
  }

  addClass(name) {
    const known = this.classes.find((one) => one.name === name);
    if (known) return this.choose(known);
    this.outbox.add({ kind: "class_added", text: name });
    // It has no number yet: the answer names it.
    this.classes = [...this.classes, { number: null, name, count: 0 }];
    this.answer("labelled", { label: null, name });
  }

  acceptOffer() {
    const { values, others, round } = this.offer;
    for (const each of others) {
      this.put({ item: each.item, round }, "labelled", values);
      this.order = this.order.filter((item) => item !== each.item);
    }
    this.offer = null;
    if (this.answers.has(this.current)) this.show(this.order[0] ?? null);
    this.send();
    this.draw();
  }

  undo() {
    this.outbox.add({ kind: "undo" });
    this.last = "";
    const item = this.history.pop();
    if (item !== undefined) {
      this.answers.delete(item);
      if (this.texts.has(item)) {
        this.order = [item, ...this.order.filter((each) => each !== item)];
        this.show(item);
      }
      this.times.pop();
    }
    this.offer = null;
    this.send();
    this.draw();
  }

  redo() {
    this.outbox.add({ kind: "redo" });
    this.send();
    this.draw();
  }

  note() {
    const field = this.root.querySelector(".note");
    field.hidden = false;
    field.focus();
  }

  saveNote(value) {
    if (value.trim()) {
      this.outbox.add({ kind: "noted", item: this.current, text: value.trim(), round: 0 });
      this.texts.get(this.current).note = value.trim();
      this.send();
    }
    this.draw();
  }

  flip(name, key) {
    this[name] = !this[name];
    localStorage.setItem(key, this[name] ? "1" : "0");
    this.draw();
  }

  // Keys

  press(event) {
    const typedInto = event.composedPath()[0];
    if (event.repeat || isField(typedInto)) return;
    if (!this.current && !["Backspace"].includes(event.key)) return;
    const command = event.ctrlKey || event.metaKey;
    const action = command ? this.commandOf(event) : event.altKey ? null : this.actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  commandOf(event) {
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) return () => this.undo();
    if (key === "y" || (key === "z" && event.shiftKey)) return () => this.redo();
    return null;
  }

  actionOf(event) {
    const { key } = event;
    if (this.offer && key === "Enter") return () => this.acceptOffer();
    const isButton = event.composedPath()[0]?.tagName === "BUTTON";
    if (isButton && (key === "Enter" || key === " ")) return null;
    const actions = {
      " ": () => this.answer("skipped"),
      "?": () => this.answer("unsure"),
      Backspace: () => (event.shiftKey ? this.redo() : this.undo()),
      Delete: () => this.answer("set_aside"),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ".": () => this.note(),
      "=": () => this.flip("guesses", "cartography guesses"),
      "/": () => this.startSearch(""),
      "+": () => this.startSearch(""),
      Escape: () => {
        this.offer = null;
        this.draw();
      },
    };
    if (this.list && key === "ArrowUp") return actions.ArrowLeft;
    if (this.list && key === "ArrowDown") return actions.ArrowRight;
    if (actions[key]) return actions[key];
    const letter = key.length === 1 ? key.toLowerCase() : "";
    const place = letter ? KEYS.indexOf(letter) : -1;
    if (this.areMany && /\p{L}/u.test(letter)) return () => this.startSearch(key);
    if (place >= 0 && place < this.classes.length) return () => this.choose(this.classes[place]);
    return null;
  }

  get areMany() {
    return this.classes.length > KEYS.length;
  }

  startSearch(text) {
    this.search = text;
    this.draw();
    const field = this.root.querySelector(".search");
    field.focus();
    field.setSelectionRange(text.length, text.length);
  }

  // What is on screen

  draw() {
    const active = this.root.activeElement ?? document.activeElement;
    const searching = active?.classList?.contains("search");
    const page = this.root.querySelector(".desk");
    page.replaceChildren(
      this.drawProgress(),
      ...(this.problem ? [make("p", "problem", this.problem, { role: "alert" })] : []),
      ...(this.offer ? [this.drawOffer()] : []),
      ...(this.current ? [this.list ? this.drawList() : this.drawText(), this.drawAnswers()] : [this.drawEnd()]),
    );
    if (searching) {
      const field = this.root.querySelector(".search");
      field?.focus();
      field?.setSelectionRange(this.search.length, this.search.length);
    }
  }

  drawProgress() {
    const { today, target, texts } = this.data;
    const onTheWay = this.outbox.acts.filter((act) => act.kind === "labelled").length;
    const mine = today + onTheWay;
    const left = this.order.length + Math.max(0, this.data.open - this.data.queue.length);
    const parts = [`${left.toLocaleString("en")} waiting`];
    parts.push(target ? `${mine} of ${target} by you today` : `${mine} by you today`);
    const labelled = Math.min(this.data.labelled + onTheWay, texts);
    parts.push(`${labelled.toLocaleString("en")} of ${texts.toLocaleString("en")} labelled`);
    const now = Date.now();
    const recent = this.times.filter((time) => now - time < RATE_OVER);
    if (recent.length > 2) {
      const minutes = (now - recent[0]) / MINUTE;
      parts.push(`${(recent.length / Math.max(minutes, 1 / 60)).toFixed(0)} a minute`);
    }
    const row = make("div", "progress");
    const waiting = this.outbox.acts.length;
    const told = make("div", "told");
    told.append(
      make("span", "counts", parts.join(" · ")),
      make("span", waiting ? "saving" : "saved", waiting ? `saving ${waiting} …` : "all saved", { role: "status" }),
    );
    row.append(
      told,
      textOf(this.last ?? "", "span", "last"),
      button("undo", "Undo", "⌫", () => this.undo()),
      button("redo", "Redo", "⇧⌫", () => this.redo()),
      button("view", this.list ? "One at a time" : "As a list", "", () => this.flip("list", "cartography list")),
    );
    return row;
  }

  drawOffer() {
    const { others, values } = this.offer;
    const row = make("div", "offer");
    const count = others.length === 1 ? "1 near-duplicate" : `${others.length} near-duplicates`;
    row.append(
      make("span", "", `${count} of the last text: label ${others.length === 1 ? "it" : "them"} ${values.name} too?`),
      button("accept", "Label", "↵", () => this.acceptOffer()),
      button("decline", "Leave", "Esc", () => {
        this.offer = null;
        this.draw();
      }),
    );
    const shown = make("details");
    shown.append(make("summary", "", "Show"), ...others.slice(0, 20).map((each) => textOf(each.text, "p", "other")));
    row.append(shown);
    return row;
  }

  drawText() {
    const text = this.texts.get(this.current);
    const card = make("section", "card", "", { "aria-label": "Text to label" });
    const whole = [...text.text];
    const isLong = whole.length > FOLDED;
    const shown = isLong && !this.unfolded ? `${whole.slice(0, FOLDED).join("")} …` : text.text;
    card.append(textOf(shown || " ", "p", "text"));
    if (isLong) {
      const label = this.unfolded ? "Fold" : `Show all ${whole.length.toLocaleString("en")} characters`;
      card.append(
        button("fold", label, "", () => {
          this.unfolded = !this.unfolded;
          this.draw();
        }),
      );
    }
    if (text.note) card.append(textOf(`Note: ${text.note}`, "p", "noted"));
    const foot = make("div", "foot");
    foot.append(
      make("span", "reason", text.reason),
      make("span", "id", text.item),
      button("link", "Copy link", "", (event) => this.copyLink(event.target)),
    );
    card.append(foot);
    return card;
  }

  drawList() {
    const list = make("ol", "list", "", { "aria-label": "Texts to label" });
    for (const item of this.order) {
      const row = make("li", item === this.current ? "row current" : "row");
      row.append(textOf(this.texts.get(item).text, "span", "text"));
      row.addEventListener("click", () => {
        this.show(item);
        this.draw();
      });
      list.append(row);
    }
    requestAnimationFrame(() => list.querySelector(".current")?.scrollIntoView({ block: "nearest" }));
    return list;
  }

  drawAnswers() {
    const text = this.texts.get(this.current);
    const area = make("section", "answers", "", { "aria-label": "Classes" });
    const others = make("div", "commands");
    others.append(
      button("skip", "Skip", "Space", () => this.answer("skipped")),
      button("unsure", "Unsure", "?", () => this.answer("unsure")),
      button("aside", "Set aside", "Del", () => this.answer("set_aside")),
      button("note-it", "Note", ".", () => this.note()),
    );
    if (text.guess) {
      const shown = this.guesses ? `The model says ${text.guess} (${text.probability.toFixed(2)})` : "Show the model’s guess";
      others.append(button("guess", shown, "=", () => this.flip("guesses", "cartography guesses")));
    }
    const note = make("input", "note", "", { placeholder: "Note on this text; Enter saves it", "aria-label": "Note" });
    note.hidden = true;
    note.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.saveNote(note.value);
      if (event.key === "Escape") this.draw();
    });
    area.append(this.drawClasses(text), this.drawSearch(), others, note);
    return area;
  }

  drawSearch() {
    const field = make("input", "search", "", {
      placeholder: "/ search a class, or type the name of a new one",
      "aria-label": "Search a class or add one",
    });
    field.value = this.search;
    field.addEventListener("input", () => {
      this.search = field.value;
      this.root.querySelector(".classes").replaceWith(this.drawClasses(this.texts.get(this.current)));
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.search = "";
        field.blur();
        this.draw();
      }
      if (event.key !== "Enter" || !this.search.trim() || event.isComposing) return;
      const found = this.found();
      field.blur();
      if (found.length) this.choose(found[0]);
      else this.addClass(this.search.trim());
    });
    return field;
  }

  // The classes that the search finds, those that begin with its words first.
  found() {
    const words = this.search.trim().toLowerCase();
    if (!words) return this.classes;
    const rank = ({ name }) => {
      const lower = name.toLowerCase();
      return lower === words ? 0 : lower.startsWith(words) ? 1 : 2;
    };
    return this.classes.filter(({ name }) => name.toLowerCase().includes(words)).sort((a, b) => rank(a) - rank(b));
  }

  drawClasses(text) {
    const area = make("div", "classes");
    const found = this.found();
    for (const one of found) {
      const place = this.classes.indexOf(one);
      const key = this.areMany && place > 8 ? "" : (KEYS[place] ?? "");
      const choice = button("class", one.name, key, () => this.choose(one));
      choice.append(make("span", "count", one.count.toLocaleString("en")));
      if (this.guesses && one.name === text?.guess) choice.classList.add("guessed");
      area.append(choice);
    }
    if (this.search.trim() && !this.classes.some(({ name }) => name === this.search.trim())) {
      area.append(button("add", `Add the class ${this.search.trim()} and label the text`, found.length ? "" : "↵", () => this.addClass(this.search.trim())));
    }
    if (!this.classes.length && !this.search) area.append(make("p", "hint", "There are no classes yet: type the name of the first one above."));
    return area;
  }

  drawEnd() {
    const end = make("section", "card end");
    const more = this.data.open > this.data.queue.length;
    end.append(make("p", "text", more ? "Loading more texts …" : "Nothing waits for an answer. Ask for a batch."));
    return end;
  }

  copyLink(target) {
    const link = new URL(window.location.href);
    link.searchParams.set("text", this.current);
    navigator.clipboard?.writeText(link.href).then(() => {
      target.textContent = "Copied";
    });
  }
}

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

// `crypto.randomUUID` is missing on pages without TLS.
function newToken() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
