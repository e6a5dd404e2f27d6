// Everything that keeps a page current. Without it the page is what the server rendered.
import "viz/since.js";
import "viz/fresh.js";
import "viz/counts.js";
import "viz/board.js";
import "viz/chart.js";
import "viz/object.js";
import "viz/replay.js";
import "viz/change.js";
import "viz/lab.js";
import "viz/keys.js";
