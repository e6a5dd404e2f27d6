// <rv-replay>: an episode played back on the page's own elements.
export {};
