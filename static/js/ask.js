// Asks the server for a page, or a part of one, again and again.

/**
 * Gives a document; null where it is as it was at the last answer. Fails where there is no answer of use: `needs` is a
 * selector of what must be in it (a form that asks for a token is no answer).
 *
 * As a document, what comes runs no script and is no markup that is put into this page: trusted types stay as strict.
 */
export class Asker {
  #address;
  #needs;
  #tag = "";

  constructor(address, needs) {
    this.#address = address;
    this.#needs = needs;
  }

  ask() {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", this.#address);
      request.responseType = "document";
      request.timeout = 15_000;
      if (this.#tag) request.setRequestHeader("If-None-Match", this.#tag);
      for (const name of ["error", "timeout"]) request.addEventListener(name, () => reject(new Error(name)));
      request.addEventListener("load", () => {
        if (request.status === 304) return resolve(null);
        if (request.status !== 200 || !request.response?.querySelector(this.#needs)) return reject(new Error(`status ${request.status}`));
        this.#tag = request.getResponseHeader("ETag") ?? "";
        return resolve(request.response);
      });
      request.send();
    });
  }
}

/** Copies of nodes of an answer, for this page. */
export const taken = (nodes) => [...nodes].map((each) => document.importNode(each, true));
