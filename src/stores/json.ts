/** The value of a JSON text, or null when it isn't JSON. The parser's own error would quote the text. */
export function parseOrNull (text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
