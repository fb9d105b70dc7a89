/**
 * Characters that control a terminal, end a line or change the text direction, that can't be seen, or that
 * look like a blank without being one: with them, an identity could look like another one.
 */
const DECEPTIVE = /(?! )[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Z}]/gu

/** JSON in one line that is safe to print: nothing in it controls a terminal, or is invisible. */
export function terminalJson (value: unknown): string {
  return JSON.stringify(value).replace(DECEPTIVE, escaped)
}

/**
 * A word of a command line that is safe to copy into a shell. Deceptive characters are escaped, so the word
 * is another one then: the command doesn't find it.
 */
export function shellWord (text: string): string {
  if (/^[\w.@:/+][\w.@:/+-]*$/.test(text)) return text
  return `'${text.replace(DECEPTIVE, escaped).replaceAll('\'', '\'\\\'\'')}'`
}

/** JSON knows UTF-16 units only. */
function escaped (character: string): string {
  return [...Array(character.length).keys()]
    .map(at => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('')
}
