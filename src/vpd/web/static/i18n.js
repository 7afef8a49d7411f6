// All texts of the page come from /strings/<language>.json; English stands in for what is missing.

const LANGUAGES = ["en", "de", "pseudo"];
let texts = {};
let fallback = {};
export let language = "en";

const load = async (name) => (await fetch(`/strings/${name}.json`)).json();

// The pseudo-language shows texts that are not translated and layouts that have no room.
const pseudo = (text) =>
  "[" + text.replace(/[aeiou](?![^{]*})/g, (v) => ({ a: "áá", e: "éé", i: "íí", o: "óó", u: "úú" })[v]) + "]";

export async function start(wanted) {
  const asked = wanted ?? localStorage.getItem("vpd.language") ?? navigator.language.slice(0, 2);
  language = LANGUAGES.includes(asked) ? asked : "en";
  fallback = await load("en");
  texts = language === "en" ? fallback : language === "pseudo" ? {} : await load(language);
  document.documentElement.lang = language === "pseudo" ? "en" : language;
}

// The text of a key with its values; of one thing alone, the text of `key_one` where there is one.
export function t(key, values = {}) {
  const one = `${key}_one`;
  let text = (Number(values.count) === 1 && (texts[one] ?? fallback[one])) || (texts[key] ?? fallback[key] ?? key);
  if (language === "pseudo") text = pseudo(text);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// What the server says: a sentence {key, values}, where a value may be a sentence itself, or {text}, words in English
// alone, which are shown as the server's.
export const told = ({ key, values, text }) => (key ? t(key, Object.fromEntries(Object.entries(values)
  .map(([name, value]) => [name, value?.key ? told(value) : value]))) : t("server_says", { text }));

// The same as a sentence of its own; where its text begins with a gap, the first word may be a name, and stays.
export const toldAlone = (said) => {
  const words = told(said);
  const text = /[\p{L}\p{N}]$/u.test(words) ? `${words}.` : words;
  return (fallback[said.key] ?? "{").startsWith("{") ? text : text[0].toUpperCase() + text.slice(1);
};

// A step of `vpd run` as people call it; what has no such name is said as it is.
export const stepName = (name) => (`step_${name}` in fallback ? t(`step_${name}`) : name);

export const setLanguage = (name) => {
  localStorage.setItem("vpd.language", name);
  location.reload();
};
export const languages = LANGUAGES;
