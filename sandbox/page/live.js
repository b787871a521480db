// The socket to the sandbox: one per person, opened again by itself when it breaks.

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000; // a restarted demo is found again within this

/** Calls `receive(frame)` for each frame and `report(isOpen)` when the socket opens or breaks. */
export class Live {
  #socket = null;
  #retry = null;
  #retryMs = FIRST_RETRY_MS;
  #userId = null;

  constructor({ receive, report }) {
    this.receive = receive;
    this.report = report;
  }

  /** Listens as this person from now on; null lets the sandbox choose one. */
  listen(userId) {
    this.#userId = userId;
    this.#retryMs = FIRST_RETRY_MS;
    this.#open();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#socket?.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = this.#userId === null ? "" : `?user=${encodeURIComponent(this.#userId)}`;
    const socket = new WebSocket(`${scheme}://${location.host}/sandbox/live${query}`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket === this.#socket) this.#retryMs = FIRST_RETRY_MS;
    });
    socket.addEventListener("message", (event) => {
      if (socket !== this.#socket) return;
      const frame = JSON.parse(event.data);
      if (frame.type === "world") this.report(true);
      this.receive(frame);
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) this.#retryLater();
    });
  }

  #retryLater() {
    this.report(false);
    this.#retry = setTimeout(async () => {
      const asked = this.#userId;
      const isKnown = await this.#isKnown(asked);
      if (asked !== this.#userId) return; // somebody else was chosen meanwhile
      if (!isKnown) this.#userId = null;
      this.#open();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  /** A sandbox that was started anew has other people; a browser does not say why a socket was refused, HTTP does. */
  async #isKnown(userId) {
    if (userId === null) return true;
    try {
      return (await fetch(`/sandbox/live?user=${encodeURIComponent(userId)}`)).status !== 404;
    } catch (error) {
      if (error instanceof TypeError) return true; // nobody answers: that says nothing about the person
      throw error;
    }
  }
}
