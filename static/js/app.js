// Everything that keeps any page current. Without it the page is what the server rendered. What only some pages have is
// loaded beside it: `pages.MODULES` says what where.
import "viz/since.js";
import "viz/fresh.js";
import "viz/counts.js";
import "viz/keys.js";
