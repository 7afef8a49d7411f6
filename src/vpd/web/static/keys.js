// Keys: one table of actions, remappable, and off by one switch (WCAG 2.1.4). By event.code, so that the
// place of a key counts and not the language of the keyboard.

const STORED = "vpd.keys";

// action: [default keys]; a key is event.code with "Shift+" and "Ctrl+" in front.
export const DEFAULTS = {
  play: ["Space", "KeyK"],
  faster: ["KeyL"],
  reverse: ["KeyJ"],
  next_frame: ["ArrowRight"],
  previous_frame: ["ArrowLeft"],
  next_frames: ["Shift+ArrowRight"],
  previous_frames: ["Shift+ArrowLeft"],
  next_second: ["Ctrl+ArrowRight"],
  previous_second: ["Ctrl+ArrowLeft"],
  to_start: ["Home"],
  to_end: ["End"],
  class_1: ["Digit1"], class_2: ["Digit2"], class_3: ["Digit3"], class_4: ["Digit4"], class_5: ["Digit5"],
  class_6: ["Digit6"], class_7: ["Digit7"], class_8: ["Digit8"], class_9: ["Digit9"], class_10: ["Digit0"],
  class_11: ["KeyQ"], class_12: ["KeyW"], class_13: ["KeyT"], class_14: ["KeyY"], class_15: ["KeyI"], class_16: ["KeyO"],
  class_17: ["KeyP"],
  accept: ["Enter"],
  reject: ["KeyX"],
  unsure: ["KeyU"],
  next_item: ["KeyN"],
  previous_item: ["KeyB"],
  next_label: ["Period"],
  previous_label: ["Comma"],
  set_start: ["BracketLeft"],
  set_end: ["BracketRight"],
  edge_earlier: ["Semicolon"],
  edge_later: ["Quote"],
  edge_much_earlier: ["Shift+Semicolon"],
  edge_much_later: ["Shift+Quote"],
  other_edge: ["KeyE"],
  loop: ["KeyR"],
  slower: ["Minus"],
  quicker: ["Equal"],
  search: ["KeyS"],
  compare: ["KeyC"],
  next_athlete: ["KeyA"],
  pick_athlete: ["Shift+KeyA"],
  reviewed: ["KeyV"],
  undo: ["KeyZ", "Ctrl+KeyZ"],
  redo: ["Shift+KeyZ", "Ctrl+Shift+KeyZ"],
  delete: ["Delete"],
  go_to: ["KeyG"],
  filter: ["Slash"],
  full_screen: ["KeyF"],
  overlays: ["KeyH"],
  help: ["Shift+Slash"],
  leave: ["Escape"],
};

// What is printed on the keys of the classes, in their order.
export const CLASS_KEYS = [..."1234567890QWTYIOP"];

const REACTION = "vpd.reaction_ms";
// Labels that are set while a video plays are set so much earlier.
export const reactionSeconds = () => Number(localStorage.getItem(REACTION) ?? 0) / 1000;
export const setReaction = (seconds) => localStorage.setItem(REACTION, String(1000 * seconds));

export function bindings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(STORED) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

export function rebind(action, key) {
  const stored = JSON.parse(localStorage.getItem(STORED) ?? "{}");
  if (key === null) delete stored[action];
  else stored[action] = [key];
  localStorage.setItem(STORED, JSON.stringify(stored));
  actions = null;
}

export const keysAreOn = () => localStorage.getItem("vpd.keys.off") !== "1";
export const switchKeys = (on) => localStorage.setItem("vpd.keys.off", on ? "0" : "1");

export const nameOf = (event) =>
  `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.shiftKey ? "Shift+" : ""}${event.code}`;

export const printed = (key) =>
  key.replace(/Key([A-Z])$/, "$1").replace(/Digit(\d)$/, "$1").replace("ArrowLeft", "←").replace("ArrowRight", "→")
    .replace("Period", ".").replace("Comma", ",").replace("BracketLeft", "[").replace("BracketRight", "]")
    .replace("Semicolon", ";").replace("Quote", "'").replace("Minus", "-").replace("Equal", "=").replace("Slash", "/");

const inField = (target) => target.closest?.("input, select, textarea, [contenteditable]");
const ownKeys = (target, key) =>
  (key === "Space" || key === "Enter") && target.closest?.("button, a, summary, [role=button]");

let actions = null;
// The action of a key; one that the user gave it has it before one that has it by default. The table is read again
// after a key was changed here or in another tab.
function actionOf(key) {
  actions ??= placed(bindings());
  return actions.get(key);
}
function placed(table) {
  const changed = ([action]) => table[action] !== DEFAULTS[action];
  return new Map(Object.entries(table).sort((a, b) => changed(a) - changed(b))
    .flatMap(([action, keys]) => keys.map((key) => [key, action])));
}
addEventListener("storage", () => { actions = null; });

// After a click by the mouse keys mean the screen again: Enter does not press the button once more, and letters are
// no input for a box that was ticked.
document.addEventListener("click", ({ detail, target }) => {
  const clicked = detail && target.closest?.("button, input[type=checkbox], input[type=radio], input[type=range]");
  if (clicked && keysAreOn() && !clicked.closest("dialog")) clicked.blur();
});

// Calls the handlers of actions by name. Returns a function that ends it.
export function listen(handlers) {
  const heard = (event) => {
    const key = nameOf(event);
    if (event.defaultPrevented || event.altKey || inField(event.target) || ownKeys(event.target, key)) return;
    if (!keysAreOn() && key !== "Escape") return;
    if (document.querySelector("dialog[open]")) return;  // keys mean the dialog, not the screen behind it
    const action = actionOf(key);
    if (!action || !handlers[action]) return;
    event.preventDefault();
    handlers[action](event);
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}
