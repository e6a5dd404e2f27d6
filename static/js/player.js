// A player's state, apart from what shows it. Pure: a state and an action in, the next state out. Times in seconds.

export const SPEEDS = [0.5, 1, 2, 5, 10, 20];

/** At the end, where all is known; `moments` are the times at which something happened, in order. */
export const begin = (moments) => ({ at: moments.at(-1) ?? 0, span: moments.at(-1) ?? 0, playing: false, speed: 1, moments });

const clamp = (state, at) => Math.min(state.span, Math.max(0, at));

export function reduce(state, action) {
  switch (action.do) {
    case "toggle":
      if (state.playing) return { ...state, playing: false };
      return { ...state, playing: state.span > 0, at: state.at >= state.span ? 0 : state.at };
    case "seek":
      return { ...state, at: clamp(state, action.at), playing: false };
    case "tick": {
      if (!state.playing) return state;
      const at = clamp(state, state.at + action.seconds * state.speed);
      return { ...state, at, playing: at < state.span };
    }
    case "step": { // to the moment before or after
      const next = action.by > 0
        ? state.moments.find((each) => each > state.at + 1e-6)
        : state.moments.findLast((each) => each < state.at - 1e-6);
      return { ...state, at: clamp(state, next ?? (action.by > 0 ? state.span : 0)), playing: false };
    }
    case "speed":
      return SPEEDS.includes(action.speed) ? { ...state, speed: action.speed } : state;
    case "faster": {
      const place = SPEEDS.indexOf(state.speed) + action.by;
      return { ...state, speed: SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, place))] };
    }
    default:
      return state;
  }
}

/**
 * The player of an episode that has become another while it was there: who was at the end is at the new end, who was
 * somewhere in the middle stays there.
 */
export function resumed(state, fresh) {
  const at = state.playing || state.at < state.span ? clamp(fresh, state.at) : fresh.at;
  return { ...fresh, at, playing: state.playing, speed: state.speed };
}

/** The time that is shown: where motion is not wanted, the picture only changes when something happened. */
export function shown(state, calm) {
  if (!calm || !state.playing) return state.at;
  return state.moments.findLast((each) => each <= state.at + 1e-6) ?? 0;
}
