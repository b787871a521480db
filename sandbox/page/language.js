// Commands in the language of who looks at them.

/** A command, option or choice as a language shows it: `shown` is its name there, `name` stays what the bot knows. */
export function translated(thing, locale) {
  const text = (field) => thing[`${field}_localizations`]?.[locale] ?? thing[field];
  const all = (things) => things?.map((one) => translated(one, locale));
  return { ...thing, shown: text("name"), description: text("description"), options: all(thing.options), choices: all(thing.choices) };
}

/** What a language is called by those who speak it. */
export function languageName(locale) {
  return new Intl.DisplayNames([locale], { type: "language" }).of(locale) ?? locale;
}
