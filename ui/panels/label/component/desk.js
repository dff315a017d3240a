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
const NOT_KEPT = "This browser keeps nothing for this page: do not leave it before all is saved.";
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

class Desk extends View {
  constructor(root) {
    super(root);
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
    this.noting = null; // the note that is being written, and the text it is on
    this.guesses = memory.read("cartography guesses") === "1";
    this.list = memory.read("cartography list") === "1";
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
      this.problem ||= reason;
      this.answers.delete(act.item);
      this.history = this.history.filter((item) => item !== act.item);
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
      const { text } = data.focus;
      if (!this.texts.has(text.item)) this.texts.set(text.item, text);
      this.answers.delete(text.item);
      // Who has begun to type stays with the text that it is about.
      if (text.item !== this.current && !this.noting && !this.search) this.show(text.item);
    } else if (!this.current || this.answers.has(this.current)) {
      // A text stays on screen until it is answered or left, also when a colleague was faster: one
      // that changed under the hand would get the label of another.
      this.current = this.order[0] ?? null;
    }
    if (isNew && this.outbox.acts.length) this.send();
    this.draw();
  }

  show(item) {
    this.current = item;
    this.unfolded = false;
    this.search = "";
    this.noting = null;
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
    name = name.replace(/[\u0000-\u001f\u007f]/g, " ").trim();
    if (!name) return;
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
    this.noting = { item: this.current, value: this.texts.get(this.current).note ?? "" };
    this.draw();
    this.root.querySelector(".note").focus();
  }

  saveNote() {
    const { item, value } = this.noting;
    this.noting = null;
    if (value.trim()) {
      this.outbox.add({ kind: "noted", item, text: value.trim(), round: 0 });
      this.texts.get(item).note = value.trim();
      this.send();
    }
    this.draw();
  }

  flip(name, key) {
    this[name] = !this[name];
    memory.write(key, this[name] ? "1" : "0");
    this.draw();
  }

  // Keys

  press(event) {
    const typedInto = event.composedPath()[0];
    if (event.repeat || isField(typedInto)) return;
    if (isControl(typedInto) && ["Enter", " "].includes(event.key)) return;
    if (isControl(typedInto) && event.key.startsWith("Arrow") && !this.root.contains(typedInto)) return;
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
    if (!this.current && key !== "Backspace") return null;
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

  // The class that Enter gives: the one of this name, or the only one that begins so.
  meant() {
    const words = this.search.trim().toLowerCase();
    const begun = this.classes.filter(({ name }) => name.toLowerCase().startsWith(words));
    return begun.find(({ name }) => name.toLowerCase() === words) ?? (begun.length === 1 ? begun[0] : undefined);
  }
}
