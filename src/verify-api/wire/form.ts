import { invalidParameter, type InvalidCode, type Refusal } from './refusal.js'

/** The parameters of a query or a body. */
export interface Form {
  /** The value of a parameter that may be sent once; undefined if it wasn't sent. */
  one (name: string): string | undefined
  /** The values of a parameter that may be sent several times. */
  all (name: string): string[]
  /** Refuses a parameter of this form. */
  invalid (name: string, expected: string): Refusal
}

/** Parses `application/x-www-form-urlencoded`; a space may be `+` or `%20`. */
export function formOf (text: string, code: InvalidCode = 60306): Form {
  const parameters = new URLSearchParams(text)

  return {
    all: name => parameters.getAll(name),
    invalid: (name, expected) => invalidParameter(code, name, expected),

    one (name) {
      const [value, another] = parameters.getAll(name)
      if (another !== undefined) throw invalidParameter(code, name, 'must be sent only once')
      return value
    }
  }
}
