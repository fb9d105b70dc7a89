/** The ASCII digits of a code as users type it, in any script; null for anything else. */
export function canonicalCode (typed: unknown): string | null {
  const digit = anyDigit()
  const isDigit = (point: number) => String.fromCodePoint(point).search(digit) === 0

  /** Unicode has the digits of a script in a row, from zero to nine. The next row may follow at once. */
  function valueOf (character: string): string {
    const point = Number(character.codePointAt(0))
    let first = point
    while (isDigit(first - 1)) first--
    return `${(point - first) % 10}`
  }

  // Blanks, hyphens and invisible marks don't matter. Letters do: a recovery code may have as many digits.
  const digits = String(typed).replace(digit, valueOf).replace(/[^\da-z]/gi, '')
  return /^\d{6,8}$/.test(digits) ? digits : null
}

/** Digits of any script. */
const ANY_DIGIT = '\\p{Nd}'

function anyDigit (): RegExp {
  try {
    return new RegExp(ANY_DIGIT, 'gu')
  } catch {
    // React Natives before 0.76 don't know \p, and a literal with it would stop the whole app.
    return /[\d\u0660-\u0669\u06f0-\u06f9]/g
  }
}
