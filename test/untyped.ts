/** The same value without its type: for what a compiler would not let through, and JavaScript does. */
export function untyped (value: unknown) {
  return new Map().set('value', value).get('value')
}
