// The messages of one channel that the page knows, in order.

import { compareIds } from "./clock.js";

export class History {
  constructor() {
    this.messages = [];
    this.loaded = false; // the newest messages were read once
    this.complete = false; // the first message of the channel is here
  }

  get oldestId() {
    return this.messages.find((message) => !isEphemeral(message))?.id ?? null;
  }

  /** Adds or replaces a message; gives "created", "updated" or null where it lies before what is loaded. */
  put(message) {
    const index = this.#position(message.id);
    if (this.messages[index]?.id === message.id) {
      this.messages[index] = message;
      return "updated";
    }
    if (index === 0 && this.loaded && !this.complete && this.messages.length > 0) return null;
    this.messages.splice(index, 0, message);
    return "created";
  }

  get(id) {
    const message = this.messages[this.#position(id)];
    return message?.id === id ? message : null;
  }

  remove(id) {
    const index = this.#position(id);
    if (this.messages[index]?.id !== id) return false;
    this.messages.splice(index, 1);
    return true;
  }

  /** Takes a page of older messages; a page shorter than asked for was the first of the channel. */
  takePage(messages, limit) {
    for (const message of messages) {
      const index = this.#position(message.id);
      if (this.messages[index]?.id === message.id) this.messages[index] = message;
      else this.messages.splice(index, 0, message);
    }
    this.complete ||= messages.length < limit;
    this.loaded = true;
  }

  /** The first index whose id is not older than `id`. */
  #position(id) {
    let low = 0;
    let high = this.messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareIds(this.messages[middle].id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;

export function isEphemeral(message) {
  return ((message.flags ?? 0) & EPHEMERAL) !== 0;
}

/** A deferred interaction's placeholder: the bot "is thinking". */
export function isLoading(message) {
  return ((message.flags ?? 0) & LOADING) !== 0;
}
