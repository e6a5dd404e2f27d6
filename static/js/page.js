// What every module needs to know of the page it is on.

const body = document.body;

export const cluster = body.dataset.cluster ?? "";
export const root = body.dataset.root ?? "/";

/** Seconds by which the server's clock is ahead of this one, as of when the page came. */
const ahead = body.dataset.now ? Number(body.dataset.now) - performance.timeOrigin / 1000 - performance.now() / 1000 : 0;

/** The server's time now, in Unix seconds. */
export const now = () => Date.now() / 1000 + ahead;

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
