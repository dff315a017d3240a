// What is on screen. It is drawn anew at each change; fields keep their text, focus and caret.
class View {
  constructor(root) {
    this.root = root;
    // While a word is composed, a redraw would take the field away from under it.
    root.addEventListener("compositionstart", () => (this.isComposing = true));
    root.addEventListener("compositionend", () => {
      this.isComposing = false;
      if (this.isStale) this.draw();
    });
  }

  draw() {
    if (this.isComposing) {
      this.isStale = true;
      return;
    }
    this.isStale = false;
    const active = this.root.activeElement ?? document.activeElement;
    const field = ["search", "note"].find((name) => active?.classList?.contains(name));
    const caret = field ? [active.selectionStart, active.selectionEnd] : null;
    const page = this.root.querySelector(".desk");
    page.replaceChildren(
      this.drawProgress(),
      ...(this.problem ? [make("p", "problem", this.problem, { role: "alert" })] : []),
      ...(memory.isKept ? [] : [make("p", "problem", NOT_KEPT, { role: "alert" })]),
      ...(this.offer ? [this.drawOffer()] : []),
      ...(this.current ? [this.list ? this.drawList() : this.drawText(), this.drawAnswers()] : [this.drawEnd()]),
    );
    const again = field && this.root.querySelector(`.${field}`);
    if (again && !again.hidden) {
      again.focus();
      again.setSelectionRange(...caret);
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
    area.append(this.drawClasses(text), this.drawSearch(), others);
    if (this.noting) area.append(this.drawNote());
    return area;
  }

  drawNote() {
    const about = { placeholder: "Note on this text; Enter saves it", "aria-label": "Note", maxlength: 10000 };
    const field = make("input", "note", "", about);
    field.value = this.noting.value;
    field.addEventListener("input", () => (this.noting.value = field.value));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") this.saveNote();
      if (event.key === "Escape") {
        this.noting = null;
        this.draw();
      }
    });
    return field;
  }

  drawSearch() {
    const field = make("input", "search", "", {
      placeholder: "/ search a class, or type the name of a new one",
      "aria-label": "Search a class or add one",
      maxlength: 200,
    });
    field.value = this.search;
    field.addEventListener("input", () => {
      this.search = field.value;
      this.root.querySelector(".classes").replaceWith(this.drawClasses(this.texts.get(this.current)));
    });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        this.search = "";
        field.blur();
        this.draw();
      }
      if (event.key !== "Enter" || !this.search.trim()) return;
      const meant = this.meant();
      if (!meant && this.found().length) return;
      field.blur();
      if (meant) this.choose(meant);
      else this.addClass(this.search);
    });
    return field;
  }

  drawClasses(text) {
    const area = make("div", "classes");
    const found = this.found();
    const meant = this.search.trim() ? this.meant() : undefined;
    for (const one of found) {
      const place = this.classes.indexOf(one);
      const own = this.areMany && place > 8 ? "" : (KEYS[place] ?? "");
      // In the search field, keys are letters of the search.
      const key = this.search.trim() ? (one === meant ? "↵" : "") : own;
      const choice = button("class", one.name, key, () => this.choose(one));
      choice.append(make("span", "count", one.count.toLocaleString("en")));
      if (this.guesses && one.name === text?.guess) choice.classList.add("guessed");
      area.append(choice);
    }
    if (this.search.trim() && !this.classes.some(({ name }) => name === this.search.trim())) {
      area.append(button("add", `Add the class ${this.search.trim()} and label the text`, found.length ? "" : "↵", () => this.addClass(this.search)));
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
    const label = target.closest("button").querySelector(".label");
    if (navigator.clipboard) {
      navigator.clipboard.writeText(link.href).then(() => (label.textContent = "Copied"));
      return;
    }
    // Browsers give the clipboard to pages with TLS alone.
    const field = make("input", "address", "", { readonly: "", "aria-label": "Address of this text" });
    field.value = link.href;
    target.closest("button").replaceWith(field);
    field.select();
  }
}
