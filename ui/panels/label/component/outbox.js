// What the browser remembers. It may be full, or forbidden: then this page forgets when it is left.
const memory = {
  isKept: true,

  keys() {
    return this.attempt(() => Object.keys(localStorage)) ?? [];
  },

  read(key) {
    return this.attempt(() => localStorage.getItem(key)) ?? null;
  },

  write(key, value) {
    this.isKept = this.attempt(() => (localStorage.setItem(key, value), true)) ?? false;
    return this.isKept;
  },

  remove(key) {
    this.attempt(() => localStorage.removeItem(key));
  },

  attempt(work) {
    try {
      return work();
    } catch {
      return undefined;
    }
  },
};

// Answers that are not known to be stored. Each has a token: one that arrives twice counts once.
class Outbox {
  constructor(name) {
    this.prefix = `cartography outbox ${name} `;
    this.key = this.prefix + newToken();
    this.acts = [];
    // Those that an earlier visit, or a tab that was closed, left unsent.
    const left = memory.keys().filter((key) => key.startsWith(this.prefix));
    for (const key of left) this.acts.push(...actsOf(memory.read(key)));
    if (this.keep()) left.forEach((key) => memory.remove(key));
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
    if (this.acts.length) return memory.write(this.key, JSON.stringify(this.acts));
    memory.remove(this.key);
    return true;
  }
}

// The acts in a remembered text; what another version or program wrote there is left out.
function actsOf(text) {
  const acts = memory.attempt(() => JSON.parse(text));
  return Array.isArray(acts) ? acts.filter((act) => typeof act?.token === "string" && act.token) : [];
}

// `crypto.randomUUID` is missing on pages without TLS.
function newToken() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
