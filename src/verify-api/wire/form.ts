import { invalid, type InvalidCode, type Refusal } from './refusal.js'

/** What came in a query or a body. */
export interface Form {
  /** The value of a parameter that may come once; undefined when it didn't come. */
  one (name: string): string | undefined
  /** The values of a parameter that may come several times. */
  all (name: string): string[]
  /** The refusal of a parameter of this form. */
  invalid (name: string, expected: string): Refusal
}

/** Reads `application/x-www-form-urlencoded`; a space may be `+` or `%20`. */
export function formOf (text: string, code: InvalidCode = 60306): Form {
  const parameters = new URLSearchParams(text)

  return {
    all: name => parameters.getAll(name),
    invalid: (name, expected) => invalid(code, name, expected),

    one (name) {
      const [value, another] = parameters.getAll(name)
      if (another !== undefined) throw invalid(code, name, 'must come once')
      return value
    }
  }
}
