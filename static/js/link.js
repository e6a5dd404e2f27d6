// One WebSocket per page: subscriptions that outlive it, and a reconnect that asks for everything again.

const FIRST = 250;
const LONGEST = 5000;

class Link extends EventTarget {
  #socket = null;
  #subscriptions = new Map(); // id → {message, tell}
  #ids = new Map(); // topic → Set of ids
  #next = 1;
  #wait = FIRST;
  #timer = 0;
  #lastHeard = 0;
  asked = false;

  constructor() {
    super();
    addEventListener("online", () => this.#now());
    document.addEventListener("visibilitychange", () => document.hidden || this.#now());
    setInterval(() => this.#watch(), 1000);
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Subscribe; `tell` gets every frame. Returns {resync, close, replace(message)}. */
  subscribe(message, tell) {
    const id = this.#next++;
    this.#subscriptions.set(id, { message, tell });
    if (this.open) this.#send({ ...message, id });
    else this.#connect();
    return {
      resync: () => this.#send({ op: "resync", id }),
      replace: (other) => {
        this.#subscriptions.set(id, { message: other, tell });
        this.#forget(id);
        this.#send({ ...other, id });
      },
      close: () => {
        this.#subscriptions.delete(id);
        this.#forget(id);
        this.#send({ op: "close", id });
      },
    };
  }

  #send(message) {
    if (this.open) this.#socket.send(JSON.stringify(message));
  }

  #forget(id) {
    for (const ids of this.#ids.values()) ids.delete(id);
  }

  #now() {
    if (!this.open) {
      this.#wait = FIRST;
      this.#connect();
    }
  }

  #watch() {
    // The server speaks every second. A socket that is open and dumb is a dead one: give it up.
    if (this.open && Date.now() - this.#lastHeard > 10_000) this.#socket.close();
  }

  #connect() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#lastHeard = Date.now();
      this.#ids.clear();
      for (const [id, { message }] of this.#subscriptions) this.#send({ ...message, id });
      this.dispatchEvent(new Event("change"));
    });
    socket.addEventListener("message", (event) => this.#hear(event));
    socket.addEventListener("close", () => {
      if (socket !== this.#socket) return;
      this.asked = true;
      this.dispatchEvent(new Event("change"));
      this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.5 + Math.random()));
      this.#wait = Math.min(LONGEST, this.#wait * 2);
    });
  }

  #hear(event) {
    this.#lastHeard = Date.now();
    this.#wait = FIRST;
    this.asked = true;
    const frame = JSON.parse(event.data);
    if (frame.t === "opened") {
      this.#forget(frame.id);
      if (!this.#ids.has(frame.topic)) this.#ids.set(frame.topic, new Set());
      this.#ids.get(frame.topic).add(frame.id);
    } else if (frame.t === "freshness") {
      this.dispatchEvent(new CustomEvent("freshness", { detail: frame }));
    } else if (frame.t === "error") {
      this.#subscriptions.get(frame.id)?.tell(frame);
    } else {
      for (const id of this.#ids.get(frame.topic) ?? []) this.#subscriptions.get(id)?.tell(frame);
    }
  }
}

export const link = new Link();
