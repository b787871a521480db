// What a person does, sent to the sandbox.

/** The sandbox refused; the message is a sentence for the person. */
export class Refusal extends Error {}

export class Api {
  constructor() {
    this.userId = null;
  }

  /** Does one action as the current person and gives the sandbox's answer; throws a Refusal. */
  async act(action, fields, files = []) {
    const payload = JSON.stringify({ user: this.userId, ...fields });
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: payload };
    if (files.length > 0) {
      const form = new FormData();
      form.append("payload", payload);
      files.forEach((file, index) => form.append(`file${index}`, file, file.name));
      request.body = form;
      delete request.headers;
    }
    return this.#answer(fetch(`/sandbox/api/${action}`, request));
  }

  /** Up to `limit` messages of a channel, newest last, older than `before` where that is given. */
  async messages(channel, { before = null, limit = 50 } = {}) {
    const query = new URLSearchParams({ user: this.userId, channel, limit: String(limit) });
    if (before !== null) query.set("before", before);
    return this.#answer(fetch(`/sandbox/api/messages?${query}`));
  }

  async #answer(pending) {
    let response;
    try {
      response = await pending;
    } catch (error) {
      throw new Refusal("The sandbox does not answer. Is it still running?", { cause: error });
    }
    const text = await response.text();
    let body = {};
    try {
      body = text ? JSON.parse(text) : {};
    } catch (error) {
      throw new Refusal(`The sandbox answered ${response.status} without JSON.`, { cause: error });
    }
    if (!response.ok) throw new Refusal(body.error ?? `The sandbox answered ${response.status}.`);
    return body;
  }
}
